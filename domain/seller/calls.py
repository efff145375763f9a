"""What the platform calls at the seller, how it reads the answer, how long it tries, and what follows (DOMAIN §5)."""

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from domain.base import Strict
from domain.policy import Policy
from domain.seller.instance_reports import MAX_QUERIED


class CallName(StrEnum):
    """Calls of the seller's production interfaces by their wire names (DOMAIN §4.4, §4.5, §5.2)."""

    NEW_INSTANCE = "newInstance"
    QUERY_INSTANCE = "queryInstance"
    REFRESH_INSTANCE = "refreshInstance"
    UPDATE_INSTANCE_STATUS = "updateInstanceStatus"
    UPGRADE_INSTANCE = "upgradeInstance"
    RELEASE_INSTANCE = "releaseInstance"
    ORDER_NOTIFY = "orderNotify"
    REFRESH_LICENSE_CODE = "refreshLicenseCode"
    UPDATE_LICENSE_CODE_STATUS = "updateLicenseCodeStatus"
    RELEASE_LICENSE_CODE = "releaseLicenseCode"
    GET_LICENSE = "getLicense"


CALL_REFUSED = "call-refused"
"""Type of the engine error for an attempt that the seller refused: repeating it unchanged is of no use."""

ATTEMPT_TIMEOUT = timedelta(seconds=5)
"""Time one attempt may take (DOMAIN §5.1)."""

INSTANCE_ID_LENGTH = 64
"""Most characters of an instance's id, told or answered (DOMAIN §5.2, §5.3)."""


class ResultCode(StrEnum):
    """Answers of a seller's system (DOMAIN §5.4)."""

    SUCCESS = "000000"
    UNAUTHENTICATED = "000001"
    INVALID_PARAMETER = "000002"
    NOT_FOUND = "000003"
    PROCESSING = "000004"
    INTERNAL_ERROR = "000005"


class Reading(StrEnum):
    """What a result code says of a call: a failure may pass and is tried again, a refusal needs somebody to mend it."""

    SUCCESS = "success"
    PROCESSING = "processing"
    REFUSED = "refused"
    FAILED = "failed"


class Needed(StrEnum):
    """Member of a successful answer without which the order cannot go on."""

    INSTANCE_ID = "instanceId"
    INSTANCE_INFO = "info"
    LICENSE = "license"


class InterfaceVersion(StrEnum):
    """How a call is sent: V1 a GET with ``authToken`` (DOMAIN §6.3), V2 a POST with ``signature`` (DOMAIN §6.1)."""

    V1 = "V1"
    V2 = "V2"


class AfterWindow(StrEnum):
    """What happens to the order when the retry window closes without success."""

    REFUND = "refund"
    PARK = "park"


@dataclass(frozen=True)
class RetryWindow:
    """How long and how often a failing call is repeated."""

    window: timedelta
    every: timedelta
    after: AfterWindow


@dataclass(frozen=True)
class Member:
    """One row of a call's field table."""

    length: int
    mandatory: bool = True
    secret: bool = False


@dataclass(frozen=True)
class CallSpec:
    """One call of the production interface: its contract, and what is done about its answer or for want of it.

    ``members`` are those of its field table, in its order, without the activity and what signs. A result code that is
    not among ``codes`` is a failure. A call whose answer the order ``needs`` is made again when the answer was lost
    (DOMAIN §5.5); one that is probed can be saved as a test case (DOMAIN §5.8).
    """

    members: Mapping[str, Member]
    codes: Mapping[str, Reading]
    retry: RetryWindow | Callable[[Policy], RetryWindow]
    needs: Needed | None = None
    secret_answers: frozenset[str] = frozenset()
    is_probed: bool = True
    version: InterfaceVersion = InterfaceVersion.V2

    @property
    def secrets(self) -> frozenset[str]:
        """Members of the call and of its answer that nobody may read who reads what was sent and what came back."""
        return self.secret_answers | {name for name, member in self.members.items() if member.secret}

    def read(self, code: str) -> Reading:
        """What a result code says of this call."""
        return self.codes.get(code, Reading.FAILED)


_ID = Member(64)
_OPTIONAL_ID = Member(64, mandatory=False)
_INSTANCE = {"instanceId": Member(INSTANCE_ID_LENGTH)}
_LICENSE = {"license": Member(64, secret=True)}
_ORDER = {"orderId": _ID, "orderLineId": _ID}
_UNSUBSCRIPTION = {"orderId": _OPTIONAL_ID, "orderLineId": _OPTIONAL_ID}
_STATUS = {"status": Member(32)}
_SCENE = {"scene": Member(64)}
_UNTIL = {"productId": _OPTIONAL_ID, "expireTime": Member(20)}
_DEBUGGING = {"testFlag": Member(2, mandatory=False)}

_USUAL: dict[str, Reading] = {
    ResultCode.SUCCESS: Reading.SUCCESS,
    # The call itself is wrong: its signature or its fields (DOMAIN §5.4).
    ResultCode.UNAUTHENTICATED: Reading.REFUSED,
    ResultCode.INVALID_PARAMETER: Reading.REFUSED,
}
# Nothing is left to release: a repeated release is a success (DOMAIN §5.5).
_RELEASED = {**_USUAL, ResultCode.NOT_FOUND: Reading.SUCCESS}

_THREE_HOURS, _HOUR = timedelta(hours=3), timedelta(hours=1)
# Where no page names an interval, it is our choice.
_TEN_MINUTES = timedelta(minutes=10)
# DOMAIN §4.4: the license 2.0 calls are made 60 times, one per 2 minutes: the last at 118 minutes.
_LICENSE_CODE_WINDOW = RetryWindow(timedelta(minutes=118), timedelta(minutes=2), AfterWindow.PARK)

CALLS: dict[CallName, CallSpec] = {
    # DOMAIN §5.7: called hourly for 3 h, then the order is unsubscribed with a full refund; upgrade alike.
    CallName.NEW_INSTANCE: CallSpec(
        {**_ORDER, "businessId": _ID, **_DEBUGGING},
        codes={**_USUAL, ResultCode.PROCESSING: Reading.PROCESSING},
        retry=RetryWindow(_THREE_HOURS, _HOUR, AfterWindow.REFUND),
        needs=Needed.INSTANCE_ID,
    ),
    # DOMAIN §5.2: the page gives 100 characters, which cannot hold the hundred ids it allows.
    CallName.QUERY_INSTANCE: CallSpec(
        {"instanceId": Member(MAX_QUERIED * (INSTANCE_ID_LENGTH + 1)), **_DEBUGGING},
        codes=_USUAL,
        retry=lambda policy: RetryWindow(
            timedelta(hours=policy.poll_hours), timedelta(minutes=policy.poll_minutes), AfterWindow.REFUND
        ),
        needs=Needed.INSTANCE_INFO,
        secret_answers=frozenset({"userName", "password"}),
    ),
    CallName.REFRESH_INSTANCE: CallSpec(
        {**_SCENE, **_ORDER, **_INSTANCE, **_UNTIL, **_DEBUGGING},
        codes=_USUAL,
        retry=lambda policy: RetryWindow(timedelta(hours=policy.update_window_hours), _TEN_MINUTES, AfterWindow.PARK),
    ),
    CallName.UPDATE_INSTANCE_STATUS: CallSpec(
        {**_INSTANCE, **_STATUS, **_DEBUGGING},
        codes=_USUAL,
        retry=lambda policy: RetryWindow(timedelta(hours=policy.status_window_hours), _TEN_MINUTES, AfterWindow.PARK),
    ),
    CallName.UPGRADE_INSTANCE: CallSpec(
        {**_INSTANCE, **_ORDER, **_DEBUGGING},
        codes=_USUAL,
        retry=RetryWindow(_THREE_HOURS, _HOUR, AfterWindow.REFUND),
    ),
    # DOMAIN §5.7: tried for 1 h, then it waits for a manual restart.
    CallName.RELEASE_INSTANCE: CallSpec(
        {**_INSTANCE, **_UNSUBSCRIPTION, **_DEBUGGING},
        codes=_RELEASED,
        retry=RetryWindow(_HOUR, _TEN_MINUTES, AfterWindow.PARK),
    ),
    # DOMAIN §5.7: tried for 3 h, then it waits for a manual restart; the interval is our choice.
    CallName.ORDER_NOTIFY: CallSpec(
        {**_ORDER, "testFlag": Member(2)},
        codes=_USUAL,
        retry=RetryWindow(_THREE_HOURS, timedelta(minutes=30), AfterWindow.PARK),
        is_probed=False,
    ),
    CallName.REFRESH_LICENSE_CODE: CallSpec(
        {**_SCENE, **_ORDER, **_LICENSE, **_UNTIL, **_DEBUGGING}, codes=_USUAL, retry=_LICENSE_CODE_WINDOW
    ),
    CallName.UPDATE_LICENSE_CODE_STATUS: CallSpec(
        {**_LICENSE, **_STATUS, **_DEBUGGING}, codes=_USUAL, retry=_LICENSE_CODE_WINDOW
    ),
    CallName.RELEASE_LICENSE_CODE: CallSpec(
        {**_LICENSE, **_UNSUBSCRIPTION, **_DEBUGGING}, codes=_RELEASED, retry=_LICENSE_CODE_WINDOW
    ),
    # DOMAIN §4.5: called hourly for 3 h, then the order waits for a restart or a delivery by hand. The field table is
    # cut off: the lengths from periodNumber on are ours.
    CallName.GET_LICENSE: CallSpec(
        {
            "customerId": Member(100),
            "customerName": _OPTIONAL_ID,
            "businessId": _ID,
            "orderId": _ID,
            "skuCode": _OPTIONAL_ID,
            "productId": _ID,
            "expireTime": Member(20, mandatory=False),
            "periodType": Member(10, mandatory=False),
            "periodNumber": Member(10, mandatory=False),
            "amount": Member(20, mandatory=False),
            "saasExtendParams": Member(2048, mandatory=False),
            **_DEBUGGING,
        },
        codes=_USUAL,
        retry=RetryWindow(_THREE_HOURS, _HOUR, AfterWindow.PARK),
        needs=Needed.LICENSE,
        secret_answers=frozenset({"license"}),
        is_probed=False,
        version=InterfaceVersion.V1,
    ),
}
"""Every call that is made, in one row each (DOMAIN §4.4, §4.5, §5.2 to §5.8)."""

_SECRET_ANYWHERE = frozenset({"authToken", "clientSecret"})
"""What signs a call of V1, and logs an application in: an answer may repeat it (DOMAIN §6.2, §6.3)."""

SECRET_MEMBERS = _SECRET_ANYWHERE.union(*(call.secrets for call in CALLS.values()))
"""Members that let somebody in, or that are the product itself (DOMAIN §4.5, §5.3)."""


def retry_window(activity: CallName, policy: Policy) -> RetryWindow:
    """How a failing call is repeated; where the documents are silent or disagree, the policy decides (DOMAIN §5.7)."""
    retry = CALLS[activity].retry
    return retry if isinstance(retry, RetryWindow) else retry(policy)


class Scene(StrEnum):
    """Why an instance or a code is refreshed (DOMAIN §4.4, §5.2)."""

    TRIAL_TO_FORMAL = "TRIAL_TO_FORMAL"
    RENEWAL = "RENEWAL"
    UNSUBSCRIBE_RENEWAL_PERIOD = "UNSUBSCRIBE_RENEWAL_PERIOD"
    RENEWAL_CHANGE = "RENEWAL_CHANGE"


class WireStatus(StrEnum):
    """What the seller is told to do with an instance or a code (DOMAIN §4.4, §5.2)."""

    FREEZE = "FREEZE"
    UNFREEZE = "UNFREEZE"


class CallFields(Strict):
    """What a call tells, besides activity and businessId; by alias the names on the wire."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    order_id: str | None = None
    order_line_id: str | None = None
    instance_id: str | None = None
    license: str | None = None
    scene: Scene | None = None
    product_id: str | None = None
    expire_time: str | None = Field(default=None, description="yyyyMMddHHmmss, UTC")
    status: WireStatus | None = None
    customer_id: str | None = None
    period_type: str | None = None
    period_number: str | None = None
    amount: str | None = None
    saas_extend_params: str | None = Field(default=None, description="What ``extension`` makes")
    test_flag: str | None = None

    def on_the_wire(self) -> dict[str, str]:
        """The fields that are told, by their documented names."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


def extension(name: str, value: str) -> str:
    """A member that the contract of a V1 call has no place for (DOMAIN §4.5)."""
    return b64encode(json.dumps([{"name": name, "value": value}]).encode()).decode()


class SellerCall(Strict):
    """One call, as the workflow orders it; repeated attempts share the key."""

    key: str
    delivery_id: str
    seller_id: str
    activity: CallName
    fields: CallFields
    every: timedelta


class SellerAnswer(Strict):
    """What a successful call brought back."""

    result_code: ResultCode
    instance_id: str | None = None
    license: str | None = None
