"""Retry windows of every call to the seller (DOMAIN §4.4, §4.5, §5.6, §5.7)."""

from datetime import timedelta

import pytest

from domain.policy import Policy
from domain.seller.calls import AfterWindow, CallName, retry_window

DOCUMENTED = {
    CallName.NEW_INSTANCE: (4, timedelta(hours=3), AfterWindow.REFUND),
    CallName.UPGRADE_INSTANCE: (4, timedelta(hours=3), AfterWindow.REFUND),
    CallName.GET_LICENSE: (4, timedelta(hours=3), AfterWindow.PARK),
    CallName.REFRESH_LICENSE_CODE: (60, timedelta(minutes=118), AfterWindow.PARK),
    CallName.UPDATE_LICENSE_CODE_STATUS: (60, timedelta(minutes=118), AfterWindow.PARK),
    CallName.RELEASE_LICENSE_CODE: (60, timedelta(minutes=118), AfterWindow.PARK),
    CallName.RELEASE_INSTANCE: (7, timedelta(hours=1), AfterWindow.PARK),
    CallName.ORDER_NOTIFY: (7, timedelta(hours=3), AfterWindow.PARK),
    CallName.REFRESH_INSTANCE: (13, timedelta(hours=2), AfterWindow.PARK),
    CallName.UPDATE_INSTANCE_STATUS: (7, timedelta(hours=1), AfterWindow.PARK),
    CallName.QUERY_INSTANCE: (289, timedelta(hours=24), AfterWindow.REFUND),
}
"""Attempts, from the first to the last, and what follows."""


@pytest.mark.parametrize("activity", CallName)
def test_a_failing_call_is_tried_as_documented(activity: CallName) -> None:
    window = retry_window(activity, Policy())
    attempts, stretch, after = DOCUMENTED[activity]
    assert (window.window // window.every + 1, window.window, window.after) == (attempts, stretch, after)


@pytest.mark.parametrize(
    ("activity", "policy", "hours"),
    [
        (CallName.QUERY_INSTANCE, Policy(poll_hours=2), 2),
        (CallName.REFRESH_INSTANCE, Policy(update_window_hours=1), 1),
        (CallName.UPDATE_INSTANCE_STATUS, Policy(status_window_hours=2), 2),
    ],
)
def test_where_the_documents_disagree_the_policy_decides(activity: CallName, policy: Policy, hours: int) -> None:
    assert retry_window(activity, policy).window == timedelta(hours=hours)
