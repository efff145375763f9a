"""What parked orders cost: throughput beside many of them, and the memory and space that each takes.

Ours and the floor each have an engine of their own, so that the memory of each is seen alone; their stretches take
turns. A parked order is started and waits for its first command.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from temporalio.client import Client

from bench import report
from bench.cpu import file_bytes, resident_bytes
from bench.load import Make, drive, park
from bench.orders import Parties, floor_order
from bench.rig import ask, floor_worker, pid_of, running, running_stack
from bench.settle import Settle, soon, until_heard
from launcher.programs import Program, free_port
from launcher.stack import Stack, temporary_folder
from launcher.temporal import temporal

OURS, FLOOR = "ours, over HTTP", "floor"
CLIENTS = 10
REST_SECONDS = 5.0
"""Time in which caches settle and logs are written before memory is read."""

Read = Callable[[], float]


@dataclass(frozen=True)
class Plan:
    """How many orders are parked, one level after the other; rounds and seconds of the stretches at each."""

    parked: tuple[int, ...]
    rounds: int
    seconds: float


@dataclass(frozen=True)
class Side:
    """One of the two: how its orders are driven, and what it holds, in bytes."""

    name: str
    make: Make
    held: Mapping[str, Read]
    settle: Settle = soon

    async def stretch(self, seconds: float) -> float:
        """Orders a second, now."""
        found = await drive(self.make, CLIENTS, seconds)
        await self.settle(found.ids)
        return found.orders_per_second

    def read(self) -> dict[str, float]:
        """What it holds now."""
        return {name: read() for name, read in self.held.items()}


def engine_holds(engine: Program, worker: Program, folder: Path) -> dict[str, Read]:
    """Memory and file of an engine, memory of its worker."""
    return {
        "engine memory": lambda: resident_bytes(pid_of(engine)),
        "worker memory": lambda: resident_bytes(pid_of(worker)),
        "engine file": lambda: file_bytes(folder / "engine.sqlite"),
    }


def our_side(stack: Stack) -> Side:
    """Our orders on a stack."""
    held = engine_holds(stack.temporal, stack.worker, stack.folder)
    size = "select pg_database_size(current_database())"
    held["database"] = lambda: float(ask(stack.database_url, size))
    return Side(OURS, Parties.with_tokens(stack.layout).order, held, until_heard(stack))


@dataclass(frozen=True)
class FloorEngine:
    """An engine with the floor's worker and nothing else."""

    engine: Program
    worker: Program
    folder: Path
    address: str

    async def side(self) -> Side:
        """The floor's orders on it."""
        bare = await Client.connect(self.address)
        held = engine_holds(self.engine, self.worker, self.folder)
        return Side(FLOOR, lambda: floor_order(bare), held)


@contextmanager
def floor_engine() -> Iterator[FloorEngine]:
    """One that is thrown away."""
    with temporary_folder("floor") as folder:
        port = free_port()
        address = f"127.0.0.1:{port}"
        engine = temporal(folder, port, free_port(taken=[port]), folder / "temporal.log")
        worker = floor_worker(address, folder)
        with running(engine), running(worker):
            yield FloorEngine(engine, worker, folder, address)


async def measure(stack: Stack, floor: FloorEngine, plan: Plan) -> None:
    """Park level after level, drive beside each, print."""
    sides = (our_side(stack), await floor.side())
    held = {side.name: dict.fromkeys(side.held, 0.0) for side in sides}
    for side in sides:
        await side.stretch(plan.seconds)
    report.table(["parked", *(f"{side.name}, orders/s" for side in sides)])
    standing = 0
    for level in plan.parked:
        for side in sides:
            report.note(f"{side.name}: parking {level - standing}")
            for name, grown in (await parked(side, level - standing)).items():
                held[side.name][name] += grown
        standing = level
        speeds = await in_turns(sides, plan)
        report.row([str(level), *(report.spread(speeds[side.name]) for side in sides)])
    if standing:
        tell(held, standing)


async def in_turns(sides: tuple[Side, ...], plan: Plan) -> dict[str, list[float]]:
    """Orders a second of each side's rounds."""
    speeds: dict[str, list[float]] = {side.name: [] for side in sides}
    for _ in range(plan.rounds):
        for side in sides:
            speeds[side.name].append(await side.stretch(plan.seconds))
    return speeds


async def parked(side: Side, orders: int) -> dict[str, float]:
    """Park so many more; by how much what it holds grew, in bytes."""
    if not orders:
        return dict.fromkeys(side.held, 0.0)
    await asyncio.sleep(REST_SECONDS)
    before = await asyncio.to_thread(side.read)
    await park(side.make, orders, CLIENTS)
    await asyncio.sleep(REST_SECONDS)
    after = await asyncio.to_thread(side.read)
    return {name: after[name] - before[name] for name in before}


def tell(held: Mapping[str, Mapping[str, float]], orders: int) -> None:
    """Print what each parked order takes."""
    names = list(held[OURS])
    report.table(["KiB a parked order", *names])
    for side, grown in held.items():
        report.row([side, *(f"{grown[name] / orders / 1024:.1f}" if name in grown else "–" for name in names)])
    report.say(
        f"\nWhat grew while {orders} orders were parked, divided by all of them; a worker keeps no more workflows in"
        " memory than its cache is set to."
    )


def run(plan: Plan) -> None:
    """Start both engines, measure, stop."""
    with running_stack() as stack, floor_engine() as floor:
        asyncio.run(measure(stack, floor, plan))
