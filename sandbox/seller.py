"""A seller's production system: verifies signatures, keeps instances, and misbehaves when told to."""

import json
import time
from base64 import b64decode
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from threading import Lock

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from domain.seller_calls import Activity, ResultCode
from domain.signatures import equal, equal_hex, is_fresh, sign_body, sign_v1, sign_v2
from sandbox.parties import access_key, sandbox_settings

router = APIRouter(prefix="/seller", tags=["seller"])


class Mood(StrEnum):
    """How the seller's system behaves; all but the first break the contract or the patience."""

    HEALTHY = "healthy"
    SLOW = "slow"
    DOWN = "down"
    PROCESSING = "processing"
    UNSIGNED = "unsigned"
    FORBIDDING = "forbidding"
    DISTRUSTING = "distrusting"
    MALFORMED = "malformed"
    MISTYPED = "mistyped"
    HUGE = "huge"
    FICKLE = "fickle"
    TRUSTING = "trusting"
    TIMELESS = "timeless"
    FORGETFUL = "forgetful"
    CARELESS = "careless"
    AGREEABLE = "agreeable"
    RIGID = "rigid"


class Behaviour(BaseModel):
    """What calls meet: ``processing`` lasts for so many polls, ``slow`` takes so many seconds."""

    mood: Mood = Mood.HEALTHY
    polls: int = 2
    seconds: float = 6.0


FIELDS: dict[str, dict[str, int]] = {
    Activity.NEW_INSTANCE: {"orderId": 64, "orderLineId": 64, "businessId": 64},
    Activity.QUERY_INSTANCE: {"instanceId": 6500},
    Activity.RELEASE_INSTANCE: {"instanceId": 64},
    Activity.RELEASE_LICENSE_CODE: {"license": 64},
    Activity.ORDER_NOTIFY: {"orderId": 64, "orderLineId": 64},
    Activity.GET_LICENSE: {"orderId": 64, "businessId": 64},
}
"""Mandatory fields of the calls this seller takes, and their lengths (DOMAIN §4.4, §5.2)."""


def is_complete(body: dict[str, str]) -> bool:
    """Tell whether a call has its mandatory fields, within their limits."""
    wanted = FIELDS.get(body.get("activity", ""))
    return wanted is not None and all(0 < len(body.get(name, "")) <= most for name, most in wanted.items())


class Instance(BaseModel):
    """One provisioned instance."""

    instance_id: str
    order_line_id: str
    polls_left: int = 0
    released: bool = False


class Seen(BaseModel):
    """What the seller's system saw of one order line: for tests of exactly-once effects."""

    calls: dict[str, int]
    created: int
    released: int
    released_codes: int
    instance_id: str | None


class ProductionSystem:
    """The state of one seller's system."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.lock = Lock()
        self.behaviours: dict[str, Behaviour] = {}
        self.usual = Behaviour()
        self.instances: dict[str, Instance] = {}
        self.created: Counter[str] = Counter()
        self.released: Counter[str] = Counter()
        self.released_codes: Counter[str] = Counter()
        self.calls: Counter[tuple[str, str]] = Counter()
        self.nonces: dict[str, float] = {}

    def line_of(self, body: dict[str, str]) -> str:
        """The order line a call is about."""
        if "orderLineId" in body:
            return body["orderLineId"]
        instance = self.instances.get(body.get("instanceId", ""))
        return instance.order_line_id if instance else ""

    def behaviour(self, line: str) -> Behaviour:
        """How calls of an order line are met."""
        return self.behaviours.get(line, self.usual)

    def answer(self, body: dict[str, str]) -> dict[str, object]:  # noqa: PLR0911 - one arm a call
        """Do what a verified call asks for; repeated calls do nothing twice."""
        line = self.line_of(body)
        activity = body.get("activity")
        if self.behaviour(line).mood is not Mood.CARELESS and not is_complete(body):
            return _result(ResultCode.INVALID_PARAMETER)
        match activity:
            case Activity.NEW_INSTANCE:
                return self._create(line)
            case Activity.QUERY_INSTANCE:
                return self._query(body.get("instanceId", ""))
            case Activity.RELEASE_INSTANCE:
                return self._release(body.get("instanceId", ""))
            case Activity.RELEASE_LICENSE_CODE:
                self.released_codes[line] = 1
                return _result(ResultCode.SUCCESS)
            case Activity.GET_LICENSE:
                self.created[line] = 1
                return _result(ResultCode.SUCCESS, instanceId=f"l-{line}", license=f"LICENSE-{line}")
            case Activity.ORDER_NOTIFY:
                return _result(ResultCode.SUCCESS)
            case _:
                return _result(ResultCode.SUCCESS)

    def _create(self, line: str) -> dict[str, object]:
        behaviour = self.behaviour(line)
        instance_id = f"i-{line}" if behaviour.mood is not Mood.FICKLE else f"i-{line}-{self.created[line]}"
        if instance_id not in self.instances:
            polls = behaviour.polls if behaviour.mood is Mood.PROCESSING else 0
            self.instances[instance_id] = Instance(instance_id=instance_id, order_line_id=line, polls_left=polls)
            self.created[line] += 1
        code = ResultCode.PROCESSING if self.instances[instance_id].polls_left else ResultCode.SUCCESS
        return _result(code, instanceId=instance_id)

    def _query(self, instance_id: str) -> dict[str, object]:
        instance = self.instances.get(instance_id)
        if instance is None:
            return _result(ResultCode.NOT_FOUND)
        if instance.polls_left:
            instance.polls_left -= 1
            return _result(ResultCode.PROCESSING)
        app_info = {"frontEndUrl": f"https://{instance_id}.example.com", "userName": "admin", "password": "opensesame"}
        info = {"instanceId": instance_id, "appInfo": app_info}
        return _result(ResultCode.SUCCESS, info=[info])

    def _release(self, instance_id: str) -> dict[str, object]:
        instance = self.instances.get(instance_id)
        if instance is None:
            agrees = self.usual.mood is Mood.AGREEABLE
            return _result(ResultCode.SUCCESS if agrees else ResultCode.NOT_FOUND)
        if instance.released and self.behaviour(instance.order_line_id).mood is Mood.RIGID:
            return _result(ResultCode.INTERNAL_ERROR)
        if not instance.released:
            instance.released = True
            self.released[instance.order_line_id] += 1
        return _result(ResultCode.SUCCESS)


def _result(code: ResultCode, **more: object) -> dict[str, object]:
    return {"resultCode": code, "resultMsg": code.name.lower(), **more}


_systems: dict[str, ProductionSystem] = {}


def _system(seller_id: str) -> ProductionSystem:
    return _systems.setdefault(seller_id, ProductionSystem())


def _verify(system: ProductionSystem, seller_id: str, request: Request, body: bytes) -> ResultCode | None:
    """Check the V2 signature in the documented order (DOMAIN §6.1); None when all is well."""
    timestamp, nonce = request.query_params.get("timestamp", ""), request.query_params.get("nonce", "")
    mood, now = system.usual.mood, datetime.now(UTC)
    fresh = timestamp.isdigit() and is_fresh(datetime.fromtimestamp(int(timestamp) / 1000, UTC), now)
    if not fresh and mood is not Mood.TIMELESS:
        return ResultCode.INVALID_PARAMETER
    if (not nonce or nonce in system.nonces) and mood is not Mood.FORGETFUL:
        return ResultCode.INVALID_PARAMETER
    key = access_key(sandbox_settings().secret.get_secret_value(), seller_id)
    is_right = equal_hex(sign_v2(key, nonce, timestamp, body), request.query_params.get("signature", ""))
    if not is_right and mood is not Mood.TRUSTING:
        return ResultCode.UNAUTHENTICATED
    system.nonces[nonce] = time.time()
    return None


@router.post("/{seller_id}/production")
async def production(seller_id: str, request: Request) -> Response:
    """The production interface: one address, dispatched on ``activity``."""
    body = await request.body()
    return await run_in_threadpool(_serve, seller_id, request, body)


@router.get("/{seller_id}/production")
async def production_v1(seller_id: str, request: Request) -> Response:
    """The production interface V1: parameters in the query, signed by ``authToken`` (DOMAIN §6.3)."""
    return await run_in_threadpool(_serve_v1, seller_id, request)


def _serve_v1(seller_id: str, request: Request) -> Response:
    parameters = dict(request.query_params)
    token = parameters.pop("authToken", "")
    key = access_key(sandbox_settings().secret.get_secret_value(), seller_id)
    if not equal(sign_v1(key, parameters.get("timeStamp", ""), parameters), token):
        return JSONResponse(_result(ResultCode.UNAUTHENTICATED))
    extension = json.loads(b64decode(parameters.get("saasExtendParams", "W10=")))
    if not any(one["name"] == "identificationCode" and one["value"] for one in extension):
        return JSONResponse(_result(ResultCode.INVALID_PARAMETER))
    # V1 names no order line: the sandbox's orders have one each.
    line = f"{parameters['orderId']}-000001"
    answer = _act(_system(seller_id), {**parameters, "orderLineId": line})
    if _system(seller_id).behaviour(line).mood is not Mood.UNSIGNED:
        answer.headers["Body-Sign"] = sign_body(key, bytes(answer.body))
    return answer


def _serve(seller_id: str, request: Request, body: bytes) -> Response:
    system = _system(seller_id)
    with system.lock:
        bad = _verify(system, seller_id, request, body)
    return JSONResponse(_result(bad)) if bad is not None else _act(system, json.loads(body))


def _act(system: ProductionSystem, asked: dict[str, str]) -> Response:
    """Do what a verified call asks for, in the mood of its order."""
    with system.lock:
        line = system.line_of(asked)
        system.calls[line, asked.get("activity", "")] += 1
        behaviour = system.behaviour(line)
    if behaviour.mood is Mood.SLOW:
        time.sleep(behaviour.seconds)
    early = _MOODY.get(behaviour.mood)
    if early is not None:
        return early()
    with system.lock:
        return JSONResponse(system.answer(asked))


_MOODY: dict[Mood, Callable[[], Response]] = {
    Mood.DOWN: lambda: JSONResponse({"error": "maintenance"}, status_code=503),
    Mood.FORBIDDING: lambda: JSONResponse({"error": "not from you"}, status_code=403),
    Mood.DISTRUSTING: lambda: JSONResponse(_result(ResultCode.UNAUTHENTICATED)),
    Mood.MALFORMED: lambda: Response('{"resultCode": "000000"', media_type="application/json"),
    Mood.MISTYPED: lambda: Response("<html>busy</html>", media_type="text/html"),
    Mood.HUGE: lambda: JSONResponse(_result(ResultCode.SUCCESS, instanceId="i-1", padding="x" * 100_000)),
}
"""Answers that do without looking at the call."""


@router.put("/{seller_id}/behaviour")
def behave_as_a_rule(seller_id: str, behaviour: Behaviour) -> Behaviour:
    """Tell the seller's system how to behave for every order line that was told nothing else."""
    _system(seller_id).usual = behaviour
    return behaviour


@router.put("/{seller_id}/orders/{order_line_id}/behaviour")
def behave(seller_id: str, order_line_id: str, behaviour: Behaviour) -> Behaviour:
    """Tell the seller's system how to behave for an order line."""
    _system(seller_id).behaviours[order_line_id] = behaviour
    return behaviour


@router.get("/{seller_id}/orders/{order_line_id}")
def seen(seller_id: str, order_line_id: str) -> Seen:
    """Tell what the seller's system saw of an order line."""
    system = _system(seller_id)
    with system.lock:
        mine = [one for one in system.instances.values() if one.order_line_id == order_line_id]
        return Seen(
            calls={activity: n for (line, activity), n in system.calls.items() if line == order_line_id},
            created=system.created[order_line_id],
            released=system.released[order_line_id],
            released_codes=system.released_codes[order_line_id],
            instance_id=mine[0].instance_id if mine else None,
        )
