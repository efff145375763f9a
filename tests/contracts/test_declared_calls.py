"""What the code declares of its calls, against the documented tables."""

import pytest

from domain.seller.calls import CALLS, CallName
from tests.contracts import documented

FRAME = {"activity", "timeStamp"}
"""What a call is sent with, whatever it tells."""


def test_the_documented_calls_are_declared() -> None:
    assert set(CALLS) == set(documented.CALLS)


@pytest.mark.parametrize("activity", CallName)
def test_a_call_declares_its_documented_members(activity: CallName) -> None:
    declared = {name: (one.length, one.mandatory) for name, one in CALLS[activity].members.items()}
    printed = {name: (one.length, one.mandatory) for name, one in documented.CALLS[activity].items()}
    assert declared == {name: one for name, one in printed.items() if name not in FRAME}
