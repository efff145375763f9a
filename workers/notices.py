"""The dispatcher of notices: takes what is due from the outbox and has it told, in every worker process."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from activities.outbound.notices import send_notice
from database import outbox
from database.outbox import ClaimedNotice
from database.session import writing
from workers.failures import log_failure

NOTICES_AT_ONCE = 3
"""Subscribers that one process tells at the same time."""

IDLE_SECONDS = 0.5


def _claim(busy: frozenset[str], most: int) -> list[ClaimedNotice]:
    with writing() as session:
        return outbox.claim(session, busy, most)


async def dispatch(threads: ThreadPoolExecutor) -> None:
    """Tell until cancelled; what is in hand when it is cancelled is due again after its lease."""
    loop = asyncio.get_running_loop()
    busy: dict[str, asyncio.Future[None]] = {}
    while True:
        busy = {name: task for name, task in busy.items() if not task.done()}
        claimed: list[ClaimedNotice] = []
        try:
            if len(busy) < NOTICES_AT_ONCE:
                claimed = await loop.run_in_executor(threads, _claim, frozenset(busy), NOTICES_AT_ONCE - len(busy))
        except Exception as error:  # noqa: BLE001 - whatever it is, what is due stays due
            log_failure("notices", error)
        for notice in claimed:
            busy[notice.subscription_id] = loop.run_in_executor(threads, _tell, notice)
        if busy:
            await asyncio.wait(busy.values(), timeout=IDLE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(IDLE_SECONDS)


def _tell(notice: ClaimedNotice) -> None:
    """An attempt that could not be written down is made again after the lease, under the same id."""
    try:
        send_notice(notice)
    except Exception as error:  # noqa: BLE001 - the notice is due again
        log_failure("notice", error)
