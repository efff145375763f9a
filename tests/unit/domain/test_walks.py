"""Random runs over all flows: no sequence of commands, events and clock jumps breaks the table, the time or the money.

``WALK_SEED=… pytest tests/unit/domain/test_walks.py`` repeats a run; a failure prints its seed.
"""

import os
import secrets
from random import Random

import pytest

from domain.delivery.clocks import ClockAct
from domain.delivery.command_spec import CommandName
from domain.delivery.commands import COMMANDS
from domain.delivery.flows import FLOWS, Flow
from domain.delivery.grounds import Ruling
from domain.delivery.rules import refusal
from domain.delivery.stage_commands import RestartCall
from domain.delivery.stages import STAGES, StageName
from domain.delivery.state import DeliveryState
from domain.errors import ErrorCode
from domain.events import REPORTED, EventName
from domain.limits import MAX_TRANSITIONS
from domain.parties import Role
from domain.seller.calls import CallFields, CallName
from tests.unit.domain.builders import ACTORS, BODIES, NOW, begun, command
from tests.unit.domain.walks import EVENTS, OWN_EVENTS, Walk, random_order

INSTANCE_EVENTS = (EventName.INSTANCE_BORN, EventName.SELLER_CALLED, EventName.SELLER_CALL_GIVEN_UP)
"""Events of an instance's life; of a delivery only the notice to the seller that outlasted it (``SELLER_CALLED``)."""

RUNS = 4000
STEPS = 50


def test_no_run_leaves_the_table_or_breaks_time_or_money() -> None:
    first = int(os.environ.get("WALK_SEED", secrets.randbits(40)))
    runs = 1 if "WALK_SEED" in os.environ else RUNS
    stages: set[StageName] = set()
    flows = set()
    ends = set()
    resumed = 0
    for seed in range(first, first + runs):
        chance = Random(seed)  # noqa: S311 - for runs that can be repeated
        walk = Walk(random_order(chance))
        try:
            for _ in range(STEPS):
                walk.step(chance)
        except Exception as error:
            error.add_note(f"WALK_SEED={seed}")
            raise
        stages |= walk.visited
        flows.add(walk.state.flow.name)
        ends |= set(walk.ends)
        resumed += walk.resumed
    if runs == RUNS:
        assert stages == set(STAGES), f"never reached: {set(STAGES) - stages}"
        assert flows == set(FLOWS)
        assert len(ends) == 2
        assert resumed > RUNS, "orders are started from the ledger all the time"


def test_a_failing_run_prints_its_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DeliveryState, "thaw", lambda *_: None)
    with pytest.raises(Exception) as told:  # noqa: PT011 - whatever breaks first
        test_no_run_leaves_the_table_or_breaks_time_or_money()
    seed = told.value.__notes__[0].removeprefix("WALK_SEED=")
    monkeypatch.setenv("WALK_SEED", seed)
    with pytest.raises(type(told.value)):
        test_no_run_leaves_the_table_or_breaks_time_or_money()


def test_the_walks_try_every_command_and_every_event() -> None:
    assert {body.spec.name for body in BODIES} == set(CommandName)
    assert {event.name for event in EVENTS} | set(OWN_EVENTS) == set(EventName) - set(INSTANCE_EVENTS)
    assert set(REPORTED) <= {event.name for event in EVENTS}


def test_every_role_but_the_named_ones_is_refused_every_command() -> None:
    state = begun()
    for body in BODIES:
        for role, actor in ACTORS.items():
            if role not in body.spec.by:
                found = refusal(state, command(body, actor), NOW)
                assert found is not None
                assert found.code is ErrorCode.FORBIDDEN


@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
def test_every_flow_can_reach_its_end_and_each_cause_is_legal_at_its_stage(flow: Flow) -> None:
    reached = {flow.first}
    for _ in flow.edges:
        reached |= {edge.target for edge in flow.edges if edge.source in reached}
    assert StageName.COMPLETED in reached
    assert {edge.source for edge in flow.edges} <= reached
    for edge in flow.edges:
        stage = STAGES[edge.source]
        assert edge.cause in {*stage.commands, *stage.events, ClockAct.ACCEPT, *Ruling}
    for stage in flow.stages:
        if not stage.is_end and stage.name is not StageName.UNSUBSCRIBING:
            causes = {edge.cause for edge in flow.edges if edge.source is stage.name}
            assert causes >= {*stage.commands}
            assert causes & {*stage.commands, *stage.events}


def test_a_command_ends_the_stages_that_list_it_and_no_other() -> None:
    listed = {name for stage in STAGES.values() for name in stage.commands}
    assert listed == {name for name, body in COMMANDS.items() if body.spec.ends_stage}


def test_an_order_of_many_steps_is_not_prolonged_but_can_end() -> None:
    state = begun()
    state.enter(StageName.BUYER_ACCEPTANCE, NOW)
    state.sequence = MAX_TRANSITIONS
    refused = {}
    for body in BODIES:
        found = refusal(state, command(body, ACTORS[next(iter(body.spec.by))]), NOW)
        refused[body.spec.name] = None if found is None else found.code
    assert refused[CommandName.ACCEPT] is None
    assert refused[CommandName.APPEAL] is ErrorCode.TOO_MANY_COMMANDS
    assert refused[CommandName.REJECT_DELIVERY] is ErrorCode.TOO_MANY_COMMANDS
    assert refused[CommandName.REQUEST_REFUND] is ErrorCode.TOO_MANY_COMMANDS


def test_a_sellers_restarts_do_not_use_up_what_the_others_need() -> None:
    state = begun()
    state.plan(CallName.ORDER_NOTIFY, CallFields())
    state.open_window(state.calls[0], state.terms.policy, NOW)
    state.sequence = MAX_TRANSITIONS
    restart = RestartCall(activity="orderNotify")
    found = refusal(state, command(restart, ACTORS[Role.SELLER]), NOW)
    assert found is not None
    assert found.code is ErrorCode.TOO_MANY_COMMANDS
    assert refusal(state, command(restart, ACTORS[Role.MANAGER]), NOW) is None


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (StageName.SELLER_DELIVERY, StageName.REFUNDED),
        (StageName.SELLER_DELIVERY, StageName.PLATFORM_REVIEW),
        (StageName.SELLER_DELIVERY, StageName.CODE_CLAIM),
        (StageName.COMPLETED, StageName.UNSUBSCRIBING),
        (StageName.COMPLETED, StageName.SELLER_DELIVERY),
        (StageName.UNSUBSCRIBING, StageName.COMPLETED),
        (StageName.REFUNDED, StageName.COMPLETED),
    ],
)
def test_the_state_takes_no_step_outside_the_table(source: StageName, target: StageName) -> None:
    state = begun()
    state.stage = source
    with pytest.raises(ValueError, match="no step"):
        state.enter(target, NOW)
