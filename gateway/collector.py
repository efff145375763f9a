"""The collector: sees to the end what an asker left in the middle, by polling what the engine stored (I4)."""

import asyncio
from datetime import timedelta

import structlog
from anyio import to_thread
from temporalio.client import Client, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError, RPCStatusCode

from database import intents, ledger
from database.intents import Intent, Known
from database.ledger import ProcessRef
from database.session import at_once
from domain.events import Event
from gateway.asking import UnstorableError, emit, outcome_of, write
from settings import settings

MAX_COLLECTED = 50
"""Intents of one round: at the most so many are polled at the same time."""

POLL_SECONDS = 3.0
"""How long an outcome is waited for that is still pending; then it is looked at again later."""

log = structlog.get_logger()


def age() -> timedelta:
    """Older than any asker waits.

    A younger intent may belong to an Update that is not sent yet; forgetting it would leave what is decided later with
    nobody to write it.
    """
    return timedelta(seconds=settings().collect_after_seconds)


async def collect(client: Client, since: timedelta, process: str | None = None) -> int:
    """See to intents that are so old, of one process or of all; how many were looked at.

    Outcomes that are there are written, whatever the age; without one, only what no asker can be on its way with any
    more is forgotten.
    """
    lease = timedelta(0) if process else intents.LEASE
    claimed = await to_thread.run_sync(
        at_once, lambda connection: intents.claim(connection, since, MAX_COLLECTED, process, lease)
    )
    await asyncio.gather(*(_see_to(client, intent, may_forget=since >= age()) for intent in claimed))
    return len(claimed)


async def _see_to(client: Client, intent: Intent, *, may_forget: bool) -> None:
    try:
        async with asyncio.timeout(POLL_SECONDS):
            if intent.event is not None:
                await _report_again(client, intent)
            else:
                await _collect(client, intent, may_forget=may_forget)
    except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
        return  # Pending: no worker has taken it yet. The intent stays.


async def _collect(client: Client, intent: Intent, *, may_forget: bool) -> None:
    outcome = await outcome_of(client, intent.process, intent.key)
    if outcome is None and not may_forget:
        return
    if outcome is None:
        # Refused, or it never came in: nobody decided anything.
        await to_thread.run_sync(at_once, lambda connection: intents.forget(connection, intent.process, intent.key))
        return
    try:
        await write(client, intent.process, intent.key, outcome)
    except UnstorableError:
        log.warning("a command was taken back", process=intent.process)
    else:
        log.info("a command was brought on record for its asker", process=intent.process)


async def _report_again(client: Client, intent: Intent) -> None:
    """An event whose row is not written yet: lost with the engine, or waiting for a thaw, where it is the same one."""
    try:
        tip = await to_thread.run_sync(
            at_once, lambda connection: ledger.tip_of(connection, ProcessRef(intent.process))
        )
        known = Known(tip, is_open=True, receipt=None)
        await emit(client, intent.process, Event.model_validate(intent.event), known)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        # Ended: the event came too late to mean anything. Lost by the engine: it stays until the process is resumed.
        await to_thread.run_sync(at_once, lambda connection: intents.forget_if_ended(connection, intent))
