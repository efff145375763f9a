"""Starting processes: new ones, and those that the engine lost, from the ledger."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

from anyio import to_thread
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from database import recorded
from database.ledger import LedgerConflictError
from database.session import at_once
from domain.delivery import records
from domain.delivery.state import DeliveryStart, DeliveryState
from domain.instance.records import read_instance
from domain.instance.state import InstanceStart, InstanceState
from domain.process import delivery_process, instance_process
from domain.step import Carried
from gateway import collector
from gateway.asking import write_carried
from settings import settings
from workflows.card import summary
from workflows.delivery.card import shown
from workflows.instance.card import shown as instance_shown
from workflows.instance.lifecycle import InstanceLifecycle
from workflows.process import TASK_TIMEOUT
from workflows.registry import WORKFLOWS
from workflows.search_attributes import at_start


async def start(client: Client, begun: DeliveryStart) -> None:
    """Start a delivery that was just put on record; does nothing when it runs or has run.

    Where nothing is to be done before somebody comes, or a clock rings, the engine delays the first workflow task until
    then: what comes earlier wakes the process all the same. That saves a task and a timer.
    """
    state = records.begin(begun)
    await _start(client, begun, state, _delay(state), WorkflowIDReusePolicy.REJECT_DUPLICATE)


def _delay(state: DeliveryState) -> timedelta | None:
    due = state.next_due
    if state.calls or due is None:
        return None
    return max(due.at - datetime.now(UTC), timedelta(0)) or None


async def _start(
    client: Client, begun: DeliveryStart, state: DeliveryState, delay: timedelta | None, reuse: WorkflowIDReusePolicy
) -> None:
    try:
        await client.start_workflow(
            WORKFLOWS[begun.order.product.type].run,  # type: ignore[attr-defined]
            begun,
            id=delivery_process(begun.order.delivery_id),
            task_queue=settings().task_queue,
            id_reuse_policy=reuse,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            search_attributes=at_start(begun.order, shown(state)),
            static_summary=summary(begun.order),
            start_delay=delay,
            task_timeout=TASK_TIMEOUT,
        )
    except WorkflowAlreadyStartedError:
        return


async def start_instance(client: Client, begun: InstanceStart) -> None:
    """Start what a delivery left, new or from the ledger; does nothing when it runs."""
    on_record = begun.recorded
    state = read_instance(on_record.state, begun.order, begun.policy) if on_record else InstanceState.begin(begun)
    await client.start_workflow(
        InstanceLifecycle.run,
        begun,
        id=instance_process(begun.order.delivery_id),
        task_queue=settings().task_queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        search_attributes=at_start(begun.order, instance_shown(state)),
        static_summary=summary(begun.order),
        task_timeout=TASK_TIMEOUT,
    )


async def resume(client: Client, process: str) -> bool:
    """Have an open process run that the engine does not run any more; True when it was started from the ledger.

    First whatever its last run decided is brought on record: outcomes that nobody fetched, and what a run that ended
    by itself left as its result. Only what is open in the ledger after that is started anew.
    """
    if await is_running(client, process):
        return False
    await collector.collect(client, timedelta(0), process)
    await _write_result(client, process)
    begun = await to_thread.run_sync(at_once, lambda connection: recorded.load_start(connection, process))
    if begun.recorded is None or not begun.recorded.is_open:
        return False
    if isinstance(begun, DeliveryStart):
        state = records.read_state(begun.recorded.state, begun.order, begun.terms)
        await _start(client, begun, state, None, WorkflowIDReusePolicy.ALLOW_DUPLICATE)
    else:
        await start_instance(client, begun)
    return True


async def is_running(client: Client, process: str) -> bool:
    """Tell whether the engine runs a process."""
    return await _status(client.get_workflow_handle(process)) is WorkflowExecutionStatus.RUNNING


async def _status(handle: WorkflowHandle[object, object]) -> WorkflowExecutionStatus | None:
    try:
        return (await handle.describe()).status
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise


async def _write_result(client: Client, process: str) -> None:
    """Bring on record what a run that came to its end had still to be written."""
    if await _status(client.get_workflow_handle(process)) is not WorkflowExecutionStatus.COMPLETED:
        return
    result: Carried = await client.get_workflow_handle(process, result_type=Carried).result()
    with suppress(LedgerConflictError):
        # A result that the ledger does not take was taken back: what it has counts.
        if result.rows:
            await write_carried(process, result)
