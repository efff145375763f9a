"""What the engine starts by itself: probing every morning and afternoon, usage once a day (DOMAIN §5.3, §5.8)."""

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleRange,
    ScheduleSpec,
)

from domain.seller.probing import Round
from settings import settings
from workflows.instance.query import UsageRound
from workflows.seller.probing import Probing

PROBING = "probing"
PROBING_HOURS_UTC = (1, 7)
"""Nine and fifteen o'clock of the marketplace's day."""

USAGE = "usage"
USAGE_HOUR_UTC = 20
"""Four o'clock of the marketplace's day."""


async def schedule_rounds(client: Client) -> None:
    """Have the engine start the rounds; does nothing when it does already."""
    queue = settings().task_queue
    probing = ScheduleActionStartWorkflow(Probing.run, Round(), id=PROBING, task_queue=queue)
    await _schedule(client, PROBING, probing, *PROBING_HOURS_UTC)
    await _schedule(
        client, USAGE, ScheduleActionStartWorkflow(UsageRound.run, id=USAGE, task_queue=queue), USAGE_HOUR_UTC
    )


async def _schedule(client: Client, name: str, action: ScheduleActionStartWorkflow, *hours: int) -> None:
    """Half past each of these hours, UTC."""
    at = ScheduleCalendarSpec(hour=[ScheduleRange(hour) for hour in hours], minute=[ScheduleRange(30)])
    try:
        await client.create_schedule(name, Schedule(action=action, spec=ScheduleSpec(calendars=[at])))
    except ScheduleAlreadyRunningError:
        return
