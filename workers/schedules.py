"""What the engine starts by itself: the rounds of probing, every morning and afternoon (DOMAIN §5.8)."""

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleRange,
    ScheduleSpec,
)

from domain.products import Round
from settings import settings
from workflows.probing import Probing

PROBING = "probing"
HOURS_UTC = (1, 7)
"""Nine and fifteen o'clock of the marketplace's day."""


async def schedule_probing(client: Client) -> None:
    """Have the engine start a round twice a day; does nothing when it does already."""
    queue = settings().task_queue
    hours = [ScheduleRange(hour) for hour in HOURS_UTC]
    schedule = Schedule(
        action=ScheduleActionStartWorkflow(Probing.run, Round(), id=PROBING, task_queue=queue),
        spec=ScheduleSpec(calendars=[ScheduleCalendarSpec(hour=hours, minute=[ScheduleRange(30)])]),
    )
    try:
        await client.create_schedule(PROBING, schedule)
    except ScheduleAlreadyRunningError:
        return
