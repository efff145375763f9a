"""Unsubscription and refund (DOMAIN §3)."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from domain.delivery import effects, rules
from domain.delivery.case_commands import (
    AgreeRefund,
    ConfirmNotReceived,
    RefuseGoods,
    RefuseRefund,
    RequestRefund,
    SendGoodsBack,
    TakeGoodsBack,
    WithdrawRefund,
)
from domain.delivery.clocks import ClockAct
from domain.delivery.command_spec import Body, CommandName
from domain.delivery.explain import waiting_on
from domain.delivery.grounds import Goods, RefusalGround
from domain.delivery.stage_commands import Ship, SubmitRequest
from domain.delivery.stages import StageName
from domain.delivery.state import DeliveryState
from domain.errors import ErrorCode
from domain.events import Event, EventName
from domain.order import Period, PeriodUnit, ProductType
from domain.parties import SYSTEM, Actor, Role
from domain.proof import Proof
from domain.step import Effect
from tests.unit.domain.builders import ACTORS, FILE, NOW, begun, command

SELLER, BUYER, MANAGER = ACTORS[Role.SELLER], ACTORS[Role.BUYER], ACTORS[Role.MANAGER]
ASKED = RequestRefund(amount=Decimal(10), reason="bought twice")
DAY = timedelta(days=1)


def give(state: DeliveryState, body: Body, actor: Actor, at: datetime = NOW) -> Effect | ErrorCode:
    """Give a command: its effect, or why it is refused."""
    asked = command(body, actor)
    refused = rules.refusal(state, asked, at)
    return refused.code if refused else effects.apply_command(state, asked, at)


def tell(state: DeliveryState, name: EventName) -> None:
    effects.apply_event(state, Event(name=name, actor=SYSTEM), NOW)


def asked(state: DeliveryState | None = None, body: RequestRefund = ASKED) -> DeliveryState:
    state = state or begun()
    assert give(state, body, BUYER) is Effect.STAYS
    return state


def test_the_sellers_agreement_owes_the_amount() -> None:
    state = asked()
    assert give(state, AgreeRefund(note="by phone", attachments=(FILE,)), SELLER) is Effect.UNSUBSCRIBES
    assert state.refund is not None
    assert state.refund.amount == Decimal(10)
    answer = state.refund_requests[0].answer
    assert answer is not None
    assert (answer.text, answer.attachments) == ("by phone", (FILE,))


def test_a_refused_request_ends_and_may_be_made_again() -> None:
    state = asked()
    refused = RefuseRefund(reason="delivered", ground=RefusalGround.NEW_DEMANDS)
    assert give(state, refused, SELLER) is Effect.STAYS
    assert state.refund is None
    asked(state)
    assert [request.phase for request in state.refund_requests] == ["refused", "asked"]


def test_a_withdrawn_request_lets_the_flow_go_on() -> None:
    state = asked()
    assert give(state, WithdrawRefund(), BUYER) is Effect.STAYS
    assert state.open_freeze is None


def test_a_silent_seller_is_reminded_after_10_days_and_the_buyer_may_appeal() -> None:
    state = asked()
    due = state.next_due
    assert due is not None
    assert (due.act, due.at) == (ClockAct.REMIND_REFUND, NOW + 10 * DAY)
    assert CommandName.APPEAL in rules.allowed(state, BUYER)


def test_a_trial_order_has_no_refund() -> None:
    assert give(begun(trial=True), ASKED, BUYER) is ErrorCode.REFUND_OF_TRIAL


def test_an_instant_saas_offers_no_negotiated_refund() -> None:
    assert give(begun(ProductType.SAAS_INSTANT), ASKED, BUYER) is ErrorCode.REFUND_NOT_OFFERED


@pytest.mark.parametrize("member", ["claimed_at", "activated_at"])
def test_a_claimed_or_activated_code_bars_the_refund(member: str) -> None:
    state = begun(ProductType.LICENSE_AUTHORIZATION_CODE)
    setattr(state, member, NOW)
    assert give(state, ASKED, BUYER) is ErrorCode.REFUND_BARRED


def test_an_order_past_its_validity_has_no_refund() -> None:
    state = begun(period=Period(unit=PeriodUnit.MONTH, number=1))
    state.proof = Proof(actual_start_at=NOW)
    assert give(state, ASKED, BUYER, NOW + 29 * DAY) is Effect.STAYS
    give(state, WithdrawRefund(), BUYER, NOW + 29 * DAY)
    assert give(state, ASKED, BUYER, NOW + 31 * DAY) is ErrorCode.REFUND_EXPIRED


def test_an_issued_invoice_is_returned_first() -> None:
    state = begun()
    tell(state, EventName.INVOICE_ISSUED)
    assert give(state, ASKED, BUYER) is ErrorCode.INVOICE_NOT_RETURNED
    assert CommandName.REQUEST_REFUND not in rules.allowed(state, BUYER)
    tell(state, EventName.INVOICE_RETURNED)
    asked(state)


def test_asking_for_an_invoice_while_the_request_waits_makes_it_fail() -> None:
    state = asked()
    tell(state, EventName.INVOICE_REQUESTED)
    assert state.refund_requests[0].phase == "void"
    assert state.open_freeze is None


def test_no_more_is_refunded_than_was_paid() -> None:
    too_much = ASKED.model_copy(update={"amount": Decimal("1000.01")})
    assert give(begun(), too_much, BUYER) is ErrorCode.REFUND_TOO_HIGH


def test_a_buyer_who_submits_no_request_within_a_month_gets_no_full_refund() -> None:
    full = ASKED.model_copy(update={"amount": Decimal(1000)})
    late = begun(ProductType.MANUAL_SERVICE)
    assert give(late, full, BUYER, NOW + 32 * DAY) is ErrorCode.FULL_REFUND_BARRED
    assert give(late, ASKED, BUYER, NOW + 32 * DAY) is Effect.STAYS
    in_time = begun(ProductType.MANUAL_SERVICE)
    give(in_time, SubmitRequest(text="two clusters"), BUYER, NOW + 20 * DAY)
    assert give(in_time, full, BUYER, NOW + 32 * DAY) is Effect.STAYS


def test_failed_provisioning_is_refunded_in_full() -> None:
    state = begun(ProductType.SAAS_SUPERVISED)
    failed = Event(name=EventName.PROVISIONING_FAILED, actor=SYSTEM)
    assert effects.apply_event(state, failed, NOW) is Effect.UNSUBSCRIBES
    assert state.refund is not None
    assert state.refund.amount == state.order.amount


NOT_RECEIVED = RequestRefund(amount=Decimal(1000), reason="never came", goods=Goods.NOT_RECEIVED)
RECEIVED = RequestRefund(amount=Decimal(1000), reason="too loud", goods=Goods.RECEIVED)
ADDRESS = AgreeRefund(return_address="1 Dock Road, Guiyang")
SENT_BACK = SendGoodsBack(logistics_company="SF", tracking_number="SF100201")


def shipped() -> DeliveryState:
    state = begun(ProductType.HARDWARE)
    give(state, Ship(logistics_company="SF", tracking_number="SF100200"), SELLER)
    state.enter(StageName.GOODS_ACCEPTANCE, NOW)
    return state


def test_a_hardware_refund_says_where_the_goods_are() -> None:
    assert give(shipped(), ASKED, BUYER) is ErrorCode.GOODS_UNSPECIFIED


def test_unshipped_goods_are_refunded_as_not_received() -> None:
    assert give(begun(ProductType.HARDWARE), NOT_RECEIVED, BUYER) is Effect.STAYS


def test_shipped_goods_are_not_refunded_as_not_received_unless_operations_confirm_it() -> None:
    state = shipped()
    assert give(state, NOT_RECEIVED, BUYER) is ErrorCode.GOODS_SHIPPED
    assert give(state, ConfirmNotReceived(reason="the courier lost it"), MANAGER) is Effect.STAYS
    assert give(state, NOT_RECEIVED, BUYER) is Effect.STAYS
    assert give(state, AgreeRefund(), SELLER) is Effect.UNSUBSCRIBES


def returning() -> DeliveryState:
    state = asked(shipped(), RECEIVED)
    assert give(state, AgreeRefund(), SELLER) is ErrorCode.RETURN_ADDRESS_REQUIRED
    assert give(state, ADDRESS, SELLER) is Effect.STAYS
    assert waiting_on(state) is Role.BUYER
    return state


def test_goods_not_sent_back_within_10_days_withdraw_the_request() -> None:
    state = returning()
    due = state.next_due
    assert due is not None
    assert (due.act, due.at) == (ClockAct.DROP_RETURN, NOW + 10 * DAY)
    assert effects.apply_clock(state, due.at) is Effect.STAYS
    assert state.refund_requests[0].phase == "withdrawn"
    assert state.open_freeze is None


def checking() -> DeliveryState:
    state = returning()
    assert give(state, SENT_BACK, BUYER, NOW + 9 * DAY) is Effect.STAYS
    assert waiting_on(state) is Role.SELLER
    return state


def test_returned_goods_unchecked_for_15_days_are_taken_by_the_system_and_refunded() -> None:
    state = checking()
    due = state.next_due
    assert due is not None
    assert (due.act, due.at) == (ClockAct.TAKE_RETURN, NOW + 24 * DAY)
    assert effects.apply_clock(state, due.at) is Effect.UNSUBSCRIBES
    assert state.refund is not None


def test_the_seller_takes_the_goods_back_and_the_refund_is_owed() -> None:
    assert give(checking(), TakeGoodsBack(), SELLER) is Effect.UNSUBSCRIBES


def test_the_seller_may_refuse_the_goods_and_the_buyer_may_appeal() -> None:
    state = checking()
    assert CommandName.APPEAL in rules.allowed(state, SELLER)
    assert give(state, RefuseGoods(reason="scratched"), SELLER) is Effect.STAYS
    assert state.refund_requests[0].phase == "refused"
    assert CommandName.APPEAL in rules.allowed(state, BUYER)


def test_an_invoice_asked_for_while_goods_are_on_their_way_back_changes_nothing() -> None:
    state = checking()
    tell(state, EventName.INVOICE_REQUESTED)
    assert state.refund_requests[0].phase == "checking"
