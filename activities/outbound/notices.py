"""Telling subscribers: one signed attempt, written down (Standard Webhooks)."""

import random
import time
from datetime import UTC, datetime

from cryptography.fernet import InvalidToken

from activities.outbound.addresses import AddressRefusedError, check_address
from activities.outbound.http import CallFailedError, is_transient, post
from database import outbox
from database.models import NoticeAttemptRow
from database.outbox import ClaimedNotice
from database.secrets import unseal
from database.session import writing
from domain.base import storable
from domain.notices import GONE, SUBSCRIBER_SECONDS, NoticeState, wait_after
from domain.seller.signatures import webhook_headers, webhook_key


def send_notice(notice: ClaimedNotice) -> None:
    """Make one attempt of a notice; its id lets the receiver take it once. 410 ends the subscription."""
    begin, at = time.monotonic(), datetime.now(UTC)
    status, answer = _send(notice)
    attempt = NoticeAttemptRow(
        notice_id=notice.id,
        at=at,
        answer=storable(answer[:500]),
        succeeded=200 <= status < 300,  # noqa: PLR2004 - the 2xx range
        milliseconds=round((time.monotonic() - begin) * 1000),
    )
    wait = wait_after(notice.attempts + 1, random.random()) if is_transient(status) else None  # noqa: S311 - no secret
    state = NoticeState.DELIVERED if attempt.succeeded else NoticeState.PENDING if wait else NoticeState.FAILED
    with writing() as session:
        outbox.record_attempt(session, attempt, state, at + wait if wait else None)
        if status == GONE:
            outbox.disable(session, notice.subscription_id, "the subscriber answered 410 Gone")


NOT_REACHED = 503
"""Stands for no answer at all, which another attempt may get over."""

REFUSED = 400
"""Stands for an address that is not called."""


def _send(notice: ClaimedNotice) -> tuple[int, str]:
    """The status, and the answer in words."""
    try:
        keys = [webhook_key(unseal(one)) for one in notice.sealed_secrets]
    except InvalidToken:
        return NOT_REACHED, "the signing secret cannot be read: DELIVERY_SECRET_KEY lacks the key that sealed it"
    headers = webhook_headers(keys, notice.message_id, str(int(time.time())), notice.body)
    try:
        answer = post(notice.url, notice.body, headers, SUBSCRIBER_SECONDS, check_address(notice.url))
    except AddressRefusedError as error:
        return REFUSED, f"address refused: {error}"
    except CallFailedError as error:
        return NOT_REACHED, str(error)
    return answer.status, f"HTTP {answer.status}: {answer.body.decode(errors='replace')}"
