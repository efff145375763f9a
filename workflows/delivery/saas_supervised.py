"""SaaS with supervision: like a manual service; the instance is made at purchase, or after acceptance."""

from temporalio import workflow

from domain.delivery.stages import StageName
from domain.delivery.state import DeliveryStart
from domain.step import Carried
from workflows.delivery.acceptance import delivered_and_accepted, requested_and_confirmed
from workflows.delivery.supervision import SupervisedDelivery


@workflow.defn
class SupervisedSaasDelivery(SupervisedDelivery):
    """SaaS with supervision: like a manual service; the instance is made at purchase, or after acceptance."""

    @workflow.run
    async def run(self, start: DeliveryStart) -> Carried:  # noqa: ARG002 - the engine took it
        """Run the delivery to its end."""
        return await self.supervise(self._steps)

    async def _steps(self) -> None:
        await requested_and_confirmed(self)
        await delivered_and_accepted(self, StageName.SELLER_DELIVERY)
        if self.state.flow.has(StageName.SELLER_PROVISIONING):
            await self.stage(StageName.SELLER_PROVISIONING)
