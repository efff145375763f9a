"""The life of what was delivered: renewals, expiry, freeze and release, with the seller told each time."""

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from temporalio import workflow

from domain import lifecycle
from domain.errors import Refusal
from domain.events import Event, EventName
from domain.instances import (
    KINDS,
    Born,
    InstanceAct,
    InstanceState,
    Operation,
    OperationReceipt,
    PlannedCall,
    Release,
    RestartInstanceCall,
)
from domain.order import Order
from domain.parties import SYSTEM
from domain.records import InstanceStep, OrderStatus
from domain.state import State, Status
from workflows import outside
from workflows.card import instance_card, summary
from workflows.entries import MAX_HISTORY_BYTES, instance_step, refused
from workflows.search_attributes import instance_at_start, instance_changes
from workflows.seller_calls import GaveUpError, SellerCalls


def life_id(order: Order) -> str:
    """The engine's id of an instance's life."""
    return f"instance:{order.delivery_id}"


async def live_on(state: State, expires_at: datetime | None) -> None:
    """Hand what a delivery left over to a workflow of its own, if it is something that lives on."""
    order = state.order
    if order.product.type not in KINDS:
        return
    born = Born(
        order=order,
        policy=state.terms.policy,
        instance_id=state.instance_id,
        license_code=state.license_code,
        at=workflow.now(),
        expires_at=expires_at,
    )
    await workflow.start_child_workflow(
        InstanceLife.run,
        born,
        id=life_id(order),
        parent_close_policy=workflow.ParentClosePolicy.ABANDON,
        search_attributes=instance_at_start(InstanceState.begin(born)),
        static_summary=summary(order),
    )


@dataclass(eq=False)
class Asked:
    """An operation on its way, and the answer its sender waits for."""

    operation: Operation
    answer: OperationReceipt | Refusal | None = None


@dataclass(frozen=True)
class Called:
    """How a planned call ended: with success, or given up for a reason."""

    call: PlannedCall
    reason: str | None = None

    @property
    def event(self) -> Event:
        """The same for the record."""
        name = EventName.SELLER_CALLED if self.reason is None else EventName.SELLER_CALL_GIVEN_UP
        return Event(name=name, actor=SYSTEM, activity=self.call.activity, detail=self.reason)


@workflow.defn
class InstanceLife:
    """One instance or authorization code, from its delivery to its release (DOMAIN §4, §5.10)."""

    @workflow.init
    def __init__(self, born: Born) -> None:
        """Prepare the state before any handler runs."""
        self.order = born.order
        self.state = InstanceState.begin(born)
        self._calls = SellerCalls(f"{born.order.delivery_id}:life", born.order, born.policy, self.state, self._happened)
        self._caller: asyncio.Task[None] | None = None
        self._inbox: deque[Asked | Called | Event] = deque([Event(name=EventName.INSTANCE_BORN, actor=SYSTEM)])
        self._telling: list[asyncio.Task[None]] = []

    @workflow.run
    async def run(self, born: Born) -> None:  # noqa: ARG002 - __init__ took it
        """Live until everything is told after the release."""
        self._caller = asyncio.create_task(self._call_in_order())
        while not self._is_over():
            await self._step()
        await workflow.wait_condition(workflow.all_handlers_finished)

    @workflow.update
    async def operate(self, operation: Operation) -> OperationReceipt:
        """Answer an operation once its effect is on record."""
        asked = Asked(operation)
        self._inbox.append(asked)
        await workflow.wait_condition(lambda: asked.answer is not None)
        if isinstance(asked.answer, Refusal):
            raise refused(asked.answer)
        assert asked.answer is not None  # noqa: S101 - the wait above ended
        return asked.answer

    @operate.validator
    def _check(self, operation: Operation) -> None:
        """Refuse an operation before it leaves a trace in the history."""
        is_full = workflow.info().get_current_history_size() > MAX_HISTORY_BYTES
        refusal = lifecycle.refusal(self.state, operation, workflow.now(), is_full=is_full)
        if refusal is not None:
            raise refused(refusal)

    def _happened(self, event: Event) -> None:
        self._inbox.append(event)

    def _is_over(self) -> bool:
        told = all(task.done() for task in self._telling)
        return self.state.is_released and not self.state.waiting and not self._inbox and told

    async def _step(self) -> None:
        """Let the next thing happen; what is due goes first, so that no operation skips it."""
        due, now = self.state.next_due, workflow.now()
        if due is not None and due.at <= now:
            if due.act is InstanceAct.RELEASE:
                self._drop_calls()
            act = lifecycle.apply_clock(self.state, now)
            await self._record(instance_step(act, self.state, now))
        elif self._inbox:
            await self._take(self._inbox.popleft())
        else:
            await self._wait(due.at - now if due else None)

    async def _wait(self, longest: timedelta | None) -> None:
        with suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: bool(self._inbox) or self._is_over(), timeout=longest, timeout_summary="next act"
            )

    async def _take(self, entry: Asked | Called | Event) -> None:
        """Change the state as the rules say, put it on record, and let the sender know."""
        now = workflow.now()
        match entry:
            case Asked(operation=operation):
                entry.answer = lifecycle.refusal(self.state, operation, now)
                if entry.answer is None:
                    self._carry_out(operation)
                    step = instance_step(operation, self.state, now)
                    await self._record(step)
                    entry.answer = step.receipt
            case Called(call=call) if call in self.state.waiting:
                ended = lifecycle.settle(self.state, succeeded=entry.reason is None)
                if ended is not None:
                    self._tell(ended, entry.reason)
                await self._record(instance_step(entry.event, self.state, now))
            case Event():
                if entry.name is EventName.SELLER_CALL_PARKED and entry.activity in self.state.calling:
                    self.state.park(entry.activity, entry.detail or "", now)
                await self._record(instance_step(entry, self.state, now))

    def _carry_out(self, operation: Operation) -> None:
        if isinstance(operation.body, RestartInstanceCall):
            self._calls.restart(operation.body.activity)
        if isinstance(operation.body, Release):
            self._drop_calls()
        lifecycle.apply_operation(self.state, operation, workflow.now())

    async def _record(self, step: InstanceStep) -> None:
        """Write the step to the ledger, then show it in the Temporal UI."""
        await outside.record_instance(step)
        updates = instance_changes(workflow.info().typed_search_attributes, self.state)
        if updates:
            workflow.upsert_search_attributes(updates)
        workflow.set_current_details(instance_card(self.state))

    async def _call_in_order(self) -> None:
        """Tell the seller of one thing after the other: a late freeze must not follow its own lifting."""
        while True:
            await workflow.wait_condition(lambda: bool(self.state.waiting))
            call = self.state.waiting[0]
            try:
                await self._calls.make(call.activity, call.fields)
                self._inbox.append(Called(call))
            except GaveUpError as error:
                self._inbox.append(Called(call, error.reason))
            await workflow.wait_condition(partial(self._is_settled, call))

    def _is_settled(self, call: PlannedCall) -> bool:
        return call not in self.state.waiting

    def _drop_calls(self) -> None:
        """A release makes all that waits pointless."""
        if self._caller is not None:
            self._caller.cancel()
        for call in self.state.waiting:
            self._calls.abandon(call.activity)
        self._caller = asyncio.create_task(self._call_in_order())

    def _tell(self, order_line: str, failed: str | None) -> None:
        """Have the purchase system hear how an operation's order ended."""
        order_id, _, order_line_id = order_line.partition(":")
        status = Status.COMPLETED if failed is None else Status.REFUNDED
        told = OrderStatus(
            key=f"{self.order.delivery_id}:{order_line}:{status}:1",
            delivery_id=self.order.delivery_id,
            order_id=order_id,
            order_line_id=order_line_id,
            status=status,
            at=workflow.now(),
            reason=failed,
        )
        within = timedelta(hours=self.state.policy.completion_notice_hours)
        not_told = Event(name=EventName.PURCHASE_NOT_TOLD, actor=SYSTEM)
        telling = outside.tell_purchase_system(told, within, lambda: self._happened(not_told))
        self._telling = [*(task for task in self._telling if not task.done()), asyncio.create_task(telling)]
