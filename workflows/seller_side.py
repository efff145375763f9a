"""What a delivery has done at its seller: instance, license, notice, and their release."""

import asyncio
from collections import Counter
from collections.abc import Callable

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

from domain.events import Event, EventName
from domain.parties import SYSTEM
from domain.seller_calls import Activity, ResultCode, SellerAnswer
from domain.stages import StageName
from domain.state import State
from workflows import outside


class SellerSide:
    """The calls of one delivery; what they bring comes back as events."""

    def __init__(self, state: State, tell: Callable[[Event], None]) -> None:
        """Take the delivery's state, and where events go."""
        self._state = state
        self._tell = tell
        self._generations: Counter[Activity] = Counter()
        self._provisioning: asyncio.Task[str | None] | None = None
        self._fetching: asyncio.Task[None] | None = None

    def provision(self) -> None:
        """Begin to have the instance made."""
        self._provisioning = asyncio.create_task(self._provision())

    def enter(self, stage: StageName) -> None:
        """Begin the calls that belong to a stage, and end those that do not (DOMAIN §4.5)."""
        if self._fetching is not None:
            self._fetching.cancel()
            self._fetching = None
            self._state.parked = [one for one in self._state.parked if one != Activity.GET_LICENSE]
        if stage is StageName.LICENSE_DELIVERY and self._state.order.product.online_license:
            self._fetching = asyncio.create_task(self._fetch_license())

    async def notify(self) -> None:
        """Tell the seller of the order, if the product asks for it."""
        if self._state.order.product.order_notify:
            await self._call_until_done(Activity.ORDER_NOTIFY)

    async def release(self) -> None:
        """Have what was provisioned released; waits for a provisioning that is under way."""
        instance_id = await self._provisioning if self._provisioning else None
        if instance_id is not None:
            await self._call_until_done(Activity.RELEASE_INSTANCE, instance_id)
        if self._state.seller_knows_code:
            await self._call_until_done(Activity.RELEASE_LICENSE_CODE)

    async def _call(self, activity: Activity, instance_id: str | None = None) -> SellerAnswer:
        self._generations[activity] += 1
        return await outside.call_seller(self._state, activity, self._generations[activity], instance_id)

    async def _provision(self) -> str | None:
        """Have the seller create the instance and poll while it says "processing"; None when it gave up."""
        try:
            answer = await self._call(Activity.NEW_INSTANCE)
            if answer.result_code is ResultCode.PROCESSING:
                answer = await self._call(Activity.QUERY_INSTANCE, answer.instance_id)
        except ActivityError as error:
            detail = str(error.cause or error)[:500]
            self._tell(Event(name=EventName.PROVISIONING_FAILED, actor=SYSTEM, detail=detail))
            return None
        self._tell(Event(name=EventName.INSTANCE_PROVISIONED, actor=SYSTEM, instance_id=answer.instance_id))
        return answer.instance_id

    async def _fetch_license(self) -> None:
        answer = await self._call_until_done(Activity.GET_LICENSE)
        self._state.license = answer.license
        self._tell(Event(name=EventName.LICENSE_FETCHED, actor=SYSTEM, instance_id=answer.instance_id))

    async def _call_until_done(self, activity: Activity, instance_id: str | None = None) -> SellerAnswer:
        """Call the seller; when a retry window closes, park the call until somebody restarts it."""
        while True:
            try:
                return await self._call(activity, instance_id)
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                self._tell(Event(name=EventName.SELLER_CALL_PARKED, actor=SYSTEM, activity=activity))
                await workflow.wait_condition(lambda: activity in self._state.parked)
                await workflow.wait_condition(lambda: activity not in self._state.parked)
