"""``python -m bench.floor_worker ADDRESS [STICKY_SECONDS]``: a worker for the floor, without the workflow sandbox."""

import asyncio
import sys
from datetime import timedelta

from temporalio.client import Client
from temporalio.worker import PollerBehaviorAutoscaling, UnsandboxedWorkflowRunner, Worker

from bench.floor import BareOrder

TASK_QUEUE = "floor"
STICKY_SECONDS = 10.0
"""The engine's own default: how long a task waits for the worker that has its workflow in memory."""


async def work(address: str, sticky_seconds: float) -> None:
    """Work until killed; pollers and cache are the product's own, so that only the workflow differs."""
    worker = Worker(
        await Client.connect(address),
        task_queue=TASK_QUEUE,
        workflows=[BareOrder],
        workflow_runner=UnsandboxedWorkflowRunner(),
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=sticky_seconds),
    )
    async with worker:
        print("worker ready", flush=True)  # noqa: T201 - the bench waits for it
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else STICKY_SECONDS))  # noqa: PLR2004
