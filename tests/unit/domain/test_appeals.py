"""Appeals as case files (DOMAIN §2)."""

from datetime import timedelta
from decimal import Decimal

import pytest

from domain.delivery import appeals, effects, rules
from domain.delivery.case_commands import (
    AgreeRuling,
    AnswerAppeal,
    Appeal,
    DecideAppeal,
    DeclineRuling,
    RequestRefund,
    WithdrawAppeal,
)
from domain.delivery.clocks import ClockAct
from domain.delivery.command_spec import Body, CommandName
from domain.delivery.explain import missing, waiting_on
from domain.delivery.grounds import AppealGround, Ruling
from domain.delivery.stages import StageName
from domain.delivery.state import DeliveryState
from domain.errors import ErrorCode
from domain.order import ProductType, Provisioning
from domain.parties import Actor, Role
from domain.policy import Policy
from domain.step import Effect
from tests.unit.domain.builders import ACTORS, FILE, NOW, SECOND_MANAGER, begun, command

SELLER, BUYER, MANAGER = ACTORS[Role.SELLER], ACTORS[Role.BUYER], ACTORS[Role.MANAGER]
FILED = Appeal(reason="half is missing", claim="deliver it")
LATER = NOW + timedelta(days=3)


def give(state: DeliveryState, body: Body, actor: Actor) -> Effect | ErrorCode:
    """Give a command on day 3: its effect, or why it is refused."""
    asked = command(body, actor)
    refused = rules.refusal(state, asked, LATER)
    return refused.code if refused else effects.apply_command(state, asked, LATER)


def appealed(
    stage: StageName = StageName.BUYER_ACCEPTANCE, by: Actor = BUYER, policy: Policy | None = None
) -> DeliveryState:
    state = begun(policy=policy)
    if stage is not state.stage:
        state.enter(stage, NOW)
    assert give(state, FILED, by) is Effect.STAYS
    appeals.date_appeal(state, LATER + timedelta(days=5), LATER)
    return state


def decide(ruling: Ruling, amount: str | None = None) -> DecideAppeal:
    return DecideAppeal(ruling=ruling, reason="so it is", amount=Decimal(amount) if amount else None)


@pytest.mark.parametrize("actor", [SELLER, BUYER])
def test_either_side_may_appeal_at_any_stage(actor: Actor) -> None:
    for stage in (StageName.SELLER_DELIVERY, StageName.BUYER_ACCEPTANCE):
        state = appealed(stage, actor)
        assert state.appeals[0].filed_by == actor
        assert state.appeals[0].stage is stage


def test_an_appeal_against_a_silent_buyer_needs_the_delivery_proof() -> None:
    state = begun()
    bare = Appeal(ground=AppealGround.SILENT_BUYER, reason="silent", claim="close it")
    assert give(state, bare, SELLER) is ErrorCode.EVIDENCE_REQUIRED
    assert give(state, bare.model_copy(update={"attachments": (FILE,)}), SELLER) is Effect.STAYS


def test_both_sides_are_frozen_but_for_the_case_file() -> None:
    state = appealed(by=BUYER)
    assert rules.allowed(state, BUYER) == (CommandName.ANSWER_APPEAL, CommandName.WITHDRAW_APPEAL)
    assert rules.allowed(state, SELLER) == (CommandName.ANSWER_APPEAL,)
    assert rules.allowed(state, MANAGER) == (CommandName.DECIDE_APPEAL,)
    assert waiting_on(state) is Role.MANAGER
    assert "operations manager" in missing(state).en


def test_the_other_side_answers_with_files() -> None:
    state = appealed()
    give(state, AnswerAppeal(text="it was all there", attachments=(FILE,)), SELLER)
    (said,) = state.appeals[0].statements
    assert (said.by, said.text, said.attachments, said.at) == (SELLER, "it was all there", (FILE,), LATER)


def test_only_the_filer_withdraws() -> None:
    state = appealed(by=SELLER)
    assert give(state, WithdrawAppeal(), BUYER) is ErrorCode.NOT_YOUR_APPEAL
    assert give(state, WithdrawAppeal(), SELLER) is Effect.STAYS
    assert state.appeals[0].withdrawn_at == LATER
    assert state.open_freeze is None


def test_a_late_appeal_is_escalated_and_stays_open() -> None:
    state = appealed()
    due = state.next_due
    assert due is not None
    assert due.act is ClockAct.ESCALATE_APPEAL
    effects.apply_clock(state, due.at)
    assert state.appeals[0].is_late
    assert state.open_appeal is not None


def test_resume_lets_the_flow_go_on_with_the_time_it_had_left() -> None:
    state = appealed()
    decided = command(decide(Ruling.RESUME), MANAGER)
    assert effects.apply_command(state, decided, LATER + timedelta(days=4)) is Effect.STAYS
    assert state.deadline == NOW + timedelta(days=15 + 4)
    assert state.stage is StageName.BUYER_ACCEPTANCE


def test_rework_sends_the_order_back_to_the_delivery() -> None:
    state = appealed()
    assert give(state, decide(Ruling.REWORK), MANAGER) is Effect.ENDS_STAGE
    assert state.flow.targets(state.stage, Ruling.REWORK, state.conditions) == (StageName.SELLER_DELIVERY,)


def test_rework_at_the_delivery_itself_lets_it_go_on() -> None:
    assert give(appealed(StageName.SELLER_DELIVERY), decide(Ruling.REWORK), MANAGER) is Effect.STAYS


def test_there_is_no_rework_before_any_delivery() -> None:
    state = begun(ProductType.MANUAL_SERVICE)
    give(state, FILED, BUYER)
    assert give(state, decide(Ruling.REWORK), MANAGER) is ErrorCode.REWORK_IMPOSSIBLE


def test_close_as_accepted_completes_the_order() -> None:
    assert give(appealed(StageName.SELLER_DELIVERY), decide(Ruling.CLOSE), MANAGER) is Effect.CLOSES
    assert give(appealed(), decide(Ruling.CLOSE), MANAGER) is Effect.ENDS_STAGE


def test_close_as_accepted_goes_on_to_the_provisioning_where_that_follows() -> None:
    state = begun(ProductType.SAAS_SUPERVISED, provisioning=Provisioning.AFTER_ACCEPTANCE)
    give(state, FILED, BUYER)
    assert give(state, decide(Ruling.CLOSE), MANAGER) is ErrorCode.INSTANCE_MISSING
    state.stage = StageName.BUYER_ACCEPTANCE
    assert give(state, decide(Ruling.CLOSE), MANAGER) is Effect.ENDS_STAGE
    targets = state.flow.targets(state.stage, Ruling.CLOSE, state.conditions)
    assert targets == (StageName.SELLER_PROVISIONING,)


@pytest.mark.parametrize(("amount", "owed"), [(None, "1000.00"), ("400.00", "400.00")])
def test_a_refund_is_ruled_in_full_or_in_part(amount: str | None, owed: str) -> None:
    state = appealed()
    assert give(state, decide(Ruling.REFUND, amount), MANAGER) is Effect.UNSUBSCRIBES
    assert state.refund is not None
    assert state.refund.amount == Decimal(owed)


def test_no_more_is_refunded_than_was_paid() -> None:
    assert give(appealed(), decide(Ruling.REFUND, "1000.01"), MANAGER) is ErrorCode.REFUND_TOO_HIGH


def test_an_amount_belongs_to_a_refund() -> None:
    assert give(appealed(), decide(Ruling.CLOSE, "1.00"), MANAGER) is ErrorCode.AMOUNT_WITHOUT_REFUND


def test_a_second_manager_agrees_above_the_set_amount() -> None:
    state = appealed(policy=Policy(second_manager_above=Decimal(500)))
    assert give(state, decide(Ruling.REFUND, "500.01"), MANAGER) is Effect.STAYS
    assert state.refund is None
    assert rules.allowed(state, MANAGER) == (CommandName.DECLINE_RULING,)
    assert give(state, AgreeRuling(), MANAGER) is ErrorCode.SECOND_MANAGER_NEEDED
    assert give(state, AgreeRuling(), SECOND_MANAGER) is Effect.UNSUBSCRIBES
    decision = state.appeals[0].decision
    assert decision is not None
    assert (decision.by, decision.agreed_by) == (MANAGER, SECOND_MANAGER)


def test_up_to_the_set_amount_one_manager_is_enough() -> None:
    state = appealed(policy=Policy(second_manager_above=Decimal(500)))
    assert give(state, decide(Ruling.REFUND, "500.00"), MANAGER) is Effect.UNSUBSCRIBES


def test_a_declined_ruling_is_decided_anew() -> None:
    state = appealed(policy=Policy(second_manager_above=Decimal(0)))
    give(state, decide(Ruling.REFUND), MANAGER)
    assert give(state, DeclineRuling(reason="too much"), SECOND_MANAGER) is Effect.STAYS
    assert state.open_appeal is not None
    assert give(state, decide(Ruling.RESUME), MANAGER) is Effect.STAYS
    assert state.open_freeze is None


def test_several_appeals_are_one_list() -> None:
    state = appealed(by=BUYER)
    give(state, decide(Ruling.RESUME), MANAGER)
    give(state, FILED, SELLER)
    assert [(appeal.number, appeal.filed_by, appeal.is_open) for appeal in state.appeals] == [
        (1, BUYER, False),
        (2, SELLER, True),
    ]


@pytest.mark.parametrize("ruling", [Ruling.REWORK, Ruling.CLOSE, Ruling.REFUND])
def test_a_ruling_settles_a_refund_request_that_waits(ruling: Ruling) -> None:
    state = begun()
    state.enter(StageName.BUYER_ACCEPTANCE, NOW)
    give(state, RequestRefund(amount=Decimal(10), reason="bought twice"), BUYER)
    give(state, FILED, BUYER)
    give(state, decide(ruling), MANAGER)
    assert state.refund_requests[0].phase == "void"
    assert state.open_freeze is None


def test_after_a_ruling_to_go_on_a_refund_request_still_waits() -> None:
    state = begun()
    give(state, RequestRefund(amount=Decimal(10), reason="bought twice"), BUYER)
    give(state, FILED, SELLER)
    give(state, decide(Ruling.RESUME), MANAGER)
    assert state.open_refund is not None
    assert waiting_on(state) is Role.SELLER
