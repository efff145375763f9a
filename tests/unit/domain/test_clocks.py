"""Clocks and freezes (DOMAIN §1.7, §2, §3, §8)."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.delivery import effects
from domain.delivery.clocks import ClockAct, ClockName, Due, FreezeKind
from domain.delivery.stage_commands import Ship
from domain.delivery.stages import StageName
from domain.delivery.state import DeliveryState
from domain.events import Event, EventName
from domain.order import ProductType
from domain.parties import SYSTEM, Role
from domain.policy import Policy
from domain.step import Effect
from tests.unit.domain.builders import ACTORS, NOW, begun, command

MANAGER = ACTORS[Role.MANAGER]
DAY = timedelta(days=1)


def accepting(acceptance_days: int | str | None = 15) -> DeliveryState:
    state = begun(acceptance_days=acceptance_days)
    state.enter(StageName.BUYER_ACCEPTANCE, NOW)
    return state


def acts(state: DeliveryState, name: ClockName) -> list[tuple[float, ClockAct]]:
    """Days from now and acts of one clock."""
    return [((due.at - NOW) / DAY, due.act) for clock in state.clocks if clock.name is name for due in clock.acts]


def test_the_clock_reminds_7_and_2_days_before_it_accepts_on_day_15() -> None:
    wanted = [(8, ClockAct.REMIND), (13, ClockAct.REMIND), (15, ClockAct.ACCEPT)]
    assert acts(accepting(), ClockName.ACCEPTANCE) == wanted


def test_a_product_that_never_accepts_by_itself_has_no_acceptance_clock() -> None:
    assert acts(accepting("never"), ClockName.ACCEPTANCE) == []


def test_a_product_without_days_of_its_own_follows_the_platforms_default() -> None:
    state = begun(acceptance_days=None, policy=Policy(acceptance_days=20))
    state.enter(StageName.BUYER_ACCEPTANCE, NOW)
    assert state.deadline == NOW + 20 * DAY


@given(st.integers(3, 365))
def test_the_products_own_acceptance_days_rule(days: int) -> None:
    assert accepting(days).deadline == NOW + timedelta(days=days)


def test_a_short_clock_leaves_out_reminders_that_would_lie_in_the_past() -> None:
    assert [act for _, act in acts(accepting(3), ClockName.ACCEPTANCE)] == [ClockAct.REMIND, ClockAct.ACCEPT]


def test_an_order_is_brought_to_mind_180_days_after_it_was_placed() -> None:
    assert acts(begun(placed_at=NOW - 30 * DAY), ClockName.ORDER) == [(150, ClockAct.REMIND_LONG_OPEN)]


def test_an_order_of_before_2024_03_05_is_closed_after_365_days() -> None:
    old = begun(placed_at=datetime.fromisoformat("2024-03-04T12:00:00+08:00"))
    assert acts(old, ClockName.ORDER) == [(365, ClockAct.CLOSE_OLD)]


@pytest.mark.parametrize(
    ("invoiced", "effect"), [(True, Effect.CLOSES), (False, Effect.UNSUBSCRIBES)], ids=["invoiced", "not invoiced"]
)
def test_the_old_closing_accepts_an_invoiced_order_and_refunds_another(invoiced: bool, effect: Effect) -> None:  # noqa: FBT001
    old = begun(placed_at=datetime.fromisoformat("2023-01-04T12:00:00+08:00"))
    if invoiced:
        effects.apply_event(old, Event(name=EventName.INVOICE_ISSUED, actor=SYSTEM), NOW)
    assert effects.apply_clock(old, NOW + 365 * DAY) is effect
    assert (old.refund is None) is invoiced


def test_the_delivery_clock_reminds_marks_and_escalates() -> None:
    state = begun(delivery_days=10)
    wanted = [(9, ClockAct.REMIND_SELLER), (10, ClockAct.MARK_OVERDUE), (13, ClockAct.ESCALATE_DELIVERY)]
    assert acts(state, ClockName.DELIVERY) == wanted
    assert state.deadline == NOW + 10 * DAY
    marks = []
    for day in (9, 10):
        effects.apply_clock(state, NOW + day * DAY)
        marks.append(state.overdue)
    state.enter(StageName.BUYER_ACCEPTANCE, NOW + 11 * DAY)
    assert [*marks, state.overdue] == [False, True, False]
    assert acts(state, ClockName.DELIVERY) == []


def test_the_delivery_clock_runs_on_through_the_products_own_stages() -> None:
    state = begun(ProductType.MANUAL_SERVICE, delivery_days=10, service_steps=("Draft", "Launch"))
    state.enter(StageName.SELLER_CONFIRMATION, NOW)
    for stage in (StageName.SERVICE_STEP, StageName.SERVICE_STEP):
        state.enter(stage, NOW + 4 * DAY)
    state.steps_done = 2
    state.enter(StageName.SELLER_DELIVERY, NOW + 8 * DAY)
    assert state.deadline == NOW + 14 * DAY


def shipped(*, signed_after: timedelta | None, by_buyer: bool = True) -> DeliveryState:
    """Goods at the buyer's decision since day 5."""
    state = begun(ProductType.HARDWARE, acceptance_days=3)
    effects.apply_command(state, command(Ship(logistics_company="SF", tracking_number="SF100200"), MANAGER), NOW)
    if signed_after is not None:
        sign(state, NOW + signed_after, by_buyer=by_buyer)
    state.enter(StageName.GOODS_ACCEPTANCE, NOW + 5 * DAY)
    return state


def sign(state: DeliveryState, at: datetime, *, by_buyer: bool = True) -> None:
    signed = Event(name=EventName.PARCEL_SIGNED, actor=SYSTEM, signed_at=at, recipient_is_buyer=by_buyer)
    effects.apply_event(state, signed, at)


def test_hardware_is_accepted_10_days_after_sign_off() -> None:
    state = shipped(signed_after=None)
    assert acts(state, ClockName.SIGN_OFF) == []
    sign(state, NOW + 7 * DAY)
    assert acts(state, ClockName.SIGN_OFF)[-1] == (17, ClockAct.ACCEPT)


def test_goods_signed_for_during_a_review_leave_the_buyer_all_ten_days() -> None:
    assert acts(shipped(signed_after=DAY), ClockName.SIGN_OFF)[-1] == (15, ClockAct.ACCEPT)


def test_a_parcel_signed_for_by_another_phone_never_accepts_by_itself() -> None:
    assert acts(shipped(signed_after=DAY, by_buyer=False), ClockName.SIGN_OFF) == []


def test_a_parcel_that_stands_unsigned_never_accepts_by_itself() -> None:
    state = shipped(signed_after=None)
    effects.apply_event(state, Event(name=EventName.PARCEL_STALLED, actor=SYSTEM), NOW + 15 * DAY)
    assert acts(state, ClockName.SIGN_OFF) == []
    sign(state, NOW + 16 * DAY)
    assert acts(state, ClockName.SIGN_OFF)[-1] == (26, ClockAct.ACCEPT)


def test_a_sign_off_told_twice_counts_once() -> None:
    state = shipped(signed_after=None)
    sign(state, NOW + 7 * DAY)
    sign(state, NOW + 9 * DAY)
    assert acts(state, ClockName.SIGN_OFF)[-1] == (17, ClockAct.ACCEPT)


def test_goods_signed_for_while_frozen_get_a_clock_that_stands_still() -> None:
    state = shipped(signed_after=None)
    state.freeze(FreezeKind.APPEAL, MANAGER, "reason", NOW + 6 * DAY)
    sign(state, NOW + 7 * DAY)
    assert state.next_due is None
    state.thaw(FreezeKind.APPEAL, NOW + 27 * DAY)
    assert acts(state, ClockName.SIGN_OFF)[-1] == (37, ClockAct.ACCEPT)


def told_later(state: DeliveryState, signed_after: timedelta, told_after: timedelta) -> float:
    """Days until goods are accepted, when the courier's word comes late."""
    signed = Event(name=EventName.PARCEL_SIGNED, actor=SYSTEM, signed_at=NOW + signed_after, recipient_is_buyer=True)
    effects.apply_event(state, signed, NOW + told_after)
    return acts(state, ClockName.SIGN_OFF)[-1][0]


def test_a_sign_off_counts_from_the_moment_of_signing_however_late_it_is_told() -> None:
    assert told_later(shipped(signed_after=None), 6 * DAY, 9 * DAY) == 16


def test_a_sign_off_in_the_future_counts_from_when_it_was_told() -> None:
    assert told_later(shipped(signed_after=None), 60 * DAY, 9 * DAY) == 19


def test_a_freeze_between_signing_and_telling_takes_no_time_from_the_buyer() -> None:
    state = shipped(signed_after=None)
    state.freeze(FreezeKind.REFUND_REQUEST, MANAGER, "reason", NOW + 5 * DAY)
    state.freeze(FreezeKind.APPEAL, MANAGER, "reason", NOW + 6 * DAY)
    state.thaw(FreezeKind.APPEAL, NOW + 7 * DAY)
    state.thaw(FreezeKind.REFUND_REQUEST, NOW + 8 * DAY)
    assert told_later(state, 6 * DAY, 9 * DAY) == 18


def test_signing_and_telling_within_a_freeze_takes_no_time_from_the_buyer() -> None:
    state = shipped(signed_after=None)
    state.freeze(FreezeKind.APPEAL, MANAGER, "reason", NOW + 5 * DAY)
    told_later(state, 6 * DAY, 7 * DAY)
    state.thaw(FreezeKind.APPEAL, NOW + 9 * DAY)
    assert acts(state, ClockName.SIGN_OFF)[-1] == (19, ClockAct.ACCEPT)


spans = st.tuples(
    st.sampled_from(FreezeKind),
    st.timedeltas(timedelta(0), timedelta(days=3)),
    st.timedeltas(timedelta(0), timedelta(days=3)),
)


@given(st.lists(spans, max_size=6))
def test_freezes_one_after_another_add_up_to_the_microsecond(
    freezes: list[tuple[FreezeKind, timedelta, timedelta]],
) -> None:
    state, now, frozen = accepting(), NOW, timedelta(0)
    before = {clock.name: [due.at for due in clock.acts] for clock in state.clocks}
    assert set(before) == {ClockName.ORDER, ClockName.ACCEPTANCE}
    for kind, running, standing in freezes:
        now += running
        state.freeze(kind, MANAGER, "reason", now)
        assert state.next_due is None
        now += standing
        state.thaw(kind, now)
        frozen += standing
    assert {clock.name: [due.at - frozen for due in clock.acts] for clock in state.clocks} == before
    assert sum(((one.ends_at or now) - one.starts_at for one in state.freezes), timedelta(0)) == frozen


@given(*[st.timedeltas(timedelta(0), timedelta(days=9))] * 3)
def test_an_appeal_within_a_refund_request_freezes_the_time_once(
    first: timedelta, second: timedelta, third: timedelta
) -> None:
    state = accepting()
    deadline = state.deadline
    assert deadline is not None
    state.freeze(FreezeKind.REFUND_REQUEST, MANAGER, "refund", NOW)
    state.freeze(FreezeKind.APPEAL, MANAGER, "appeal", NOW + first)
    state.thaw(FreezeKind.APPEAL, NOW + first + second)
    assert state.next_due is None
    state.thaw(FreezeKind.REFUND_REQUEST, NOW + first + second + third)
    assert state.deadline == deadline + first + second + third


def test_a_refund_requests_own_clock_runs_while_the_flow_stands_still_and_stops_in_an_appeal() -> None:
    state = accepting()
    state.freeze(FreezeKind.REFUND_REQUEST, MANAGER, "refund", NOW)
    state.start_clock(ClockName.GOODS_RETURN, NOW, (NOW + 10 * DAY, ClockAct.DROP_RETURN))
    seen = [state.next_due]
    state.freeze(FreezeKind.APPEAL, MANAGER, "appeal", NOW + 4 * DAY)
    seen.append(state.next_due)
    state.thaw(FreezeKind.APPEAL, NOW + 9 * DAY)
    seen.append(state.next_due)
    act = ClockAct.DROP_RETURN
    assert seen == [Due(at=NOW + 10 * DAY, act=act), None, Due(at=NOW + 15 * DAY, act=act)]
