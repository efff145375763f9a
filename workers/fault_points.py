"""The fault point inside a workflow task; installed only where a test names a folder of faults."""

from temporalio import workflow
from temporalio.worker import (
    HandleUpdateInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

with workflow.unsafe.imports_passed_through():
    from settings.faults import Point, strike


class _AfterUpdate(WorkflowInboundInterceptor):
    """Strikes when a command is decided and its workflow task is not stored yet."""

    async def handle_update_handler(self, input: HandleUpdateInput) -> object:  # noqa: A002 - the SDK's name
        """Decide, then be killed."""
        outcome: object = await super().handle_update_handler(input)
        strike(Point.TASK_DECIDED)
        return outcome


class FaultPoints(Interceptor):
    """Puts the fault point into every workflow."""

    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,  # noqa: A002, ARG002 - the SDK's name
    ) -> type[WorkflowInboundInterceptor]:
        """The class that wraps each workflow."""
        return _AfterUpdate
