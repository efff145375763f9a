"""The API's side of the engine: start a delivery, give a command, report an event."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio.client import (
    Client,
    WorkflowFailureError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from api.problems import ProblemError
from domain.commands import Command
from domain.errors import ErrorCode, Refusal
from domain.events import Event
from domain.instances import Operation, OperationReceipt
from domain.order import Order
from domain.products import Probe
from domain.records import Receipt, Start
from domain.seller_calls import SellerCall
from domain.state import State
from settings import settings
from workflows.card import summary
from workflows.entries import REFUSED
from workflows.instance import InstanceLife, life_id
from workflows.instance_query import InstanceQuery
from workflows.probing import ProductProbe
from workflows.registry import WORKFLOWS, workflow_id
from workflows.search_attributes import at_start
from workflows.seller_calls import failure_of

TEMPORARY = {
    RPCStatusCode.UNAVAILABLE,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.RESOURCE_EXHAUSTED,
    RPCStatusCode.CANCELLED,
    RPCStatusCode.ABORTED,
    RPCStatusCode.UNKNOWN,
}


NOT_CONNECTED = "Failed client connect"
"""How the lazy client reports that it could not connect, as a plain RuntimeError."""


class EndedError(Exception):
    """The engine runs this delivery no more."""


@asynccontextmanager
async def _reachable() -> AsyncIterator[None]:
    """Tell an engine that is away, or has no worker, as 503."""
    away = ProblemError(ErrorCode.SERVICE_UNAVAILABLE, "the engine is away")
    try:
        async with asyncio.timeout(settings().engine_timeout_seconds):
            yield
    except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
        raise away from error
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise EndedError from error
        if error.status in TEMPORARY:
            raise away from error
        raise
    except RuntimeError as error:
        if not str(error).startswith(NOT_CONNECTED):
            raise
        raise away from error


async def start(client: Client, state: State) -> None:
    """Start the order's workflow; does nothing when it runs or has run."""
    order = state.order
    begun = Start(order=order, terms=state.terms, at=state.entered_at)
    async with _reachable():
        try:
            await client.start_workflow(
                WORKFLOWS[order.product.type].run,  # type: ignore[attr-defined]
                begun,
                id=workflow_id(order),
                task_queue=settings().task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                search_attributes=at_start(state),
                static_summary=summary(order),
            )
        except WorkflowAlreadyStartedError:
            return


async def give(client: Client, order: Order, command: Command) -> Receipt:
    """Give a command and wait until its effect is on record; raises ProblemError or EndedError."""
    async with _reachable(), _understood():
        receipt: Receipt = await client.get_workflow_handle(workflow_id(order)).execute_update(
            command.name, command, id=command.key, result_type=Receipt
        )
        return receipt


async def operate(client: Client, order: Order, operation: Operation) -> OperationReceipt:
    """Have an operation carried out on an instance, like a command on a delivery."""
    async with _reachable(), _understood():
        receipt: OperationReceipt = await client.get_workflow_handle(life_id(order)).execute_update(
            InstanceLife.operate, operation, id=operation.key
        )
        return receipt


@asynccontextmanager
async def _understood() -> AsyncIterator[None]:
    """Tell a refusal by the rules as its problem."""
    try:
        yield
    except WorkflowUpdateFailedError as error:
        if isinstance(error.cause, ApplicationError) and error.cause.type == REFUSED:
            refusal = Refusal.model_validate_json(error.cause.message)
            raise ProblemError.of(refusal) from error
        raise


async def query_instance(client: Client, call: SellerCall) -> None:
    """Have a seller asked about an instance now; raises ProblemError when it does not tell."""
    try:
        async with _reachable():
            await client.execute_workflow(
                InstanceQuery.run,
                call,
                id=f"query:{call.delivery_id}",
                task_queue=settings().task_queue,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                static_summary=f"queryInstance at {call.seller_id}",
            )
    except WorkflowFailureError as error:
        raise ProblemError(ErrorCode.SELLER_DID_NOT_TELL, failure_of(error.cause).reason) from error


async def report(client: Client, order: Order, event: Event) -> None:
    """Report an event; raises ProblemError or EndedError."""
    async with _reachable():
        await client.get_workflow_handle(workflow_id(order)).signal("event", event)


async def probe(client: Client, asked: Probe) -> None:
    """Have a product probed now; raises ProblemError."""
    async with _reachable():
        await client.execute_workflow(
            ProductProbe.run,
            asked,
            id=f"probe:{asked.product_id}",
            task_queue=settings().task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary=f"probe {asked.product_id}",
        )


async def is_healthy(client: Client) -> bool:
    """Tell whether the engine answers."""
    try:
        async with _reachable():
            return await client.service_client.check_health()
    except ProblemError:
        return False
