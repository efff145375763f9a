"""The door of a process: what comes in from outside, and how whoever sent it is answered.

*The asker writes.* An update is answered with every row that its asker's ledger lacks; the asker puts them on record
before it tells anybody (``gateway/asking.py``).
"""

from abc import ABC, abstractmethod
from collections import deque
from contextlib import suppress
from datetime import datetime
from typing import Generic, TypeVar

from temporalio import workflow

from domain.errors import Refusal
from domain.events import Event, EventName
from domain.parties import SYSTEM
from domain.seller.open_calls import CallingState
from domain.step import Ask, Carried, Given, Head, Outcome
from workflows.inbox import EVENT, START_ANEW, WRITE, Asked, Entry, behind, refused
from workflows.unwritten import UnwrittenRows

MAX_STATE_BYTES = 400_000
"""From here on nothing prolongs a process: its state travels with every row, and an outcome ends at 2 MB."""


StateT = TypeVar("StateT", bound=CallingState)
GivenT = TypeVar("GivenT", bound=Given)


class Door(ABC, Generic[StateT, GivenT]):
    """Handlers may run before the workflow's own code does: a kind of process opens its door in ``__init__``."""

    state: StateT

    def _open(self, state: StateT) -> None:
        """Prepare what the handlers need, before any of them runs."""
        self.state = state
        self._inbox: deque[Entry] = deque()
        self._seen_keys: set[str | None] = set()
        self._unwritten = UnwrittenRows(state.sequence)
        self._start_anew: str | None = None

    @abstractmethod
    def _refusal(self, given: GivenT, now: datetime, *, is_full: bool) -> Refusal | None:
        """Why a command cannot be taken now."""

    @abstractmethod
    def _head(self) -> Head:
        """The process's line in the lists."""

    @abstractmethod
    def _state_json(self) -> str:
        """The state, without what the process was started with."""

    def _waits(self, entry: Entry) -> bool:  # noqa: ARG002 - a kind that can be frozen says which
        """Tell whether something that came in has to wait for the end of a freeze."""
        return False

    async def _take(self, ask: Ask[GivenT]) -> Outcome:
        """Answer a command with its receipt and every row that the asker's ledger lacks."""
        self._learn(ask.known)
        asked = Asked(ask.asked)
        self._inbox.append(asked)
        # Between this await and the answer other commands are taken, and the flow's code may go several steps on; the
        # answer is read again after it, and the rows are those of that moment, not of the one before.
        await workflow.wait_condition(lambda: asked.answer is not None or self._start_anew is not None)
        if isinstance(asked.answer, Refusal):
            raise refused(asked.answer)
        if asked.answer is None:
            # Not decided: it must not be decided later either, when its sender has gone.
            with suppress(ValueError):
                self._inbox.remove(asked)
            raise behind()
        return Outcome(**dict(self._answer(ask.known)), receipt=asked.answer)

    def _answer(self, known: int) -> Carried:
        """Hand the rows that the asker's ledger lacks to the asker, who carries them from here on."""
        self._unwritten.is_answered()
        return self._carry(after=known)

    def _check(self, ask: Ask[GivenT]) -> None:
        """Refuse a command before it leaves a trace in the history."""
        self._check_whether_we_count()
        if ask.known > self.state.sequence:
            return  # The ledger is ahead of us: accepted, so that the handler may have us start anew.
        refusal = self._refusal(ask.asked, workflow.now(), is_full=self._unwritten.state_bytes > MAX_STATE_BYTES)
        if refusal is not None:
            raise refused(refusal)

    def _check_whether_we_count(self) -> None:
        """About to start anew, we decide nothing more: the new run is to be asked, and no trace of this one is left."""
        if self._start_anew is not None:
            raise behind()

    # Updates, not signals: a signal does not wake a process whose first workflow task is delayed.

    @workflow.update(name=EVENT)
    async def report(self, ask: Ask[Event]) -> Carried:
        """Take note of an event; never refuses nonsense. One that comes again under its key is the same event."""
        self._learn(ask.known)
        if ask.asked.key not in self._seen_keys:
            self._seen_keys.add(ask.asked.key)
            self._inbox.append(ask.asked)
        self._unwritten.is_asked_for()
        # Until its row is there for the reporter to write; one that waits for the end of a freeze is written later, by
        # an activity, and until then its intent keeps it.
        await workflow.wait_condition(
            lambda: ask.asked not in self._inbox or self._waits(ask.asked) or self._start_anew is not None
        )
        if ask.asked in self._inbox and not self._waits(ask.asked):
            # Not noted: its reporter asks the new run. One that waits for a thaw is kept by its intent.
            self._inbox.remove(ask.asked)
            raise behind()
        return self._answer(ask.known)

    @report.validator
    def _check_report(self, ask: Ask[Event]) -> None:  # noqa: ARG002 - an event is never refused
        self._check_whether_we_count()

    @workflow.update(name=START_ANEW)
    def start_anew(self, reason: str) -> None:
        """Drop what is not in the ledger and go on from there: the ledger refused a row, or is ahead."""
        self._drop_what_is_not_recorded(reason)

    @workflow.update(name=WRITE)
    def write_again(self) -> int:
        """Have written what the ledger may lack; tells the first row that can be, for older ones are forgotten."""
        self._unwritten.write_again()
        return self._unwritten.first

    @workflow.query(name="sequence")
    def sequence(self) -> int:
        """Number of the last row that was decided."""
        return self.state.sequence

    def note(self, name: EventName, detail: str | None = None) -> None:
        """Take note of something the platform itself did."""
        self._inbox.append(Event(name=name, actor=SYSTEM, detail=detail))

    def _drop_what_is_not_recorded(self, reason: str) -> None:
        """Go on from the ledger as soon as nothing is in hand; the first reason counts."""
        self._start_anew = self._start_anew or reason

    def _learn(self, known: int) -> None:
        """An asker that has seen a row proves that the ledger has it, and all before it (I3)."""
        if known > self.state.sequence:
            self._drop_what_is_not_recorded("the ledger is ahead")
        self._unwritten.are_written(known)

    def _carry(self, after: int) -> Carried:
        """The rows after one, with the process as it was after the last of them."""
        return self._unwritten.carry(after, lambda: (self._head(), self._state_json()))
