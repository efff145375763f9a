"""License handed over by the seller outside the platform (线下 License)."""

from temporalio import workflow

from domain.records import Carried, Start
from domain.stages import StageName
from workflows.acceptance import delivered_and_accepted
from workflows.supervision import SupervisedDelivery


@workflow.defn
class OfflineLicenseDelivery(SupervisedDelivery):
    """License handed over by the seller outside the platform (线下 License)."""

    @workflow.run
    async def run(self, start: Start) -> Carried:  # noqa: ARG002 - the engine took it
        """Run the delivery to its end."""
        return await self.supervise(self._steps)

    async def _steps(self) -> None:
        await delivered_and_accepted(self, StageName.SELLER_DELIVERY)
