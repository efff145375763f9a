"""How the engine reaches the world: the activities with their task queues, time limits and retries."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from temporalio import workflow
from temporalio.common import Priority, RetryPolicy

from domain.recorded import Recorded
from domain.seller.calls import ATTEMPT_TIMEOUT, SellerAnswer, SellerCall
from domain.step import Unwritten
from workflows import activity_stubs

_SLACK = timedelta(minutes=1)
"""Room for the last attempt, which starts when the window closes."""

_SOON = RetryPolicy(initial_interval=timedelta(milliseconds=100), maximum_interval=timedelta(seconds=5))
"""For parts of our own, which come back: an outage of the ledger lasts as long as it lasts, the order waits."""

_AFTER_A_CRASH = timedelta(seconds=5)
"""When an attempt that was cut off is repeated; one that failed names its own, much longer, interval."""


GivenT = TypeVar("GivenT")
Result = TypeVar("Result")


async def _ours(stub: Callable[[GivenT], Result], given: GivenT, summary: str) -> Result:
    """Have a part of our own do something; waits as long as it is away.

    A regular activity: its input is in the history before it runs, so that the ledger never holds what the engine could
    forget. A local one runs inside the workflow task that takes the event; when that task is lost, the ledger would
    remember a step that the engine does not (I1). Ten seconds: a statement gives up after eight.
    """
    return await workflow.execute_activity(
        stub, given, start_to_close_timeout=timedelta(seconds=10), retry_policy=_SOON, summary=summary
    )


async def record(unwritten: Unwritten) -> None:
    """Write rows to the ledger; raises ActivityError when it refuses them for good, or holds others."""
    causes = ", ".join(row.cause for row in unwritten.carried.rows)
    await _ours(activity_stubs.record_rows, unwritten, causes[:200])


async def load(process: str) -> Recorded:
    """Read what the ledger has of a process."""
    return await _ours(activity_stubs.load_recorded, process, "start anew from the ledger")


async def call_seller(call: SellerCall, until: datetime) -> SellerAnswer:
    """Have the seller called until an instant; raises ActivityError when that comes without success."""
    return await workflow.execute_activity(
        activity_stubs.call_seller,
        call,
        task_queue=activity_stubs.seller_calls_queue(workflow.info().task_queue),
        # One attempt takes 5 s at the seller; the rest is for the ledger, before and after it.
        start_to_close_timeout=ATTEMPT_TIMEOUT * 4,
        # Never below the slack: a window that closed while the engine was away still allows one attempt.
        schedule_to_close_timeout=max(until - workflow.now(), timedelta(0)) + _SLACK,
        retry_policy=RetryPolicy(initial_interval=_AFTER_A_CRASH, backoff_coefficient=1.0),
        # One seller that hangs must not keep the others waiting.
        priority=Priority(fairness_key=call.seller_id),
        summary=f"{call.activity} at {call.seller_id}",
    )


async def appeal_due(filed_at: datetime) -> datetime:
    """Ask the calendar until when an appeal has to be handled; asked once, kept in the state."""
    return await _ours(activity_stubs.appeal_due, filed_at, "working days of the appeal")
