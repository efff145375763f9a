"""Nobody is forgotten: ledger against engine against what the purchase system was told, and how each is mended."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from anyio import to_thread
from sqlalchemy import Connection
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from database import callbacks, deliveries, intents, ledger, open_processes
from database.ledger import TABLES, ProcessRef
from database.open_processes import OpenProcess
from database.session import at_once, reading
from domain.delivery import records
from domain.delivery.handover import instance_start
from gateway import collector, starting
from workflows.inbox import START_ANEW, WRITE
from workflows.registry import PROCESS_TYPES
from workflows.search_attributes import SEQUENCE

Result = TypeVar("Result")

LATE = timedelta(minutes=5)
"""How long after its instant a clock's act counts as missed; timers fire within seconds."""

MEND_SECONDS = 15.0

UNHEARD = timedelta(hours=3)
"""When the purchase system should have heard (DOMAIN §1.2)."""


class DriftKind(StrEnum):
    """How ledger, engine and purchase system can come apart."""

    LOST = "lost"
    UNWRITTEN = "unwritten"
    BEHIND = "behind"
    UNDEAD = "undead"
    OVERDUE = "overdue"
    NO_INSTANCE = "no-instance"
    UNFINISHED = "unfinished"
    UNHEARD = "unheard"


EXPLAINED: dict[DriftKind, str] = {
    DriftKind.LOST: "open in the ledger, and the engine does not run it: terminated, lost, or never started",
    DriftKind.UNWRITTEN: "the engine has decided steps that the ledger does not have",
    DriftKind.BEHIND: "the ledger has steps that the engine does not know of",
    DriftKind.UNDEAD: "ended in the ledger, and the engine still runs it",
    DriftKind.OVERDUE: "its clock should have acted, and did not",
    DriftKind.NO_INSTANCE: "completed, and nothing lives on that should",
    DriftKind.UNFINISHED: "a command or an event was cut off on its way, and is not seen to yet",
    DriftKind.UNHEARD: "the purchase system has not taken how it ended",
}

MENDED: dict[DriftKind, str] = {
    DriftKind.LOST: "started from the ledger",
    DriftKind.UNWRITTEN: "written",
    DriftKind.BEHIND: "started anew from the ledger",
    DriftKind.UNDEAD: "started anew from the ledger, where it has ended",
    DriftKind.OVERDUE: "woken",
    DriftKind.NO_INSTANCE: "started",
    DriftKind.UNFINISHED: "collected",
    DriftKind.UNHEARD: "told again",
}


@dataclass(frozen=True)
class Drift:
    """One thing that is not as it must be."""

    kind: DriftKind
    name: str


async def find(client: Client, since: datetime | None = None, quiet: timedelta = timedelta(0)) -> AsyncIterator[Drift]:
    """What has come apart, for what changed since an instant; None looks at everything that was quiet for so long.

    Only what the engine's late list gives reason to doubt is asked for one by one.
    """
    now = datetime.now(UTC)
    for kind in TABLES:
        after = ""
        while batch := await _read(_batch_after(kind, after, since, now - quiet)):
            async for drift in _compare(client, batch, now):
                yield drift
            after = ProcessRef(batch[-1].process).id
    if since is None:
        async for drift in _undead(client):
            yield drift
    for delivery_id in await _read(lambda connection: open_processes.without_instance(connection, now - quiet)):
        yield Drift(DriftKind.NO_INSTANCE, delivery_id)
    for intent in await _read(lambda connection: intents.older_than(connection, now - UNFINISHED_AFTER)):
        yield Drift(DriftKind.UNFINISHED, intent)
    for key in await _read(lambda connection: callbacks.unheard(connection, now - UNHEARD)):
        yield Drift(DriftKind.UNHEARD, key)


UNFINISHED_AFTER = timedelta(minutes=2)
"""Age of an intent that the collector should have seen to long ago."""


def _batch_after(
    kind: str, after: str, since: datetime | None, until: datetime
) -> Callable[[Connection], list[OpenProcess]]:
    return lambda connection: open_processes.batch(connection, kind, after, since, until)


async def _compare(client: Client, batch: list[OpenProcess], now: datetime) -> AsyncIterator[Drift]:
    shown = await _shown(client, [one.process for one in batch])
    for one in batch:
        if shown.get(one.process) != one.sequence:
            drift = await _doubt(client, one)
            if drift is not None:
                yield drift
                continue
        if one.due_at is not None and one.due_at < now - LATE:
            yield Drift(DriftKind.OVERDUE, one.process)


async def _shown(client: Client, names: list[str]) -> dict[str, int]:
    """How far the engine's list says that running processes are; it may be late."""
    quoted = ", ".join(f"'{name}'" for name in names)
    query = f"ExecutionStatus = 'Running' AND WorkflowId IN ({quoted})"
    return {one.id: one.typed_search_attributes.get(SEQUENCE) or 0 async for one in client.list_workflows(query)}


async def _doubt(client: Client, one: OpenProcess) -> Drift | None:
    """What is wrong with a process whose numbers differ in the list; None when they were only late."""
    if not await starting.is_running(client, one.process):
        return Drift(DriftKind.LOST, one.process)
    # The ledger first: a step meanwhile only makes the engine look ahead, and having it write again is harmless.
    written = await _read(lambda connection: ledger.tip_of(connection, ProcessRef(one.process)).sequence)
    try:
        decided: int = await client.get_workflow_handle(one.process).query("sequence", result_type=int)
    except RPCError as error:
        if error.status is RPCStatusCode.FAILED_PRECONDITION:
            return None  # Its first workflow task is delayed: it has decided nothing yet.
        return Drift(DriftKind.OVERDUE, one.process)
    if decided == written:
        return None
    return Drift(DriftKind.UNWRITTEN if decided > written else DriftKind.BEHIND, one.process)


async def _undead(client: Client) -> AsyncIterator[Drift]:
    types = ", ".join(f"'{name}'" for name in PROCESS_TYPES)
    names: list[str] = []
    async for one in client.list_workflows(f"ExecutionStatus = 'Running' AND WorkflowType IN ({types})"):
        names.append(one.id)
        if len(names) == open_processes.BATCH:
            async for drift in _ended(client, names):
                yield drift
            names = []
    async for drift in _ended(client, names):
        yield drift


async def _ended(client: Client, names: list[str]) -> AsyncIterator[Drift]:
    for name in await _read(lambda connection: sorted(open_processes.closed(connection, names))):
        if await starting.is_running(client, name):
            yield Drift(DriftKind.UNDEAD, name)


async def mend(client: Client, drift: Drift) -> None:
    """Bring together again what has come apart; raises what says that a part is away, or that it takes too long.

    A process whose workflow tasks fail takes no Update, and asking it would wait for ever.
    """
    async with asyncio.timeout(MEND_SECONDS):
        await _mend(client, drift)


async def _mend(client: Client, drift: Drift) -> None:
    match drift.kind:
        case DriftKind.LOST:
            await starting.resume(client, drift.name)
        case DriftKind.UNWRITTEN | DriftKind.OVERDUE:
            await _wake(client, drift.name)
        case DriftKind.BEHIND | DriftKind.UNDEAD:
            await client.get_workflow_handle(drift.name).execute_update(START_ANEW, EXPLAINED[drift.kind])
        case DriftKind.NO_INSTANCE:
            await _start_instance(client, drift.name)
        case DriftKind.UNFINISHED:
            await collector.collect(client, collector.age(), drift.name)
        case DriftKind.UNHEARD:
            await _read(lambda connection: callbacks.send_again(connection, [drift.name]))


async def _wake(client: Client, process: str) -> None:
    """Have a process look at its clock and write what the ledger may lack: any Update wakes it.

    Of a ledger that was restored to an earlier moment a process may have forgotten rows, seen to be written once: then
    the ledger is right, and the process starts anew from it.
    """
    handle = client.get_workflow_handle(process)
    first: int = await handle.execute_update(WRITE, result_type=int)
    tip = await _read(lambda connection: ledger.tip_of(connection, ProcessRef(process)))
    if first > tip.sequence + 1:
        await handle.execute_update(START_ANEW, EXPLAINED[DriftKind.UNWRITTEN])


async def _start_instance(client: Client, delivery_id: str) -> None:
    with reading() as session:
        row = deliveries.get(session, delivery_id)
        state = records.state_from(row.state, row.start["order"], row.start["terms"])
    left = instance_start(state, state.ended_at or row.changed_at)
    if left is not None:
        await starting.start_instance(client, left)


async def _read(statement: Callable[[Connection], Result]) -> Result:
    return await to_thread.run_sync(at_once, statement)
