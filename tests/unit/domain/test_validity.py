from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.delivery.rules import refusal
from domain.delivery.stage_commands import Deliver
from domain.errors import ErrorCode
from domain.marketplace import MARKETPLACE_ZONE
from domain.order import Period, PeriodUnit
from domain.parties import Role
from domain.policy import Policy
from domain.settlement import eligibility_month
from domain.validity import validity
from tests.unit.domain.builders import ACTORS, NOW, PROOF, begun, command

periods = st.builds(Period, unit=st.sampled_from((PeriodUnit.MONTH, PeriodUnit.YEAR)), number=st.integers(1, 120))
starts = st.datetimes(datetime(2015, 1, 1), datetime(2080, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds of aware ones


@pytest.mark.parametrize(
    ("start", "unit", "number", "end"),
    [
        ("2026-01-31T10:00:00+08:00", PeriodUnit.MONTH, 1, "2026-02-28T10:00:00+08:00"),
        ("2028-01-31T10:00:00+08:00", PeriodUnit.MONTH, 1, "2028-02-29T10:00:00+08:00"),
        ("2028-02-29T10:00:00+08:00", PeriodUnit.YEAR, 1, "2029-02-28T10:00:00+08:00"),
        ("2026-02-27T10:00:00+08:00", PeriodUnit.DAY, 7, "2026-03-06T10:00:00+08:00"),
        # The 31st in the marketplace's zone is still the 30th in UTC.
        ("2026-03-31T02:00:00+08:00", PeriodUnit.MONTH, 1, "2026-04-30T02:00:00+08:00"),
    ],
)
def test_validity_counts_calendar_months_and_years_of_the_marketplaces_day(
    start: str, unit: PeriodUnit, number: int, end: str
) -> None:
    found = validity(datetime.fromisoformat(start).astimezone(UTC), Period(unit=unit, number=number))
    assert found.ends_at == datetime.fromisoformat(end)


@given(starts, periods)
def test_validity_keeps_the_time_of_day_and_never_skips_a_month(start: datetime, period: Period) -> None:
    end = validity(start, period).ends_at
    assert end is not None
    local_start, local_end = start.astimezone(MARKETPLACE_ZONE), end.astimezone(MARKETPLACE_ZONE)
    assert local_end.timetz() == local_start.timetz()
    months = period.number * (12 if period.unit is PeriodUnit.YEAR else 1)
    assert (local_end.year - local_start.year) * 12 + local_end.month - local_start.month == months
    assert local_start.day - local_end.day in range(4)


@given(starts)
def test_one_time_purchases_do_not_end(start: datetime) -> None:
    assert validity(start, None).ends_at is None
    assert validity(start, None).starts_at - start == timedelta(0)


DAY = timedelta(days=1)


def start_refused(start: datetime, policy: Policy | None = None) -> bool:
    state = begun(policy=policy)
    deliver = Deliver(proof=PROOF.model_copy(update={"actual_start_at": start}))
    found = refusal(state, command(deliver, ACTORS[Role.SELLER]), NOW)
    return found is not None and found.code is ErrorCode.START_TIME_INVALID


def test_an_actual_start_lies_between_placement_and_a_year_ahead() -> None:
    starts = (NOW - DAY, NOW, NOW + 365 * DAY, NOW + 366 * DAY)
    assert [start_refused(start) for start in starts] == [True, False, False, True]


def test_the_limits_of_the_actual_start_are_settings() -> None:
    policy = Policy(start_before_placement=True, start_ahead_days=10)
    assert [start_refused(start, policy) for start in (NOW - DAY, NOW + 11 * DAY)] == [False, True]


def test_validity_starts_with_the_activation_else_the_actual_start_else_the_acceptance() -> None:
    state = begun()
    found = [state.validity_start(NOW + 9 * DAY)]
    state.proof = PROOF.model_copy(update={"actual_start_at": NOW + 2 * DAY})
    found.append(state.validity_start(NOW + 9 * DAY))
    state.activated_at = NOW + DAY
    found.append(state.validity_start(NOW + 9 * DAY))
    assert found == [NOW + 9 * DAY, NOW + 2 * DAY, NOW + DAY]


@pytest.mark.parametrize(
    ("completed", "billed"),
    [
        ("2026-11-30T15:59:59+00:00", "2026-12"),
        ("2026-11-30T16:00:00+00:00", "2027-01"),
        ("2026-01-31T00:00:00+08:00", "2026-02"),
    ],
)
def test_an_order_is_billed_the_month_after_its_completion_in_china(completed: str, billed: str) -> None:
    assert eligibility_month(datetime.fromisoformat(completed)) == billed
