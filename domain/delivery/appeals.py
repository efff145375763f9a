"""What the commands of an appeal change, and how its decision is carried out (DOMAIN §2)."""

from collections.abc import Callable
from datetime import datetime

from domain.delivery.cases import AppealCase, Decision, Statement
from domain.delivery.clocks import ClockAct, ClockName, FreezeKind
from domain.delivery.commands import AnswerAppeal, Appeal, Command, CommandName, DecideAppeal, Ruling
from domain.delivery.refunds import end_request, owe
from domain.delivery.stages import RefundPhase
from domain.delivery.state import DeliveryState
from domain.step import Effect


def _file_appeal(state: DeliveryState, command: Command, now: datetime) -> Effect:
    body = command.body
    assert isinstance(body, Appeal)  # noqa: S101 - by name
    state.appeals.append(
        AppealCase(
            number=len(state.appeals) + 1,
            filed_by=command.actor,
            filed_at=now,
            stage=state.stage,
            ground=body.ground,
            reason=body.reason,
            claim=body.claim,
            attachments=body.attachments,
        )
    )
    state.freeze(FreezeKind.APPEAL, command.actor, body.reason, now)
    return Effect.STAYS


def date_appeal(state: DeliveryState, due_at: datetime, now: datetime) -> None:
    """Set when the open appeal has to be handled (DOMAIN §2); late, it is escalated."""
    state.change_appeal(due_at=due_at)
    state.start_clock(ClockName.APPEAL, now, (due_at, ClockAct.ESCALATE_APPEAL))


def _answer_appeal(state: DeliveryState, command: Command, now: datetime) -> Effect:
    body = command.body
    assert isinstance(body, AnswerAppeal)  # noqa: S101 - by name
    said = Statement(by=command.actor, at=now, text=body.text, attachments=body.attachments)
    state.change_appeal(statements=(*state.appeals[-1].statements, said))
    return Effect.STAYS


def _withdraw_appeal(state: DeliveryState, _: Command, now: datetime) -> Effect:
    state.change_appeal(withdrawn_at=now)
    return _end_appeal(state, now)


def _end_appeal(state: DeliveryState, now: datetime) -> Effect:
    state.stop(ClockName.APPEAL)
    state.thaw(FreezeKind.APPEAL, now)
    return Effect.STAYS


def _decide(state: DeliveryState, command: Command, now: datetime) -> Effect:
    body = command.body
    assert isinstance(body, DecideAppeal)  # noqa: S101 - by name
    amount = body.amount or state.order.amount if body.ruling is Ruling.REFUND else None
    decision = Decision(ruling=body.ruling, amount=amount, reason=body.reason, by=command.actor, at=now)
    if amount is not None and amount > state.terms.policy.second_manager_above:
        state.change_appeal(proposal=decision)
        return Effect.STAYS
    return _carry_out(state, decision, now)


def _agree(state: DeliveryState, command: Command, now: datetime) -> Effect:
    proposal = state.appeals[-1].proposal
    assert proposal is not None  # noqa: S101 - legal only then
    return _carry_out(state, proposal.model_copy(update={"agreed_by": command.actor}), now)


def _decline(state: DeliveryState, _: Command, __: datetime) -> Effect:
    state.change_appeal(proposal=None)
    return Effect.STAYS


def _carry_out(state: DeliveryState, decision: Decision, now: datetime) -> Effect:
    """End the appeal as decided; any ruling but to go on settles a waiting refund request too."""
    state.change_appeal(decision=decision, proposal=None)
    _end_appeal(state, now)
    if decision.ruling is Ruling.RESUME:
        return Effect.STAYS
    end_request(state, RefundPhase.VOID, now)
    if decision.ruling is Ruling.REFUND and decision.amount is not None:
        return owe(state, decision.amount, decision.reason, now)
    if state.flow.targets(state.stage, decision.ruling, state.conditions):
        return Effect.ENDS_STAGE
    return Effect.CLOSES if decision.ruling is Ruling.CLOSE else Effect.STAYS


OF_APPEALS: dict[CommandName, Callable[[DeliveryState, Command, datetime], Effect]] = {
    CommandName.APPEAL: _file_appeal,
    CommandName.ANSWER_APPEAL: _answer_appeal,
    CommandName.WITHDRAW_APPEAL: _withdraw_appeal,
    CommandName.DECIDE_APPEAL: _decide,
    CommandName.AGREE_RULING: _agree,
    CommandName.DECLINE_RULING: _decline,
}
