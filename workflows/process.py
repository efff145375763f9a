"""The engine of every supervised process: its inbox, its clock, its rows on their way to the ledger, its new starts.

A kind of process (a delivery, an instance's life) brings a state, rules, and the order of its steps. What is said here
holds for all of them:

* *People go before the clock.* What comes in at the instant of a deadline counts: nobody loses a right to a timer that
  fires in the same workflow task.
* *The asker writes.* An update is answered with every row that its asker's ledger lacks; the asker puts them on record
  before it tells anybody (``gateway/asking.py``). What nobody asked for is written by a regular activity.
* *The engine is a cache of the ledger.* Whatever is wrong between the two, the process starts anew from the ledger.
"""

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Generic, TypeVar, cast

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from domain.delivery.state import DeliveryStart
from domain.errors import Refusal
from domain.events import Event, EventName
from domain.instance.state import InstanceStart
from domain.parties import SYSTEM
from domain.process import DueAct
from domain.recorded import Recorded
from domain.seller.open_calls import CallingState
from domain.step import LEDGER_REFUSED, Ask, Carried, Given, Head, Outcome, Row, Unwritten
from workflows import activity_calls
from workflows.inbox import EVENT, START_ANEW, WRITE, Asked, Decided, Entry, behind, refused
from workflows.search_attributes import Shown, changes
from workflows.seller.calls import Account, SellerCalls

MAX_UNWRITTEN_ROWS = 30
"""Rows that may wait for the ledger before the process takes in nothing more: an activity's input ends at 2 MB, a row
with twenty attachments takes some 30 KB."""

MAX_STATE_BYTES = 400_000
"""From here on nothing prolongs a process: its state travels with every row, and an outcome ends at 2 MB."""


MAX_HISTORY_EVENTS = 1_000
"""From here on a process continues as new, long before the engine suggests it (some 4,000): a worker that does not have
the process in memory replays all of it for one command. An order takes fourteen to seventy events: few get here.
"""

AFTER_A_SECOND_REFUSAL = timedelta(hours=1)

BROUGHT_BY_CALLS = (EventName.INSTANCE_PROVISIONED, EventName.LICENSE_FETCHED, EventName.SELLER_CALLED)


TASK_TIMEOUT = timedelta(seconds=5)
"""How long a worker may take for one workflow task before another gets it: so long a command waits whose worker was
killed in the middle of it. A task of ours takes milliseconds, the replay of the longest history before it continues as
new about a second; a shorter timeout would cut that off on a busy machine, again and again."""


class StartAnewError(Exception):
    """The process goes on from the ledger; the text says why."""


StateT = TypeVar("StateT", bound=CallingState)
GivenT = TypeVar("GivenT", bound=Given)


class Process(ABC, Generic[StateT, GivenT]):
    """What all kinds of processes share; handlers may run before ``run`` does, so all is made in ``__init__``."""

    state: StateT

    def _set_up(self, state: StateT, account: Account, recorded: Recorded | None) -> None:
        """Prepare what the handlers need, before any of them runs."""
        self.state = state
        self._account = account
        self._recorded = recorded
        self._inbox: deque[Entry] = deque()
        self._seen_keys: set[str | None] = set()
        self._rows: list[Row] = []
        self._carried_to = self.state.sequence
        self._answering = 0
        self._state_bytes = 0
        self._recorded_head: Head | None = None
        self._recorded_state: str | None = None
        self._start_anew: str | None = None
        self._refused: str | None = None
        self._alarms: dict[datetime, asyncio.Task[None]] = {}
        self._bug: BaseException | None = None
        self._calls = SellerCalls(account, state, self._inbox.append, self._spawn)
        if recorded is not None and recorded.refused is not None:
            self._drop_refused(recorded.refused)

    # What a kind of process is made of.

    @abstractmethod
    def _refusal(self, given: GivenT, now: datetime, *, is_full: bool) -> Refusal | None:
        """Why a command cannot be taken now."""

    @abstractmethod
    def _apply(self, entry: Entry, now: datetime) -> Decided | None:
        """Change the state as the rules say; None for what is not put on record."""

    @abstractmethod
    def _row(self, decided: Decided, now: datetime) -> Row:
        """The ledger's row for what led to the present state."""

    @abstractmethod
    def _head(self) -> Head:
        """The process's line in the lists."""

    @abstractmethod
    def _shown(self) -> Shown:
        """What the operator's search attributes say."""

    @abstractmethod
    def _card(self) -> str:
        """What the operator sees in the Temporal UI."""

    @abstractmethod
    def _state_json(self) -> str:
        """The state, without what the process was started with."""

    def _waits(self, entry: Entry) -> bool:  # noqa: ARG002 - a kind that can be frozen says which
        """Tell whether something that came in has to wait for the end of a freeze."""
        return False

    def _begun(self) -> str | None:
        """With the first row: what makes room for it in the ledger, if whoever started us did not."""
        return None

    def _own_event(self) -> EventName | None:
        """What happens now by itself, as the state says."""
        return None

    # What comes in.

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
        self._answering -= 1
        self._carried_to = self.state.sequence
        return self._carry(after=known)

    def _check(self, ask: Ask[GivenT]) -> None:
        """Refuse a command before it leaves a trace in the history."""
        self._check_whether_we_count()
        if ask.known > self.state.sequence:
            return  # The ledger is ahead of us: accepted, so that the handler may have us start anew.
        refusal = self._refusal(ask.asked, workflow.now(), is_full=self._state_bytes > MAX_STATE_BYTES)
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
        self._answering += 1
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
        first = self._rows[0].sequence if self._rows else self.state.sequence + 1
        self._carried_to = min(self._carried_to, first - 1)
        return first

    @workflow.query(name="sequence")
    def sequence(self) -> int:
        """Number of the last row that was decided."""
        return self.state.sequence

    def note(self, name: EventName, detail: str | None = None) -> None:
        """Take note of something the platform itself did."""
        self._inbox.append(Event(name=name, actor=SYSTEM, detail=detail))

    def _drop_refused(self, cause: str) -> None:
        """Go on without what the ledger refused for good (I6); a call that brought it would bring it again."""
        if cause in BROUGHT_BY_CALLS:
            for call in [one for one in self.state.calls if one.until is not None]:
                self.state.park(call, "the ledger could not keep what it brought", workflow.now())
        self.note(EventName.RECORD_REFUSED, cause)

    def _drop_what_is_not_recorded(self, reason: str) -> None:
        """Go on from the ledger as soon as nothing is in hand; the first reason counts."""
        self._start_anew = self._start_anew or reason

    def _learn(self, known: int) -> None:
        """An asker that has seen a row proves that the ledger has it, and all before it (I3)."""
        if known > self.state.sequence:
            self._drop_what_is_not_recorded("the ledger is ahead")
        self._rows = [row for row in self._rows if row.sequence > known]
        self._carried_to = max(self._carried_to, min(known, self.state.sequence))

    # The run.

    async def _live(self, steps: Callable[[], Awaitable[None]]) -> Carried | Recorded:
        """Run to the end; or tell what the ledger has, when the process has to start anew from it.

        Pressing *Cancel* in the Temporal UI must not be an order's death: operations are asked what it meant. (An
        eviction from the worker's cache cancels tasks too; then there is no reason, and nothing may be caught.)
        """
        living = self._spawn_result(self._run(steps))
        while True:
            try:
                return await asyncio.shield(living)
            except asyncio.CancelledError:
                if living.done() or workflow.cancellation_reason() is None:
                    raise
                self.note(EventName.CANCELLATION_ASKED)

    def _end(self, start: DeliveryStart | InstanceStart, lived: Carried | Recorded) -> Carried:
        """The workflow's result; or a new run from the ledger, unless the process has ended there."""
        if isinstance(lived, Carried):
            return lived
        if lived.is_open:
            workflow.continue_as_new(start.model_copy(update={"recorded": lived}))
        return Carried(rows=(), head=self._head(), state=lived.state)

    async def _run(self, steps: Callable[[], Awaitable[None]]) -> Carried | Recorded:
        self._spawn(self._write())
        if self._recorded is not None:
            self._calls.resume(self._recorded.finished_calls)
        else:
            self._calls.look(workflow.now())
        with suppress(StartAnewError):
            await steps()
            await self._close()
        if self._start_anew is None:
            return self._carry(after=0)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return await self._load()

    async def _close(self) -> None:
        """Answer whoever came too late, and have everything carried, before the workflow ends.

        The rows of an answered asker are in its outcome, which outlives the workflow. Nobody takes commands out of the
        inbox any more: without an answer here their senders, and so the workflow, would wait for ever.
        """
        while self._start_anew is None:
            if self._bug is not None:
                raise self._bug
            for entry in self._inbox:
                if isinstance(entry, Asked) and entry.answer is None:
                    entry.answer = self._refusal(cast("GivenT", entry.command), workflow.now(), is_full=False)
            self._inbox.clear()
            if workflow.all_handlers_finished() and self._carried_to >= self.state.sequence:
                return
            await workflow.wait_condition(
                lambda: (
                    bool(self._inbox)
                    or self._bug is not None
                    or self._start_anew is not None
                    or (workflow.all_handlers_finished() and self._carried_to >= self.state.sequence)
                )
            )

    async def _load(self) -> Recorded:
        """What to start anew from; what can be written is written first."""
        if self._start_anew == TOO_LONG and self._rows:
            try:
                await activity_calls.record(self._unwritten())
            except ActivityError as error:
                self._learn_refusal(error)
        if self._refused is not None and self._recorded is not None and self._recorded.refused is not None:
            # Refused twice in a row: whatever is wrong, it is not mended by trying at once again.
            await workflow.sleep(AFTER_A_SECOND_REFUSAL)
        recorded = await activity_calls.load(workflow.info().workflow_id)
        return recorded.model_copy(update={"refused": self._refused})

    async def _attend(self, until: Callable[[], bool] = lambda: False) -> Decided | None:
        """The next thing that took effect; None when the condition holds. Its caller puts it on record."""
        while True:
            entry = await self._next(until)
            if entry is None:
                return None
            decided = self._apply(entry, workflow.now())
            self._calls.look(workflow.now())
            if decided is not None:
                return decided

    async def _next(self, until: Callable[[], bool]) -> Entry | None:
        """Wait for a command, an event, the clock, or the condition; people go before the clock."""
        while True:
            if self._bug is not None:
                # A task of ours that failed would be forgotten; so it fails the workflow task, loudly.
                raise self._bug
            if self._has_a_long_history():
                self._drop_what_is_not_recorded(TOO_LONG)
            if self._start_anew is not None:
                raise StartAnewError(self._start_anew)
            if len(self._rows) < MAX_UNWRITTEN_ROWS:
                entry = self._first_actionable()
                if entry is not None:
                    self._inbox.remove(entry)
                    return entry
                own = self._own_event()
                if own is not None:
                    return Event(name=own, actor=SYSTEM)
                if until():
                    return None
                due = self.state.next_due
                if due is not None and workflow.now() >= due.at:
                    return due.act
                self._set_alarm(due)
            self._show()
            # After this await anything may have changed: the loop looks at everything anew.
            await workflow.wait_condition(lambda: self._has_news(until))

    @staticmethod
    def _has_a_long_history() -> bool:
        info = workflow.info()
        return info.is_continue_as_new_suggested() or info.get_current_history_length() > MAX_HISTORY_EVENTS

    def _has_news(self, until: Callable[[], bool]) -> bool:
        if self._start_anew is not None or self._bug is not None:
            return True
        if len(self._rows) >= MAX_UNWRITTEN_ROWS:
            return False
        return self._first_actionable() is not None or until() or any(one.done() for one in self._alarms.values())

    def _first_actionable(self) -> Entry | None:
        """While frozen, what would move the flow waits."""
        return next((one for one in self._inbox if isinstance(one, Asked) or not self._waits(one)), None)

    def _set_alarm(self, due: DueAct | None) -> None:
        """Have a timer fire by the instant.

        A timer is never cancelled: that is an event of its own, and one that rings too early costs no more, and most
        never ring, because the order ends first.
        """
        self._alarms = {at: alarm for at, alarm in self._alarms.items() if not alarm.done()}
        if due is None or any(at <= due.at for at in self._alarms):
            return
        self._alarms[due.at] = self._spawn(self._ring(due))

    async def _ring(self, due: DueAct) -> None:
        await workflow.sleep(due.at - workflow.now(), summary=due.act)

    # The record.

    def _record(self, decided: Decided) -> None:
        """Put a step on record: from here on somebody carries its row, and its asker has an answer."""
        now = workflow.now()
        self._calls.look(now)
        self.state.sequence += 1
        row = self._row(decided, now)
        self._rows.append(row)
        self._recorded_head, self._recorded_state = self._head(), self._state_json()
        self._state_bytes = len(self._recorded_state)
        if decided.asked is not None:
            decided.asked.answer = row.receipt
            self._answering += 1

    def _carry(self, after: int) -> Carried:
        """The rows after one, with the state as it was after the last of them.

        Not as it is now: an appeal that waits for its date is in the state already, and not on record.
        """
        rows = tuple(row for row in self._rows if row.sequence > after)
        head = self._recorded_head or self._head()
        return Carried(rows=rows, head=head, state=self._recorded_state or self._state_json())

    def _unwritten(self) -> Unwritten:
        carried = self._carry(after=0)
        begun = self._begun() if carried.rows[0].sequence == 1 else None
        return Unwritten(process=workflow.info().workflow_id, carried=carried, begun=begun)

    async def _write(self) -> None:
        """Write what nobody carries: what the clock, an event or the seller brought (I1, I3).

        It waits for answers under way, for their askers carry what was decided in the same workflow task; and it takes
        along what askers carry but have not been seen to have written, so that its rows leave no gap.
        """
        while self._start_anew is None:
            await workflow.wait_condition(self._lacks_a_carrier)
            unwritten = self._unwritten()
            last = unwritten.carried.rows[-1].sequence
            try:
                await activity_calls.record(unwritten)
            except ActivityError as error:
                # The ledger has others in their place, or refuses these for good (I6): it is right, we are not.
                self._learn_refusal(error)
                self._drop_what_is_not_recorded("the ledger did not take a row")
                return
            # Rows that were decided during the await are not written: only these are.
            self._carried_to = max(self._carried_to, last)
            self._rows = [row for row in self._rows if row.sequence > last]

    def _learn_refusal(self, error: ActivityError) -> None:
        """Keep what was refused for good; where several rows were carried, one that a call brought, if there is one."""
        if isinstance(error.cause, ApplicationError) and error.cause.type == LEDGER_REFUSED:
            causes = [row.cause for row in self._rows]
            self._refused = next((cause for cause in causes if cause in BROUGHT_BY_CALLS), causes[-1])

    def _lacks_a_carrier(self) -> bool:
        if not self._rows or self._start_anew is not None:
            return False
        if len(self._rows) >= MAX_UNWRITTEN_ROWS:
            return True  # Even while somebody waits: full, nothing is taken in, and nobody would be answered.
        return not self._answering and self._rows[-1].sequence > self._carried_to

    def _show(self) -> None:
        """Let the operator see the state in the Temporal UI, once a workflow task."""
        updates = changes(workflow.info().typed_search_attributes, self._shown())
        if updates:
            workflow.upsert_search_attributes(updates)
        workflow.set_current_details(self._card())

    # Tasks.

    def _spawn(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        """Begin a task whose failure fails the workflow task: an exception nobody awaits would be forgotten."""
        task = asyncio.create_task(work)
        task.add_done_callback(self._look_for_bug)
        return task

    def _spawn_result(self, work: Coroutine[object, object, Carried | Recorded]) -> asyncio.Task[Carried | Recorded]:
        return asyncio.create_task(work)

    def _look_for_bug(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            self._bug = task.exception()


TOO_LONG = "the history is long"
"""Why a process continues as new; the only reason for which what is decided is written first."""
