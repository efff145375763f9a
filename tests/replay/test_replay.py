"""Orders stay open for months: what runs today must go on under tomorrow's code."""

import json

import pytest
from temporalio.client import Client, WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from launcher.stack import Stack
from sandbox.cases import Case, World
from sandbox.scenarios import SCENARIOS, Scenario
from tests.replay.histories import FINGERPRINTS, FOLDER, fetch, file_of, fingerprint, recorded
from workers.main import workflow_runner
from workflows.registry import ALL_WORKFLOWS, PROCESS_TYPES, WORKFLOWS

each_scenario = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.title)

# Events per order, the engine's bottleneck: a higher number is a decision, not an accident.
MAX_EVENTS = {
    "License code": 33,
    "License code 2025": 36,
    "License code 2024": 40,
    "Identification code": 30,
    "License offline": 53,
    "Package deployment": 16,
    "SaaS supervised": 78,
    "SaaS after accept": 46,
    "SaaS instant-on": 25,
    "Instance life": 158,
    "SaaS, seller down": 24,
    "SaaS, refund": 55,
    "Manual service": 73,
    "Website building": 80,
    "Refund by ruling": 51,
    "Hardware": 61,
    "Hardware, returned": 52,
    "Orchestration": 42,
    "Data file": 33,
}


def test_every_product_type_has_a_recorded_history() -> None:
    assert {file_of(title) for title in MAX_EVENTS} | {FINGERPRINTS} == set(FOLDER.iterdir())
    assert {scenario.product_type for scenario in SCENARIOS if file_of(scenario.title).exists()} == set(WORKFLOWS)


@pytest.mark.parametrize("title", MAX_EVENTS)
async def test_a_recorded_history_replays(title: str) -> None:
    history = WorkflowHistory.from_json(f"delivery:{title}", file_of(title).read_text())
    replayer = Replayer(
        workflows=ALL_WORKFLOWS,
        data_converter=pydantic_data_converter,
        workflow_runner=workflow_runner(sandbox=True),
    )
    await replayer.replay_workflow(history)


@pytest.mark.parametrize("title", MAX_EVENTS)
def test_what_compares_engine_and_ledger_knows_every_process_by_its_name_on_the_wire(title: str) -> None:
    history = WorkflowHistory.from_json(f"delivery:{title}", file_of(title).read_text())
    begun = history.events[0].workflow_execution_started_event_attributes
    assert begun.workflow_type.name in PROCESS_TYPES


@each_scenario
async def test_a_fresh_run_gives_the_recorded_commands(scenario: Scenario, world: World, stack: Stack) -> None:
    case = Case(world, scenario.title, scenario.product_type)
    assert await scenario.run(case) is None
    client = await Client.connect(stack.layout.temporal_address, data_converter=pydantic_data_converter)
    fingerprints = json.loads(FINGERPRINTS.read_text())
    for title, workflow_id in recorded(scenario, case):
        history = await fetch(client, workflow_id)
        assert fingerprint(history) == fingerprints[title]
        assert len(history.events) <= MAX_EVENTS[title]
