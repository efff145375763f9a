"""What every worker process does again and again beside its tasks: collect, sweep, tell, report, clean."""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import structlog
from temporalio.client import Client

from database import callbacks
from database.session import at_once
from domain.delivery.messages import PURCHASE_NOT_TOLD
from gateway import collector, drift
from workers import callbacks as purchase
from workers import notices
from workers.failures import log_failure

COLLECT_EVERY = timedelta(seconds=5)
SWEEP_EVERY = timedelta(minutes=1)
SWEPT_SINCE = timedelta(minutes=5)
"""How far back a sweep looks: some sweeps more than its own interval, for one may fail with the engine away."""

QUIET = timedelta(seconds=20)
"""A process that changed so lately may be in the middle of a step: the next sweep looks at it."""

SWEEP_ALL_EVERY = timedelta(hours=1)
REPORT_EVERY = timedelta(seconds=5)
CLEAN_EVERY = timedelta(hours=1)

log = structlog.get_logger()


async def _every(interval: timedelta, name: str, work: Callable[[], Awaitable[object]]) -> None:
    """Do it for ever; what fails is done next time."""
    while True:
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - whatever it is, the next round finds the same again
            log_failure(name, error)
        await asyncio.sleep(interval.total_seconds())


async def _collect(client: Client) -> None:
    await collector.collect(client, collector.age())


async def _sweep(client: Client, back: timedelta | None) -> None:
    since = datetime.now(UTC) - back if back else None
    async for found in drift.find(client, since, QUIET):
        if found.kind is drift.DriftKind.UNHEARD:
            continue  # It is told again and again anyway, and operations were told.
        log.warning("drift", kind=found.kind, name=found.name)
        try:
            await drift.mend(client, found)
        except Exception as error:  # noqa: BLE001 - one that cannot be mended must not keep the others
            log_failure(f"mend {found.name}", error)


async def _report() -> None:
    loop = asyncio.get_running_loop()
    work = functools.partial(callbacks.report_late, told=PURCHASE_NOT_TOLD, most=100)
    await loop.run_in_executor(None, at_once, work)


async def _clean() -> None:
    await asyncio.get_running_loop().run_in_executor(None, at_once, callbacks.clean)


def begin(client: Client) -> list[asyncio.Task[None]]:
    """Begin all rounds; every worker process runs them, and claims keep them out of each other's way."""
    # One more than tells: the one that looks what is due.
    tell_notices = ThreadPoolExecutor(notices.NOTICES_AT_ONCE + 1, thread_name_prefix="notice")
    tell_purchase = ThreadPoolExecutor(purchase.CALLBACKS_AT_ONCE + 1, thread_name_prefix="callback")
    rounds = (
        notices.dispatch(tell_notices),
        purchase.dispatch(tell_purchase),
        _every(COLLECT_EVERY, "collect", lambda: _collect(client)),
        _every(SWEEP_EVERY, "sweep", lambda: _sweep(client, SWEPT_SINCE)),
        _every(SWEEP_ALL_EVERY, "sweep all", lambda: _sweep(client, None)),
        _every(REPORT_EVERY, "report", _report),
        _every(CLEAN_EVERY, "clean", _clean),
    )
    tasks = [asyncio.create_task(one) for one in rounds]
    for task in tasks:
        task.add_done_callback(_complain)
    return tasks


def _complain(task: asyncio.Task[None]) -> None:
    """A round that ended by itself is a bug, and must not be missed."""
    if not task.cancelled() and task.exception() is not None:
        log.error("unforeseen", exc_info=task.exception())
