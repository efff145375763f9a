"""Drives orders through their two human steps with so many clients at once, and takes the time."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

Command = Callable[[], Awaitable[object]]


@dataclass
class Order:
    """How to start one order, give its two commands, and wait for its end."""

    start: Command
    commands: tuple[Command, Command]
    end: Command


@dataclass
class Result:
    """What a run took: seconds in all, and each command's milliseconds."""

    orders: int
    seconds: float
    milliseconds: list[float] = field(default_factory=list)

    @property
    def orders_per_second(self) -> float:
        """Throughput."""
        return self.orders / self.seconds

    def percentile(self, percent: int) -> float:
        """Milliseconds that so many percent of the commands stayed within."""
        return statistics.quantiles(self.milliseconds, n=100, method="inclusive")[percent - 1]


async def drive(make: Callable[[], Order], orders: int, clients: int) -> Result:
    """Run the orders, each client one after the other."""
    waiting = iter(range(orders))
    result = Result(orders, 0.0)

    async def client() -> None:
        for _ in waiting:
            order = make()
            await order.start()
            for command in order.commands:
                begin = time.perf_counter()
                await command()
                result.milliseconds.append((time.perf_counter() - begin) * 1000)
            await order.end()

    begin = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    result.seconds = time.perf_counter() - begin
    return result
