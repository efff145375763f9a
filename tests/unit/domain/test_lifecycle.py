"""An instance's rules under any order of operations, answers and passing days."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.delivery.flows import PRODUCT_TYPES
from domain.errors import ErrorCode
from domain.instance import rules
from domain.instance.operations import CancelRenewal, Convert, Operation, Release, Renew, RestartInstanceCall, Upgrade
from domain.instance.state import InstanceAct, InstanceStart, InstanceState, InstanceStatus
from domain.order import Period, PeriodUnit, ProductType
from domain.parties import Actor, Role
from domain.policy import Policy
from domain.seller.calls import CALLS, CallFields, CallName, ResultCode, SellerAnswer, WireStatus
from domain.seller.open_calls import Called, OpenCall
from tests.unit.domain import builders
from tests.unit.domain.builders import ACTORS, NOW

PURCHASE = ACTORS[Role.PURCHASE]
TYPES = (ProductType.SAAS_INSTANT, ProductType.LICENSE_AUTHORIZATION_CODE)


def born(product_type: ProductType, *, trial: bool = False, days: int = 40) -> InstanceState:
    order = builders.order(product_type, trial=trial)
    end = NOW + timedelta(days=days)
    kind = PRODUCT_TYPES[product_type].leaves
    assert kind is not None
    begin = InstanceStart(
        kind=kind, order=order, policy=Policy(), instance_id="i-1", license_code="PL1", at=NOW, expires_at=end
    )
    return InstanceState.begin(begin)


def asked(number: int, choice: int, renewal: str) -> Operation:
    line = {"order_id": f"O{number}", "order_line_id": "L1"}
    period = Period(unit=PeriodUnit.MONTH, number=1 + choice % 3)
    bodies: tuple[Callable[[], Renew | CancelRenewal | Convert | Upgrade | Release], ...] = (
        lambda: Renew(**line, period=period),
        lambda: Renew(**line, period=period),
        lambda: CancelRenewal(**line, renewal=renewal),
        lambda: Convert(**line, period=period),
        lambda: Upgrade(**line, product_id="P-2"),
        lambda: Release(**line),
    )
    body = bodies[choice % len(bodies)]()
    return Operation(actor=PURCHASE, key=body.order_line, body=body)


def succeeded(call: OpenCall) -> Called:
    answer = SellerAnswer(result_code=ResultCode.SUCCESS)
    return Called(number=call.number, generation=call.generation, answer=answer)


class Watched:
    """An instance whose seller writes down what it is told."""

    def __init__(self, state: InstanceState) -> None:
        self.state = state
        self.now = state.since
        self.told: list[str] = []
        self.frozen = False
        self.expire_time: str | None = None

    def pass_days(self, days: int) -> None:
        until = self.now + timedelta(days=days)
        while (due := self.state.next_due) is not None and due.at <= until:
            self.now = max(self.now, due.at)
            rules.apply_clock(self.state, self.now)
        self.now = until

    def answer(self) -> None:
        """The seller takes the next call."""
        if not self.state.calls:
            return
        fields = self.state.calls[0].fields
        assert set(fields.on_the_wire()) <= set(CALLS[self.state.calls[0].activity].members)
        if fields.status is not None:
            assert (fields.status is WireStatus.FREEZE) is not self.frozen
            self.frozen = not self.frozen
        self.expire_time = fields.expire_time or self.expire_time
        self.told.append(self.state.calls[0].activity)
        rules.apply_call(self.state, succeeded(self.state.calls[0]), self.now)

    def check(self) -> None:
        state = self.state
        end, status = state.expires_at, state.status
        assert end is not None
        if status is InstanceStatus.ACTIVE:
            assert end > self.now - timedelta(seconds=1)
        if status in {InstanceStatus.EXPIRED, InstanceStatus.FROZEN}:
            assert end <= self.now <= end + timedelta(days=30)
        if not state.calls:
            assert self.frozen is (status is InstanceStatus.FROZEN) or state.is_released
            assert self.expire_time in {None, end.strftime("%Y%m%d%H%M%S")} or state.is_released
        assert (state.next_due is None) == state.is_released


STEPS = st.lists(
    st.tuples(st.sampled_from(["operate", "pass", "answer"]), st.integers(0, 59)), min_size=20, max_size=60
)


@settings(max_examples=600)
@given(product_type=st.sampled_from(TYPES), trial=st.booleans(), steps=STEPS)
def test_the_seller_is_told_what_holds_and_in_its_order(
    *, product_type: ProductType, trial: bool, steps: list[tuple[str, int]]
) -> None:
    watched = Watched(born(product_type, trial=trial))
    for number, (step, choice) in enumerate(steps):
        state = watched.state
        match step:
            case "operate":
                renewal = state.renewals[-1].order_line if state.renewals else "none:none"
                operation = asked(number, choice, renewal)
                if rules.refusal(state, operation, watched.now) is None:
                    rules.apply_operation(state, operation, watched.now)
            case "pass":
                watched.pass_days(choice)
            case _:
                watched.answer()
        watched.check()
    for _ in range(len(watched.state.calls)):
        watched.answer()
    watched.check()
    releases = [activity for activity in watched.told if activity.startswith("release")]
    assert len(releases) == int(watched.state.is_released)
    assert not releases or watched.told[-1] == releases[0]


def test_a_renewal_counts_from_the_present_end() -> None:
    state = born(TYPES[0], days=10)
    end = state.expires_at
    assert end is not None
    rules.apply_operation(state, asked(1, 0, ""), NOW)
    assert state.expires_at == end.replace(month=end.month % 12 + 1, year=end.year + end.month // 12)


def test_a_renewal_that_would_end_in_the_past_counts_from_now() -> None:
    state = born(TYPES[1], days=1)
    now = NOW + timedelta(days=1 + 15 + 14)
    late = now + timedelta(days=8)
    watched = Watched(state)
    watched.pass_days(30)
    assert state.status is InstanceStatus.FROZEN
    rules.apply_operation(state, asked(1, 0, ""), late)
    assert state.expires_at is not None
    assert state.expires_at > late


@pytest.mark.parametrize(
    ("days", "acts"),
    [
        (40, ["remind-expiry"] * 4 + ["freeze", "release-expired"]),
        (5, ["remind-expiry"] * 2 + ["freeze", "release-expired"]),
    ],
)
def test_reminders_that_lie_before_the_start_are_left_out(days: int, acts: list[str]) -> None:
    state, seen = born(TYPES[0], days=days), []
    while (due := state.next_due) is not None:
        seen.append(str(rules.apply_clock(state, due.at)))
    assert seen == acts


def test_a_cancelled_renewal_fires_no_reminder_of_the_past() -> None:
    state = born(TYPES[0], days=5)
    rules.apply_operation(state, asked(1, 0, ""), NOW)
    now: datetime = NOW + timedelta(days=4, hours=12)
    rules.apply_operation(state, asked(2, 2, "O1:L1"), now)
    assert state.next_due is not None
    assert state.next_due.act is InstanceAct.FREEZE or state.next_due.at > now


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        (asked(1, 2, "O0:L1"), ErrorCode.NOT_LEGAL_NOW),
        (asked(1, 3, ""), ErrorCode.NOT_LEGAL_NOW),
        (
            Operation(actor=Actor(role=Role.BUYER, id="buyer-1"), key="k", body=asked(1, 0, "").body),
            ErrorCode.FORBIDDEN,
        ),
        (
            Operation(actor=Actor(role=Role.SELLER, id="seller-9"), key="k", body=asked(1, 0, "").body),
            ErrorCode.DELIVERY_NOT_FOUND,
        ),
    ],
)
def test_an_operation_without_its_ground_is_refused(operation: Operation, code: ErrorCode) -> None:
    refusal = rules.refusal(born(TYPES[0]), operation, NOW)
    assert refusal is not None
    assert refusal.code is code


def test_a_sellers_restarts_end_before_the_history_does_and_operations_go_on() -> None:
    state = born(TYPES[0])
    state.plan(CallName.REFRESH_INSTANCE, CallFields())
    state.open_window(state.calls[0], state.policy, NOW)
    body = RestartInstanceCall(activity="refreshInstance")
    by_seller, by_manager = (Operation(actor=ACTORS[role], key="k", body=body) for role in (Role.SELLER, Role.MANAGER))
    assert rules.refusal(state, by_seller, NOW) is None
    refusal = rules.refusal(state, by_seller, NOW, is_full=True)
    assert refusal is not None
    assert refusal.code is ErrorCode.TOO_MANY_COMMANDS
    assert rules.refusal(state, by_manager, NOW, is_full=True) is None
    assert rules.refusal(state, asked(1, 0, ""), NOW, is_full=True) is None
