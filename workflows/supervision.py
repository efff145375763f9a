"""The engine of every delivery: stages, commands, events, clocks, freezes, refunds and records.

A product type's own file says only in which order the stages come.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime
from itertools import count

from temporalio import workflow
from temporalio.exceptions import ActivityError

from domain import rules
from domain.commands import Command, CommandName, Event, EventName
from domain.errors import Refusal
from domain.order import Order
from domain.parties import SYSTEM
from domain.records import DeliveryOutcome, OrderStatus, Receipt
from domain.rules import Effect
from domain.seller_calls import Activity, ResultCode
from domain.stages import ClockAct, StageName
from domain.state import State, Status
from domain.validity import validity
from workflows import outside
from workflows.card import card
from workflows.entries import Asked, Entry, Unsubscribed, refused, transition_of
from workflows.search_attributes import changes


class SupervisedDelivery:
    """What all product types share; a subclass names its steps."""

    @workflow.init
    def __init__(self, order: Order) -> None:
        """Prepare the state before any handler runs."""
        self.order = order
        self.state = State.begin(order, workflow.now())
        self._inbox: deque[Asked | Event] = deque()
        self._cause: Entry = Event(name=EventName.STARTED, actor=SYSTEM)
        self._is_on_record = True
        self._recorded_stage = self.state.stage
        self._provisioning: asyncio.Task[str | None] | None = None
        for name in CommandName:
            workflow.set_update_handler(name, self._take, validator=self._check)

    async def supervise(self, steps: Callable[[], Awaitable[datetime]]) -> DeliveryOutcome:
        """Run the flow's steps to their end, which is a validity start, or to a refund."""
        if self.state.flow.provisions_instance:
            self._provisioning = asyncio.create_task(self._provision())
        notifying = asyncio.create_task(self._notify_seller())
        try:
            self.state.validity = validity(await steps(), self.order.period)
        except Unsubscribed:
            await self._refund()
        else:
            await self._complete()
        await self._attend(until=lambda: notifying.done() or Activity.ORDER_NOTIFY in self.state.parked)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return DeliveryOutcome(
            delivery_id=self.order.delivery_id,
            status=self.state.status,
            ended_at=workflow.now(),
            validity=self.state.validity,
        )

    async def stage(self, name: StageName) -> Entry:
        """Enter a stage, put it on record, and return what ended it; raises Unsubscribed on a refund."""
        self.state.enter(name, workflow.now())
        await self._record()
        return await self._attend()

    async def system_accepts(self) -> None:
        """Accept at once, without a click of the buyer (DOMAIN §1.4)."""
        self._inbox.append(Event(name=EventName.SYSTEM_ACCEPTED, actor=SYSTEM))
        await self.stage(StageName.SYSTEM_ACCEPTANCE)

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
        refusal = rules.refusal(self.state, command, workflow.now())
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
            if effect is Effect.ENDS_STAGE:
                return entry
            await self._record()

    def _apply(self, entry: Entry) -> Effect | None:
        """Change the state as the rules say; None for a command that meanwhile became illegal."""
        now = workflow.now()
        match entry:
            case Asked(command=command):
                entry.answer = rules.refusal(self.state, command, now)
                return None if entry.answer else rules.apply_command(self.state, command, now)
            case Event():
                return rules.apply_event(self.state, entry, now)
            case ClockAct():
                return rules.apply_clock(self.state)

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
            await self._wait_until(due.at if due else None, lambda: until() or bool(self._first_actionable()))

    def _first_actionable(self) -> Asked | Event | None:
        """While frozen only commands are taken; events wait for the thaw."""
        frozen = self.state.frozen_since is not None
        return next((entry for entry in self._inbox if isinstance(entry, Asked) or not frozen), None)

    async def _wait_until(self, deadline: datetime | None, condition: Callable[[], bool]) -> None:
        """Wait for the condition or the instant; the caller looks at the state again."""
        timeout = None if deadline is None else deadline - workflow.now()
        try:
            await workflow.wait_condition(condition, timeout=timeout, timeout_summary=f"clock of {self.state.stage}")
        except TimeoutError:
            return

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
        self.state.enter(StageName.COMPLETED, workflow.now())
        await self._record()
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
        await asyncio.gather(self._release_instance(), self._tell_purchase_system(Status.REFUNDED))
        self._inbox.append(Event(name=EventName.REFUND_CARRIED_OUT, actor=SYSTEM))

    async def _provision(self) -> str | None:
        """Have the seller create the instance and poll while it says "processing"; None when it gave up."""
        try:
            answer = await outside.call_seller(self.order, Activity.NEW_INSTANCE, 1)
            if answer.result_code is ResultCode.PROCESSING:
                answer = await outside.call_seller(self.order, Activity.QUERY_INSTANCE, 1, answer.instance_id)
        except ActivityError as error:
            detail = str(error.cause or error)[:500]
            self._inbox.append(Event(name=EventName.PROVISIONING_FAILED, actor=SYSTEM, detail=detail))
            return None
        ready = Event(name=EventName.INSTANCE_PROVISIONED, actor=SYSTEM, instance_id=answer.instance_id)
        self._inbox.append(ready)
        return answer.instance_id

    async def _release_instance(self) -> None:
        instance_id = await self._provisioning if self._provisioning else None
        if instance_id is not None:
            await self._call_until_done(Activity.RELEASE_INSTANCE, instance_id)

    async def _notify_seller(self) -> None:
        if self.order.product.order_notify:
            await self._call_until_done(Activity.ORDER_NOTIFY)

    async def _call_until_done(self, activity: Activity, instance_id: str | None = None) -> None:
        """Call the seller; when a retry window closes, park the call until somebody restarts it."""
        for generation in count(1):
            try:
                await outside.call_seller(self.order, activity, generation, instance_id)
            except ActivityError:
                self._inbox.append(Event(name=EventName.SELLER_CALL_PARKED, actor=SYSTEM, activity=activity))
                await workflow.wait_condition(lambda: activity in self.state.parked)
                await workflow.wait_condition(lambda: activity not in self.state.parked)
            else:
                return

    async def _tell_purchase_system(self, status: Status) -> None:
        """Tell how the order ended; when 3 h pass unheard, operations learn of it and we go on trying."""
        told = OrderStatus(
            key=f"{self.order.delivery_id}:{status}:1",
            delivery_id=self.order.delivery_id,
            order_id=self.order.order_id,
            order_line_id=self.order.order_line_id,
            status=status,
            at=workflow.now(),
            validity=self.state.validity,
            refund_amount=str(self.state.refund.amount) if self.state.refund else None,
            reason=self.state.refund.reason if self.state.refund else None,
        )
        try:
            await outside.tell_purchase_system(told, within=outside.COMPLETION_NOTICE)
        except ActivityError:
            self._inbox.append(Event(name=EventName.PURCHASE_NOT_TOLD, actor=SYSTEM))
            await outside.tell_purchase_system(told, within=None)
