"""How the engine reaches the world: the activities with their task queues, time limits and retries."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from temporalio import workflow
from temporalio.common import Priority, RetryPolicy
from temporalio.exceptions import ActivityError

from domain.records import InstanceStep, OrderStatus, Transition
from domain.seller_calls import ATTEMPT_TIMEOUT, SellerAnswer, SellerCall
from workflows import ports

_SLACK = timedelta(minutes=1)
"""Room for the last attempt, which starts when the window closes."""

_SOON = RetryPolicy(initial_interval=timedelta(milliseconds=100), maximum_interval=timedelta(seconds=5))
"""For parts of our own, which come back."""

_AFTER_A_CRASH = timedelta(seconds=5)
"""When an attempt that was cut off is repeated; one that failed names its own, much longer, interval."""


Given = TypeVar("Given")
Result = TypeVar("Result")


async def _ours(port: Callable[[Given], Result], given: Given, summary: str) -> Result:
    """Have a part of our own do something; waits as long as it is away.

    A regular activity: its input is in the history before it runs. A local one runs inside the workflow task that takes
    the command, and when that task is lost, the ledger would remember a command that the engine does not.
    """
    return await workflow.execute_activity(
        port, given, start_to_close_timeout=timedelta(seconds=10), retry_policy=_SOON, summary=summary
    )


async def record(transition: Transition) -> None:
    """Write to the ledger."""
    await _ours(ports.record_transition, transition, transition.cause)


async def record_instance(step: InstanceStep) -> None:
    """Write a step of an instance's life to the ledger."""
    await _ours(ports.record_instance, step, step.cause)


async def call_seller(call: SellerCall, until: datetime) -> SellerAnswer:
    """Have the seller called until an instant; raises ActivityError when that comes without success."""
    return await workflow.execute_activity(
        ports.call_seller,
        call,
        task_queue=ports.seller_calls_queue(workflow.info().task_queue),
        start_to_close_timeout=ATTEMPT_TIMEOUT * 4,
        schedule_to_close_timeout=until - workflow.now() + _SLACK,
        retry_policy=RetryPolicy(initial_interval=_AFTER_A_CRASH, backoff_coefficient=1.0),
        priority=Priority(fairness_key=call.seller_id),
        summary=f"{call.activity} at {call.seller_id}",
    )


async def appeal_due(filed_at: datetime) -> datetime:
    """Ask the calendar until when an appeal has to be handled; asked once, kept in the state."""
    return await _ours(ports.appeal_due, filed_at, "working days of the appeal")


async def tell_purchase_system(status: OrderStatus, within: timedelta, unheard: Callable[[], None]) -> None:
    """Tell how an order ended; when the time passes unheard, say so once and go on trying."""
    try:
        await _tell_purchase_system(status, within)
    except ActivityError:
        unheard()
        await _tell_purchase_system(status, None)


async def _tell_purchase_system(status: OrderStatus, within: timedelta | None) -> None:
    """Raises ActivityError when it is not heard within the time; None waits for ever."""
    await workflow.execute_activity(
        ports.tell_purchase_system,
        status,
        start_to_close_timeout=timedelta(seconds=30),
        schedule_to_close_timeout=within,
        retry_policy=RetryPolicy(initial_interval=timedelta(seconds=5), maximum_interval=timedelta(minutes=10)),
        summary=f"{status.status} to the purchase system",
    )
