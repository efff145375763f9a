"""What the commands of an appeal change, and how its decision is carried out (DOMAIN §2)."""

from datetime import datetime

from domain.delivery.case_commands import AnswerAppeal, Appeal, DecideAppeal
from domain.delivery.cases import AppealCase, Decision, Statement
from domain.delivery.clocks import ClockAct, ClockName, FreezeKind
from domain.delivery.grounds import RefundPhase, Ruling
from domain.delivery.refunds import end_request, owe
from domain.delivery.state import DeliveryState
from domain.parties import Actor
from domain.step import Effect


def file(state: DeliveryState, body: Appeal, by: Actor, now: datetime) -> Effect:
    """Open a case, and freeze the order for both sides."""
    state.appeals.append(
        AppealCase(
            number=len(state.appeals) + 1,
            filed_by=by,
            filed_at=now,
            stage=state.stage,
            ground=body.ground,
            reason=body.reason,
            claim=body.claim,
            attachments=body.attachments,
        )
    )
    state.freeze(FreezeKind.APPEAL, by, body.reason, now)
    return Effect.STAYS


def date_appeal(state: DeliveryState, due_at: datetime, now: datetime) -> None:
    """Set when the open appeal has to be handled (DOMAIN §2); late, it is escalated."""
    state.change_appeal(due_at=due_at)
    state.start_clock(ClockName.APPEAL, now, (due_at, ClockAct.ESCALATE_APPEAL))


def answer(state: DeliveryState, body: AnswerAppeal, by: Actor, now: datetime) -> Effect:
    """Add a statement to the open case."""
    said = Statement(by=by, at=now, text=body.text, attachments=body.attachments)
    state.change_appeal(statements=(*state.appeals[-1].statements, said))
    return Effect.STAYS


def withdraw(state: DeliveryState, now: datetime) -> Effect:
    """Close the case without a decision; the flow goes on."""
    state.change_appeal(withdrawn_at=now)
    return _end_appeal(state, now)


def _end_appeal(state: DeliveryState, now: datetime) -> Effect:
    state.stop(ClockName.APPEAL)
    state.thaw(FreezeKind.APPEAL, now)
    return Effect.STAYS


def decide(state: DeliveryState, body: DecideAppeal, by: Actor, now: datetime) -> Effect:
    """Carry a ruling out; a high refund is only proposed, and waits for a second manager."""
    amount = body.amount or state.order.amount if body.ruling is Ruling.REFUND else None
    decision = Decision(ruling=body.ruling, amount=amount, reason=body.reason, by=by, at=now)
    if amount is not None and amount > state.terms.policy.second_manager_above:
        state.change_appeal(proposal=decision)
        return Effect.STAYS
    return _carry_out(state, decision, now)


def agree(state: DeliveryState, by: Actor, now: datetime) -> Effect:
    """Carry out what another manager proposed."""
    proposal = state.appeals[-1].proposal
    assert proposal is not None  # noqa: S101 - legal only then
    return _carry_out(state, proposal.model_copy(update={"agreed_by": by}), now)


def decline(state: DeliveryState) -> Effect:
    """Drop what another manager proposed; the appeal is decided anew."""
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
