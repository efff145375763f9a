from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.stages import ClockAct, StageName
from domain.state import FreezeKind, State
from tests.unit.builders import ACTORS, NOW, order

MANAGER = next(iter(ACTORS.values()))


def accepting(acceptance_days: int | None = 15) -> State:
    state = State.begin(order(acceptance_days=acceptance_days), NOW)
    state.enter(StageName.SELLER_DELIVERY, NOW)
    state.enter(StageName.BUYER_ACCEPTANCE, NOW)
    return state


def test_the_clock_reminds_7_and_2_days_before_it_accepts_on_day_15() -> None:
    acts = [((due.at - NOW).days, due.act) for due in accepting().due]
    assert acts == [(8, ClockAct.REMIND), (13, ClockAct.REMIND), (15, ClockAct.ACCEPT)]


def test_a_product_that_never_accepts_by_itself_has_no_clock() -> None:
    assert accepting(acceptance_days=None).next_due is None


@given(st.integers(3, 365))
def test_the_products_own_acceptance_days_rule(days: int) -> None:
    assert accepting(days).deadline == NOW + timedelta(days=days)


def test_a_short_clock_leaves_out_reminders_that_would_lie_in_the_past() -> None:
    assert [due.act for due in accepting(3).due] == [ClockAct.REMIND, ClockAct.ACCEPT]


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
    before = [due.at for due in state.due]
    for kind, running, standing in freezes:
        now += running
        state.freeze(kind, MANAGER, "reason", now)
        assert state.next_due is None
        now += standing
        state.thaw(kind, now)
        frozen += standing
    assert [due.at for due in state.due] == [at + frozen for at in before]
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
