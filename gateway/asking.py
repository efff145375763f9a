"""How a command gets into a process and onto the record: the asker writes.

1. One statement, committed: does the caller see the process, is there a receipt under the key, how far is the ledger;
   and an *intent*, so that what is decided is found even when the asker dies (I4).
2. An Update under the key, with how far the ledger is. The process decides and answers with the receipt and every row
   that the ledger lacks (I1, I3).
3. One statement: the rows, guarded by how far the ledger was; the intent goes with it. Only then the caller hears (I2).

What is cut off between 1 and 3 is taken up by the collector (``gateway/collector.py``).
"""

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from anyio import to_thread
from sqlalchemy import Connection
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from database import intents, ledger
from database.intents import Known
from database.ledger import LedgerConflictError, ProcessRef, Tip
from database.session import at_once, is_refusal
from domain.delivery.commands import Command
from domain.errors import Refusal
from domain.events import Event
from domain.instance.operations import Operation
from domain.step import Ask, Carried, Outcome
from settings.faults import Point, strike_while_others_go_on
from workflows.inbox import BEHIND, EVENT, REFUSED, START_ANEW

BEHIND_SECONDS = 0.2
"""How long a process that starts anew from the ledger is left to it before it is asked again; twice as long each time,
for the engine lets no process go while somebody asks it."""


Answered = TypeVar("Answered", Outcome, Carried)


class RefusedError(Exception):
    """The process does not take the command; carries why."""

    def __init__(self, refusal: Refusal) -> None:
        """Keep the refusal."""
        super().__init__(refusal.code)
        self.refusal = refusal


class UnstorableError(Exception):
    """The ledger can never keep what the command brings (I6): it is not taken, the process is unharmed."""


class EndedError(Exception):
    """The engine runs this process no more, and knows nothing of the command."""


@dataclass(frozen=True)
class Question:
    """A command to a process, by the name of its Update."""

    process: ProcessRef
    update: str
    given: Command | Operation


async def prepare(process: ProcessRef, key: str, given: Command | Operation) -> Known | None:
    """Step 1; None for a process that is not there for its caller."""
    caller = given.actor
    return await to_thread.run_sync(at_once, lambda connection: intents.prepare(connection, process, key, caller))


async def ask(client: Client, question: Question, known: Known) -> Outcome:
    """Steps 2 and 3; raises RefusedError, UnstorableError, EndedError, RPCError or SQLAlchemyError.

    When the engine is away or the time is over, the intent stays: nobody knows yet whether the command was decided.
    """
    await strike_while_others_go_on(Point.BEFORE_UPDATE)
    try:
        outcome = await _update(client, question, known)
    except (RefusedError, EndedError):
        await _forget(question)
        raise
    await strike_while_others_go_on(Point.BEFORE_WRITE)
    await write(client, question.process.name, question.given.key, outcome, known)
    return outcome


async def _update(client: Client, question: Question, known: Known) -> Outcome:
    process, given = question.process.name, question.given
    try:
        return await _execute(client, process, question.update, Ask(asked=given, known=known.tip.sequence), Outcome)
    except WorkflowUpdateFailedError as error:
        if isinstance(error.cause, ApplicationError) and error.cause.type == REFUSED:
            raise RefusedError(Refusal.model_validate_json(error.cause.message)) from error
        raise
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        # It has ended: perhaps with this very command, whose outcome outlives it.
        found = await outcome_of(client, process, given.key)
        if found is None:
            raise EndedError from error
        return found


async def _execute(
    client: Client, process: str, update: str, ask: Ask[Command] | Ask[Operation] | Ask[Event], answer: type[Answered]
) -> Answered:
    """Have an Update carried out; again, while the process is about to start anew and has decided nothing.

    Under the same id: the new run knows nothing of it, and the old one can only repeat that it is about to go.
    """
    handle, wait = client.get_workflow_handle(process), BEHIND_SECONDS
    while True:
        try:
            answered: Answered = await handle.execute_update(update, ask, id=ask.asked.key, result_type=answer)
        except WorkflowUpdateFailedError as error:
            if not isinstance(error.cause, ApplicationError) or error.cause.type != BEHIND:
                raise
        else:
            return answered
        await asyncio.sleep(wait * (0.5 + random.random()))  # noqa: S311 - spreads askers, keeps no secret
        wait *= 2


async def outcome_of(client: Client, process: str, key: str) -> Outcome | None:
    """What became of an Update: its outcome, or None when it was refused or never came in; raises RPCError.

    It is polled, never asked again: asking could decide anew what its sender has given up.
    """
    try:
        handle = client.get_workflow_handle(process).get_update_handle(key, result_type=Outcome)
        outcome: Outcome = await handle.result()
    except WorkflowUpdateFailedError:
        return None
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise
    return outcome


async def write(client: Client, process: str, key: str, outcome: Outcome, known: Known | None = None) -> None:
    """Step 3: put an outcome's rows on record; raises UnstorableError when the ledger can never keep them."""
    tip = known.tip if known else None
    try:
        await to_thread.run_sync(_write, process, key, outcome, tip)
    except LedgerConflictError:
        await _take_back(client, process, key)
        raise
    except Exception as error:
        if not is_refusal(error):
            raise
        await _take_back(client, process, key)
        raise UnstorableError from None


async def _take_back(client: Client, process: str, key: str) -> None:
    """The decision does not count (I6): the process starts anew from the ledger, which does not have it.

    One that has ended meanwhile is found by the drift sweep, for the ledger still has it open.
    """
    with suppress(RPCError):
        await client.get_workflow_handle(process).execute_update(START_ANEW, "the ledger did not take a command")
    await to_thread.run_sync(at_once, lambda connection: intents.forget(connection, process, key))


async def write_carried(process: str, carried: Carried) -> None:
    """Put on record what a run left as its result."""
    await to_thread.run_sync(at_once, lambda connection: ledger.append(connection, process, carried))


def _write(process: str, key: str, outcome: Outcome, tip: Tip | None) -> None:
    def append(connection: Connection) -> None:
        if not ledger.append(connection, process, outcome, tip):
            # The rows stood already, so no statement of ours took the intent along.
            intents.forget(connection, process, key)

    at_once(append)


async def _forget(question: Question) -> None:
    name, key = question.process.name, question.given.key
    await to_thread.run_sync(at_once, lambda connection: intents.forget(connection, name, key))


async def report(client: Client, process: ProcessRef, event: Event) -> bool:
    """Tell a process of an event; False when there is none for the reporter, or it has ended.

    The event is on record as an intent before the engine hears of it, and stays until its row is written: one that
    waits for the end of a freeze outlives the engine.
    """
    key = event.key or ""
    body = event.model_dump_json()
    known = await to_thread.run_sync(
        at_once, lambda connection: intents.prepare(connection, process, key, event.actor, body)
    )
    if known is None or not known.is_open:
        return False
    await emit(client, process.name, event, known)
    return True


async def emit(client: Client, process: str, event: Event, known: Known) -> None:
    """Have a process take note of an event and put what followed on record; raises RPCError or SQLAlchemyError."""
    carried = await _execute(client, process, EVENT, Ask(asked=event, known=known.tip.sequence), Carried)
    try:
        await to_thread.run_sync(at_once, lambda connection: ledger.append(connection, process, carried, known.tip))
    except Exception as error:
        if isinstance(error, LedgerConflictError) or is_refusal(error):
            await _take_back(client, process, event.key or "")
        raise
