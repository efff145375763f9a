"""License whose software package is deployed, by the buyer or for the buyer (软件包部署)."""

from temporalio import workflow

from domain.delivery.stages import StageName
from domain.delivery.state import DeliveryStart
from domain.step import Carried
from workflows.delivery.acceptance import delivered_and_accepted
from workflows.delivery.supervision import SupervisedDelivery


@workflow.defn
class PackageDeployment(SupervisedDelivery):
    """License whose software package is deployed, by the buyer or for the buyer (软件包部署)."""

    @workflow.run
    async def run(self, start: DeliveryStart) -> Carried:  # noqa: ARG002 - the engine took it
        """Run the delivery to its end."""
        return await self.supervise(self._steps)

    async def _steps(self) -> None:
        await delivered_and_accepted(self, StageName.DEPLOYMENT)
