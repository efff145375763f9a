"""Calls to one order's seller: repeated, parked, restarted, given up (DOMAIN §5.7)."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, FailureError, is_cancelled_exception

from domain.cases import CallBook
from domain.events import Event, EventName
from domain.order import Order
from domain.parties import SYSTEM
from domain.policy import Policy
from domain.seller_calls import (
    CALL_REFUSED,
    Activity,
    AfterWindow,
    CallFields,
    GetLicense,
    SellerAnswer,
    SellerCall,
    retry_window,
)
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


class SellerCalls:
    """The calls of one workflow, each kind one at a time; what is parked comes back as an event."""

    def __init__(self, scope: str, order: Order, policy: Policy, book: CallBook, tell: Callable[[Event], None]) -> None:
        """Take what the keys begin with, whose calls they are, where they are booked, and where events go."""
        self._scope = scope
        self._order = order
        self._policy = policy
        self._book = book
        self._tell = tell
        self._generations: Counter[Activity] = Counter()
        self._restarts: Counter[str] = Counter()
        self._running: dict[Activity, asyncio.Task[SellerAnswer]] = {}

    def restart(self, activity: str) -> None:
        """Have a call made again at once: one that is parked, or one that waits for its next attempt."""
        self._restarts[activity] += 1

    def abandon(self, activity: Activity) -> None:
        """End a call that is not wanted any more; whoever waits for it has to be cancelled too."""
        if activity in self._running:
            self._running[activity].cancel()
        self._book.settle(activity)

    async def make(self, activity: Activity, fields: CallFields, get_license: GetLicense | None = None) -> SellerAnswer:
        """Call until success.

        What the table parks waits for a restart, which opens the window anew. What it refunds waits only when the
        seller refused, and while its window is open; raises GaveUpError after that.
        """
        window = retry_window(activity, self._policy)
        parks = window.after is AfterWindow.PARK
        ends_at = workflow.now() + window.window
        self._book.calling.append(activity)
        while True:
            outcome = await self._try(self._next(activity, fields, get_license), ends_at)
            if isinstance(outcome, SellerAnswer):
                self._book.settle(activity)
                return outcome
            if isinstance(outcome, Failure):
                may_wait = parks or (outcome.refused and workflow.now() < ends_at)
                if not (may_wait and await self._is_restarted(activity, outcome.reason, None if parks else ends_at)):
                    self._book.settle(activity)
                    raise GaveUpError(outcome.reason)
                ends_at = workflow.now() + window.window if parks else ends_at

    def _next(self, activity: Activity, fields: CallFields, get_license: GetLicense | None) -> SellerCall:
        """The call under a key of its own; the attempts of one retry window share it."""
        self._generations[activity] += 1
        return SellerCall(
            key=f"{self._scope}:{activity}:{self._generations[activity]}",
            delivery_id=self._order.delivery_id,
            seller_id=self._order.seller_id,
            activity=activity,
            fields=fields,
            get_license=get_license,
            every=retry_window(activity, self._policy).every,
        )

    async def _try(self, call: SellerCall, ends_at: datetime) -> SellerAnswer | Failure | None:
        """Have the engine attempt the call until the window closes; None when somebody restarted it meanwhile."""
        activity, asked = call.activity, self._restarts[call.activity]
        running = self._running[activity] = asyncio.create_task(outside.call_seller(call, ends_at))
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
