"""The worker process: runs the workflows, and the activities on their two task queues."""

import asyncio
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack

from temporalio.client import Client
from temporalio.worker import PollerBehaviorAutoscaling, Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities.calendar import appeal_due
from activities.instances import instances_to_query, query_instance, query_instances
from activities.ledger import record_instance, record_transition
from activities.probing import probe_product, products_to_probe
from activities.purchase import tell_purchase_system
from activities.seller import call_seller
from settings import settings
from workers.client import connect
from workers.notices import AT_ONCE, dispatch
from workers.schedules import schedule_rounds
from workflows.ports import seller_calls_queue
from workflows.registry import ALL_WORKFLOWS

LEDGER_THREADS = 16
SELLER_CALL_THREADS = 20
PASSED_THROUGH = ("domain", "workflows", "pydantic", "pydantic_core", "annotated_types", "dateutil")


def workflow_runner() -> SandboxedWorkflowRunner:
    """The sandbox of workflow code; our own pure modules pass through it, which saves a quarter of the CPU."""
    return SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH))


def make_workers(client: Client, threads: ThreadPoolExecutor, *, cached_workflows: int) -> tuple[Worker, Worker]:
    """The deliveries' worker and the seller calls' worker; threads must cover both."""
    queue = settings().task_queue
    deliveries = Worker(
        client,
        task_queue=queue,
        workflows=ALL_WORKFLOWS,
        activities=[
            record_transition,
            record_instance,
            tell_purchase_system,
            appeal_due,
            products_to_probe,
            instances_to_query,
        ],
        activity_executor=threads,
        workflow_runner=workflow_runner(),
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
    # One more than tells: the one that looks what is due.
    telling = asyncio.create_task(dispatch(ThreadPoolExecutor(AT_ONCE + 1, thread_name_prefix="notice")))
    async with AsyncExitStack() as stack:
        for worker in make_workers(client, threads, cached_workflows=settings().worker_cached_workflows):
            await stack.enter_async_context(worker)
        print("worker ready", flush=True)  # noqa: T201 - the launcher waits for it
        await stop.wait()
        telling.cancel()
