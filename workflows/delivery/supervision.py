"""What all deliveries share: stages, freezes, refunds, and being run through their past.

A product type's own file says only in which order the stages come.
"""

from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime

from temporalio import workflow

from domain.delivery import appeals, calls, effects, records, rules
from domain.delivery.clocks import ClockAct
from domain.delivery.command_spec import CommandName
from domain.delivery.commands import Command
from domain.delivery.stages import StageName
from domain.delivery.state import DeliveryStart, DeliveryState
from domain.errors import Refusal
from domain.events import Event, EventName
from domain.recorded import Ended
from domain.seller.open_calls import Called
from domain.step import Ask, Carried, Effect, Head, Outcome, Row
from domain.validity import validity
from workflows import activity_calls
from workflows.delivery.card import card, shown
from workflows.delivery.handover import start_lifecycle
from workflows.inbox import Asked, Decided, Entry
from workflows.process import Process
from workflows.search_attributes import Shown
from workflows.seller.calls import Account


class Unsubscribed(Exception):  # noqa: N818 - an outcome, not an error
    """The order is going to be refunded; no stage of its flow follows."""


class Closed(Exception):  # noqa: N818 - an outcome, not an error
    """The order is completed without the rest of its flow: by a ruling, or by the old closing."""


class SupervisedDelivery(Process[DeliveryState, Command]):
    """What all product types share; a subclass names its steps."""

    BROUGHT_BY_CALLS = (EventName.INSTANCE_PROVISIONED, EventName.LICENSE_FETCHED, EventName.SELLER_CALLED)

    @workflow.init
    def __init__(self, start: DeliveryStart) -> None:
        """Prepare the state before any handler runs."""
        self.order = start.order
        self._start = start
        state = (
            records.begin(start)
            if start.recorded is None
            else records.read_state(start.recorded.state, start.order, start.terms)
        )
        account = Account(start.order.delivery_id, start.order, start.terms.policy, one_at_a_time=False)
        self._past: deque[Ended] = deque(start.recorded.ended if start.recorded else ())
        self._is_there = True
        self._decided: Decided | None = None
        self._set_up(state, account, start.recorded)

    async def supervise(self, steps: Callable[[], Awaitable[None]]) -> Carried:
        """Run the flow's steps to their end, to an early close, or to a refund."""
        return self._end(self._start, await self._live(lambda: self._go_through(steps)))

    async def stage(self, name: StageName) -> Ended:
        """Enter a stage, put it on record, and return what ended it; raises Unsubscribed or Closed.

        What the ledger has already is only run through: nothing is written, nobody is called, no clock is started. The
        stage in which the past ends was entered then; its clocks, calls and freezes are in the recorded state.
        """
        if self._past:
            return _run_through(self._past.popleft(), name)
        if self._is_there:
            _require_same(self.state.stage, name)
            self._is_there = False
        else:
            effects.enter(self.state, name, workflow.now())
            self._put_on_record()
        return await self._until_ended(name)

    async def _until_ended(self, name: StageName) -> Ended:
        """Put on record what happens, until something ends the stage."""
        while True:
            self._decided = await self._attend()
            assert self._decided is not None  # noqa: S101 - without a condition it waits for something
            cause = _cause(self._decided)
            ruling = records.ruling_of(cause, self.state)
            ended = Ended(stage=name, cause=cause, effect=self._decided.effect, ruling=ruling)
            if ended.effect is not Effect.STAYS:
                return _followed(ended)
            await self._date_appeal()
            self._put_on_record()

    def _put_on_record(self) -> None:
        """Record what took effect; the first stage was put on record by whoever started us."""
        if self._decided is not None:
            decided, self._decided = self._decided, None
            self._record(decided)

    async def _date_appeal(self) -> None:
        """Give a new appeal its due date; the calendar is asked once.

        During this await the order is frozen already but not on record: commands wait in the inbox, for only the loop
        that awaits here takes them out.
        """
        appeal = self.state.open_appeal
        if appeal is not None and appeal.due_at is None:
            due_at = await activity_calls.appeal_due(appeal.filed_at)
            appeals.date_appeal(self.state, due_at, workflow.now())

    async def _go_through(self, steps: Callable[[], Awaitable[None]]) -> None:
        if not self.state.current.is_end:
            try:
                with suppress(Closed):
                    await steps()
                await self._complete()
            except Unsubscribed:
                await self._refund()
        # The seller hears of an order that ended quickly all the same; what it refuses for good is left parked.
        while (decided := await self._attend(lambda: not calls.owes_notice(self.state))) is not None:
            self._record(decided)

    async def _complete(self) -> None:
        now = workflow.now()
        self.state.validity = validity(self.state.validity_start(now), self.order.period)
        effects.enter(self.state, StageName.COMPLETED, now)
        self._put_on_record()
        await start_lifecycle(self.state, now)

    async def _refund(self) -> None:
        """Have released what was provisioned; the purchase system pays back side by side, told with the first row."""
        await self.stage(StageName.UNSUBSCRIBING)
        effects.enter(self.state, StageName.REFUNDED, workflow.now())
        self._put_on_record()

    # What a delivery is made of.

    def _refusal(self, given: Command, now: datetime, *, is_full: bool) -> Refusal | None:
        return rules.refusal(self.state, given, now, is_full=is_full)

    def _apply(self, entry: Entry, now: datetime) -> Decided | None:
        source = self.state.stage
        match entry:
            case Asked(command=Command() as command):
                # Checked again: what was legal when it came may have become illegal while it waited.
                entry.answer = rules.refusal(self.state, command, now)
                if entry.answer is not None:
                    return None
                return Decided(command, effects.apply_command(self.state, command, now), source, entry)
            case Called():
                event, effect = effects.apply_call(self.state, entry, now)
                return Decided(event, effect, source) if event is not None else None
            case Event():
                return Decided(entry, effects.apply_event(self.state, entry, now), source)
            case _:
                due = self.state.next_due
                assert due is not None  # noqa: S101 - it is what rang
                return Decided(due.act, effects.apply_clock(self.state, now), source)

    def _waits(self, entry: Entry) -> bool:
        event = calls.event_of(self.state, entry) if isinstance(entry, Called) else entry
        return isinstance(event, Event) and rules.waits_for_thaw(self.state, event.name)

    def _own_event(self) -> EventName | None:
        return effects.happens_by_itself(self.state)

    def _row(self, decided: Decided, now: datetime) -> Row:
        assert isinstance(decided.what, Command | Event | ClockAct)  # noqa: S101 - ours
        return records.delivery_row(decided.what, decided.effect, StageName(decided.source), self.state, now)

    def _head(self) -> Head:
        return records.delivery_head(self.state)

    def _state_json(self) -> str:
        return records.state_json(self.state)

    def _shown(self) -> Shown:
        return shown(self.state)

    def _card(self) -> str:
        return card(self.state)


def _add_update(name: CommandName) -> None:
    """Give the class the Update of one command: each has its own, so that the Temporal UI tells what was asked."""

    class Taking(SupervisedDelivery):
        """Holds two methods: the SDK reads a handler's types only where ``self`` has none."""

        async def take(self, ask: Ask[Command]) -> Outcome:
            return await self._take(ask)

        def check(self, ask: Ask[Command]) -> None:
            self._check(ask)

    handler = workflow.update(name=str(name))(Taking.take)
    handler.validator(Taking.check)
    setattr(SupervisedDelivery, f"take_{name.name.lower()}", handler)


# Once for the class: setting some thirty handlers for every order took a twentieth of a worker's time.
for _name in CommandName:
    _add_update(_name)


def _cause(decided: Decided) -> str:
    what = decided.what
    return str(what.name) if isinstance(what, Command | Event) else str(what)


def _run_through(past: Ended, name: StageName) -> Ended:
    _require_same(StageName(past.stage), name)
    return _followed(past)


def _require_same(recorded: StageName, name: StageName) -> None:
    """The flow's code must go the way that the ledger tells; a bug that must not be hidden."""
    if recorded is not name:
        message = f"the ledger has {recorded} where the flow goes to {name}"
        raise RuntimeError(message)


def _followed(ended: Ended) -> Ended:
    """What ended a stage, if the flow goes on after it."""
    if ended.effect is Effect.UNSUBSCRIBES:
        raise Unsubscribed
    if ended.effect is Effect.CLOSES:
        raise Closed
    return ended
