"""The floor: a workflow with two human steps and nothing else, and a worker for it."""

import asyncio

from temporalio import workflow
from temporalio.worker import PollerBehaviorAutoscaling, Worker

from gateway.connection import connect

TASK_QUEUE = "bare"


@workflow.defn
class BareOrder:
    """Waits for two steps."""

    def __init__(self) -> None:
        """Begin before the first."""
        self._steps = 0

    @workflow.run
    async def run(self) -> int:
        """Wait for both."""
        await workflow.wait_condition(lambda: self._steps == 2)  # noqa: PLR2004 - the two steps
        return self._steps

    @workflow.update
    async def step(self) -> int:
        """Take one."""
        self._steps += 1
        return self._steps


async def work() -> None:
    """Work until killed."""
    worker = Worker(
        await connect(),
        task_queue=TASK_QUEUE,
        workflows=[BareOrder],
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
    )
    async with worker:
        print("worker ready", flush=True)  # noqa: T201 - the bench waits for it
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(work())
