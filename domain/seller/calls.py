"""What the platform calls at the seller, how long it tries, and what follows when it gives up (DOMAIN §5.2, §5.7)."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from domain.base import Strict
from domain.policy import Policy


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


CALL_REFUSED = "call-refused"
"""Type of the engine error for an attempt that the seller refused: repeating it unchanged is of no use."""

ATTEMPT_TIMEOUT = timedelta(seconds=5)
"""Time one attempt may take (DOMAIN §5.1)."""

_PARKED = AfterWindow.PARK
_REFUNDED = AfterWindow.REFUND

_WINDOWS: dict[CallName, RetryWindow] = {
    # DOMAIN §5.7: create is called hourly for 3 h, then the order is unsubscribed with a full refund; upgrade alike.
    CallName.NEW_INSTANCE: RetryWindow(timedelta(hours=3), timedelta(hours=1), _REFUNDED),
    CallName.UPGRADE_INSTANCE: RetryWindow(timedelta(hours=3), timedelta(hours=1), _REFUNDED),
    # DOMAIN §5.7: release is tried for 1 h and then waits for a manual restart; the interval is our choice.
    CallName.RELEASE_INSTANCE: RetryWindow(timedelta(hours=1), timedelta(minutes=10), _PARKED),
    # DOMAIN §5.7: orderNotify is tried for 3 h and then waits for a manual restart; the interval is our choice.
    CallName.ORDER_NOTIFY: RetryWindow(timedelta(hours=3), timedelta(minutes=30), _PARKED),
    # DOMAIN §4.4: the license 2.0 calls are made 60 times, one per 2 minutes: the last at 118 minutes.
    CallName.REFRESH_LICENSE_CODE: RetryWindow(timedelta(minutes=118), timedelta(minutes=2), _PARKED),
    CallName.UPDATE_LICENSE_CODE_STATUS: RetryWindow(timedelta(minutes=118), timedelta(minutes=2), _PARKED),
    CallName.RELEASE_LICENSE_CODE: RetryWindow(timedelta(minutes=118), timedelta(minutes=2), _PARKED),
    # DOMAIN §4.5: getLicense is called hourly for 3 h, then the order waits for a restart or a delivery by hand.
    CallName.GET_LICENSE: RetryWindow(timedelta(hours=3), timedelta(hours=1), _PARKED),
}


def retry_window(activity: CallName, policy: Policy) -> RetryWindow:
    """How a failing call is repeated; where the documents are silent or disagree, the policy decides (DOMAIN §5.7)."""
    ten_minutes = timedelta(minutes=10)
    match activity:
        case CallName.QUERY_INSTANCE:
            poll = timedelta(minutes=policy.poll_minutes)
            return RetryWindow(timedelta(hours=policy.poll_hours), poll, _REFUNDED)
        case CallName.REFRESH_INSTANCE:
            return RetryWindow(timedelta(hours=policy.update_window_hours), ten_minutes, _PARKED)
        case CallName.UPDATE_INSTANCE_STATUS:
            return RetryWindow(timedelta(hours=policy.status_window_hours), ten_minutes, _PARKED)
        case _:
            return _WINDOWS[activity]


class ResultCode(StrEnum):
    """Answers of a seller's system (DOMAIN §5.4)."""

    SUCCESS = "000000"
    UNAUTHENTICATED = "000001"
    INVALID_PARAMETER = "000002"
    NOT_FOUND = "000003"
    PROCESSING = "000004"
    INTERNAL_ERROR = "000005"


class GetLicense(Strict):
    """What getLicense, a V1 call, tells (DOMAIN §4.5)."""

    order_id: str
    customer_id: str
    product_id: str
    identification_code: str
    amount: str
    period_type: str | None
    period_number: int | None


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
    """What a V2 or License 2.0 call tells, besides activity and businessId; by alias the names on the wire."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    order_id: str | None = None
    order_line_id: str | None = None
    instance_id: str | None = None
    license: str | None = None
    scene: Scene | None = None
    product_id: str | None = None
    expire_time: str | None = Field(default=None, description="yyyyMMddHHmmss, UTC")
    status: WireStatus | None = None
    test_flag: str | None = None

    def on_the_wire(self) -> dict[str, str]:
        """The fields that are told, by their documented names."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class SellerCall(Strict):
    """One call, as the workflow orders it; repeated attempts share the key."""

    key: str
    delivery_id: str
    seller_id: str
    activity: CallName
    fields: CallFields
    get_license: GetLicense | None = None
    every: timedelta


class SellerAnswer(Strict):
    """What a successful call brought back."""

    result_code: ResultCode
    instance_id: str | None = None
    license: str | None = None
