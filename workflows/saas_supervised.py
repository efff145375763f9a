"""SaaS with supervision: like a manual service, while the engine has the instance provisioned."""

from datetime import datetime

from temporalio import workflow

from domain.order import Order
from domain.records import DeliveryOutcome
from domain.stages import StageName
from workflows.acceptance import delivered_and_accepted, requested_and_confirmed
from workflows.supervision import SupervisedDelivery


@workflow.defn
class SupervisedSaasDelivery(SupervisedDelivery):
    """SaaS with supervision: like a manual service, while the engine has the instance provisioned."""

    @workflow.run
    async def run(self, order: Order) -> DeliveryOutcome:  # noqa: ARG002 - the engine took it
        """Run the delivery to its end."""
        return await self.supervise(self._steps)

    async def _steps(self) -> datetime:
        await requested_and_confirmed(self)
        return await delivered_and_accepted(self, StageName.SELLER_DELIVERY)
