"""A seller's production system: what it keeps, how it answers, and how it misbehaves when told to."""

import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from threading import Lock

from fastapi import Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.types import Receive, Scope, Send

from domain.seller.calls import CALLS, CallName, ResultCode
from domain.seller.instance_reports import MAX_QUERIED
from domain.wire import wire_time_with_milliseconds
from sandbox.software import Software


class Mood(StrEnum):
    """How the seller's system behaves; all but the first break the contract or the patience."""

    HEALTHY = "healthy"
    SLOW = "slow"
    LATE = "late"
    HANGING = "hanging"
    DROPPING = "dropping"
    DOWN = "down"
    CRASHING = "crashing"
    PROCESSING = "processing"
    UNSIGNED = "unsigned"
    MISSIGNED = "missigned"
    FORBIDDING = "forbidding"
    DISTRUSTING = "distrusting"
    MALFORMED = "malformed"
    MISTYPED = "mistyped"
    HUGE = "huge"
    UNSTORABLE = "unstorable"
    GARBLED = "garbled"
    HALVED = "halved"
    MISCODED = "miscoded"
    FICKLE = "fickle"
    TRUSTING = "trusting"
    TIMELESS = "timeless"
    CLOCKLESS = "clockless"
    FORGETFUL = "forgetful"
    CARELESS = "careless"
    AGREEABLE = "agreeable"
    RIGID = "rigid"


class Behaviour(BaseModel):
    """What calls meet: ``processing`` lasts for so many polls, ``slow``, ``late`` and ``hanging`` take so many seconds.

    After so many ``times`` the seller is healthy again; None means never.
    """

    model_config = {"frozen": True}

    mood: Mood = Mood.HEALTHY
    polls: int = 2
    seconds: float = 6.0
    times: int | None = None


class FaultPlan(BaseModel):
    """Behaviours dealt out to orders by a seed: the same seed deals each order the same one."""

    seed: int = 0
    behaviours: tuple[Behaviour, ...] = (Behaviour(),)

    def behaviour(self, line: str) -> Behaviour:
        """What an order line gets."""
        return random.Random(f"{self.seed}:{line}").choice(self.behaviours)  # noqa: S311 - a plan, no secret


def is_complete(body: dict[str, str]) -> bool:
    """Tell whether a call has its mandatory members, within their limits."""
    activity = body.get("activity", "")
    if activity not in CALLS:
        return False
    members = CALLS[CallName(activity)].members
    return all(0 < len(body.get(name, "")) <= one.length for name, one in members.items() if one.mandatory)


class ProvisionedInstance(BaseModel):
    """One provisioned instance."""

    instance_id: str
    order_line_id: str
    polls_left: int = 0


class Seen(BaseModel):
    """What the seller's system saw of one order line, or of one license: for tests of exactly-once effects."""

    calls: dict[str, int]
    bodies: list[dict[str, str]]
    effects: dict[str, int]
    instance_id: str | None


class ProductionSystem:
    """The state of one seller's system."""

    def __init__(self, access_key: str, software: Software | None) -> None:
        """Start with the key shared with the marketplace, the software in the field, and nothing else."""
        self.access_key = access_key
        self.software = software
        self.lock = Lock()
        self.behaviours: dict[str, Behaviour] = {}
        self.usual = Behaviour()
        self.plan = FaultPlan()
        self.instances: dict[str, ProvisionedInstance] = {}
        self.frozen: set[str] = set()
        self.effects: dict[str, Counter[str]] = defaultdict(Counter)
        self.bodies: dict[str, list[dict[str, str]]] = defaultdict(list)
        self.nonces: dict[str, float] = {}

    def line_of(self, body: dict[str, str]) -> str:
        """The order line a call is about; for calls that name a license only, the license."""
        instance = self.instances.get(body.get("instanceId", ""))
        if instance is not None:
            return instance.order_line_id
        return body.get("license", "") or body.get("orderLineId", "")

    def behaviour(self, line: str) -> Behaviour:
        """How calls about an order line or a license are met now."""
        told = self.behaviours.get(line)
        dealt = told or (self.plan.behaviour(line) if self.usual.mood is Mood.HEALTHY else self.usual)
        is_over = dealt.times is not None and len(self.bodies[line]) > dealt.times
        return Behaviour() if is_over else dealt

    def seen(self, line: str) -> Seen:
        """What was seen of an order line or a license."""
        mine = [one for one in self.instances.values() if one.order_line_id == line]
        return Seen(
            calls=Counter(body.get("activity", "") for body in self.bodies[line]),
            bodies=self.bodies[line],
            effects=self.effects[line],
            instance_id=mine[0].instance_id if mine else None,
        )

    def act(self, asked: dict[str, str]) -> Response:
        """Do what a verified call asks for, in the mood of its order."""
        with self.lock:
            line = self.line_of(asked)
            self.bodies[line].append(asked)
            behaviour = self.behaviour(line)
        if behaviour.mood in {Mood.SLOW, Mood.HANGING}:
            time.sleep(behaviour.seconds)
        early = _MOODY.get(behaviour.mood)
        if early is not None:
            return early()
        with self.lock:
            answer = self._answer(asked, line, behaviour)
        if behaviour.mood is Mood.UNSTORABLE and "info" not in answer:
            answer = _unstorable(answer)
        if behaviour.mood is Mood.LATE:
            time.sleep(behaviour.seconds)
        return JSONResponse(answer)

    def _answer(  # noqa: PLR0911 - one arm a call
        self, body: dict[str, str], line: str, behaviour: Behaviour
    ) -> dict[str, object]:
        activity, instance_id = body.get("activity"), body.get("instanceId", "")
        if behaviour.mood is not Mood.CARELESS and not is_complete(body):
            return result(ResultCode.INVALID_PARAMETER)
        match activity:
            case CallName.NEW_INSTANCE:
                return self._create(line, behaviour)
            case CallName.QUERY_INSTANCE:
                return self._query(instance_id.split(","))
            case CallName.GET_LICENSE:
                self._once(line, "created")
                return result(ResultCode.SUCCESS, instanceId=f"l-{line}", license=f"LICENSE-{line}")
            case CallName.ORDER_NOTIFY:
                return result(ResultCode.SUCCESS)
            case _ if instance_id and instance_id not in self.instances:
                agrees = self.usual.mood is Mood.AGREEABLE
                return result(ResultCode.SUCCESS if agrees else ResultCode.NOT_FOUND)
            case CallName.RELEASE_INSTANCE | CallName.RELEASE_LICENSE_CODE:
                is_repeated = not self._once(line, "released")
                return result(
                    ResultCode.INTERNAL_ERROR if is_repeated and behaviour.mood is Mood.RIGID else ResultCode.SUCCESS
                )
            case CallName.UPDATE_INSTANCE_STATUS | CallName.UPDATE_LICENSE_CODE_STATUS:
                return self._set_status(line, body["status"])
            case _:
                # Renewals and upgrades are told apart by their orders.
                self._once(line, f"{activity} {body.get('scene', '')} {body.get('orderId', '')}")
                return result(ResultCode.SUCCESS)

    def _once(self, line: str, effect: str) -> bool:
        """Have an effect unless it was had; tell whether it is new."""
        is_new = not self.effects[line][effect]
        self.effects[line][effect] = 1
        return is_new

    def _create(self, line: str, behaviour: Behaviour) -> dict[str, object]:
        made = self.effects[line]["created"]
        instance_id = f"i-{line}-{made}" if behaviour.mood is Mood.FICKLE else f"i-{line}"
        if instance_id not in self.instances:
            polls = behaviour.polls if behaviour.mood is Mood.PROCESSING else 0
            self.instances[instance_id] = ProvisionedInstance(
                instance_id=instance_id, order_line_id=line, polls_left=polls
            )
            self.effects[line]["created"] += 1
        code = ResultCode.PROCESSING if self.instances[instance_id].polls_left else ResultCode.SUCCESS
        return result(code, instanceId=instance_id)

    def _query(self, instance_ids: list[str]) -> dict[str, object]:
        """Tell of the instances that are known; one alone may still be in the making."""
        known = [self.instances[name] for name in instance_ids if name in self.instances]
        if not known or len(instance_ids) > MAX_QUERIED:
            return result(ResultCode.INVALID_PARAMETER if known else ResultCode.NOT_FOUND)
        if len(known) == 1 and known[0].polls_left:
            known[0].polls_left -= 1
            return result(ResultCode.PROCESSING)
        return result(ResultCode.SUCCESS, info=[self._tell(one) for one in known if not one.polls_left])

    def _tell(self, instance: ProvisionedInstance) -> dict[str, object]:
        is_spoilt = self.behaviour(instance.order_line_id).mood is Mood.UNSTORABLE
        return _info(instance.instance_id, memo="\x00" if is_spoilt else "Change the password")

    def _set_status(self, line: str, status: str) -> dict[str, object]:
        freezes = status == "FREEZE"
        if freezes != (line in self.frozen):
            self.effects[line]["frozen" if freezes else "unfrozen"] += 1
        self.frozen = self.frozen | {line} if freezes else self.frozen - {line}
        return result(ResultCode.SUCCESS)


def result(code: ResultCode, **more: object) -> dict[str, object]:
    """An answer as documented (DOMAIN §5.3)."""
    return {"resultCode": code, "resultMsg": code.name.lower(), **more}


def _info(instance_id: str, memo: str) -> dict[str, object]:
    """Links and usage of an instance (DOMAIN §5.3)."""
    home = f"https://{instance_id.lower()}.example.com"
    used = {
        "relatedInstanceId": instance_id,
        "usageValue": "12.5000",
        "statisticalTime": wire_time_with_milliseconds(datetime.now(UTC).replace(microsecond=0)),
        "dashboardUrl": f"{home}/usage",
    }
    app = {
        "frontEndUrl": home,
        "adminUrl": f"{home}/admin",
        "userName": "admin",
        "password": "opensesame",
        "memo": memo,
    }
    return {"instanceId": instance_id, "appInfo": app, "usageInfo": [used]}


def _unstorable(answer: dict[str, object]) -> dict[str, object]:
    """The same answer with U+0000 in what it tells; in its message when it tells nothing else."""
    told = {"instanceId", "license"} & answer.keys() or {"resultMsg"}
    return {**answer, **{name: f"{answer[name]}\x00" for name in told}}


class DroppedResponse(Response):
    """An answer that breaks off: the connection is closed in the middle of it."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Promise a body, and send none."""
        headers = [(b"content-type", b"application/json"), (b"content-length", b"100")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})


_MOODY: dict[Mood, Callable[[], Response]] = {
    Mood.HANGING: DroppedResponse,
    Mood.DROPPING: DroppedResponse,
    Mood.DOWN: lambda: JSONResponse({"error": "maintenance"}, status_code=503),
    Mood.CRASHING: lambda: JSONResponse({"error": "oops"}, status_code=500),
    Mood.FORBIDDING: lambda: JSONResponse({"error": "not from you"}, status_code=403),
    Mood.DISTRUSTING: lambda: JSONResponse(result(ResultCode.UNAUTHENTICATED)),
    Mood.CLOCKLESS: lambda: JSONResponse(result(ResultCode.INVALID_PARAMETER)),
    Mood.MISCODED: lambda: JSONResponse({"resultCode": "0", "resultMsg": "fine", "instanceId": "i-1"}),
    Mood.MALFORMED: lambda: Response('{"resultCode": "000000"', media_type="application/json"),
    Mood.GARBLED: lambda: Response(b"\x00\x00core dumped", status_code=500),
    Mood.HALVED: lambda: Response('{"resultCode": "000005", "resultMsg": "\\ud83d"}', media_type="application/json"),
    Mood.MISTYPED: lambda: Response("<html>busy</html>", media_type="text/html"),
    Mood.HUGE: lambda: JSONResponse(result(ResultCode.SUCCESS, instanceId="i-1", padding="x" * 100_000)),
}
"""Answers that do without looking at the call."""
