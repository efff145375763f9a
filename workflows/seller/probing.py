"""Probing of all products on sale, twice a day (拨测, DOMAIN §5.8); a schedule starts each round."""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from domain.seller.probing import Probe, Round
from workflows import activity_stubs

PROBES_AT_ONCE = 5
"""Products probed at the same time."""

_SOON = RetryPolicy(maximum_interval=timedelta(minutes=1))


@workflow.defn
class Probing:
    """One round: each product's test cases are replayed once."""

    @workflow.run
    async def run(self, asked: Round) -> int:
        """Probe page by page; how many products were probed."""
        at = asked.at or workflow.now()
        probed, after = 0, ""
        few = asyncio.Semaphore(PROBES_AT_ONCE)
        while True:
            names = await workflow.execute_activity(
                activity_stubs.products_to_probe,
                after,
                start_to_close_timeout=timedelta(seconds=10),
                retry_policy=_SOON,
            )
            if not names:
                return probed
            probes = [Probe(product_id=name, key=f"{workflow.info().run_id}:{name}", at=at) for name in names]
            await asyncio.gather(*(self._probe(probe, few) for probe in probes))
            probed, after = probed + len(names), names[-1]

    async def _probe(self, probe: Probe, few: asyncio.Semaphore) -> None:
        async with few:
            await probe_product(probe)


@workflow.defn
class ProductProbe:
    """Probing of one product, when somebody asks for it."""

    @workflow.run
    async def run(self, probe: Probe) -> None:
        """Replay its test cases once."""
        await probe_product(probe)


async def probe_product(probe: Probe) -> None:
    """Have one product's test cases replayed, on the seller calls' queue."""
    await workflow.execute_activity(
        activity_stubs.probe_product,
        probe,
        task_queue=activity_stubs.seller_calls_queue(workflow.info().task_queue),
        start_to_close_timeout=timedelta(minutes=3),
        retry_policy=_SOON,
        summary=f"probe {probe.product_id}",
    )
