"""Random runs through a flow: drives a state as the engine does, and keeps its own books of time and money."""

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from domain.delivery import appeals, effects, records, rules
from domain.delivery.clocks import CLOCKS, ClockAct, ClockName, Due, RunningClock
from domain.delivery.command_spec import CommandName
from domain.delivery.commands import Command
from domain.delivery.stages import StageName
from domain.delivery.state import DeliveryState
from domain.delivery.terms import terms_of
from domain.events import Event, EventName
from domain.order import CodeKind, Order, ProductType, Provisioning, Scenario, SellerCategory
from domain.order_status import Status
from domain.parties import SYSTEM, Actor, Role
from domain.policy import Policy
from domain.recorded import Ended
from domain.step import Effect, Row
from tests.unit.domain.builders import ACTORS, BODIES, LICENSE, NOW, SECOND_MANAGER, command, order
from workflows.registry import WORKFLOWS

STRANGERS = (Actor(role=Role.SELLER, id="seller-2"), Actor(role=Role.BUYER, id="buyer-2"))
EVERYBODY = (*ACTORS.values(), SECOND_MANAGER, *STRANGERS)
EVENTS = (
    Event(name=EventName.INSTANCE_PROVISIONED, actor=SYSTEM, instance_id="i-1"),
    Event(name=EventName.PROVISIONING_FAILED, actor=SYSTEM),
    Event(name=EventName.DEPLOYMENT_FINISHED, actor=SYSTEM),
    Event(name=EventName.LICENSE_FETCHED, actor=SYSTEM),
    Event(name=EventName.SYSTEM_ACCEPTED, actor=SYSTEM),
    Event(name=EventName.REFUND_CARRIED_OUT, actor=SYSTEM),
    Event(name=EventName.SELLER_CALL_PARKED, actor=SYSTEM, activity="releaseInstance"),
    Event(name=EventName.PARCEL_SIGNED, actor=SYSTEM, recipient_is_buyer=True),
    Event(name=EventName.PARCEL_SIGNED, actor=SYSTEM, recipient_is_buyer=False),
    Event(name=EventName.PARCEL_STALLED, actor=SYSTEM),
    Event(name=EventName.INVOICE_REQUESTED, actor=SYSTEM),
    Event(name=EventName.INVOICE_ISSUED, actor=SYSTEM),
    Event(name=EventName.INVOICE_RETURNED, actor=SYSTEM),
)
BODIES_BY_NAME = {name: [body for body in BODIES if body.spec.name is name] for name in CommandName}
OWN_EVENTS = (
    EventName.CODE_ISSUED,
    EventName.STARTED,
    EventName.CANCELLATION_ASKED,
    EventName.RECORD_REFUSED,
)
"""Events that never move anything."""


def random_order(chance: Random) -> Order:
    """Any kind of product, any way to sell it, any day since 2022."""
    kind = chance.choice(list(ProductType))
    category = chance.choice(list(SellerCategory))
    tracked = category in {SellerCategory.JOINT_OPERATION, SellerCategory.PLATFORM}
    return order(
        kind,
        placed_at=NOW - timedelta(days=chance.choice([0, 300, 600, 900, 1100, 1500])),
        seller_category=category,
        scenario=chance.choice(list(Scenario)) if tracked else Scenario.NONE,
        acceptance_days=chance.choice([None, "never", 3, 15]),
        delivery_days=chance.choice([None, 1, 5]),
        provisioning=chance.choice(list(Provisioning)),
        code_kind=chance.choice(list(CodeKind)),
        service_steps=chance.choice([(), ("Draft", "Design", "Launch")]),
        trial=chance.random() < 0.05,
    )


@dataclass
class Book:
    """What one clock must show: its acts as wound up, and how long it has stood still since."""

    acts: tuple[Due, ...]
    stood: timedelta = timedelta(0)


Books = dict[tuple[ClockName, datetime], Book]


def _copied(books: Books) -> Books:
    """Books of their own; what stands in one is only ever replaced."""
    return {of: replace(book) for of, book in books.items()}


EVERY = 8
"""Every so many rows the recorded state is read back and compared: always would take most of the run."""


class ArrivedError(Exception):
    """The flow's code has been run through the past, and goes to this stage."""


@dataclass
class Flow:
    """What a flow's code needs of its delivery, to be run through the past and no further."""

    order: Order
    state: DeliveryState
    past: deque[Ended]

    async def stage(self, name: StageName) -> Ended:
        if not self.past:
            raise ArrivedError(name)
        ended = self.past.popleft()
        assert StageName(ended.stage) is name, f"the ledger has {ended.stage} where the flow's code goes to {name}"
        if ended.effect is not Effect.ENDS_STAGE:
            raise ArrivedError(ended.effect)
        return ended

    def run(self) -> object:
        """Where the code arrives: a stage, or the effect that took the order out of its flow."""
        steps: Any = WORKFLOWS[self.order.product.type]._steps(self)  # type: ignore[attr-defined]
        try:
            steps.send(None)
        except ArrivedError as arrived:
            return arrived.args[0]
        except StopIteration:
            return StageName.COMPLETED
        raise AssertionError("a flow waits for stages only")


@dataclass
class Ledger:
    """What is on record of a walk: a prefix of what was decided."""

    state: str
    ended: list[Ended]
    now: datetime
    books: Books
    ends: list[Status]
    waiting: list[Event]

    @classmethod
    def of(cls, walk: "Walk") -> "Ledger":
        return cls(records.state_json(walk.state), [], walk.now, _copied(walk.books), list(walk.ends), [])

    def write(self, walk: "Walk") -> None:
        """Everything that was decided gets on record; what is read back is the same to the last member."""
        self.ended += [
            Ended(stage=StageName(row.source), cause=row.cause, effect=row.effect, ruling=row.ruling)
            for row in walk.unwritten
            if row.effect is not Effect.STAYS
        ]
        walk.unwritten = []
        self.state, self.now = records.state_json(walk.state), walk.now
        self.books, self.ends, self.waiting = _copied(walk.books), list(walk.ends), list(walk.waiting)
        if walk.state.sequence % EVERY == 0:
            assert self.read(walk) == walk.state, "the recorded state is another"

    def read(self, walk: "Walk") -> DeliveryState:
        return records.read_state(self.state, walk.order, walk.state.terms)

    def resume(self, walk: "Walk") -> None:
        """The engine is lost, with what was not written yet: the order goes on from here."""
        state = self.read(walk)
        arrived = Flow(walk.order, state, deque(self.ended)).run()
        left = {Effect.UNSUBSCRIBES: StageName.UNSUBSCRIBING, Effect.CLOSES: StageName.COMPLETED}
        assert state.stage in {arrived, left.get(arrived, arrived), StageName.REFUNDED}, (arrived, state.stage)  # type: ignore[call-overload]
        walk.state, walk.unwritten = state, []
        walk.books, walk.ends, walk.waiting = _copied(self.books), list(self.ends), list(self.waiting)
        until, walk.now = walk.now, self.now
        walk.advance(until)
        walk.resumed += 1
        walk.check()


@dataclass
class Walk:
    """One order's run."""

    order: Order
    policy: Policy = field(default_factory=Policy)
    now: datetime = NOW
    ends: list[Status] = field(default_factory=list)
    visited: set[StageName] = field(default_factory=set)
    waiting: list[Event] = field(default_factory=list)
    books: Books = field(default_factory=dict)
    unwritten: list[Row] = field(default_factory=list)
    resumed: int = 0

    def __post_init__(self) -> None:
        self.state = DeliveryState.begin(self.order, terms_of(self.order, self.policy), NOW)
        self.state.license_code = LICENSE
        self.settle()
        self.ledger = Ledger.of(self)

    def step(self, chance: Random) -> None:
        """Something happens: mostly what somebody may do, sometimes what nobody may."""
        dice = chance.random()
        if dice < 0.55:
            may = [(name, who) for who in EVERYBODY for name in rules.allowed(self.state, who)]
            legal = [(body, who) for name, who in may for body in BODIES_BY_NAME[name]]
            if legal:
                body, who = chance.choice(legal)
                self.give(command(body, who))
        elif dice < 0.65:
            self.give(command(chance.choice(BODIES), chance.choice(EVERYBODY)))
        elif dice < 0.85:
            self.waiting.append(chance.choice(EVENTS))
        else:
            self.let_pass(timedelta(hours=chance.choice([1, 30, 24 * 5, 24 * 12, 24 * 60])))
        self.settle()
        self.lose_or_write(chance)

    def lose_or_write(self, chance: Random) -> None:
        """The asker writes, or dies before and the collector writes later; the engine may be lost at any time."""
        dice = chance.random()
        if dice < 0.75:
            self.ledger.write(self)
        elif dice < 0.85:
            self.ledger.resume(self)

    def settle(self) -> None:
        """Take the events that do not wait, and look at the books."""
        for event in list(self.waiting):
            if not rules.waits_for_thaw(self.state, event.name):
                self.waiting.remove(event)
                source = self.state.stage
                self._follow(event.name, effects.apply_event(self.state, event, self.now), event, source)
        self.check()

    def give(self, given: Command) -> None:
        """A party gives a command."""
        is_allowed = given.name in rules.allowed(self.state, given.actor)
        before = None if is_allowed else records.state_json(self.state)
        refused = rules.refusal(self.state, given, self.now)
        if before is not None:
            assert records.state_json(self.state) == before, "a refusal changes nothing"
            assert refused is not None, f"{given.name} is not allowed to {given.actor} and yet not refused"
        if refused is not None:
            assert refused.code in {*rules.COMMON_REFUSALS, *given.body.spec.refusals}, "a refusal nobody declared"
        if given.actor in STRANGERS:
            assert refused is not None
            assert refused.code == "delivery-not-found"
        if refused is None:
            source = self.state.stage
            effect = effects.apply_command(self.state, given, self.now)
            appeal = self.state.open_appeal
            if appeal is not None and appeal.due_at is None:
                appeals.date_appeal(self.state, self.now + timedelta(days=5), self.now)
            self._follow(self._cause(given.name), effect, given, source)

    def let_pass(self, jump: timedelta) -> None:
        """Time goes by; the clocks act at their instants."""
        until = self.now + jump
        while self.state.next_due is not None and self.state.next_due.at <= until:
            due = self.state.next_due
            self.advance(max(due.at, self.now))
            source = self.state.stage
            self._follow(due.act, effects.apply_clock(self.state, self.now), due.act, source)
            self.settle()
        self.advance(until)

    def advance(self, to: datetime) -> None:
        for clock in self.state.clocks:
            if self._is_stopped(clock):
                self.books[clock.name, clock.started_at].stood += to - self.now
        self.now = to

    def _is_stopped(self, clock: RunningClock) -> bool:
        kinds = {freeze.kind for freeze in self.state.freezes if freeze.ends_at is None}
        return bool(kinds & CLOCKS[clock.name].stopped_by)

    def _cause(self, name: CommandName) -> str:
        decision = self.state.appeals[-1].decision if self.state.appeals else None
        if name in {CommandName.DECIDE_APPEAL, CommandName.AGREE_RULING} and decision is not None:
            return decision.ruling
        return name

    def _follow(self, cause: str, effect: Effect, entry: Command | Event | ClockAct, source: StageName) -> None:
        state = self.state
        if effect is Effect.UNSUBSCRIBES:
            effects.enter(state, StageName.UNSUBSCRIBING, self.now)
        elif effect is Effect.CLOSES:
            effects.enter(state, StageName.COMPLETED, self.now)
        elif effect is Effect.ENDS_STAGE:
            effects.enter(state, self._target(cause), self.now)
        if state.current.is_end and (not self.ends or effect is not Effect.STAYS):
            self.ends.append(state.status)
        state.sequence += 1
        self.unwritten.append(records.delivery_row(entry, effect, source, state, self.now))

    def _target(self, cause: str) -> StageName:
        if self.state.stage is StageName.UNSUBSCRIBING:
            return StageName.REFUNDED
        (target,) = self.state.flow.targets(self.state.stage, cause, self.state.conditions)  # type: ignore[arg-type]
        return target

    def check(self) -> None:
        """What must hold at every moment."""
        state = self.state
        self.visited.add(state.stage)
        assert state.flow.has(state.stage), "a stage outside the flow's table"
        assert len(self.ends) <= 1, f"an order ends once, not {self.ends}"
        self._check_money()
        self._check_time()
        if state.current.is_end:
            assert not any(rules.allowed(state, actor) for actor in EVERYBODY)
            assert not state.clocks

    def _check_money(self) -> None:
        state = self.state
        assert (state.refund is not None) == (state.stage in {StageName.UNSUBSCRIBING, StageName.REFUNDED})
        if state.refund is not None:
            assert 0 < state.refund.amount <= state.order.amount
        assert sum(request.phase == "agreed" for request in state.refund_requests) <= 1, "refunded twice"
        assert sum(request.is_open for request in state.refund_requests) <= 1
        assert sum(appeal.is_open for appeal in state.appeals) <= 1

    def _check_time(self) -> None:
        """No clock loses or gains time in a freeze."""
        for clock in self.state.clocks:
            book = self.books.setdefault((clock.name, clock.started_at), Book(clock.acts))
            standing = self.now - clock.paused_since if clock.paused_since else timedelta(0)
            assert (clock.paused_since is not None) == self._is_stopped(clock), f"{clock.name} runs in a freeze"
            expected = [Due(at=due.at + book.stood - standing, act=due.act) for due in book.acts]
            left = expected[len(expected) - len(clock.acts) :]
            assert list(clock.acts) == left, f"{clock.name} lost or gained time"
