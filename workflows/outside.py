"""How the engine reaches the world: the activities with their task queues, time limits and retries."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import Priority, RetryPolicy

from domain.order import Order
from domain.records import OrderStatus, Transition
from domain.seller_calls import ATTEMPT_TIMEOUT, RETRY_WINDOWS, Activity, SellerAnswer, SellerCall
from workflows import ports

COMPLETION_NOTICE = timedelta(hours=3)
"""The purchase system hears of the end within 3 h (DOMAIN §1.2)."""

_SLACK = timedelta(minutes=1)
"""Room for the last attempt, which starts when the window closes."""


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
        retry_policy=RetryPolicy(initial_interval=timedelta(milliseconds=100), maximum_interval=timedelta(seconds=5)),
        summary=transition.cause,
    )


async def call_seller(
    order: Order, activity: Activity, generation: int, instance_id: str | None = None
) -> SellerAnswer:
    """Call the seller for the whole retry window; raises ActivityError when it closes without success."""
    window = RETRY_WINDOWS[activity]
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
        ),
        task_queue=ports.seller_calls_queue(workflow.info().task_queue),
        start_to_close_timeout=ATTEMPT_TIMEOUT * 4,
        schedule_to_close_timeout=window.window + _SLACK,
        retry_policy=RetryPolicy(initial_interval=_AFTER_A_CRASH, backoff_coefficient=1.0),
        priority=Priority(fairness_key=order.seller_id),
        summary=f"{activity} at {order.seller_id}",
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
