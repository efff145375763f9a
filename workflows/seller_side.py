"""What a delivery has done at its seller: instance, license, notice, and their release."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, FailureError, is_cancelled_exception

from domain.events import Event, EventName
from domain.parties import SYSTEM
from domain.seller_calls import CALL_REFUSED, Activity, AfterWindow, ResultCode, SellerAnswer, retry_window
from domain.stages import StageName
from domain.state import State
from workflows import outside


@dataclass(frozen=True)
class Failure:
    """Why a call brought no success; a refused one is not repeated before somebody mended the reason."""

    reason: str
    refused: bool


class GaveUpError(Exception):
    """The retry window closed without success."""

    def __init__(self, reason: str) -> None:
        """Keep the last attempt's reason."""
        super().__init__(reason)
        self.reason = reason


class SellerSide:
    """The calls of one delivery; what they bring comes back as events."""

    def __init__(self, state: State, tell: Callable[[Event], None]) -> None:
        """Take the delivery's state, and where events go."""
        self._state = state
        self._tell = tell
        self._generations: Counter[Activity] = Counter()
        self._restarts: Counter[str] = Counter()
        self._running: dict[Activity, asyncio.Task[SellerAnswer]] = {}
        self._provisioning: asyncio.Task[str | None] | None = None
        self._fetching: asyncio.Task[None] | None = None

    def provision(self) -> None:
        """Begin to have the instance made."""
        self._provisioning = asyncio.create_task(self._provision())

    def enter(self, stage: StageName) -> None:
        """Begin the calls that belong to a stage, and end those that do not (DOMAIN §4.5)."""
        if self._fetching is not None and not self._fetching.done():
            self._fetching.cancel()
            self._running[Activity.GET_LICENSE].cancel()
            self._settle(Activity.GET_LICENSE)
        if stage is StageName.LICENSE_DELIVERY and self._state.order.product.online_license:
            self._fetching = asyncio.create_task(self._fetch_license())

    def restart(self, activity: str) -> None:
        """Have a call made again at once: one that is parked, or one that waits for its next attempt."""
        self._restarts[activity] += 1

    async def notify(self) -> None:
        """Tell the seller of the order, if the product asks for it."""
        if self._state.order.product.order_notify:
            await self._call(Activity.ORDER_NOTIFY)

    async def release(self) -> None:
        """Have what was provisioned released; waits for a provisioning that is under way."""
        instance_id = await self._provisioning if self._provisioning else None
        if instance_id is not None:
            await self._call(Activity.RELEASE_INSTANCE, instance_id)
        if self._state.seller_knows_code:
            await self._call(Activity.RELEASE_LICENSE_CODE)

    async def _provision(self) -> str | None:
        """Have the seller create the instance and poll while it says "processing"; None when it gave up."""
        try:
            answer = await self._call(Activity.NEW_INSTANCE)
            if answer.result_code is ResultCode.PROCESSING:
                answer = await self._call(Activity.QUERY_INSTANCE, answer.instance_id)
        except GaveUpError as error:
            self._tell(Event(name=EventName.PROVISIONING_FAILED, actor=SYSTEM, detail=error.reason))
            return None
        self._tell(Event(name=EventName.INSTANCE_PROVISIONED, actor=SYSTEM, instance_id=answer.instance_id))
        return answer.instance_id

    async def _fetch_license(self) -> None:
        answer = await self._call(Activity.GET_LICENSE)
        self._state.license = answer.license
        self._tell(Event(name=EventName.LICENSE_FETCHED, actor=SYSTEM, instance_id=answer.instance_id))

    async def _call(self, activity: Activity, instance_id: str | None = None) -> SellerAnswer:
        """Call until success.

        What the table parks waits for a restart, which opens the window anew. What it refunds waits only when the
        seller refused, and while its window is open; raises GaveUpError after that.
        """
        window = retry_window(activity, self._state.terms.policy)
        parks = window.after is AfterWindow.PARK
        ends_at = workflow.now() + window.window
        self._state.calling.append(activity)
        while True:
            outcome = await self._try(activity, instance_id, ends_at)
            if isinstance(outcome, SellerAnswer):
                self._settle(activity)
                return outcome
            if isinstance(outcome, Failure):
                may_wait = parks or (outcome.refused and workflow.now() < ends_at)
                if not (may_wait and await self._is_restarted(activity, outcome.reason, None if parks else ends_at)):
                    self._settle(activity)
                    raise GaveUpError(outcome.reason)
                ends_at = workflow.now() + window.window if parks else ends_at

    async def _try(
        self, activity: Activity, instance_id: str | None, ends_at: datetime
    ) -> SellerAnswer | Failure | None:
        """Have the engine attempt the call until the window closes; None when somebody restarted it meanwhile."""
        self._generations[activity] += 1
        asked = self._restarts[activity]
        call = outside.call_seller(self._state, activity, self._generations[activity], instance_id, ends_at)
        running = self._running[activity] = asyncio.create_task(call)
        await workflow.wait_condition(lambda: running.done() or self._restarts[activity] > asked)
        if not running.done():
            running.cancel()
            await workflow.wait_condition(running.done)
        error = None if running.cancelled() else running.exception()
        if running.cancelled() or (error is not None and is_cancelled_exception(error)):
            return None
        return running.result() if error is None else failure_of(error)

    async def _is_restarted(self, activity: Activity, reason: str, until: datetime | None) -> bool:
        """Park a call with its reason; True when it was restarted, False when the time for that is over."""
        asked = self._restarts[activity]
        self._tell(Event(name=EventName.SELLER_CALL_PARKED, actor=SYSTEM, activity=activity, detail=reason))
        timeout = None if until is None else until - workflow.now()
        try:
            await workflow.wait_condition(
                lambda: self._restarts[activity] > asked, timeout=timeout, timeout_summary=f"restart of {activity}"
            )
        except TimeoutError:
            return False
        return True

    def _settle(self, activity: Activity) -> None:
        """Nobody has to see to this call any more."""
        self._state.calling = [one for one in self._state.calling if one != activity]
        self._state.parked = [one for one in self._state.parked if one.activity != activity]


def failure_of(error: BaseException) -> Failure:
    """Why a call failed, in the words of its last attempt; raises what is no failure of a call."""
    if not isinstance(error, ActivityError):
        raise error
    cause: BaseException = error
    while isinstance(cause, FailureError) and cause.cause is not None:
        cause = cause.cause
    if isinstance(cause, ApplicationError):
        return Failure(reason=cause.message[:500], refused=cause.type == CALL_REFUSED)
    return Failure(reason=str(cause)[:500], refused=False)
