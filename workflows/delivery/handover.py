"""Handing what a completed delivery leaves over to a workflow of its own."""

from contextlib import suppress
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import WorkflowAlreadyStartedError

from domain.delivery.handover import instance_start
from domain.delivery.state import DeliveryState
from domain.instance.state import InstanceState
from domain.process import instance_process
from workflows.card import summary
from workflows.instance.card import shown
from workflows.instance.lifecycle import InstanceLifecycle
from workflows.process import TASK_TIMEOUT
from workflows.search_attributes import at_start


async def start_lifecycle(state: DeliveryState, at: datetime) -> None:
    """Hand what a delivery left over to a workflow of its own, if it is something that lives on."""
    start = instance_start(state, at)
    if start is None:
        return
    # A delivery that was resumed at its very end may have handed over already: the instance lives its own life.
    with suppress(WorkflowAlreadyStartedError):
        await workflow.start_child_workflow(
            InstanceLifecycle.run,
            start,
            id=instance_process(state.order.delivery_id),
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            search_attributes=at_start(start.order, shown(InstanceState.begin(start))),
            static_summary=summary(state.order),
            task_timeout=TASK_TIMEOUT,
        )
