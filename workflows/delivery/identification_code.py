"""License by identification code 1.0: code submitted, license delivered, accepted (识别码)."""

from temporalio import workflow

from domain.delivery.stages import StageName
from domain.delivery.state import DeliveryStart
from domain.step import Carried
from workflows.delivery.acceptance import delivered_and_accepted
from workflows.delivery.supervision import SupervisedDelivery


@workflow.defn
class IdentificationCodeDelivery(SupervisedDelivery):
    """License by identification code 1.0: code submitted, license delivered, accepted (识别码)."""

    @workflow.run
    async def run(self, start: DeliveryStart) -> Carried:  # noqa: ARG002 - the engine took it
        """Run the delivery to its end."""
        return await self.supervise(self._steps)

    async def _steps(self) -> None:
        await self.stage(StageName.CODE_SUBMISSION)
        await delivered_and_accepted(self, StageName.LICENSE_DELIVERY)
