"""License by authorization code 2.0: delivered, claimed, activated, proven (授权码)."""

from temporalio import workflow

from domain.delivery.stages import StageName
from domain.delivery.state import DeliveryStart
from domain.step import Carried
from workflows.delivery.acceptance import passes_review
from workflows.delivery.supervision import SupervisedDelivery


@workflow.defn
class AuthorizationCodeDelivery(SupervisedDelivery):
    """License by authorization code 2.0: delivered, claimed, activated, proven (授权码)."""

    @workflow.run
    async def run(self, start: DeliveryStart) -> Carried:  # noqa: ARG002 - the engine took it
        """Run the delivery to its end."""
        return await self.supervise(self._steps)

    async def _steps(self) -> None:
        for step in (StageName.CODE_DELIVERY, StageName.CODE_CLAIM, StageName.CODE_ACTIVATION):
            if self.state.flow.has(step):
                await self.stage(step)
        while True:
            await self.stage(StageName.PROOF_UPLOAD)
            if await passes_review(self):
                break
        await self.stage(StageName.SYSTEM_ACCEPTANCE)
