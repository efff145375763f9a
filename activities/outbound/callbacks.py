"""Telling the purchase system how an order ended: one signed attempt, written down."""

import time
from datetime import UTC, datetime, timedelta

from activities.outbound.http import CallFailedError, post
from database import callbacks
from database.callbacks import CallbackAttempt, ClaimedCallback
from database.session import at_once
from domain.base import storable
from domain.seller.signatures import webhook_headers
from settings import settings

CALLBACK = "orderStatus"
TIMEOUT_SECONDS = 10.0

FIRST_WAIT = timedelta(seconds=5)
MAX_WAIT = timedelta(minutes=10)


def wait_after(attempts: int) -> timedelta:
    """How long after so many failed attempts: 5 s, doubled each time up to 10 min, for as long as it takes."""
    doubled: int = 2 ** min(attempts - 1, 10)
    return min(FIRST_WAIT * doubled, MAX_WAIT)


def send_order_status(callback: ClaimedCallback) -> None:
    """Make one attempt; only an answer 2xx is success. Its key lets the receiver do it once."""
    begin, at = time.monotonic(), datetime.now(UTC)
    succeeded, answer = _send(callback)
    attempt = CallbackAttempt(
        key=callback.key,
        activity=CALLBACK,
        at=at,
        answer=storable(answer[:2000]),
        milliseconds=round((time.monotonic() - begin) * 1000),
        next_due_at=None if succeeded else at + wait_after(callback.attempts + 1),
    )
    at_once(lambda connection: callbacks.finish(connection, attempt))


def _send(callback: ClaimedCallback) -> tuple[bool, str]:
    secret = settings().purchase_callback_secret.get_secret_value()
    headers = webhook_headers([secret.encode()], callback.key, str(int(time.time())), callback.body)
    try:
        answer = post(settings().purchase_callback_url, callback.body, headers, TIMEOUT_SECONDS)
    except CallFailedError as error:
        return False, str(error)
    said = f"HTTP {answer.status}: {answer.body.decode(errors='replace')}"
    return 200 <= answer.status < 300, said  # noqa: PLR2004 - the 2xx range
