"""SaaS without supervision: done when the seller has provisioned it (即开即用)."""

from datetime import datetime

from temporalio import workflow

from domain.order import Order
from domain.records import DeliveryOutcome
from domain.stages import StageName
from workflows.supervision import SupervisedDelivery


@workflow.defn
class InstantSaasDelivery(SupervisedDelivery):
    """SaaS without supervision: done when the seller has provisioned it (即开即用)."""

    @workflow.run
    async def run(self, order: Order) -> DeliveryOutcome:  # noqa: ARG002 - the engine took it
        """Run the delivery to its end."""
        return await self.supervise(self._steps)

    async def _steps(self) -> datetime:
        await self.stage(StageName.SELLER_PROVISIONING)
        return workflow.now()
