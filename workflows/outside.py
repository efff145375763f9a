"""How the engine reaches the world: the activities with their task queues, time limits and retries."""

from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import Priority, RetryPolicy

from domain.records import OrderStatus, Transition
from domain.seller_calls import ATTEMPT_TIMEOUT, Activity, GetLicense, SellerAnswer, SellerCall, retry_window
from domain.state import State
from workflows import ports

_SLACK = timedelta(minutes=1)
"""Room for the last attempt, which starts when the window closes."""

_SOON = RetryPolicy(initial_interval=timedelta(milliseconds=100), maximum_interval=timedelta(seconds=5))
"""For parts of our own, which come back."""

_AFTER_A_CRASH = timedelta(seconds=5)
"""When an attempt that was cut off is repeated; one that failed names its own, much longer, interval."""


async def record(transition: Transition) -> None:
    """Write to the ledger; waits as long as the database is away.

    A regular activity: its input is in the history before it runs. A local one runs inside the workflow task that takes
    the command, and when that task is lost, the ledger would remember a command that the engine does not.
    """
    await workflow.execute_activity(
        ports.record_transition,
        transition,
        start_to_close_timeout=timedelta(seconds=10),
        retry_policy=_SOON,
        summary=transition.cause,
    )


async def call_seller(
    state: State, activity: Activity, generation: int, instance_id: str | None, until: datetime
) -> SellerAnswer:
    """Have the seller called until an instant; raises ActivityError when that comes without success."""
    order, window = state.order, retry_window(activity, state.terms.policy)
    return await workflow.execute_activity(
        ports.call_seller,
        SellerCall(
            key=f"{order.delivery_id}:{activity}:{generation}",
            delivery_id=order.delivery_id,
            seller_id=order.seller_id,
            activity=activity,
            order_id=order.order_id,
            order_line_id=order.order_line_id,
            instance_id=instance_id,
            license_code=state.license_code if activity is Activity.RELEASE_LICENSE_CODE else None,
            get_license=get_license(state) if activity is Activity.GET_LICENSE else None,
            every=window.every,
        ),
        task_queue=ports.seller_calls_queue(workflow.info().task_queue),
        start_to_close_timeout=ATTEMPT_TIMEOUT * 4,
        schedule_to_close_timeout=until - workflow.now() + _SLACK,
        retry_policy=RetryPolicy(initial_interval=_AFTER_A_CRASH, backoff_coefficient=1.0),
        priority=Priority(fairness_key=order.seller_id),
        summary=f"{activity} at {order.seller_id}",
    )


def get_license(state: State) -> GetLicense:
    """What the call for a license 1.0 tells the seller (DOMAIN §4.5)."""
    order = state.order
    return GetLicense(
        customer_id=order.buyer_id,
        product_id=order.product.id,
        identification_code=state.identification_code or "",
        amount=str(order.amount),
        period_type=order.period.unit if order.period else None,
        period_number=order.period.number if order.period else None,
    )


async def appeal_due(filed_at: datetime) -> datetime:
    """Ask the calendar until when an appeal has to be handled; asked once, kept in the state."""
    return await workflow.execute_activity(
        ports.appeal_due,
        filed_at,
        start_to_close_timeout=timedelta(seconds=10),
        retry_policy=_SOON,
        summary="working days of the appeal",
    )


async def tell_purchase_system(status: OrderStatus, within: timedelta | None) -> None:
    """Tell how the order ended; raises ActivityError when it is not heard within the time, None waits for ever."""
    await workflow.execute_activity(
        ports.tell_purchase_system,
        status,
        start_to_close_timeout=timedelta(seconds=30),
        schedule_to_close_timeout=within,
        retry_policy=RetryPolicy(initial_interval=timedelta(seconds=5), maximum_interval=timedelta(minutes=10)),
        summary=f"{status.status} to the purchase system",
    )
