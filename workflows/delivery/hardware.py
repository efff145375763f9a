"""Hardware: shipped by courier, signed for, accepted (硬件)."""

from temporalio import workflow

from domain.delivery.stages import StageName
from domain.delivery.state import DeliveryStart
from domain.step import Carried
from workflows.delivery.acceptance import delivered_and_accepted
from workflows.delivery.supervision import SupervisedDelivery


@workflow.defn
class HardwareDelivery(SupervisedDelivery):
    """Hardware: shipped by courier, signed for, accepted (硬件)."""

    @workflow.run
    async def run(self, start: DeliveryStart) -> Carried:  # noqa: ARG002 - the engine took it
        """Run the delivery to its end."""
        return await self.supervise(self._steps)

    async def _steps(self) -> None:
        await delivered_and_accepted(self, StageName.SHIPPING, StageName.GOODS_ACCEPTANCE)
