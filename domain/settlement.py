"""What settlement needs to know of a completed order (DOMAIN §9)."""

from datetime import datetime

from dateutil.relativedelta import relativedelta

from domain.marketplace import MARKETPLACE_ZONE


def eligibility_month(completed_at: datetime) -> str:
    """The month (YYYY-MM) in which an order is billed: the one after its completion, by the marketplace's day."""
    billed = completed_at.astimezone(MARKETPLACE_ZONE) + relativedelta(months=1)
    return f"{billed:%Y-%m}"
