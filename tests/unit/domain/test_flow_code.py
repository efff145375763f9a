"""The flows' code goes the way that their tables tell: every answer at every stage, for every kind of order."""

from collections.abc import Iterator
from typing import Any

import pytest

from domain.delivery.command_spec import CommandName
from domain.delivery.flows import FLOWS, PRODUCT_TYPES, Edge, Flow
from domain.delivery.grounds import Ruling
from domain.delivery.stages import StageName
from domain.delivery.state import DeliveryState
from domain.order import ProductType
from domain.recorded import Ended
from domain.step import Effect
from tests.unit.domain.builders import begun
from workflows.registry import WORKFLOWS

STEPS = ("Draft", "Design", "Launch")
MAX_ANSWERS = 12
"""Answers on one way: enough for every loop of the longest flow."""

VISITS = 3
"""How often one way may take the same step: delivered again, and once more."""


class ArrivedError(Exception):
    """The code asks for a stage that the way does not answer."""


class Script:
    """What a flow's code needs of a delivery, with the answers that it is given."""

    def __init__(self, state: DeliveryState, answers: tuple[Edge, ...]) -> None:
        self.state = state.model_copy(deep=True)
        self.order = state.order
        self._answers = list(answers)

    async def stage(self, name: StageName) -> Ended:
        if not self._answers:
            raise ArrivedError(name)
        edge = self._answers.pop(0)
        assert edge.source is name
        if edge.cause is CommandName.FINISH_STEP:
            self.state.steps_done += 1
        ruled = edge.cause if isinstance(edge.cause, Ruling) else None
        cause = CommandName.DECIDE_APPEAL if ruled else str(edge.cause)
        return Ended(stage=name, cause=cause, effect=Effect.ENDS_STAGE, ruling=ruled)

    def run(self) -> StageName:
        """Where the code arrives after these answers."""
        steps: Any = WORKFLOWS[self.order.product.type]._steps(self)  # type: ignore[attr-defined]
        try:
            steps.send(None)
        except ArrivedError as arrived:
            return StageName(arrived.args[0])
        except StopIteration:
            return StageName.COMPLETED
        raise AssertionError("a flow waits for stages only")


def orders() -> Iterator[tuple[str, DeliveryState]]:
    """One order of each flow, reviewed and not, with and without service steps."""
    for kind in ProductType:
        for flow in PRODUCT_TYPES[kind].flows:
            for reviewed in (False, True):
                for steps in ((), STEPS[:1], STEPS):
                    state = begun(kind, service_steps=steps)
                    terms = state.terms.model_copy(update={"flow": flow.name, "reviewed": reviewed})
                    fits = bool(steps) is any(edge.source is StageName.SERVICE_STEP for edge in flow.edges)
                    if fits and (not reviewed or flow.has(StageName.PLATFORM_REVIEW)):
                        began = state.model_copy(update={"terms": terms, "stage": flow.first})
                        yield f"{flow.name}, {'reviewed' if reviewed else 'not reviewed'}, {len(steps)} steps", began


def ways(state: DeliveryState) -> Iterator[tuple[Edge, ...]]:
    """Every way through an order's table, with every answer at every stage on it."""
    open_ways: list[tuple[tuple[Edge, ...], StageName, int]] = [((), state.flow.first, 0)]
    while open_ways:
        answers, at, done = open_ways.pop()
        for edge in (edge for edge in state.flow.edges if edge.source is at):
            # The command has taken effect before its step is chosen.
            after = done + (edge.cause is CommandName.FINISH_STEP)
            if edge.when is not None and edge.when not in state.model_copy(update={"steps_done": after}).conditions:
                continue
            longer = (*answers, edge)
            yield longer
            loops = sum(one.target is edge.target and one.source is edge.source for one in longer) > VISITS
            if edge.target is not StageName.COMPLETED and len(longer) < MAX_ANSWERS and not loops:
                open_ways.append((longer, edge.target, after))


ORDERS = dict(orders())


@pytest.mark.parametrize("name", ORDERS)
def test_the_code_goes_where_the_table_leads(name: str) -> None:
    state = ORDERS[name]
    assert Script(state, ()).run() is state.flow.first
    for answers in ways(state):
        arrived = Script(state, answers).run()
        assert arrived is answers[-1].target, [f"{edge.source} {edge.cause}" for edge in answers]


def test_every_edge_of_every_table_is_gone() -> None:
    gone: set[tuple[str, Edge]] = set()
    for state in ORDERS.values():
        gone |= {(state.flow.name, edge) for answers in ways(state) for edge in answers[-1:]}
    assert gone == {(flow.name, edge) for flow in FLOWS.values() for edge in flow.edges}


def test_a_table_that_differs_from_the_code_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    state = ORDERS["offline-license, not reviewed, 0 steps"]
    flow = state.flow
    last = Edge(StageName.BUYER_ACCEPTANCE, CommandName.ACCEPT, StageName.SELLER_DELIVERY)
    edges = tuple(last if edge.cause is CommandName.ACCEPT else edge for edge in flow.edges)
    monkeypatch.setitem(FLOWS, flow.name, Flow(flow.name, flow.label, flow.first, edges))
    with pytest.raises(AssertionError):
        test_the_code_goes_where_the_table_leads("offline-license, not reviewed, 0 steps")
