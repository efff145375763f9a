"""The dispatcher of callbacks: takes what the purchase system is to hear from the outbox, in every worker process."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from activities.outbound.callbacks import send_order_status
from database import callbacks
from database.callbacks import ClaimedCallback
from database.session import at_once
from workers.failures import log_failure

CALLBACKS_AT_ONCE = 4
"""Callbacks that one process makes at the same time: so few slow answers of ten seconds hold up the others."""

IDLE_SECONDS = 0.5


async def dispatch(threads: ThreadPoolExecutor) -> None:
    """Tell until cancelled; what is in hand when it is cancelled is due again after its lease."""
    loop = asyncio.get_running_loop()
    busy: set[asyncio.Future[None]] = set()
    while True:
        busy = {task for task in busy if not task.done()}
        claimed: list[ClaimedCallback] = []
        try:
            if len(busy) < CALLBACKS_AT_ONCE:
                claimed = await loop.run_in_executor(threads, _claim, CALLBACKS_AT_ONCE - len(busy))
        except Exception as error:  # noqa: BLE001 - whatever it is, what is due stays due
            log_failure("callbacks", error)
        busy |= {loop.run_in_executor(threads, _tell, one) for one in claimed}
        if busy:
            await asyncio.wait(busy, timeout=IDLE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(IDLE_SECONDS)


def _claim(most: int) -> list[ClaimedCallback]:
    return at_once(lambda connection: callbacks.claim(connection, most))


def _tell(callback: ClaimedCallback) -> None:
    """An attempt that could not be written down is made again after the lease, under the same key."""
    try:
        send_order_status(callback)
    except Exception as error:  # noqa: BLE001 - the callback is due again
        log_failure("callback", error)
