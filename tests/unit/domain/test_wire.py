"""Times and JSON as the contracts write them (DOMAIN §5, §6)."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.wire import (
    basic_time,
    canonical,
    read_basic_time,
    read_wire_time,
    read_wire_time_with_milliseconds,
    wire_time,
    wire_time_with_milliseconds,
)

moments = st.datetimes(datetime(2010, 1, 1), datetime(2100, 1, 1), timezones=st.just(timezone(timedelta(hours=8))))  # noqa: DTZ001 - the zone is given


@given(moments)
def test_a_time_that_is_written_is_read_as_the_same_moment(moment: datetime) -> None:
    second = moment.replace(microsecond=0)
    millisecond = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    assert read_wire_time(wire_time(moment)) == second
    assert read_basic_time(basic_time(moment)) == second
    assert read_wire_time_with_milliseconds(wire_time_with_milliseconds(moment)) == millisecond
    assert read_wire_time_with_milliseconds(wire_time(moment)) == second


def test_times_have_their_documented_forms() -> None:
    moment = datetime(2026, 3, 4, 5, 6, 7, 89_000, UTC)
    assert wire_time(moment) == "20260304050607"
    assert wire_time_with_milliseconds(moment) == "20260304050607089"
    assert basic_time(moment) == "20260304T050607Z"


@pytest.mark.parametrize("text", ["", "2026", "20260304050607089", "2026-03-04 05:06:07"])
def test_a_time_to_the_second_has_no_other_form(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the reader's message is its own
        read_wire_time(text)


def test_canonical_json_has_one_form() -> None:
    assert canonical({"b": 1, "a": {"d": "云", "c": None}}) == '{"a":{"c":null,"d":"云"},"b":1}'.encode()
