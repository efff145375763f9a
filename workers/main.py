"""The worker process: runs the workflows, and the activities on their two task queues."""

import asyncio
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import timedelta

from temporalio.client import Client
from temporalio.worker import PollerBehaviorAutoscaling, UnsandboxedWorkflowRunner, Worker, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities.calendar import appeal_due
from activities.instance.queries import instances_to_query, query_instance, query_instances
from activities.ledger import load_recorded, record_rows
from activities.seller.calls import call_seller
from activities.seller.probing import probe_product, products_to_probe
from gateway.connection import connect
from settings import settings
from workers import rounds
from workers.fault_points import FaultPoints
from workers.schedules import schedule_rounds
from workflows.activity_stubs import seller_calls_queue
from workflows.registry import ALL_WORKFLOWS

LEDGER_THREADS = 16
"""Rows that are written at the same time: a write takes milliseconds, so sixteen keep up with any engine here."""

SELLER_CALL_THREADS = 20
"""Calls that wait for sellers at the same time, up to five seconds each; fairness keys deal them out by seller."""

PASSED_THROUGH = ("domain", "workflows", "pydantic", "pydantic_core", "annotated_types", "dateutil")


def workflow_runner(*, sandbox: bool) -> WorkflowRunner:
    """How workflow code is run.

    In tests in Temporal's sandbox, which looks for what workflow code must not do; in production without it, for it
    costs CPU in every workflow task. ``docs/architecture.md`` says what keeps workflow code deterministic then.
    """
    if not sandbox:
        return UnsandboxedWorkflowRunner()
    return SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH))


def make_workers(client: Client, threads: ThreadPoolExecutor, *, cached_workflows: int) -> tuple[Worker, Worker]:
    """The deliveries' worker and the seller calls' worker; threads must cover both."""
    queue = settings().task_queue
    deliveries = Worker(
        client,
        task_queue=queue,
        workflows=ALL_WORKFLOWS,
        activities=[
            record_rows,
            load_recorded,
            appeal_due,
            products_to_probe,
            instances_to_query,
        ],
        activity_executor=threads,
        workflow_runner=workflow_runner(sandbox=settings().worker_sandbox),
        interceptors=[FaultPoints()] if settings().fault_folder else [],
        # How long a task waits for the worker that has the process in memory before any other takes it. A healthy one
        # takes it in milliseconds; where it is late, the other replays the history, which costs time and loses nothing.
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=settings().worker_sticky_seconds),
        max_cached_workflows=cached_workflows,
        max_concurrent_activities=LEDGER_THREADS,
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(),
    )
    seller_calls = Worker(
        client,
        task_queue=seller_calls_queue(queue),
        activities=[call_seller, query_instance, query_instances, probe_product],
        activity_executor=threads,
        max_concurrent_activities=SELLER_CALL_THREADS,
    )
    return deliveries, seller_calls


async def run() -> None:
    """Work until SIGTERM or SIGINT, then finish what is in hand."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    client = await connect()
    await schedule_rounds(client)
    threads = ThreadPoolExecutor(LEDGER_THREADS + SELLER_CALL_THREADS, thread_name_prefix="activity")
    going = rounds.begin(client)
    async with AsyncExitStack() as stack:
        for worker in make_workers(client, threads, cached_workflows=settings().worker_cached_workflows):
            await stack.enter_async_context(worker)
        print("worker ready", flush=True)  # noqa: T201 - the launcher waits for it
        await stop.wait()
        for one in going:
            one.cancel()
