"""Random runs over all flows: no sequence of commands, events and clock jumps leaves the table or breaks the money."""

from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from domain import rules
from domain.commands import COMMANDS, Body, Command, Event, EventName, RequestRefund
from domain.errors import ErrorCode
from domain.flows import FLOWS
from domain.order import ProductType, Scenario, SellerCategory
from domain.parties import SYSTEM, Actor, Role
from domain.rules import Effect
from domain.stages import STAGES, StageName
from domain.state import State, Status
from tests.unit.builders import ACTORS, BODIES, LICENSE, NOW, command, order

actors = st.sampled_from(
    [*ACTORS.values(), Actor(role=Role.SELLER, id="seller-2"), Actor(role=Role.BUYER, id="buyer-2")]
)
commands = st.builds(command, st.sampled_from(BODIES), actors)
events = st.sampled_from(
    [
        Event(name=EventName.INSTANCE_PROVISIONED, actor=SYSTEM, instance_id="i-1"),
        Event(name=EventName.PROVISIONING_FAILED, actor=SYSTEM),
        Event(name=EventName.DEPLOYMENT_FINISHED, actor=SYSTEM),
        Event(name=EventName.SYSTEM_ACCEPTED, actor=SYSTEM),
        Event(name=EventName.REFUND_CARRIED_OUT, actor=SYSTEM),
        Event(name=EventName.SELLER_CALL_PARKED, actor=SYSTEM, activity="releaseInstance"),
    ]
)
jumps = st.timedeltas(timedelta(0), timedelta(days=20))
steps = st.lists(st.one_of(commands, commands, commands, events, jumps), max_size=60)
reviews = st.sampled_from(
    [(SellerCategory.GENERAL, Scenario.NONE), (SellerCategory.JOINT_OPERATION, Scenario.ENABLEMENT_CLOUD)]
)

Step = Command | Event | timedelta


class Walk:
    """Drives a state as the engine does, choosing the flow's next stage from the table."""

    def __init__(self, product_type: ProductType, category: SellerCategory, scenario: Scenario) -> None:
        self.state = State.begin(order(product_type, category=category, scenario=scenario), NOW)
        self.state.license_code = LICENSE
        self.now = NOW
        self.ends: list[Status] = []

    def take(self, step: Step) -> None:
        match step:
            case timedelta():
                self._pass(step)
            case Event() if self.state.frozen_since is None:
                self._follow(step.name, rules.apply_event(self.state, step, self.now))
            case Command():
                self._give(step)

    def _give(self, given: Command) -> None:
        before = self.state.model_copy(deep=True)
        refused = rules.refusal(self.state, given, self.now)
        assert self.state == before, "a refusal changes nothing"
        may = given.name in rules.allowed(self.state, given.actor)
        assert may or refused is not None, "what is not allowed is refused"
        if refused is None:
            self._follow(given.name, rules.apply_command(self.state, given, self.now))

    def _pass(self, jump: timedelta) -> None:
        until = self.now + jump
        while self.state.next_due is not None and self.state.next_due.at <= until:
            due = self.state.next_due
            self.now = due.at
            self._follow(due.act, rules.apply_clock(self.state))
        self.now = until

    def _follow(self, cause: str, effect: Effect) -> None:
        state = self.state
        if effect is Effect.UNSUBSCRIBES:
            state.enter(StageName.UNSUBSCRIBING, self.now)
        elif effect is Effect.ENDS_STAGE:
            state.enter(self._target(cause), self.now)
        if state.current.is_end and (not self.ends or effect is not Effect.STAYS):
            self.ends.append(state.status)

    def _target(self, cause: str) -> StageName:
        if self.state.stage is StageName.UNSUBSCRIBING:
            return StageName.REFUNDED
        return next(
            edge.target
            for edge in self.state.flow.edges
            if (edge.source, edge.cause) == (self.state.stage, cause)
            and edge.only_reviewed in {None, self.state.reviewed}
        )


@settings(max_examples=1500, deadline=None)
@given(st.sampled_from(ProductType), reviews, steps)
def test_no_sequence_leaves_the_table_or_ends_an_order_twice(
    product_type: ProductType, review: tuple[SellerCategory, Scenario], walked: list[Step]
) -> None:
    walk = Walk(product_type, *review)
    for step in walked:
        walk.take(step)
        state = walk.state
        assert state.current in state.flow.stages
        assert len(walk.ends) <= 1, "an order ends once"
        if state.stage is StageName.REFUNDED:
            assert state.refund is not None
            assert state.refund.agreed_at is not None
            assert 0 < state.refund.amount <= state.order.amount
        if state.current.is_end:
            assert not any(rules.allowed(state, actor) for actor in ACTORS.values())
        assert (state.frozen_since is not None) == (state.open_freeze is not None)


@settings(deadline=None)
@given(st.sampled_from(ProductType), reviews, steps, st.sampled_from(BODIES))
def test_no_party_ever_acts_on_anothers_order(
    product_type: ProductType, review: tuple[SellerCategory, Scenario], walked: list[Step], body: Body
) -> None:
    walk = Walk(product_type, *review)
    for step in walked:
        walk.take(step)
    for stranger in (Actor(role=Role.SELLER, id="seller-2"), Actor(role=Role.BUYER, id="buyer-2")):
        found = rules.refusal(walk.state, command(body, stranger), walk.now)
        assert found is not None
        assert found.code is ErrorCode.DELIVERY_NOT_FOUND
        assert found.allowed == ()


def test_every_role_but_the_named_ones_is_refused_every_command() -> None:
    state = State.begin(order(), NOW)
    for body in BODIES:
        for role, actor in ACTORS.items():
            if role not in COMMANDS[body.command].by:
                found = rules.refusal(state, command(body, actor), NOW)
                assert found is not None
                assert found.code is ErrorCode.FORBIDDEN


def test_every_flow_can_reach_its_end_and_each_cause_is_legal_at_its_stage() -> None:
    for flow in FLOWS.values():
        reached = {flow.first}
        for _ in flow.edges:
            reached |= {edge.target for edge in flow.edges if edge.source in reached}
        assert StageName.COMPLETED in reached
        assert {edge.source for edge in flow.edges} <= reached
        for edge in flow.edges:
            stage = STAGES[edge.source]
            assert edge.cause in {*stage.commands, *stage.events, *(tick.act for tick in stage.clock)}


def test_every_command_event_and_clock_act_that_ends_a_stage_leads_somewhere_in_every_flow() -> None:
    for flow in FLOWS.values():
        for stage in flow.stages:
            if stage.is_end or stage.name is StageName.UNSUBSCRIBING:
                continue
            causes = {edge.cause for edge in flow.edges if edge.source is stage.name}
            assert causes >= {*stage.commands, *stage.events}


def test_a_refund_of_more_than_was_paid_is_refused() -> None:
    state = State.begin(order(), NOW)
    asked = command(RequestRefund(amount=state.order.amount + 1, reason="more"), ACTORS[Role.BUYER])
    found = rules.refusal(state, asked, NOW)
    assert found is not None
    assert found.code is ErrorCode.REFUND_TOO_HIGH


def test_reminders_come_in_order_and_never_after_the_deadline() -> None:
    walk = Walk(ProductType.LICENSE_OFFLINE, SellerCategory.GENERAL, Scenario.NONE)
    walk.take(command(BODIES[3], ACTORS[Role.SELLER]))
    instants: list[datetime] = [due.at for due in walk.state.due]
    assert all(first < second for first, second in pairwise(instants))
    assert instants[-1] == walk.state.deadline
