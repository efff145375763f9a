"""Products on sale: their probing (拨测), and what follows when it or their orders fail (DOMAIN §5.7, §5.8)."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.base import Identifier, Label, Strict
from domain.marketplace import day_of
from domain.notices import Notice
from domain.seller.calls import CALLS, CallName

FAILING_DAYS = 5
"""Consecutive days of failing probes after which trading is frozen."""

MAX_FAILED_ORDERS = 5
"""More failed orders of a product in one month get it delisted."""


class Sale(StrEnum):
    """Where a product stands: on sale (在售), suspended (停售), delisted (退市)."""

    ON_SALE = "on-sale"
    SUSPENDED = "suspended"
    DELISTED = "delisted"


PROBED = tuple(name for name, call in CALLS.items() if call.is_probed)
"""Calls that can be saved as a test case."""

Value = Annotated[str, Field(max_length=256)]
MemberName = Annotated[str, Field(pattern=r"^[A-Za-z]{1,64}$")]


class ProbeCase(Strict):
    """A saved test case: one call in debugging mode, with the members its contract names."""

    name: Label
    activity: CallName
    fields: Annotated[dict[MemberName, Value], Field(max_length=20)]


class ProbeResult(Strict):
    """What a test case came to."""

    name: str
    activity: CallName
    passed: bool
    answer: str
    milliseconds: int


class Probe(Strict):
    """One probing of a product, as the workflow orders it; the key makes it count once."""

    product_id: Identifier
    key: str
    at: datetime


class Round(Strict):
    """One round over all products on sale; without an instant it is the engine's now."""

    at: datetime | None = None


class ProductEvent(StrEnum):
    """What happens to a product."""

    TRADING_FROZEN = "trading-frozen"
    TRADING_UNFROZEN = "trading-unfrozen"


def failing_days(probes: Sequence[tuple[datetime, bool]]) -> int:
    """Consecutive days, up to the last probed one, on which no probe passed; a day without a probe breaks the row."""
    by_day: dict[date, bool] = {}
    for at, passed in probes:
        by_day[day_of(at)] = by_day.get(day_of(at), False) or passed
    day = max(by_day, default=None)
    count = 0
    while day is not None and by_day.get(day) is False:
        count, day = count + 1, day - timedelta(days=1)
    return count


def what_follows(*, is_frozen: bool, probes: Sequence[tuple[datetime, bool]]) -> ProductEvent | None:
    """Freeze after five failing days, unfreeze at the first probe that passes; the probes are in their order."""
    if is_frozen:
        return ProductEvent.TRADING_UNFROZEN if probes and probes[-1][1] else None
    return ProductEvent.TRADING_FROZEN if failing_days(probes) >= FAILING_DAYS else None


def notice_of_product(product_id: str, seller_id: str, event: ProductEvent, at: datetime) -> Notice:
    """What is told of a product."""
    return Notice(
        id=f"product-{product_id}-{event}-{at:%Y%m%dT%H%M%S%f}",
        type=f"product.{event}",
        timestamp=at,
        data={"product_id": product_id, "seller_id": seller_id},
    )
