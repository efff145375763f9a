"""Drives orders through their three steps with so many clients at once, for so many seconds, and takes the time."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

Step = Callable[[], Awaitable[object]]

STEPS = 3


@dataclass(frozen=True)
class Order:
    """One order: how to start it and how to give its two commands."""

    id: str
    start: Step
    commands: tuple[Step, Step]


Make = Callable[[], Order]


@dataclass
class Stretch:
    """One timed stretch: the orders it drove to their end, the steps answered in time, each command's milliseconds."""

    seconds: float
    steps_in_time: int = 0
    milliseconds: list[float] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)

    @property
    def orders_per_second(self) -> float:
        """A third of the steps answered a second: an order that the stretch's end cuts in two counts in part."""
        return self.steps_in_time / STEPS / self.seconds

    def percentile(self, percent: int) -> float:
        """Milliseconds that so many percent of the commands stayed within."""
        return statistics.quantiles(self.milliseconds, n=100, method="inclusive")[percent - 1]


async def drive(make: Make, clients: int, seconds: float) -> Stretch:
    """Have each client drive one order after the other; those in hand when the time is up go on to their end."""
    stretch = Stretch(seconds)
    end = time.perf_counter() + seconds

    async def take(step: Step) -> float:
        begin = time.perf_counter()
        await step()
        done = time.perf_counter()
        stretch.steps_in_time += done <= end
        return (done - begin) * 1000

    async def client() -> None:
        while time.perf_counter() < end:
            order = make()
            await take(order.start)
            for command in order.commands:
                stretch.milliseconds.append(await take(command))
            stretch.ids.append(order.id)

    await asyncio.gather(*(client() for _ in range(clients)))
    return stretch


async def park(make: Make, orders: int, clients: int) -> None:
    """Start so many orders and leave them waiting for their first command."""
    left = iter(range(orders))

    async def client() -> None:
        for _ in left:
            await make().start()

    await asyncio.gather(*(client() for _ in range(clients)))
