"""The life of what was delivered: renewals, expiry, freeze and release, with the seller told each time."""

from datetime import datetime

from temporalio import workflow

from domain.errors import Refusal
from domain.events import Event, EventName
from domain.instance import records, rules
from domain.instance.operations import Operation
from domain.instance.state import InstanceAct, InstanceStart, InstanceState
from domain.parties import SYSTEM
from domain.seller.open_calls import Called
from domain.step import Ask, Carried, Effect, Head, Outcome, Row
from workflows.inbox import Asked, Decided, Entry
from workflows.instance.card import card, shown
from workflows.process import Process
from workflows.search_attributes import Shown
from workflows.seller.calls import Account

INSTANCE_LIFE = "InstanceLife"
"""The workflow's name on the wire: instances live for years, so it stays whatever the class is called."""


@workflow.defn(name=INSTANCE_LIFE)
class InstanceLifecycle(Process[InstanceState, Operation]):
    """One instance or authorization code, from its delivery to its release (DOMAIN §4, §5.10)."""

    @workflow.init
    def __init__(self, start: InstanceStart) -> None:
        """Prepare the state before any handler runs."""
        self._start = start
        recorded = start.recorded
        state = (
            records.read_instance(recorded.state, start.order, start.policy) if recorded else InstanceState.begin(start)
        )
        # One after the other: a freeze that is repeated for an hour must not reach the seller after its own lifting.
        account = Account(f"{start.order.delivery_id}:life", start.order, start.policy, one_at_a_time=True)
        self._set_up(state, account, recorded)

    @workflow.run
    async def run(self, start: InstanceStart) -> Carried:  # noqa: ARG002 - __init__ took it
        """Live until everything is told after the release."""
        return self._end(self._start, await self._live(self._steps))

    async def _steps(self) -> None:
        if self._recorded is None:
            self._record(Decided(Event(name=EventName.INSTANCE_BORN, actor=SYSTEM), Effect.STAYS, self.state.status))
        while (decided := await self._attend(self._is_over)) is not None:
            self._record(decided)

    def _is_over(self) -> bool:
        return self.state.is_released and not self.state.calls

    @workflow.update
    async def operate(self, ask: Ask[Operation]) -> Outcome:
        """Carry out an operation; its asker puts it on record."""
        return await self._take(ask)

    @operate.validator
    def _check_operation(self, ask: Ask[Operation]) -> None:
        self._check(ask)

    # What an instance is made of.

    def _refusal(self, given: Operation, now: datetime, *, is_full: bool) -> Refusal | None:
        return rules.refusal(self.state, given, now, is_full=is_full)

    def _apply(self, entry: Entry, now: datetime) -> Decided | None:
        source = self.state.status
        match entry:
            case Asked(command=Operation() as operation):
                # Checked again: what was legal when it came may have become illegal while it waited.
                entry.answer = rules.refusal(self.state, operation, now)
                if entry.answer is not None:
                    return None
                rules.apply_operation(self.state, operation, now)
                return Decided(operation, Effect.STAYS, source, entry)
            case Called():
                event, ended = rules.apply_call(self.state, entry, now)
                failure = None if entry.answer is not None else entry.reason
                return Decided(event, Effect.STAYS, source, None, ended, failure) if event is not None else None
            case Event():
                return Decided(entry, Effect.STAYS, source)
            case _:
                return Decided(rules.apply_clock(self.state, now), Effect.STAYS, source)

    def _row(self, decided: Decided, now: datetime) -> Row:
        assert isinstance(decided.what, Operation | Event | InstanceAct)  # noqa: S101 - ours
        told = None
        if decided.ended_order is not None:
            told = records.operation_status(self.state, decided.ended_order, decided.failure, now)
        return records.instance_row(decided.what, decided.source, self.state, now, told)

    def _begun(self) -> str:
        return self._start.model_dump_json(exclude={"recorded"})

    def _head(self) -> Head:
        return records.instance_head(self.state)

    def _state_json(self) -> str:
        return records.instance_json(self.state)

    def _shown(self) -> Shown:
        return shown(self.state)

    def _card(self) -> str:
        return card(self.state)
