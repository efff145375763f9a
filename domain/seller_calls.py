"""What the platform calls at the seller, how long it tries, and what follows when it gives up (DOMAIN §5.2, §5.7)."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from domain.order import Strict


class Activity(StrEnum):
    """Calls of the production interface V2 by their wire names."""

    NEW_INSTANCE = "newInstance"
    QUERY_INSTANCE = "queryInstance"
    RELEASE_INSTANCE = "releaseInstance"
    ORDER_NOTIFY = "orderNotify"


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


ATTEMPT_TIMEOUT = timedelta(seconds=5)
"""Time one attempt may take (DOMAIN §5.1)."""

RETRY_WINDOWS: dict[Activity, RetryWindow] = {
    # DOMAIN §5.7: create is called hourly for 3 h, then the order is unsubscribed with a full refund.
    Activity.NEW_INSTANCE: RetryWindow(timedelta(hours=3), timedelta(hours=1), AfterWindow.REFUND),
    # DOMAIN §5.6 leaves the poll of an asynchronous creation open; a day of 5-minute polls is our choice.
    Activity.QUERY_INSTANCE: RetryWindow(timedelta(hours=24), timedelta(minutes=5), AfterWindow.REFUND),
    # DOMAIN §5.7: release is tried for 1 h and then waits for a manual restart; the interval is our choice.
    Activity.RELEASE_INSTANCE: RetryWindow(timedelta(hours=1), timedelta(minutes=10), AfterWindow.PARK),
    # DOMAIN §5.7: orderNotify is tried for 3 h and then waits for a manual restart; the interval is our choice.
    Activity.ORDER_NOTIFY: RetryWindow(timedelta(hours=3), timedelta(minutes=30), AfterWindow.PARK),
}


class ResultCode(StrEnum):
    """Answers of a seller's system (DOMAIN §5.4)."""

    SUCCESS = "000000"
    UNAUTHENTICATED = "000001"
    INVALID_PARAMETER = "000002"
    NOT_FOUND = "000003"
    PROCESSING = "000004"
    INTERNAL_ERROR = "000005"


class SellerCall(Strict):
    """One call, as the workflow orders it; repeated attempts share the key."""

    key: str
    delivery_id: str
    seller_id: str
    activity: Activity
    order_id: str
    order_line_id: str
    instance_id: str | None = None


class SellerAnswer(Strict):
    """What a successful call brought back."""

    result_code: ResultCode
    instance_id: str | None = None
