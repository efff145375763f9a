"""The license calls: activate, heartbeat, software usage, each in its documented versions (DOMAIN §4.1)."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Self

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import Field, model_validator
from starlette.concurrency import run_in_threadpool

from api.delivery.commands import give, was_given
from api.delivery.views import state_of
from api.open_api.contract import (
    MAX_CODES,
    Code,
    LicenseText,
    OpenApiAnswer,
    OpenApiError,
    WireTime,
    refuse,
    signed,
)
from api.problems import ProblemError
from database import deliveries, instances
from database.models import DeliveryRow, InstanceRow
from database.session import reading, writing
from domain.base import Storable
from domain.delivery import rules
from domain.delivery.command_spec import CommandName
from domain.delivery.commands import Command
from domain.delivery.stage_commands import ActivateCode
from domain.delivery.stages import StageName
from domain.delivery.state import DeliveryState
from domain.errors import ErrorCode
from domain.instance.state import InstanceStatus
from domain.order_status import Status
from domain.parties import Actor
from domain.validity import validity
from domain.wire import wire_time

router = APIRouter(tags=["license open API"])


class Activation(Storable):
    """A code to activate (version 1)."""

    license: LicenseText
    real_effect_time: WireTime | None = None


LicenseList = Annotated[list[LicenseText], Field(min_length=1, max_length=MAX_CODES)]


class Activations(Storable):
    """Codes to activate (version 2)."""

    license_list: LicenseList
    real_effect_time: WireTime | None = None


class Heartbeat(Storable):
    """A code that is in use (version 1); the retired members of the contract are ignored."""

    license: LicenseText


class Heartbeats(Storable):
    """Codes that are in use (version 2)."""

    license_list: LicenseList


class UsageEntry(Storable):
    """One user, or how many there are: exactly one of both."""

    id: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    active_num: Annotated[int, Field(ge=0, le=999_999_999)] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.id is None) == (self.active_num is None):
            message = "exactly one of id and active_num"
            raise ValueError(message)
        return self


class LicenseUsage(Storable):
    """How one code's software is used; the spelling of the member is the contract's."""

    license: LicenseText
    entries: Annotated[list[UsageEntry], Field(min_length=1, max_length=100, alias="software_usage_Info")]


class Usage(Storable):
    """How software is used."""

    usage_info: Annotated[list[LicenseUsage], Field(min_length=1, max_length=100)]


def _find_all(codes: Sequence[str], seller: Actor) -> dict[str, DeliveryRow | None]:
    with reading() as session:
        rows = deliveries.of_licenses(session, codes, seller.id)
    known = {row.license_code: row for row in rows}
    return {code: known.get(code) for code in codes}


async def _find(codes: Sequence[str], seller: Actor, unless: Code) -> list[DeliveryRow]:
    """The deliveries of the seller's codes; raises OpenApiError unless each of them exists."""
    found = list((await run_in_threadpool(_find_all, codes, seller)).values())
    rows = [row for row in found if row is not None]
    if len(rows) < len(found):
        raise OpenApiError(unless)
    return rows


def _code_for(refused: ErrorCode, state: DeliveryState) -> Code:
    """The documented code of a refusal by the flow."""
    if refused is ErrorCode.START_TIME_INVALID:
        return Code.INVALID_PARAMETER
    before_claim = state.stage in {StageName.CODE_DELIVERY, StageName.CODE_CLAIM}
    return Code.NOT_RECEIVED if before_claim and refused is ErrorCode.NOT_LEGAL_NOW else Code.ILLEGAL_STATE


def _command(row: DeliveryRow, seller: Actor, effect_time: datetime | None, key: str) -> Command:
    fields = ActivateCode(license=row.license_code or "", real_effect_time=effect_time)
    return Command(name=CommandName.ACTIVATE_CODE, actor=seller, key=key, body=fields)


async def _activate_one(request: Request, row: DeliveryRow, command: Command) -> None:
    try:
        await give(request.app.state.temporal, row.id, command)
    except ProblemError as error:
        if error.problem.code is ErrorCode.SERVICE_UNAVAILABLE:
            raise
        raise OpenApiError(_code_for(error.problem.code, state_of(row))) from error


async def _activate(request: Request, seller: Actor, asked: Activation) -> OpenApiAnswer:
    (row,) = await _find([asked.license], seller, Code.NOT_EXISTING)
    key = "open-api:" + hashlib.sha256(request.headers["authorization"].encode()).hexdigest()
    await _activate_one(request, row, _command(row, seller, asked.real_effect_time, key))
    order = state_of(row).order
    start = asked.real_effect_time or datetime.now(UTC)
    end = validity(start, order.period).ends_at
    info = {"status": "ALIVE", "product_id": order.product.id, "order_id": order.order_id, "amount": 1}
    if end is not None:
        info["expire_time"] = wire_time(end)
    return OpenApiAnswer.success({"license_code_info": json.dumps(info)})


async def _activate_many(request: Request, seller: Actor, asked: Activations) -> OpenApiAnswer:
    """Activate all or, where one cannot be, none. A batch that was cut off goes on when it is sent again."""
    rows = await _find(asked.license_list, seller, Code.SOME_INVALID)
    content = json.dumps([sorted(asked.license_list), str(asked.real_effect_time)])
    key = "open-api-batch:" + hashlib.sha256(content.encode()).hexdigest()
    commands = [(row, _command(row, seller, asked.real_effect_time, key)) for row in rows]
    done = [await run_in_threadpool(was_given, row.id, key) for row in rows]
    if all(done):
        raise OpenApiError(Code.ILLEGAL_STATE)
    for (row, command), is_done in zip(commands, done, strict=True):
        refused = None if is_done else rules.refusal(state_of(row), command, datetime.now(UTC))
        if refused is not None:
            raise OpenApiError(_code_for(refused.code, state_of(row)))
    for row, command in commands:
        await _activate_one(request, row, command)
    return OpenApiAnswer.success()


_LIVING = {
    InstanceStatus.ACTIVE: "ALIVE",
    InstanceStatus.EXPIRED: "EXPIRED",
    InstanceStatus.FROZEN: "EXPIRED",
    InstanceStatus.RELEASED: "RELEASED",
}


def _lives(rows: Sequence[DeliveryRow]) -> list[dict[str, str]]:
    """What is known of activated codes; raises OpenApiError for one that is not."""
    with reading() as session:
        living = instances.of_deliveries(session, [row.id for row in rows])
    return [_information(row, living.get(row.id)) for row in rows]


def _information(row: DeliveryRow, living: InstanceRow | None) -> dict[str, str]:
    state, now = state_of(row), datetime.now(UTC)
    if state.activated_at is None:
        raise OpenApiError(Code.NOT_ACTIVATED)
    if living is not None:
        status, end = _LIVING[InstanceStatus(living.status)], living.expires_at
    else:
        end = validity(state.activated_at, state.order.period).ends_at
        is_gone = state.status is Status.REFUNDED or state.stage is StageName.UNSUBSCRIBING
        status = "RELEASED" if is_gone else "EXPIRED" if end is not None and end <= now else "ALIVE"
    times = {"activate_time": wire_time(state.activated_at), **({"expire_time": wire_time(end)} if end else {})}
    return {
        "license_code": row.license_code or "",
        "status": status,
        "product_id": state.order.product.id,
        "order_id": state.order.order_id,
        **times,
    }


async def _heartbeat(_: Request, seller: Actor, asked: Heartbeat) -> OpenApiAnswer:
    rows = await _find([asked.license], seller, Code.NOT_EXISTING)
    (life,) = await run_in_threadpool(_lives, rows)
    return OpenApiAnswer.success(life)


async def _heartbeats(_: Request, seller: Actor, asked: Heartbeats) -> OpenApiAnswer:
    rows = await _find(asked.license_list, seller, Code.SOME_INVALID)
    return OpenApiAnswer.success(await run_in_threadpool(_lives, rows))


async def _take_usage(_: Request, seller: Actor, asked: Usage) -> OpenApiAnswer:
    """Keep what is said of the seller's activated codes; the others are named in the answer."""
    found = await run_in_threadpool(_find_all, [one.license for one in asked.usage_info], seller)
    known = {code: row for code, row in found.items() if row is not None and state_of(row).activated_at is not None}
    await run_in_threadpool(
        _write_usage, [(known[one.license], one) for one in asked.usage_info if one.license in known]
    )
    failed = [code for code in found if code not in known]
    if failed and not known:
        raise OpenApiError(Code.SOME_INVALID)
    return OpenApiAnswer.success({"check_fail_list": failed} if failed else None)


def _write_usage(told: Sequence[tuple[DeliveryRow, LicenseUsage]]) -> None:
    now = datetime.now(UTC)
    with writing() as session:
        for row, usage in told:
            for entry in usage.entries:
                deliveries.write_usage(session, row.id, now, entry.id, entry.active_num)


@router.post("/v1/license/activate", summary="Activate an authorization code", response_model=OpenApiAnswer)
async def activate(request: Request) -> JSONResponse:
    """Seller's software: report that a code was activated; validity starts then, or at ``real_effect_time``."""
    return await signed(request, Activation, _activate, once=True)


@router.post("/v2/license/activate", summary="Activate up to 100 authorization codes", response_model=OpenApiAnswer)
async def activate_many(request: Request) -> JSONResponse:
    """Seller's software: report that codes were activated, all or none."""
    return await signed(request, Activations, _activate_many, once=True)


@router.post("/v1/license/heartbeat", summary="Query an authorization code", response_model=OpenApiAnswer)
async def heartbeat(request: Request) -> JSONResponse:
    """Seller's software: ask on the first use of a day whether a code is alive."""
    return await signed(request, Heartbeat, _heartbeat, once=False)


@router.post("/v2/license/heartbeat", summary="Query up to 100 authorization codes", response_model=OpenApiAnswer)
async def heartbeats(request: Request) -> JSONResponse:
    """Seller's software: ask whether codes are alive."""
    return await signed(request, Heartbeats, _heartbeats, once=False)


@router.post("/v2/license/software-usage-info", summary="Report how software is used", response_model=OpenApiAnswer)
async def take_usage(request: Request) -> JSONResponse:
    """Seller's software: tell who uses it, or how many."""
    return await signed(request, Usage, _take_usage, once=True)


def wrong_method() -> JSONResponse:
    """Refuse other methods with this API's own code."""
    return refuse(OpenApiError(Code.METHOD))


for _path in ("v1/license/activate", "v2/license/activate", "v1/license/heartbeat", "v2/license/heartbeat",
              "v2/license/software-usage-info"):  # fmt: skip
    router.add_api_route(f"/{_path}", wrong_method, methods=["GET", "PUT", "PATCH", "DELETE"], include_in_schema=False)
