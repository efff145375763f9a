"""SaaS with supervision: like a manual service; the instance is made at purchase, or after acceptance."""

from temporalio import workflow

from domain.records import Carried, Start
from domain.stages import StageName
from workflows.acceptance import delivered_and_accepted, requested_and_confirmed
from workflows.supervision import SupervisedDelivery


@workflow.defn
class SupervisedSaasDelivery(SupervisedDelivery):
    """SaaS with supervision: like a manual service; the instance is made at purchase, or after acceptance."""

    @workflow.run
    async def run(self, start: Start) -> Carried:  # noqa: ARG002 - the engine took it
        """Run the delivery to its end."""
        return await self.supervise(self._steps)

    async def _steps(self) -> None:
        await requested_and_confirmed(self)
        await delivered_and_accepted(self, StageName.SELLER_DELIVERY)
        if self.state.flow.has(StageName.SELLER_PROVISIONING):
            await self.stage(StageName.SELLER_PROVISIONING)
