"""The Chinese working calendar: holidays and the weekends that are worked instead."""

from datetime import UTC, datetime, time, timedelta

import holidays
from temporalio import activity

from domain.delivery.clocks import APPEAL_WORKING_DAYS
from domain.validity import MARKETPLACE_ZONE


@activity.defn(name="appeal-due")
def appeal_due(filed_at: datetime) -> datetime:
    """Until when an appeal is handled: the end of the third working day after the one it was filed on (DOMAIN §2)."""
    filed_on = filed_at.astimezone(MARKETPLACE_ZONE).date()
    last = holidays.country_holidays("CN").get_nth_working_day(filed_on, APPEAL_WORKING_DAYS)
    return datetime.combine(last + timedelta(days=1), time(), MARKETPLACE_ZONE).astimezone(UTC)
