"""Our orders beside the floor, plain PostgreSQL and DBOS: in turns, in one run, on one machine."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from temporalio.client import Client

from bench import cpu, product, report
from bench.load import Make, Stretch, drive
from bench.orders import Parties, floor_order
from bench.rig import Competitor, ask, competitor, floor_worker, has_dbos, pid_of, running, running_stack
from bench.settle import Settle, soon, until_heard
from launcher.programs import Program
from launcher.stack import Stack

FLOOR = "floor: bare workflow"
BY_UPDATES = "ours, by Updates"
OVER_HTTP = "ours, over HTTP with tokens"
PLAIN = "PostgreSQL alone, over HTTP"
DBOS = "DBOS, over HTTP"

WARM_UP_SECONDS = 3.0

WORKER, TEMPORAL, APPLICATION, POSTGRES, SANDBOX = "worker", "Temporal", "API or app", "PostgreSQL", "sandbox"


@dataclass(frozen=True)
class Plan:
    """How much is measured: numbers of clients, rounds, and seconds of one stretch."""

    clients: tuple[int, ...]
    rounds: int
    seconds: float


@dataclass(frozen=True)
class Variant:
    """One thing that is measured: how its orders are driven, what they set off, and whose CPU time is looked at."""

    name: str
    make: Make
    meter: cpu.Meter
    settle: Settle = soon


@dataclass
class Figures:
    """What one variant's rounds gave at one number of clients."""

    orders_per_second: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    spent: list[Mapping[str, float]] = field(default_factory=list)
    others: list[float] = field(default_factory=list)

    def add(self, stretch: Stretch, before: cpu.Reading, after: cpu.Reading) -> None:
        """Take a round in."""
        self.orders_per_second.append(stretch.orders_per_second)
        self.p50.append(stretch.percentile(50))
        self.p99.append(stretch.percentile(99))
        self.spent.append(cpu.milliseconds_per_order(before, after, len(stretch.ids)))
        self.others.append(cpu.cores_of_others(before, after))


class LineUp:
    """Who takes part, all running; close it in the end."""

    def __init__(self, stack: Stack, floor: Program, competitors: Mapping[str, Competitor]) -> None:
        """Name the processes and let the parties in."""
        self.stack = stack
        self._shared = {TEMPORAL: pid_of(stack.temporal), POSTGRES: pid_of(stack.postgres)}
        self._ours = {
            **self._shared,
            WORKER: pid_of(stack.worker),
            APPLICATION: pid_of(stack.api),
            SANDBOX: pid_of(stack.sandbox),
        }
        self._floor = {**self._shared, WORKER: pid_of(floor)}
        self._competitors = competitors

    async def variants(self) -> list[Variant]:
        """Everything that is measured, in the order of the turns."""
        bare = await Client.connect(self.stack.layout.temporal_address)
        client = await product.client_of(self.stack)
        parties, heard = Parties.with_tokens(self.stack.layout), until_heard(self.stack)
        ours = cpu.Meter(self._ours)
        return [
            Variant(FLOOR, lambda: floor_order(bare), cpu.Meter(self._floor)),
            Variant(BY_UPDATES, lambda: product.order_by_updates(client), ours, heard),
            Variant(OVER_HTTP, parties.order, ours, heard),
            *(self._of_competitor(name, one) for name, one in self._competitors.items()),
        ]

    def _of_competitor(self, name: str, one: Competitor) -> Variant:
        pids = {POSTGRES: self._shared[POSTGRES], APPLICATION: pid_of(one.program)}
        return Variant(name, Parties.without_tokens(one.port).order, cpu.Meter(pids))


async def one_round(variant: Variant, clients: int, seconds: float, figures: Figures) -> None:
    """Drive one stretch and wait for what it set off, whose CPU time belongs to its orders."""
    before = variant.meter.read()
    stretch = await drive(variant.make, clients, seconds)
    await variant.settle(stretch.ids)
    figures.add(stretch, before, variant.meter.read())


async def measure(line_up: LineUp, plan: Plan) -> dict[int, dict[str, Figures]]:
    """All variants in turns, round by round, for each number of clients."""
    variants = await line_up.variants()
    for variant in variants:
        await one_round(variant, max(plan.clients), WARM_UP_SECONDS, Figures())
    found: dict[int, dict[str, Figures]] = {}
    for clients in plan.clients:
        figures = found.setdefault(clients, {variant.name: Figures() for variant in variants})
        for number in range(plan.rounds):
            report.note(f"{clients} clients, round {number + 1} of {plan.rounds}")
            for variant in variants:
                await one_round(variant, clients, plan.seconds, figures[variant.name])
    return found


def tell_speed(found: Mapping[int, Mapping[str, Figures]]) -> None:
    """Print orders a second and waits; a round's quotient is by the floor of the same round."""
    report.table(["clients", "variant", "orders/s", "÷ floor", "command p50 ms", "command p99 ms"])
    for clients, figures in found.items():
        floor = figures[FLOOR].orders_per_second
        for name, one in figures.items():
            parts = [mine / bare for mine, bare in zip(one.orders_per_second, floor, strict=True)]
            cells = (report.spread(one.orders_per_second), report.spread(parts, 2))
            report.row([str(clients), name, *cells, report.spread(one.p50, 0), report.spread(one.p99, 0)])


def tell_cpu(found: Mapping[int, Mapping[str, Figures]]) -> None:
    """Print CPU milliseconds an order, by process."""
    columns = (WORKER, TEMPORAL, APPLICATION, POSTGRES, SANDBOX, cpu.LOAD)
    report.table(["clients", "CPU ms an order", *columns, "all but sandbox and load"])
    for clients, figures in found.items():
        for name, one in figures.items():
            cells = [_cell([spent[column] for spent in one.spent if column in spent]) for column in columns]
            whole = [
                sum(ms for column, ms in spent.items() if column not in {SANDBOX, cpu.LOAD}) for spent in one.spent
            ]
            report.row([str(clients), name, *cells, report.spread(whole)])


def tell_noise(found: Mapping[int, Mapping[str, Figures]]) -> None:
    """Say how much of the machine was not ours: figures taken beside much of it say little."""
    others = [cores for figures in found.values() for one in figures.values() for cores in one.others]
    report.say(f"\nMeanwhile everything else on the machine took {report.spread(others, 2)} cores.")


def _cell(values: Sequence[float]) -> str:
    return report.spread(values) if values else "–"


def run(plan: Plan) -> None:
    """Start everybody, measure, print, stop."""
    with running_stack() as stack, ExitStack() as stop:
        floor = floor_worker(stack.layout.temporal_address, stack.logs)
        competitors = {PLAIN: competitor(stack, "plain")}
        if has_dbos():
            competitors[DBOS] = competitor(stack, "dbos")
        stop.enter_context(running(floor, *(one.program for one in competitors.values())))
        found = asyncio.run(measure(LineUp(stack, floor, competitors), plan))
        server = ask(stack.database_url, "show server_version")
        commits = ask(stack.database_url, "show synchronous_commit")
    report.say(
        f"\nPostgreSQL {server} (synchronous_commit {commits}) for all; the engine keeps its own data in SQLite (WAL,"
        f" synchronous=1). Median and range of {plan.rounds} rounds of {plan.seconds:g} s, in turns."
    )
    tell_speed(found)
    tell_cpu(found)
    tell_noise(found)
