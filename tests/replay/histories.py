"""Recorded histories of every released flow, and the fingerprint of the commands a flow gives the engine.

``python -m tests.replay.histories`` plays the scenarios and records both anew: only for flows not released.
"""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter

from launcher.demo import open_world
from launcher.stack import Stack, temporary_folder
from sandbox.cases import Case
from sandbox.scenarios import SCENARIOS, Scenario, instant_saas
from workflows.instance.lifecycle import INSTANCE_LIFE

FOLDER = Path(__file__).parent / "recorded"
FINGERPRINTS = FOLDER / "fingerprints.json"


def file_of(title: str) -> Path:
    """Where a scenario's history is kept."""
    return FOLDER / f"{title.lower().replace(',', '').replace(' ', '-')}.json"


LIFE = "Instance life"
"""Title of the history of what the instant-on scenario leaves; it is lived to its end."""


def recorded(scenario: Scenario, case: Case) -> list[tuple[str, str]]:
    """The histories of a played scenario: their titles and the workflows' ids."""
    delivery = [(scenario.title, f"delivery:{case.id}")]
    return [*delivery, (LIFE, f"instance:{case.id}")] if scenario.play is instant_saas else delivery


def fingerprint(history: WorkflowHistory) -> list[str]:
    """Every distinct command of the flow, with its time limits and retries: what a replay alone does not notice.

    When an appeal is due depends on the weekday it was filed on, when an end is reminded of on the hour of the day:
    where these happen, the timers are left out.
    """
    told = {one for event in history.events for one in _told(event)}
    begun = history.events[0].workflow_execution_started_event_attributes
    follows_calendar = begun.workflow_type.name == INSTANCE_LIFE or any("appeal-due" in one for one in told)
    return sorted(one for one in told if not (follows_calendar and one.startswith("timer")))


def _told(event: HistoryEvent) -> list[str]:
    match event.event_type:
        case EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            activity = event.activity_task_scheduled_event_attributes
            policy = activity.retry_policy
            queue = activity.task_queue.name
            return [
                (
                    f"activity {activity.activity_type.name} on {queue}"
                    f" attempt {_seconds(activity.start_to_close_timeout.ToTimedelta())}"
                    f" in all {_minutes(activity.schedule_to_close_timeout.ToTimedelta())}"
                    f" again after {_seconds(policy.initial_interval.ToTimedelta())} × {policy.backoff_coefficient:g}"
                    f" up to {_seconds(policy.maximum_interval.ToTimedelta())},"
                    f" {policy.maximum_attempts or 'any'} times"
                )
            ]
        case EventType.EVENT_TYPE_TIMER_STARTED:
            duration = event.timer_started_event_attributes.start_to_fire_timeout.ToTimedelta()
            return [f"timer of {round(duration / timedelta(hours=1))} h"]
        case EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:
            fields = event.upsert_workflow_search_attributes_event_attributes.search_attributes.indexed_fields
            return [f"search attribute {name}" for name in fields]
        case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:
            return ["complete"]
        case _:
            return []


def _seconds(duration: timedelta) -> str:
    return f"{duration.total_seconds():g} s" if duration else "∞"


def _minutes(duration: timedelta) -> str:
    """A retry window counts from the order's start on record, some moments before its first workflow task."""
    return f"{duration / timedelta(minutes=1):.0f} min" if duration else "∞"


async def fetch(client: Client, workflow_id: str) -> WorkflowHistory:
    """A workflow's history, once it has ended."""
    handle = client.get_workflow_handle(workflow_id)
    async with asyncio.timeout(30):
        await handle.result()
    return await handle.fetch_history()


async def _record(stack: Stack) -> None:
    world = await open_world(stack.layout, lambda _title, _what: None)
    client = await Client.connect(stack.layout.temporal_address, data_converter=pydantic_data_converter)
    fingerprints = {}
    for scenario in SCENARIOS:
        case = Case(world, scenario.title, scenario.product_type)
        wrong = await scenario.run(case)
        if wrong is not None:
            raise RuntimeError(wrong)
        for title, workflow_id in recorded(scenario, case):
            history = await fetch(client, workflow_id)
            file_of(title).write_text(history.to_json())
            fingerprints[title] = fingerprint(history)
    FINGERPRINTS.write_text(json.dumps(fingerprints, indent=2, ensure_ascii=False) + "\n")


def main() -> None:
    """Record."""
    FOLDER.mkdir(exist_ok=True)
    with temporary_folder("histories") as folder:
        stack = Stack(folder)
        stack.start()
        try:
            asyncio.run(_record(stack))
        finally:
            stack.stop()


if __name__ == "__main__":
    main()
