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
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from datetime import datetime, timedelta
from typing import ClassVar, cast

from pydantic import BaseModel
from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from domain.events import Event, EventName
from domain.parties import SYSTEM
from domain.process import DueAct
from domain.recorded import Recorded
from domain.step import LEDGER_REFUSED, Carried, Row, Unwritten
from workflows import activity_calls
from workflows.door import Door, GivenT, StateT
from workflows.inbox import Asked, Decided, Entry
from workflows.search_attributes import Shown, changes
from workflows.seller.calls import Account, SellerCalls

MAX_HISTORY_EVENTS = 1_000
"""From here on a process continues as new, long before the engine suggests it (some 4,000): a worker that does not have
the process in memory replays all of it for one command. An order takes fourteen to seventy events: few get here.
"""

AFTER_A_SECOND_REFUSAL = timedelta(hours=1)


TASK_TIMEOUT = timedelta(seconds=5)
"""How long a worker may take for one workflow task before another gets it: so long a command waits whose worker was
killed in the middle of it. A task of ours takes milliseconds, the replay of the longest history before it continues as
new about a second; a shorter timeout would cut that off on a busy machine, again and again."""


class StartAnewError(Exception):
    """The process goes on from the ledger; the text says why."""


class Process(Door[StateT, GivenT]):
    """What all kinds of processes share; handlers may run before ``run`` does, so all is made in ``__init__``."""

    BROUGHT_BY_CALLS: ClassVar[tuple[EventName, ...]] = (EventName.SELLER_CALLED,)
    """Events that are told when a seller call has brought something: what the ledger refuses of them comes again."""

    def _set_up(self, state: StateT, account: Account, recorded: Recorded | None) -> None:
        """Prepare what the handlers need, before any of them runs."""
        self._open(state)
        self._account = account
        self._recorded = recorded
        self._refused: str | None = None
        self._alarms: dict[datetime, asyncio.Task[None]] = {}
        self._bug: BaseException | None = None
        self._calls = SellerCalls(account, state, self._inbox.append, self._spawn)
        if recorded is not None and recorded.refused is not None:
            self._drop_refused(recorded.refused)

    # What a kind of process is made of.

    @abstractmethod
    def _apply(self, entry: Entry, now: datetime) -> Decided | None:
        """Change the state as the rules say; None for what is not put on record."""

    @abstractmethod
    def _row(self, decided: Decided, now: datetime) -> Row:
        """The ledger's row for what led to the present state."""

    @abstractmethod
    def _shown(self) -> Shown:
        """What the operator's search attributes say."""

    @abstractmethod
    def _card(self) -> str:
        """What the operator sees in the Temporal UI."""

    def _begun(self) -> str | None:
        """With the first row: what makes room for it in the ledger, if whoever started us did not."""
        return None

    def _own_event(self) -> EventName | None:
        """What happens now by itself, as the state says."""
        return None

    def _drop_refused(self, cause: str) -> None:
        """Go on without what the ledger refused for good (I6); a call that brought it would bring it again."""
        if cause in self.BROUGHT_BY_CALLS:
            for call in [one for one in self.state.calls if one.until is not None]:
                self.state.park(call, "the ledger could not keep what it brought", workflow.now())
        self.note(EventName.RECORD_REFUSED, cause)

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

    def _end(self, start: BaseModel, lived: Carried | Recorded) -> Carried:
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
            await self._wind_up()
        if self._start_anew is None:
            return self._carry(after=0)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return await self._load()

    async def _wind_up(self) -> None:
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
            if workflow.all_handlers_finished() and self._unwritten.are_all_carried:
                return
            await workflow.wait_condition(
                lambda: (
                    bool(self._inbox)
                    or self._bug is not None
                    or self._start_anew is not None
                    or (workflow.all_handlers_finished() and self._unwritten.are_all_carried)
                )
            )

    async def _load(self) -> Recorded:
        """What to start anew from; what can be written is written first."""
        if self._start_anew == TOO_LONG and self._unwritten.rows:
            try:
                await activity_calls.record(self._to_write())
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
            if not self._unwritten.is_full:
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
        if self._unwritten.is_full:
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
        self._unwritten.add(row, self._head(), self._state_json())
        if decided.asked is not None:
            decided.asked.answer = row.receipt
            self._unwritten.is_asked_for()

    def _to_write(self) -> Unwritten:
        carried = self._carry(after=0)
        begun = self._begun() if carried.rows[0].sequence == 1 else None
        return Unwritten(process=workflow.info().workflow_id, carried=carried, begun=begun)

    async def _write(self) -> None:
        """Write what nobody carries: what the clock, an event or the seller brought (I1, I3).

        It waits for answers under way, for their askers carry what was decided in the same workflow task; and it takes
        along what askers carry but have not been seen to have written, so that its rows leave no gap.
        """
        while self._start_anew is None:
            await workflow.wait_condition(lambda: self._unwritten.lack_a_carrier and self._start_anew is None)
            unwritten = self._to_write()
            last = unwritten.carried.rows[-1].sequence
            try:
                await activity_calls.record(unwritten)
            except ActivityError as error:
                # The ledger has others in their place, or refuses these for good (I6): it is right, we are not.
                self._learn_refusal(error)
                self._drop_what_is_not_recorded("the ledger did not take a row")
                return
            # Rows that were decided during the await are not written: only these are.
            self._unwritten.are_written(last)

    def _learn_refusal(self, error: ActivityError) -> None:
        """Keep what was refused for good; where several rows were carried, one that a call brought, if there is one."""
        if isinstance(error.cause, ApplicationError) and error.cause.type == LEDGER_REFUSED:
            causes = [row.cause for row in self._unwritten.rows]
            self._refused = next((cause for cause in causes if cause in self.BROUGHT_BY_CALLS), causes[-1])

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
