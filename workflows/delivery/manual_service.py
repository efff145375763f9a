"""Manual service: standard, or website building with stages of its own (人工服务)."""

from temporalio import workflow

from domain.delivery.stages import StageName
from domain.delivery.state import DeliveryStart
from domain.step import Carried
from workflows.delivery.acceptance import delivered_and_accepted, requested_and_confirmed
from workflows.delivery.supervision import SupervisedDelivery


@workflow.defn
class ManualServiceDelivery(SupervisedDelivery):
    """Manual service: standard, or website building with stages of its own (人工服务)."""

    @workflow.run
    async def run(self, start: DeliveryStart) -> Carried:  # noqa: ARG002 - the engine took it
        """Run the delivery to its end."""
        return await self.supervise(self._steps)

    async def _steps(self) -> None:
        await requested_and_confirmed(self)
        for _ in self.order.product.service_steps:
            await self.stage(StageName.SERVICE_STEP)
        await delivered_and_accepted(self, StageName.SELLER_DELIVERY)
