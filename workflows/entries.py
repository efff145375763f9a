"""What comes into a delivery (commands, events, the clock's acts) and how each is told and recorded."""

from dataclasses import dataclass
from datetime import datetime

from temporalio.exceptions import ApplicationError

from domain.clocks import ClockAct
from domain.commands import Command
from domain.errors import Refusal
from domain.events import Event
from domain.instance_messages import instance_messages
from domain.instances import InstanceAct, InstanceState, Operation, OperationReceipt
from domain.messages import messages_for
from domain.parties import SYSTEM
from domain.records import InstanceStep, Receipt, Transition
from domain.stages import StageName
from domain.state import State

REFUSED = "refused"
"""Type of the engine error that carries a refusal, as JSON in its message."""


MAX_HISTORY_BYTES = 10 * 1024 * 1024
"""From here on nothing prolongs it: the engine would end it at 50 MB, and it must end by its own rules."""


EVENT_CONTENT = {"instance_id", "activity", "detail", "signed_at", "recipient_is_buyer"}


class Unsubscribed(Exception):  # noqa: N818 - an outcome, not an error
    """The order is going to be refunded; no stage of its flow follows."""


class Closed(Exception):  # noqa: N818 - an outcome, not an error
    """The order is completed without the rest of its flow: by a ruling, or by the old closing."""


@dataclass(eq=False)
class Asked:
    """A command on its way through the engine, and the answer its sender waits for."""

    command: Command
    answer: Receipt | Refusal | None = None


Entry = Asked | Event | ClockAct


def refused(refusal: Refusal) -> ApplicationError:
    """Tell a caller of an Update why its command was not taken."""
    return ApplicationError(refusal.model_dump_json(), type=REFUSED, non_retryable=True)


def receipt_of(command: Command, state: State, now: datetime) -> Receipt:
    """The answer to a command that took effect."""
    return Receipt(
        delivery_id=state.order.delivery_id,
        command=command.name,
        fingerprint=command.fingerprint,
        sequence=state.sequence,
        at=now,
        stage=state.stage,
        deadline=state.deadline,
    )


def transition_of(entry: Entry, source: StageName, state: State, now: datetime) -> Transition:
    """The ledger's row for an entry that led from the source stage to the present state."""
    match entry:
        case Asked(command=command):
            return Transition(
                sequence=state.sequence,
                at=now,
                actor=command.actor,
                cause=command.name,
                source=source,
                content=command.body.model_dump_json(),
                key=command.key,
                receipt=receipt_of(command, state, now),
                messages=messages_for(command.name, state),
                state=state,
            )
        case Event():
            cause, actor = str(entry.name), entry.actor
            content = entry.model_dump_json(include=EVENT_CONTENT, exclude_none=True)
        case _:
            cause, actor, content = str(entry), SYSTEM, "{}"
    return Transition(
        sequence=state.sequence,
        at=now,
        actor=actor,
        cause=cause,
        source=source,
        content=content,
        messages=messages_for(cause, state),
        state=state,
    )


def instance_step(entry: Operation | Event | InstanceAct, state: InstanceState, now: datetime) -> InstanceStep:
    """The ledger's next row for what happened to an instance; counts the state's sequence up."""
    state.sequence += 1
    key, receipt = None, None
    match entry:
        case Operation():
            cause, actor, content, key = str(entry.body.operation), entry.actor, entry.body.model_dump_json(), entry.key
            receipt = OperationReceipt(
                delivery_id=state.order.delivery_id,
                operation=entry.body.operation,
                fingerprint=entry.fingerprint,
                sequence=state.sequence,
                at=now,
                status=state.status,
                expires_at=state.expires_at,
            )
        case Event():
            cause, actor = str(entry.name), entry.actor
            content = entry.model_dump_json(include=EVENT_CONTENT, exclude_none=True)
        case InstanceAct():
            cause, actor, content = str(entry), SYSTEM, "{}"
    return InstanceStep(
        sequence=state.sequence,
        at=now,
        actor=actor,
        cause=cause,
        content=content,
        key=key,
        receipt=receipt,
        messages=instance_messages(cause, state),
        state=state,
    )
