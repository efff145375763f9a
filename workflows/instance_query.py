"""Asking a seller about an instance, on demand: a workflow of its own, so that no long history grows by it."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import Priority, RetryPolicy

from domain.seller_calls import ATTEMPT_TIMEOUT, SellerCall
from workflows import ports


@workflow.defn
class InstanceQuery:
    """One queryInstance; what comes back is kept by the activity, for its secrets must not be in a history."""

    @workflow.run
    async def run(self, call: SellerCall) -> None:
        """Ask once; raises ActivityError when the seller does not tell."""
        await workflow.execute_activity(
            ports.query_instance,
            call,
            task_queue=ports.seller_calls_queue(workflow.info().task_queue),
            start_to_close_timeout=ATTEMPT_TIMEOUT * 2,
            schedule_to_close_timeout=timedelta(seconds=14),
            retry_policy=RetryPolicy(maximum_attempts=1),
            priority=Priority(fairness_key=call.seller_id),
            summary=f"{call.activity} at {call.seller_id}",
        )
