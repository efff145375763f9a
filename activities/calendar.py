"""The Chinese working calendar: holidays and the weekends that are worked instead."""

from datetime import UTC, datetime, time, timedelta

import holidays
from temporalio import activity

from domain.delivery.clocks import APPEAL_WORKING_DAYS
from domain.marketplace import MARKETPLACE_ZONE, day_of


@activity.defn(name="appeal-due")
def appeal_due(filed_at: datetime) -> datetime:
    """Until when an appeal is handled: the end of the third working day after the one it was filed on (DOMAIN §2)."""
    last = holidays.country_holidays("CN").get_nth_working_day(day_of(filed_at), APPEAL_WORKING_DAYS)
    return datetime.combine(last + timedelta(days=1), time(), MARKETPLACE_ZONE).astimezone(UTC)
