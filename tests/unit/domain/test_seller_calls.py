"""Retry windows of every call to the seller (DOMAIN §4.4, §4.5, §5.6, §5.7)."""

from datetime import timedelta

import pytest

from domain.policy import Policy
from domain.seller_calls import Activity, AfterWindow, retry_window

DOCUMENTED = {
    Activity.NEW_INSTANCE: (4, timedelta(hours=3), AfterWindow.REFUND),
    Activity.UPGRADE_INSTANCE: (4, timedelta(hours=3), AfterWindow.REFUND),
    Activity.GET_LICENSE: (4, timedelta(hours=3), AfterWindow.PARK),
    Activity.REFRESH_LICENSE_CODE: (60, timedelta(minutes=118), AfterWindow.PARK),
    Activity.UPDATE_LICENSE_CODE_STATUS: (60, timedelta(minutes=118), AfterWindow.PARK),
    Activity.RELEASE_LICENSE_CODE: (60, timedelta(minutes=118), AfterWindow.PARK),
    Activity.RELEASE_INSTANCE: (7, timedelta(hours=1), AfterWindow.PARK),
    Activity.ORDER_NOTIFY: (7, timedelta(hours=3), AfterWindow.PARK),
    Activity.REFRESH_INSTANCE: (13, timedelta(hours=2), AfterWindow.PARK),
    Activity.UPDATE_INSTANCE_STATUS: (7, timedelta(hours=1), AfterWindow.PARK),
    Activity.QUERY_INSTANCE: (289, timedelta(hours=24), AfterWindow.REFUND),
    Activity.GET_LICENSE_ASYNC: (91, timedelta(hours=3), AfterWindow.REFUND),
}
"""Attempts, from the first to the last, and what follows."""


@pytest.mark.parametrize("activity", Activity)
def test_a_failing_call_is_tried_as_documented(activity: Activity) -> None:
    window = retry_window(activity, Policy())
    attempts, stretch, after = DOCUMENTED[activity]
    assert (window.window // window.every + 1, window.window, window.after) == (attempts, stretch, after)


@pytest.mark.parametrize(
    ("activity", "policy", "hours"),
    [
        (Activity.QUERY_INSTANCE, Policy(poll_hours=2), 2),
        (Activity.REFRESH_INSTANCE, Policy(update_window_hours=1), 1),
        (Activity.UPDATE_INSTANCE_STATUS, Policy(status_window_hours=2), 2),
        (Activity.GET_LICENSE_ASYNC, Policy(online_license_refunds_after_hours=2), 2),
    ],
)
def test_where_the_documents_disagree_the_policy_decides(activity: Activity, policy: Policy, hours: int) -> None:
    assert retry_window(activity, policy).window == timedelta(hours=hours)
