"""How often a subscriber is told again."""

from datetime import timedelta
from itertools import count, takewhile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.outbound.http import is_transient
from domain.notices import wait_after

MIDDLE = 0.5


def test_the_schedule_is_the_one_of_standard_webhooks_and_ends_after_three_days() -> None:
    waits = [wait for wait in takewhile(bool, (wait_after(attempts, MIDDLE) for attempts in count(1))) if wait]
    assert waits[:4] == [timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2)]
    assert len(waits) == 9
    assert timedelta(days=3) < sum(waits, timedelta()) < timedelta(days=4)


@given(st.integers(1, 9), st.floats(0, 1, exclude_max=True))
def test_jitter_stays_within_a_fifth(attempts: int, chance: float) -> None:
    middle, wait = wait_after(attempts, MIDDLE), wait_after(attempts, chance)
    assert middle is not None
    assert wait is not None
    assert abs(wait - middle) <= middle * 0.2 + timedelta(microseconds=1)


@pytest.mark.parametrize(("status", "passing"), [(500, True), (503, True), (429, True), (301, True), (404, False)])
def test_only_what_may_pass_is_repeated(status: int, passing: bool) -> None:  # noqa: FBT001 - a column
    assert is_transient(status) is passing
