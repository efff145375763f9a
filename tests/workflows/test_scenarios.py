"""The main job's scenarios, each against a worker that replays its history at every step."""

import pytest

from sandbox.cases import Case, World
from sandbox.scenarios import SCENARIOS, Scenario


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.title)
async def test_scenario_ends_as_it_must(scenario: Scenario, world: World) -> None:
    wrong = await scenario.run(Case(world, scenario.title, scenario.product_type))
    assert wrong is None
