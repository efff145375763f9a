"""What is declared of every call to the seller (DOMAIN §4.4, §4.5, §5.4 to §5.8)."""

from datetime import timedelta

import pytest

from domain.policy import Policy
from domain.seller.calls import CALLS, AfterWindow, CallFields, CallName, Reading, ResultCode, retry_window
from domain.seller.probing import PROBED

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


def test_every_call_has_a_row() -> None:
    assert tuple(CALLS) == tuple(CallName)


@pytest.mark.parametrize("activity", CallName)
def test_result_codes_are_read_as_documented(activity: CallName) -> None:
    read = {code: CALLS[activity].read(code) for code in ResultCode}
    creates, releases = activity is CallName.NEW_INSTANCE, activity.startswith("release")
    assert read == {
        ResultCode.SUCCESS: Reading.SUCCESS,
        ResultCode.UNAUTHENTICATED: Reading.REFUSED,
        ResultCode.INVALID_PARAMETER: Reading.REFUSED,
        ResultCode.NOT_FOUND: Reading.SUCCESS if releases else Reading.FAILED,
        ResultCode.PROCESSING: Reading.PROCESSING if creates else Reading.FAILED,
        ResultCode.INTERNAL_ERROR: Reading.FAILED,
    }
    assert CALLS[activity].read("000100") is Reading.FAILED


def test_all_but_two_calls_can_be_saved_as_a_test_case() -> None:
    assert set(CallName) - set(PROBED) == {CallName.ORDER_NOTIFY, CallName.GET_LICENSE}


def test_the_calls_whose_answer_an_order_needs() -> None:
    needed = {activity for activity, call in CALLS.items() if call.needs}
    assert needed == {CallName.NEW_INSTANCE, CallName.QUERY_INSTANCE, CallName.GET_LICENSE}


@pytest.mark.parametrize("activity", CallName)
def test_whatever_a_call_must_tell_can_be_told(activity: CallName) -> None:
    tellable = {field.alias for field in CallFields.model_fields.values()} | {"businessId"}
    assert {name for name, member in CALLS[activity].members.items() if member.mandatory} <= tellable


def test_whatever_can_be_told_is_a_member_of_some_call() -> None:
    documented = {name for call in CALLS.values() for name in call.members}
    assert {field.alias for field in CallFields.model_fields.values()} <= documented
