"""How long a command waits whose workflow was in the memory of a worker that was killed.

The engine keeps the task for the worker that has the workflow, until its sticky timeout; then any worker may have it.
The worker is killed (SIGKILL), started again at once, and the command given at once; a graceful stop has no such wait.
"""

import asyncio
import time
from dataclasses import dataclass, field

from temporalio.client import Client

from bench import product, report
from bench.load import Make, Order
from bench.orders import Parties, floor_order
from bench.rig import floor_worker, running, running_stack
from launcher.programs import Program
from launcher.stack import Stack

AS_BUILT = 0.0
"""A sticky timeout that nobody set."""

ORDERS = 5


@dataclass(frozen=True)
class Plan:
    """Sticky timeouts in seconds, and how many kills at each."""

    sticky: tuple[float, ...]
    rounds: int


@dataclass
class Waits:
    """Seconds until the worker was ready again, and until each command was answered."""

    ready: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)


async def kill_once(worker: Program, make: Make, waits: Waits) -> None:
    """Bring orders to their second command, kill their worker, give it."""
    orders = [make() for _ in range(ORDERS)]
    for order in orders:
        await order.start()
        await order.commands[0]()
    worker.kill()
    begin = time.perf_counter()

    async def finish(order: Order) -> None:
        await order.commands[1]()
        waits.answered.append(time.perf_counter() - begin)

    async def restart() -> None:
        worker.start()
        await asyncio.to_thread(worker.wait_until_ready)
        waits.ready.append(time.perf_counter() - begin)

    await asyncio.gather(restart(), *(finish(order) for order in orders))


async def measure(stack: Stack, floor: Program, plan: Plan, seconds: float) -> None:
    """Kill each worker so many times, and print."""
    bare = await Client.connect(stack.layout.temporal_address)
    parties = Parties.with_tokens(stack.layout)
    sides: dict[str, tuple[Program, Make]] = {"floor": (floor, lambda: floor_order(bare))}
    if seconds == AS_BUILT or product.sticky_settings(seconds):
        sides["ours, over HTTP"] = (stack.worker, parties.order)
    for name, (worker, make) in sides.items():
        waits = Waits()
        for number in range(plan.rounds):
            report.note(f"{name}: kill {number + 1} of {plan.rounds}")
            await kill_once(worker, make, waits)
        timeout = "as built" if seconds == AS_BUILT else f"{seconds:g}"
        report.row([timeout, name, report.spread(waits.ready), report.spread(waits.answered)])
    parties.close()


def run(plan: Plan) -> None:
    """Measure each timeout on a stack of its own."""
    report.table(["sticky timeout s", "whose worker was killed", "worker ready again s", "next command answered s"])
    for seconds in plan.sticky:
        settings = product.sticky_settings(seconds) if seconds != AS_BUILT else {}
        with running_stack(settings) as stack:
            floor = floor_worker(stack.layout.temporal_address, stack.logs, seconds or None)
            with running(floor):
                asyncio.run(measure(stack, floor, plan, seconds))
