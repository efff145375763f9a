"""The cases a reviewer would try on a seller's production interface V2 (DOMAIN §5, §6.1)."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from conformance.seller import Reply, SellerUnderTest, Stamp
from domain.bilingual import Bilingual
from domain.seller.calls import CALLS, INSTANCE_ID_LENGTH, CallName, Reading, ResultCode

CREATION = CALLS[CallName.NEW_INSTANCE]

POLLS = 12
POLL_SECONDS = 5.0
"""An asynchronous creation has a minute to come through."""


@dataclass(frozen=True)
class CheckOutcome:
    """How one case went: what had to come, what came, and how long the slowest call took."""

    name: str
    title: Bilingual
    passed: bool
    expected: str
    got: str
    milliseconds: int


class Trial:
    """One run against one seller; orders of its own, so that it can be repeated."""

    def __init__(self, seller: SellerUnderTest, poll_seconds: float = POLL_SECONDS) -> None:
        """Take the seller."""
        self.seller = seller
        self.poll_seconds = poll_seconds
        self.order = f"CONF{secrets.token_hex(8).upper()}"
        self.slowest = 0

    def call(self, activity: str, stamp: Stamp | None = None, *, key: str | None = None, **fields: str | None) -> Reply:
        """Make a call, and remember how long it took."""
        reply = self.seller.call(stamp, key=key, activity=activity, **fields)
        self.slowest = max(self.slowest, reply.milliseconds)
        return reply

    def create(self, number: int = 1, stamp: Stamp | None = None, *, key: str | None = None) -> Reply:
        """Have the instance of one of the run's orders made."""
        order = f"{self.order}{number}"
        return self.call(
            CallName.NEW_INSTANCE,
            stamp,
            key=key,
            orderId=order,
            orderLineId=f"{order}-000001",
            businessId=secrets.token_hex(16),
        )


Verdict = tuple[bool, str]


def _is_created(reply: Reply) -> bool:
    made = CREATION.read(reply.code) in {Reading.SUCCESS, Reading.PROCESSING}
    return made and 0 < len(reply.instance_id) <= INSTANCE_ID_LENGTH


def _creates(trial: Trial) -> Verdict:
    reply = trial.create()
    return _is_created(reply), f"{reply.told} {reply.instance_id}".strip()


def _creates_once(trial: Trial) -> Verdict:
    first, second = trial.create(), trial.create()
    same = _is_created(first) and _is_created(second) and first.instance_id == second.instance_id
    return same, f"{first.instance_id or first.told}, then {second.instance_id or second.told}"


def _keeps_orders_apart(trial: Trial) -> Verdict:
    first, second = trial.create(1), trial.create(2)
    apart = _is_created(first) and _is_created(second) and first.instance_id != second.instance_id
    return apart, f"{first.instance_id or first.told} and {second.instance_id or second.told}"


def _is_told_of_instance(trial: Trial) -> Verdict:
    instance_id = trial.create().instance_id
    reply = trial.call(CallName.QUERY_INSTANCE, instanceId=instance_id)
    for _ in range(POLLS):
        if reply.code != ResultCode.PROCESSING:
            break
        time.sleep(trial.poll_seconds)
        reply = trial.call(CallName.QUERY_INSTANCE, instanceId=instance_id)
    info = reply.content.get("info")
    known = (
        [one.get("instanceId") for one in cast("list[object]", info) if isinstance(one, dict)]
        if isinstance(info, list)
        else []
    )
    return reply.code == ResultCode.SUCCESS and instance_id in known, f"{reply.told}, info of {known}"


def _refuses(reply: Reply, *codes: ResultCode) -> Verdict:
    return not reply.fault and reply.code in codes, reply.told


def _refuses_any(reply: Reply) -> Verdict:
    """Any result code but success, in a well-formed answer."""
    return not reply.fault and reply.code not in {"", ResultCode.SUCCESS, ResultCode.PROCESSING}, reply.told


def _unknown_activity(trial: Trial) -> Verdict:
    return _refuses_any(trial.call("noSuchActivity"))


def _missing_field(trial: Trial) -> Verdict:
    return _refuses_any(trial.call(CallName.NEW_INSTANCE, orderLineId=trial.order, businessId=trial.order))


def _long_field(trial: Trial) -> Verdict:
    long = "X" * (CREATION.members["orderId"].length + 1)
    return _refuses_any(trial.call(CallName.NEW_INSTANCE, orderId=long, orderLineId=long, businessId=trial.order))


def _wrong_signature(trial: Trial) -> Verdict:
    return _refuses(trial.create(3, key="not-the-shared-key"), ResultCode.UNAUTHENTICATED)


def _stale_timestamp(trial: Trial) -> Verdict:
    return _refuses(
        trial.create(3, Stamp.now(seconds_ago=90)), ResultCode.INVALID_PARAMETER, ResultCode.UNAUTHENTICATED
    )


def _missing_nonce(trial: Trial) -> Verdict:
    stamp = Stamp("", Stamp.now().timestamp)
    return _refuses(trial.create(3, stamp), ResultCode.INVALID_PARAMETER, ResultCode.UNAUTHENTICATED)


def _replayed_nonce(trial: Trial) -> Verdict:
    stamp = Stamp.now()
    first, second = trial.create(4, stamp), trial.create(4, stamp)
    refused, told = _refuses(second, ResultCode.INVALID_PARAMETER, ResultCode.UNAUTHENTICATED)
    return _is_created(first) and refused, f"first {first.told}, then {told}"


def _unknown_instance(trial: Trial) -> Verdict:
    return _refuses(trial.call(CallName.RELEASE_INSTANCE, instanceId=f"none-{trial.order}"), ResultCode.NOT_FOUND)


def _releases_twice(trial: Trial) -> Verdict:
    instance_id = trial.create(5).instance_id
    first, second = (trial.call(CallName.RELEASE_INSTANCE, instanceId=instance_id) for _ in range(2))
    # A repeated release may also say that there is nothing left.
    good = first.code == ResultCode.SUCCESS and second.code in {ResultCode.SUCCESS, ResultCode.NOT_FOUND}
    return good, f"{first.told}, then {second.told}"


@dataclass(frozen=True)
class Check:
    """One case: what is tried, and what has to come."""

    name: str
    title: Bilingual
    expected: str
    run: Callable[[Trial], Verdict]


CHECKS = (
    Check(
        "creates",
        Bilingual(zh="创建实例", en="newInstance makes an instance"),
        "000000 or 000004, with an instanceId",
        _creates,
    ),
    Check(
        "creates-once",
        Bilingual(zh="重复创建返回同一实例", en="The same order again is the same instance"),
        "the same instanceId",
        _creates_once,
    ),
    Check(
        "keeps-orders-apart",
        Bilingual(zh="不同订单的实例不同", en="Another order is another instance"),
        "two instanceIds",
        _keeps_orders_apart,
    ),
    Check(
        "queries",
        Bilingual(zh="查询实例", en="queryInstance tells of the instance"),
        "000000, with info of it",
        _is_told_of_instance,
    ),
    Check(
        "unknown-activity",
        Bilingual(zh="未知接口", en="An unknown activity is refused"),
        "a code other than 000000",
        _unknown_activity,
    ),
    Check(
        "missing-field",
        Bilingual(zh="缺少必填字段", en="A missing field is refused"),
        "a code other than 000000",
        _missing_field,
    ),
    Check(
        "long-field",
        Bilingual(zh="字段超长", en="A field of 65 characters is refused"),
        "a code other than 000000",
        _long_field,
    ),
    Check("wrong-signature", Bilingual(zh="签名错误", en="A wrong signature is refused"), "000001", _wrong_signature),
    Check(
        "stale-timestamp",
        Bilingual(zh="时间戳过期", en="A timestamp 90 s old is refused"),
        "000002 or 000001",
        _stale_timestamp,
    ),
    Check(
        "missing-nonce", Bilingual(zh="缺少随机数", en="A missing nonce is refused"), "000002 or 000001", _missing_nonce
    ),
    Check(
        "replayed-nonce",
        Bilingual(zh="重放请求", en="A replayed request is refused"),
        "000002 or 000001",
        _replayed_nonce,
    ),
    Check(
        "unknown-instance",
        Bilingual(zh="释放不存在的实例", en="Releasing an unknown instance is refused"),
        "000003",
        _unknown_instance,
    ),
    Check(
        "releases-twice",
        Bilingual(zh="重复释放", en="releaseInstance may be repeated"),
        "000000, then 000000 or 000003",
        _releases_twice,
    ),
)


def run(seller: SellerUnderTest, poll_seconds: float = POLL_SECONDS) -> list[CheckOutcome]:
    """Try every case, one after the other."""
    return [_tried(check, Trial(seller, poll_seconds)) for check in CHECKS]


def _tried(check: Check, trial: Trial) -> CheckOutcome:
    passed, got = check.run(trial)
    return CheckOutcome(check.name, check.title, passed, check.expected, got, trial.slowest)
