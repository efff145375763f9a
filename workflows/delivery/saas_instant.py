"""SaaS without supervision: done when the seller has provisioned it (即开即用)."""

from temporalio import workflow

from domain.delivery.stages import StageName
from domain.delivery.state import DeliveryStart
from domain.step import Carried
from workflows.delivery.supervision import SupervisedDelivery


@workflow.defn
class InstantSaasDelivery(SupervisedDelivery):
    """SaaS without supervision: done when the seller has provisioned it (即开即用)."""

    @workflow.run
    async def run(self, start: DeliveryStart) -> Carried:  # noqa: ARG002 - the engine took it
        """Run the delivery to its end."""
        return await self.supervise(self._steps)

    async def _steps(self) -> None:
        await self.stage(StageName.SELLER_PROVISIONING)
