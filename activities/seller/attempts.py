"""Every attempt of a call to the outside leaves a row that its parties can read."""

from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.outbound.http import CallFailedError
from database import sellers
from database.models import AttemptRow
from database.session import writing
from domain.base import storable
from domain.seller.calls import CALL_REFUSED

Result = TypeVar("Result")

DATABASE_BACK_OFF = timedelta(seconds=5)
"""After the ledger was away an attempt is repeated soon: it must not use up the retry window."""


class TriedError(Exception):
    """The attempt brought no success; carries what came back."""

    def __init__(self, answer: str, *, retry: bool = True) -> None:
        """Keep the answer, and whether another attempt makes sense."""
        super().__init__(answer)
        self.answer = answer
        self.retry = retry


def attempt(  # noqa: PLR0913 - the columns of the row
    delivery_id: str,
    call_key: str,
    activity_name: str,
    sent: str,
    call: Callable[[], tuple[str, Result]],
    every: timedelta | None = None,
) -> Result:
    """Make one attempt and write it down.

    ``call`` returns what came back, for the row, and the result. A CallFailedError or TriedError from it fails the
    attempt; the engine repeats it after ``every``, or by the retry policy. An attempt that is cut off by a crash is
    always repeated by the retry policy: it must not cost the order one of its few attempts.
    """
    begin, failure, result = monotonic(), None, None
    try:
        answer, result = call()
    except CallFailedError as error:
        answer, failure = str(error), TriedError(str(error))
    except TriedError as error:
        answer, failure = error.answer, error
    answer = storable(answer)
    row = AttemptRow(
        delivery_id=delivery_id,
        call_key=call_key,
        activity=activity_name,
        at=activity.info().started_time,
        sent=sent,
        answer=answer[:2000],
        succeeded=failure is None,
        milliseconds=round((monotonic() - begin) * 1000),
        next_due_at=None,
    )
    if failure is not None and failure.retry:
        row.next_due_at = _next_due(row, every)
    _write(row)
    if failure is not None:
        kind = "call-failed" if failure.retry else CALL_REFUSED
        raise ApplicationError(answer[:500], type=kind, non_retryable=not failure.retry, next_retry_delay=every)
    return result  # type: ignore[return-value]


def _next_due(row: AttemptRow, every: timedelta | None) -> datetime | None:
    info = activity.info()
    policy = info.retry_policy
    if policy is None:
        return None
    wait = every or policy.initial_interval * policy.backoff_coefficient ** (info.attempt - 1)
    due = row.at + (wait if every else min(wait, policy.maximum_interval or wait))
    limit = info.schedule_to_close_timeout
    in_time = limit is None or due <= info.scheduled_time + limit
    return due if in_time else None


def _write(row: AttemptRow) -> None:
    try:
        with writing() as session:
            sellers.write_attempt(session, row)
    except SQLAlchemyError as error:
        message = "the attempt could not be written down; it is repeated"
        raise ApplicationError(message, next_retry_delay=DATABASE_BACK_OFF) from error
