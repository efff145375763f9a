"""Asking sellers about instances, on demand and once a day: workflows of their own, so that no long history grows."""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.common import Priority, RetryPolicy

from domain.seller.calls import ATTEMPT_TIMEOUT, SellerCall
from domain.seller.instance_reports import QueryBatch
from workflows import activity_stubs


@workflow.defn
class InstanceQuery:
    """One queryInstance; what comes back is kept by the activity, for its secrets must not be in a history."""

    @workflow.run
    async def run(self, call: SellerCall) -> None:
        """Ask once; raises ActivityError when the seller does not tell."""
        await workflow.execute_activity(
            activity_stubs.query_instance,
            call,
            task_queue=activity_stubs.seller_calls_queue(workflow.info().task_queue),
            start_to_close_timeout=ATTEMPT_TIMEOUT * 2,
            schedule_to_close_timeout=timedelta(seconds=14),
            retry_policy=RetryPolicy(maximum_attempts=1),
            priority=Priority(fairness_key=call.seller_id),
            summary=f"{call.activity} at {call.seller_id}",
        )


_SOON = RetryPolicy(maximum_interval=timedelta(minutes=1))


@workflow.defn
class UsageRound:
    """Once a day each seller is asked about its instances, up to a hundred in one call (DOMAIN §5.2)."""

    @workflow.run
    async def run(self) -> int:
        """Ask page by page; how many calls were made."""
        made, after = 0, ""
        while True:
            page = await workflow.execute_activity(
                activity_stubs.instances_to_query,
                after,
                start_to_close_timeout=timedelta(seconds=10),
                retry_policy=_SOON,
            )
            if page is None:
                return made
            await asyncio.gather(*(self._query(batch) for batch in page.batches))
            made, after = made + len(page.batches), page.last

    async def _query(self, batch: QueryBatch) -> None:
        await workflow.execute_activity(
            activity_stubs.query_instances,
            batch,
            task_queue=activity_stubs.seller_calls_queue(workflow.info().task_queue),
            start_to_close_timeout=timedelta(seconds=30),
            retry_policy=_SOON,
            priority=Priority(fairness_key=batch.seller_id),
            summary=f"{len(batch.deliveries)} instances of {batch.seller_id}",
        )
