"""License by authorization code 2.0: delivered, claimed, activated, proven (授权码)."""

from datetime import datetime

from temporalio import workflow

from domain.commands import CommandName
from domain.order import Order
from domain.records import DeliveryOutcome
from domain.stages import StageName
from workflows.acceptance import is_command
from workflows.supervision import SupervisedDelivery


@workflow.defn
class AuthorizationCodeDelivery(SupervisedDelivery):
    """License by authorization code 2.0: delivered, claimed, activated, proven (授权码)."""

    @workflow.run
    async def run(self, order: Order) -> DeliveryOutcome:  # noqa: ARG002 - the engine took it
        """Run the delivery to its end."""
        return await self.supervise(self._steps)

    async def _steps(self) -> datetime:
        self.state.license_code = f"PL{workflow.uuid4().hex.upper()}"
        await self.stage(StageName.CODE_DELIVERY)
        await self.stage(StageName.CODE_CLAIM)
        await self.stage(StageName.CODE_ACTIVATION)
        proven = False
        while not proven:
            await self.stage(StageName.PROOF_UPLOAD)
            proven = not self.state.reviewed or is_command(
                await self.stage(StageName.PLATFORM_REVIEW), CommandName.PASS_REVIEW
            )
        await self.system_accepts()
        return self.state.activated_at or workflow.now()
