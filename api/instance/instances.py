"""What was delivered and lives on: instances and authorization codes, their operations, what sellers tell of them."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from temporalio.client import Client

from api import temporal_gateway
from api.authentication import Caller
from api.delivery.commands import IdempotencyKey, key_of
from api.delivery.deliveries import find_visible
from api.instance.views import InstanceSummary, InstanceView, instance_detail, instance_state, instance_summary
from api.paging import Page, PagingByPlace, cursor_after
from api.path_ids import DeliveryId
from api.permissions import PermittedRoute, permitted
from api.problems import ProblemError, documented
from database import instances, processes
from database.intents import Known
from database.ledger import ProcessRef
from database.models import InstanceRow
from database.session import reading, snapshot
from domain.errors import ErrorCode
from domain.instance import rules
from domain.instance.operations import Operation, OperationReceipt, Ordered, RestartInstanceCall
from domain.instance.state import InstanceKind, InstanceState, InstanceStatus
from domain.parties import Actor, Role
from domain.process import instance_process
from domain.seller.calls import CallFields, CallName, SellerCall
from gateway.asking import EndedError, Question, prepare

router = APIRouter(prefix="/v1/instances", tags=["instances"], route_class=PermittedRoute)

FRESH = timedelta(seconds=30)
"""How long what a seller told of an instance is shown again without asking."""

REFUSALS = (
    ErrorCode.DELIVERY_NOT_FOUND,
    ErrorCode.NO_INSTANCE,
    ErrorCode.ORDER_LINE_CONFLICT,
    ErrorCode.NOT_LEGAL_NOW,
    ErrorCode.INSTANCE_RELEASED,
    ErrorCode.RENEWAL_IN_EFFECT,
    ErrorCode.NOTHING_PARKED,
    ErrorCode.UNSTORABLE,
)


class InstanceListing(PagingByPlace):
    """Filter and page of the list."""

    status: InstanceStatus | None = None


@router.get("", summary="List instances, newest first", responses=documented())
def list_instances(listing: Annotated[InstanceListing, Query()], caller: Caller) -> Page[InstanceSummary]:
    """List what the caller may see; sellers and buyers see their own."""
    with reading() as session:
        rows = instances.page(session, caller, listing.status, listing.after, listing.limit + 1)
    return Page[InstanceSummary].of(rows, listing.limit, instance_summary, cursor_after)


@router.get(
    "/{delivery_id}",
    summary="Read one instance",
    responses=documented(ErrorCode.DELIVERY_NOT_FOUND, ErrorCode.NO_INSTANCE),
)
def read(delivery_id: DeliveryId, caller: Caller) -> InstanceView:
    """Tell its end, what the clock does next, what the seller is still to be told, and everything that happened."""
    _find(delivery_id, caller)
    return _view(delivery_id, caller)


@router.post(
    "/{delivery_id}/operations",
    summary="Renew, cancel a renewal, convert a trial, upgrade, release",
    responses=documented(*REFUSALS),
)
async def operate(
    delivery_id: DeliveryId, body: Ordered, caller: Annotated[Actor, permitted(Role.PURCHASE)], request: Request
) -> OperationReceipt:
    """Purchase system: carry out what an order line asks for; the same line again gives the same answer."""
    return await _give(request.app.state.temporal, delivery_id, Operation(actor=caller, key=body.order_line, body=body))


@router.post(
    "/{delivery_id}/restart-call",
    summary="Restart seller call · 重新启动",
    responses=documented(*REFUSALS),
)
async def restart_call(
    delivery_id: DeliveryId,
    body: RestartInstanceCall,
    caller: Annotated[Actor, permitted(*sorted(rules.RESTARTERS))],
    request: Request,
    idempotency_key: IdempotencyKey,
) -> OperationReceipt:
    """Call the seller again at once."""
    operation = Operation(actor=caller, key=key_of(caller, idempotency_key), body=body)
    return await _give(request.app.state.temporal, delivery_id, operation)


@router.post(
    "/{delivery_id}/query",
    summary="Ask the seller for links and usage now",
    responses=documented(
        ErrorCode.DELIVERY_NOT_FOUND, ErrorCode.NO_INSTANCE, ErrorCode.NOT_LEGAL_NOW, ErrorCode.SELLER_DID_NOT_TELL
    ),
)
async def query(
    delivery_id: DeliveryId,
    caller: Annotated[Actor, permitted(Role.BUYER, Role.MANAGER, Role.SELLER)],
    request: Request,
) -> InstanceView:
    """Ask the seller by queryInstance; what it told within the last half minute is shown again."""
    row = await run_in_threadpool(_find, delivery_id, caller)
    state = instance_state(row)
    if state.kind is not InstanceKind.SAAS or state.is_released:
        raise ProblemError(ErrorCode.NOT_LEGAL_NOW)
    if not await run_in_threadpool(_is_fresh, delivery_id):
        await temporal_gateway.query_instance(request.app.state.temporal, _query_call(state))
    return await run_in_threadpool(_view, delivery_id, caller)


def _find(delivery_id: str, caller: Actor) -> InstanceRow:
    """What a visible delivery left; raises ProblemError 404."""
    find_visible(delivery_id, caller)
    with reading() as session:
        row = instances.find(session, delivery_id)
    if row is None:
        raise ProblemError(ErrorCode.NO_INSTANCE)
    return row


def _view(delivery_id: str, caller: Actor) -> InstanceView:
    with snapshot() as session:
        row = instances.find(session, delivery_id)
        if row is None:
            raise ProblemError(ErrorCode.NO_INSTANCE)
        return instance_detail(
            row,
            caller,
            processes.events(session, instance_process(delivery_id)),
            processes.messages(session, instance_process(delivery_id)),
            instances.report(session, delivery_id),
        )


def _is_fresh(delivery_id: str) -> bool:
    with reading() as session:
        report = instances.report(session, delivery_id)
    return report is not None and report.at > datetime.now(UTC) - FRESH


def _query_call(state: InstanceState) -> SellerCall:
    order = state.order
    return SellerCall(
        key=f"{order.delivery_id}:query:{secrets.token_hex(8)}",
        delivery_id=order.delivery_id,
        seller_id=order.seller_id,
        activity=CallName.QUERY_INSTANCE,
        fields=CallFields(instance_id=state.instance_id),
        every=timedelta(0),
    )


async def _give(client: Client, delivery_id: str, operation: Operation) -> OperationReceipt:
    """Have an operation carried out; a repetition under its key gets the first answer again."""
    process = ProcessRef(instance_process(delivery_id))
    known = await prepare(process, operation.key, operation)
    if known is None:
        # What is not delivered yet has no instance; a stranger's delivery is not there.
        await run_in_threadpool(_find, delivery_id, operation.actor)
        raise ProblemError(ErrorCode.NO_INSTANCE)
    given = OperationReceipt.model_validate(known.receipt) if known.receipt else None
    receipt = given or await _decided(client, process, operation, known)
    if receipt.fingerprint != operation.fingerprint:
        is_restart = isinstance(operation.body, RestartInstanceCall)
        raise ProblemError(ErrorCode.IDEMPOTENCY_KEY_REUSED if is_restart else ErrorCode.ORDER_LINE_CONFLICT)
    return receipt


async def _decided(client: Client, process: ProcessRef, operation: Operation, known: Known) -> OperationReceipt:
    if known.is_open:
        try:
            receipt = await temporal_gateway.ask(client, Question(process, "operate", operation), known)
            return OperationReceipt.model_validate_json(receipt)
        except EndedError as error:
            raise ProblemError(ErrorCode.SERVICE_UNAVAILABLE, "the instance is between two states") from error
    raise await run_in_threadpool(_refusal, process.id, operation)


def _refusal(delivery_id: str, operation: Operation) -> ProblemError:
    """Why what is released takes no operation: what the rules say of its last state."""
    with reading() as session:
        row = instances.find(session, delivery_id)
    refusal = rules.refusal(instance_state(row), operation, datetime.now(UTC)) if row else None
    return ProblemError.of(refusal) if refusal else ProblemError(ErrorCode.INSTANCE_RELEASED)
