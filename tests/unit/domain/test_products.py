"""When failing probes freeze a product's trading."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.marketplace import month_of
from domain.seller.probing import ProductEvent, failing_days, what_follows

NOON = datetime(2026, 11, 24, 4, tzinfo=UTC)
PASSED, FAILED = True, False


def days(*outcomes: bool) -> list[tuple[datetime, bool]]:
    return [(NOON + timedelta(days=day), passed) for day, passed in enumerate(outcomes)]


@pytest.mark.parametrize(
    ("probes", "count"),
    [
        ([], 0),
        (days(PASSED), 0),
        (days(FAILED, FAILED, FAILED, FAILED), 4),
        (days(FAILED, PASSED, FAILED), 1),
        ([(NOON, FAILED), (NOON + timedelta(hours=6), PASSED)], 0),
        ([(NOON, FAILED), (NOON + timedelta(days=2), FAILED)], 1),
        # Beijing's day, not UTC's: these two are one day.
        ([(NOON - timedelta(hours=11), PASSED), (NOON, FAILED)], 0),
        ([(NOON - timedelta(hours=13), PASSED), (NOON, FAILED)], 1),
    ],
)
def test_only_days_without_any_success_count_and_only_in_a_row(probes: list[tuple[datetime, bool]], count: int) -> None:
    assert failing_days(probes) == count


def test_trading_freezes_on_the_fifth_failing_day_and_comes_back_with_the_first_success() -> None:
    assert what_follows(is_frozen=False, probes=days(*[FAILED] * 4)) is None
    assert what_follows(is_frozen=False, probes=days(*[FAILED] * 5)) is ProductEvent.TRADING_FROZEN
    assert what_follows(is_frozen=True, probes=days(*[FAILED] * 6)) is None
    assert what_follows(is_frozen=True, probes=days(*[FAILED] * 6, PASSED)) is ProductEvent.TRADING_UNFROZEN


@given(st.lists(st.booleans(), max_size=30))
def test_a_success_today_means_no_failing_days(outcomes: list[bool]) -> None:
    assert failing_days(days(*outcomes, PASSED)) == 0
    trailing = next((at for at, passed in enumerate(reversed(outcomes)) if passed), len(outcomes))
    assert failing_days(days(*outcomes)) == trailing


def test_a_month_is_the_marketplaces() -> None:
    begin, end = month_of(datetime(2026, 12, 31, 17, tzinfo=UTC))
    assert begin.isoformat() == "2027-01-01T00:00:00+08:00"
    assert end.isoformat() == "2027-02-01T00:00:00+08:00"
