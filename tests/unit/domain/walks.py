"""Random runs through a flow: drives a state as the engine does, and keeps its own books of time and money."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from domain import appeals, effects, rules
from domain.clocks import CLOCKS, ClockName, Due, RunningClock
from domain.commands import Command, CommandName
from domain.events import Event, EventName
from domain.flows import Effect
from domain.order import CodeKind, Order, ProductType, Provisioning, Scenario, SellerCategory
from domain.parties import SYSTEM, Actor, Role
from domain.policy import Policy
from domain.stages import StageName
from domain.state import State, Status
from domain.terms import terms_of
from tests.unit.domain.builders import ACTORS, BODIES, LICENSE, NOW, SECOND_MANAGER, command, order

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
BODIES_BY_NAME = {name: [body for body in BODIES if body.command is name] for name in CommandName}
OWN_EVENTS = (EventName.CODE_ISSUED, EventName.STARTED, EventName.PURCHASE_NOT_TOLD)
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


@dataclass
class Walk:
    """One order's run."""

    order: Order
    policy: Policy = field(default_factory=Policy)
    now: datetime = NOW
    ends: list[Status] = field(default_factory=list)
    visited: set[StageName] = field(default_factory=set)
    waiting: list[Event] = field(default_factory=list)
    books: dict[tuple[ClockName, datetime], Book] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.state = State.begin(self.order, terms_of(self.order, self.policy), NOW)
        self.state.license_code = LICENSE
        self.settle()

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

    def settle(self) -> None:
        """Take the events that do not wait, and look at the books."""
        for event in list(self.waiting):
            if not rules.waits_for_thaw(self.state, event.name):
                self.waiting.remove(event)
                self._follow(event.name, effects.apply_event(self.state, event, self.now))
        self.check()

    def give(self, given: Command) -> None:
        """A party gives a command."""
        is_allowed = given.name in rules.allowed(self.state, given.actor)
        before = None if is_allowed else self.state.model_copy(deep=True)
        refused = rules.refusal(self.state, given, self.now)
        if before is not None:
            assert self.state == before, "a refusal changes nothing"
            assert refused is not None, f"{given.name} is not allowed to {given.actor} and yet not refused"
        if given.actor in STRANGERS:
            assert refused is not None
            assert refused.code == "delivery-not-found"
        if refused is None:
            effect = effects.apply_command(self.state, given, self.now)
            appeal = self.state.open_appeal
            if appeal is not None and appeal.due_at is None:
                appeals.date_appeal(self.state, self.now + timedelta(days=5), self.now)
            self._follow(self._cause(given.name), effect)

    def let_pass(self, jump: timedelta) -> None:
        """Time goes by; the clocks act at their instants."""
        until = self.now + jump
        while self.state.next_due is not None and self.state.next_due.at <= until:
            due = self.state.next_due
            self._advance(max(due.at, self.now))
            self._follow(due.act, effects.apply_clock(self.state, self.now))
            self.settle()
        self._advance(until)

    def _advance(self, to: datetime) -> None:
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

    def _follow(self, cause: str, effect: Effect) -> None:
        state = self.state
        if effect is Effect.UNSUBSCRIBES:
            state.enter(StageName.UNSUBSCRIBING, self.now)
        elif effect is Effect.CLOSES:
            state.enter(StageName.COMPLETED, self.now)
        elif effect is Effect.ENDS_STAGE:
            state.enter(self._target(cause), self.now)
        if state.current.is_end and (not self.ends or effect is not Effect.STAYS):
            self.ends.append(state.status)

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
