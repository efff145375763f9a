"""Data file: requested, delivered, accepted (数据文件)."""

from temporalio import workflow

from domain.delivery.stages import StageName
from domain.delivery.state import DeliveryStart
from domain.step import Carried
from workflows.delivery.acceptance import delivered_and_accepted, requested_and_confirmed
from workflows.delivery.supervision import SupervisedDelivery


@workflow.defn
class DataFileDelivery(SupervisedDelivery):
    """Data file: requested, delivered, accepted (数据文件)."""

    @workflow.run
    async def run(self, start: DeliveryStart) -> Carried:  # noqa: ARG002 - the engine took it
        """Run the delivery to its end."""
        return await self.supervise(self._steps)

    async def _steps(self) -> None:
        await requested_and_confirmed(self)
        await delivered_and_accepted(self, StageName.SELLER_DELIVERY)
