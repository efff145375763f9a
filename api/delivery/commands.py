"""One route per command, made from the domain's table; and the events that platform systems report."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Body, Header, Request
from starlette.concurrency import run_in_threadpool
from temporalio.client import Client

from api import temporal_gateway
from api.delivery.deliveries import find_visible
from api.delivery.views import state_of
from api.path_ids import DeliveryId
from api.permissions import PermittedRoute, permitted, permitted_by_rules
from api.problems import ProblemError, documented
from database import deliveries, processes
from database.intents import Known
from database.ledger import ProcessRef
from database.session import reading
from domain.delivery import rules
from domain.delivery.command_spec import Body as CommandBody
from domain.delivery.command_spec import CommandName
from domain.delivery.commands import COMMANDS, Command
from domain.delivery.rules import COMMON_REFUSALS
from domain.delivery.state import CommandReceipt
from domain.errors import ErrorCode
from domain.events import REPORTED, Event, EventName, EventSpec, Report
from domain.parties import Actor, Role
from domain.process import delivery_process
from gateway.asking import EndedError, Question, prepare

router = APIRouter(prefix="/v1/deliveries/{delivery_id}", tags=["commands"], route_class=PermittedRoute)

IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,128}$",
        description="Yours to choose, new for every command; a repetition under the same key changes nothing",
    ),
]

REFUSALS = (*COMMON_REFUSALS, ErrorCode.IDEMPOTENCY_KEY_REUSED, ErrorCode.UNSTORABLE)
"""Why any command may be refused here: by the rules, or because of what was sent with it."""


def key_of(caller: Actor, key: str) -> str:
    """A party's own key; keys of different parties never meet."""
    return f"{caller.role}:{caller.id}:{key}"


def command_of(caller: Actor, key: str, fields: CommandBody) -> Command:
    """A party's command under its own key."""
    return Command(name=fields.spec.name, actor=caller, key=key_of(caller, key), body=fields)


async def give(client: Client, delivery_id: str, command: Command) -> CommandReceipt:
    """Give a command to a delivery; a repetition under its key gets the first answer again."""
    process = ProcessRef(delivery_process(delivery_id))
    known = await prepare(process, command.key, command)
    if known is None:
        raise ProblemError(ErrorCode.DELIVERY_NOT_FOUND)
    receipt = (
        CommandReceipt.model_validate(known.receipt)
        if known.receipt
        else await _decided(client, process, command, known)
    )
    if receipt.fingerprint != command.fingerprint:
        raise ProblemError(ErrorCode.IDEMPOTENCY_KEY_REUSED)
    return receipt


async def _decided(client: Client, process: ProcessRef, command: Command, known: Known) -> CommandReceipt:
    if known.is_open:
        try:
            receipt = await temporal_gateway.ask(client, Question(process, command.name, command), known)
            return CommandReceipt.model_validate_json(receipt)
        except EndedError as error:
            # Open in the ledger, and not in the engine: it was never started, or only just ends, or was lost.
            raise ProblemError(ErrorCode.SERVICE_UNAVAILABLE, "the delivery is between two states") from error
    raise await run_in_threadpool(_refusal, process, command)


def _refusal(process: ProcessRef, command: Command) -> ProblemError:
    """Why an order that has ended takes no command: what the rules say of its last state."""
    with reading() as session:
        refusal = rules.refusal(state_of(deliveries.get(session, process.id)), command, datetime.now(UTC))
    return ProblemError.of(refusal) if refusal else ProblemError(ErrorCode.ORDER_ENDED)


def was_given(delivery_id: str, key: str) -> bool:
    """Tell whether a command under this key was taken."""
    with reading() as session:
        return processes.has_key(session, delivery_process(delivery_id), key)


def _route(body: type[CommandBody]) -> Callable[..., Awaitable[CommandReceipt]]:
    async def command_route(
        delivery_id: DeliveryId,
        caller: Annotated[Actor, permitted_by_rules(*sorted(body.spec.by))],
        request: Request,
        idempotency_key: IdempotencyKey,
        fields: CommandBody,
    ) -> CommandReceipt:
        return await give(request.app.state.temporal, delivery_id, command_of(caller, idempotency_key, fields))

    has_required_field = any(field.is_required() for field in body.model_fields.values())
    default = Body() if has_required_field else Body(default_factory=body)
    command_route.__annotations__["fields"] = Annotated[body, default]
    command_route.__name__ = body.spec.name.replace("-", "_")
    command_route.__doc__ = f"{body.__doc__}"
    return command_route


for _body in COMMANDS.values():
    if _body.spec.name is CommandName.ACTIVATE_CODE:
        continue  # comes through the license open API
    router.add_api_route(
        f"/{_body.spec.name}",
        _route(_body),
        methods=["POST"],
        summary=f"{_body.spec.label.en} · {_body.spec.label.zh}",
        responses=documented(*REFUSALS, *_body.spec.refusals),
    )


def _event_route(name: EventName, spec: EventSpec) -> Callable[..., Awaitable[dict[str, str]]]:
    async def event_route(
        delivery_id: DeliveryId, caller: Annotated[Actor, permitted(Role.PURCHASE)], request: Request, told: Report
    ) -> dict[str, str]:
        event = Event(name=name, actor=caller, key=f"event:{uuid4()}", **dict(told))
        if not await temporal_gateway.report(
            request.app.state.temporal, ProcessRef(delivery_process(delivery_id)), event
        ):
            await run_in_threadpool(find_visible, delivery_id, caller)
            raise ProblemError(ErrorCode.ORDER_ENDED)
        return {"status": "noted"}

    has_required_field = any(field.is_required() for field in spec.report.model_fields.values())
    default = Body() if has_required_field else Body(default_factory=spec.report)
    event_route.__annotations__["told"] = Annotated[spec.report, default]
    event_route.__name__ = name.replace("-", "_")
    event_route.__doc__ = f"Platform systems: {spec.label.en}; without meaning at this stage it changes nothing."
    return event_route


for _event, _told in REPORTED.items():
    router.add_api_route(
        f"/events/{_event}",
        _event_route(_event, _told),
        methods=["POST"],
        status_code=202,
        tags=["events"],
        summary=f"{_told.label.en} · {_told.label.zh}",
        responses=documented(ErrorCode.DELIVERY_NOT_FOUND, ErrorCode.ORDER_ENDED),
    )
