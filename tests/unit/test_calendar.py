"""Three working days of the Chinese calendar (DOMAIN §2)."""

from datetime import UTC, datetime

import pytest

from activities.calendar import appeal_due


@pytest.mark.parametrize(
    ("filed", "due"),
    [
        ("2026-11-23T10:00:00+08:00", "2026-11-27T00:00:00+08:00"),  # Monday: to the end of Thursday
        ("2026-11-20T10:00:00+08:00", "2026-11-26T00:00:00+08:00"),  # Friday: the weekend does not count
        ("2026-09-29T10:00:00+08:00", "2026-10-10T00:00:00+08:00"),  # the holiday of 1 to 7 October does not count
        ("2026-02-13T10:00:00+08:00", "2026-02-26T00:00:00+08:00"),  # nor Spring Festival; a worked Saturday does
        ("2026-11-22T17:00:00+00:00", "2026-11-27T00:00:00+08:00"),  # Sunday in UTC is Monday in China
    ],
)
def test_an_appeal_is_handled_within_three_working_days(filed: str, due: str) -> None:
    found = appeal_due(datetime.fromisoformat(filed))
    assert found == datetime.fromisoformat(due)
    assert found.tzinfo is UTC
