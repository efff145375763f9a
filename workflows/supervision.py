"""The engine of every delivery: stages, commands, events, clocks, freezes, refunds and records.

A product type's own file says only in which order the stages come.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

from temporalio import workflow

from domain import appeals, effects, rules
from domain.clocks import ClockAct, Due
from domain.commands import Command, CommandName, RestartCall
from domain.errors import Refusal
from domain.events import Event, EventName
from domain.flows import Effect
from domain.parties import SYSTEM
from domain.records import DeliveryOutcome, OrderStatus, Receipt, Start
from domain.seller_calls import Activity
from domain.stages import StageName
from domain.state import State, Status
from domain.validity import validity
from workflows import outside
from workflows.card import card
from workflows.entries import MAX_HISTORY_BYTES, Asked, Closed, Entry, Unsubscribed, refused, transition_of
from workflows.instance import live_on
from workflows.search_attributes import changes
from workflows.seller_side import SellerSide


class SupervisedDelivery:
    """What all product types share; a subclass names its steps."""

    @workflow.init
    def __init__(self, start: Start) -> None:
        """Prepare the state before any handler runs."""
        self.order = start.order
        self.state = State.begin(start.order, start.terms, start.at)
        self.seller = SellerSide(self.state, self.happened)
        self._inbox: deque[Asked | Event] = deque()
        self._cause: Entry = Event(name=EventName.STARTED, actor=SYSTEM)
        self._is_on_record = True
        self._recorded_stage = self.state.stage
        self._alarm: asyncio.Task[None] | None = None
        self._alarm_at = start.at
        for name in CommandName:
            workflow.set_update_handler(name, self._take, validator=self._check)

    async def supervise(self, steps: Callable[[], Awaitable[None]]) -> DeliveryOutcome:
        """Run the flow's steps to their end, to an early close, or to a refund."""
        if self.state.flow.provisions_at_purchase:
            self.seller.provision()
        notifying = asyncio.create_task(self.seller.notify())
        try:
            with suppress(Closed):
                await steps()
            await self._complete()
        except Unsubscribed:
            await self._refund()
        await self._attend(until=lambda: notifying.done() or self.state.is_parked(Activity.ORDER_NOTIFY))
        await workflow.wait_condition(workflow.all_handlers_finished)
        return DeliveryOutcome(
            delivery_id=self.order.delivery_id,
            status=self.state.status,
            ended_at=workflow.now(),
            validity=self.state.validity,
            eligibility_month=self.state.eligibility_month,
        )

    async def stage(self, name: StageName) -> Entry:
        """Enter a stage, put it on record, and return what ended it; raises Unsubscribed or Closed."""
        self.state.enter(name, workflow.now())
        self.seller.enter(name)
        await self._record()
        return await self._attend()

    def note(self, name: EventName) -> None:
        """Take note of something the platform itself did."""
        self.happened(Event(name=name, actor=SYSTEM))

    @workflow.signal(name="event")
    def happened(self, event: Event) -> None:
        """Take note of an event; never refuses."""
        self._inbox.append(event)

    async def _take(self, command: Command) -> Receipt:
        """Answer a command once its effect, and the stage that follows, are on record."""
        asked = Asked(command)
        self._inbox.append(asked)
        await workflow.wait_condition(lambda: asked.answer is not None)
        if isinstance(asked.answer, Refusal):
            raise refused(asked.answer)
        assert asked.answer is not None  # noqa: S101 - the wait above ended
        return asked.answer

    def _check(self, command: Command) -> None:
        """Refuse a command before it leaves a trace in the history."""
        is_full = workflow.info().get_current_history_size() > MAX_HISTORY_BYTES
        refusal = rules.refusal(self.state, command, workflow.now(), is_full=is_full)
        if refusal is not None:
            raise refused(refusal)

    async def _attend(self, until: Callable[[], bool] = lambda: False) -> Entry:
        """Put on record what happens, until something ends the stage or the condition holds."""
        while True:
            entry = await self._next(until)
            if entry is None:
                return self._cause
            effect = self._apply(entry)
            if effect is None:
                continue
            self._cause, self._is_on_record = entry, False
            if effect is Effect.UNSUBSCRIBES:
                raise Unsubscribed
            if effect is Effect.CLOSES:
                raise Closed
            if effect is Effect.ENDS_STAGE:
                return entry
            await self._date_appeal()
            await self._record()

    async def _date_appeal(self) -> None:
        """Give a new appeal its due date; the calendar is asked once."""
        appeal = self.state.open_appeal
        if appeal is not None and appeal.due_at is None:
            due_at = await outside.appeal_due(appeal.filed_at)
            appeals.date_appeal(self.state, due_at, workflow.now())

    def _apply(self, entry: Entry) -> Effect | None:
        """Change the state as the rules say; None for a command that meanwhile became illegal."""
        now = workflow.now()
        match entry:
            case Asked(command=command):
                entry.answer = rules.refusal(self.state, command, now)
                if entry.answer:
                    return None
                if isinstance(command.body, RestartCall):
                    self.seller.calls.restart(command.body.activity)
                return effects.apply_command(self.state, command, now)
            case Event():
                return effects.apply_event(self.state, entry, now)
            case ClockAct():
                return effects.apply_clock(self.state, now)

    async def _next(self, until: Callable[[], bool]) -> Entry | None:
        """Wait for a command, an event, the clock, or the condition (None); people go before the clock."""
        while True:
            entry = self._first_actionable()
            if entry is not None:
                self._inbox.remove(entry)
                return entry
            if until():
                return None
            due = self.state.next_due
            if due is not None and workflow.now() >= due.at:
                return due.act
            self._set_alarm(due)
            await workflow.wait_condition(lambda: until() or bool(self._first_actionable()) or self._alarm_has_rung())

    def _first_actionable(self) -> Asked | Event | None:
        """While frozen, events that would move the flow wait."""
        return next(
            (one for one in self._inbox if isinstance(one, Asked) or not rules.waits_for_thaw(self.state, one.name)),
            None,
        )

    def _set_alarm(self, due: Due | None) -> None:
        """Have a timer fire by the instant; an earlier one may go on, it only has the state looked at again."""
        if self._alarm_has_rung():
            self._alarm = None
        if due is None or (self._alarm is not None and self._alarm_at <= due.at):
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_at = due.at
        self._alarm = asyncio.create_task(workflow.sleep(due.at - workflow.now(), summary=due.act))

    def _alarm_has_rung(self) -> bool:
        return self._alarm is not None and self._alarm.done()

    async def _record(self) -> None:
        """Have the step on record, then show it; the start was put on record by whoever started us."""
        if not self._is_on_record:
            await self._write()
        self._show()

    async def _write(self) -> None:
        """Write the step to the ledger, then let its sender know."""
        self.state.sequence += 1
        transition = transition_of(self._cause, self._recorded_stage, self.state, workflow.now())
        await outside.record(transition)
        self._recorded_stage = self.state.stage
        self._is_on_record = True
        if isinstance(self._cause, Asked):
            self._cause.answer = transition.receipt

    def _show(self) -> None:
        """Let the operator see the state in the Temporal UI."""
        updates = changes(workflow.info().typed_search_attributes, self.state)
        if updates:
            workflow.upsert_search_attributes(updates)
        workflow.set_current_details(card(self.state))

    async def _complete(self) -> None:
        now = workflow.now()
        self.state.validity = validity(self.state.validity_start(now), self.order.period)
        self.state.enter(StageName.COMPLETED, now)
        await self._record()
        await live_on(self.state, self.state.validity.ends_at)
        telling = asyncio.create_task(self._tell_purchase_system(Status.COMPLETED))
        await self._attend(until=telling.done)

    async def _refund(self) -> None:
        """Release what was provisioned and have the purchase system pay back, side by side."""
        refunding = asyncio.create_task(self._release_and_pay_back())
        await self.stage(StageName.UNSUBSCRIBING)
        await refunding
        self.state.enter(StageName.REFUNDED, workflow.now())
        await self._record()

    async def _release_and_pay_back(self) -> None:
        await asyncio.gather(self.seller.release(), self._tell_purchase_system(Status.REFUNDED))
        self.note(EventName.REFUND_CARRIED_OUT)

    async def _tell_purchase_system(self, status: Status) -> None:
        """Tell how the order ended; operations learn of it when the time passes unheard."""
        told = OrderStatus(
            key=f"{self.order.delivery_id}:{status}:1",
            delivery_id=self.order.delivery_id,
            order_id=self.order.order_id,
            order_line_id=self.order.order_line_id,
            status=status,
            at=workflow.now(),
            validity=self.state.validity,
            eligibility_month=self.state.eligibility_month,
            refund_amount=str(self.state.refund.amount) if self.state.refund else None,
            reason=self.state.refund.reason if self.state.refund else None,
        )
        within = timedelta(hours=self.state.terms.policy.completion_notice_hours)
        await outside.tell_purchase_system(told, within, lambda: self.note(EventName.PURCHASE_NOT_TOLD))
