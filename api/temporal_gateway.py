"""The API's side of the engine: start a delivery, give a command, report an event."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio.client import Client, WorkflowFailureError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

from api.problems import ProblemError
from database.intents import Known
from database.ledger import LedgerConflictError, ProcessRef
from domain.delivery.state import DeliveryStart
from domain.errors import ErrorCode
from domain.events import Event
from domain.seller.calls import SellerCall
from domain.seller.probing import Probe
from gateway import asking, starting
from gateway.asking import EndedError, Question, RefusedError, UnstorableError
from settings import settings
from workflows.instance.query import InstanceQuery
from workflows.seller.calls import failure_of
from workflows.seller.probing import ProductProbe

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


@asynccontextmanager
async def _reachable() -> AsyncIterator[None]:
    """Tell an engine that is away, or has no worker, as 503."""
    away = ProblemError(ErrorCode.SERVICE_UNAVAILABLE, "the engine is away")
    try:
        async with asyncio.timeout(settings().temporal_timeout_seconds):
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


async def start(client: Client, begun: DeliveryStart) -> None:
    """Start a delivery that was just put on record; does nothing when it runs or has run."""
    async with _reachable():
        await starting.start(client, begun)


async def resume(client: Client, process: str) -> None:
    """Have an open process run: one whose start was cut off, or that the engine lost; does nothing when it runs."""
    async with _reachable():
        await starting.resume(client, process)


async def ask(client: Client, question: Question, known: Known) -> str:
    """Give a command, have its effect on record, and tell its receipt, as JSON; raises ProblemError or EndedError."""
    try:
        async with _reachable():
            return (await asking.ask(client, question, known)).receipt
    except RefusedError as error:
        raise ProblemError.of(error.refusal) from error
    except LedgerConflictError as error:
        raise ProblemError(ErrorCode.SERVICE_UNAVAILABLE, "the process starts anew from the ledger") from error
    except UnstorableError as error:
        raise ProblemError(ErrorCode.UNSTORABLE) from error


async def report(client: Client, process: ProcessRef, event: Event) -> bool:
    """Report an event; False when there is no such process for the reporter, or it has ended. Raises ProblemError."""
    try:
        async with _reachable():
            return await asking.report(client, process, event)
    except EndedError:
        # The ledger has it open: the collector tells it again as soon as the engine has it back.
        return True


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
