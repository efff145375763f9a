"""The marketplace's calendar: the days and months that its rules count in."""

from datetime import date, datetime, timedelta, timezone

MARKETPLACE_ZONE = timezone(timedelta(hours=8), "Asia/Shanghai")
"""The marketplace's day; China has no daylight saving time."""


def day_of(at: datetime) -> date:
    """The marketplace's day."""
    return at.astimezone(MARKETPLACE_ZONE).date()


def month_of(at: datetime) -> tuple[datetime, datetime]:
    """Beginning and end of the marketplace's month."""
    begin = at.astimezone(MARKETPLACE_ZONE).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return begin, (begin + timedelta(days=32)).replace(day=1)
