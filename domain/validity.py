"""When a purchase's validity (有效期) starts and ends (DOMAIN §1.8)."""

from datetime import UTC, datetime

from dateutil.relativedelta import relativedelta

from domain.base import Strict
from domain.marketplace import MARKETPLACE_ZONE
from domain.order import Period, PeriodUnit


class Validity(Strict):
    """From when to when a purchase may be used; no end for one-time purchases."""

    starts_at: datetime
    ends_at: datetime | None


def validity(starts_at: datetime, period: Period | None) -> Validity:
    """Count the period in calendar days, months or years of the marketplace's day."""
    if period is None:
        return Validity(starts_at=starts_at, ends_at=None)
    length = {
        PeriodUnit.DAY: relativedelta(days=period.number),
        PeriodUnit.MONTH: relativedelta(months=period.number),
        PeriodUnit.YEAR: relativedelta(years=period.number),
    }[period.unit]
    local_end = starts_at.astimezone(MARKETPLACE_ZONE) + length
    return Validity(starts_at=starts_at, ends_at=local_end.astimezone(UTC))
