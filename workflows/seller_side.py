"""What a delivery has done at its seller: instance, license, notice, and their release."""

import asyncio
from collections.abc import Callable

from domain.events import Event, EventName
from domain.parties import SYSTEM
from domain.seller_calls import Activity, CallFields, GetLicense, ResultCode
from domain.stages import StageName
from domain.state import State
from workflows.seller_calls import GaveUpError, SellerCalls


class SellerSide:
    """The calls of one delivery; what they bring comes back as events."""

    def __init__(self, state: State, tell: Callable[[Event], None]) -> None:
        """Take the delivery's state, and where events go."""
        self._state = state
        self._tell = tell
        self.calls = SellerCalls(state.order.delivery_id, state.order, state.terms.policy, state, tell)
        self._provisioning: asyncio.Task[str | None] | None = None
        self._fetching: asyncio.Task[None] | None = None

    def provision(self) -> None:
        """Begin to have the instance made."""
        self._provisioning = asyncio.create_task(self._provision())

    def enter(self, stage: StageName) -> None:
        """Begin the calls that belong to a stage, and end those that do not (DOMAIN §4.5)."""
        if self._fetching is not None and not self._fetching.done():
            self._fetching.cancel()
            self.calls.abandon(Activity.GET_LICENSE)
        if stage is StageName.LICENSE_DELIVERY and self._state.order.product.online_license:
            self._fetching = asyncio.create_task(self._fetch_license())

    async def notify(self) -> None:
        """Tell the seller of the order, if the product asks for it."""
        if self._state.order.product.order_notify:
            await self.calls.make(Activity.ORDER_NOTIFY, self._order_line.model_copy(update={"test_flag": "0"}))

    async def release(self) -> None:
        """Have what was provisioned released; waits for a provisioning that is under way."""
        instance_id = await self._provisioning if self._provisioning else None
        if instance_id is not None:
            await self.calls.make(Activity.RELEASE_INSTANCE, CallFields(instance_id=instance_id))
        if self._state.seller_knows_code:
            await self.calls.make(Activity.RELEASE_LICENSE_CODE, CallFields(license=self._state.license_code))

    async def _provision(self) -> str | None:
        """Have the seller create the instance and poll while it says "processing"; None when it gave up."""
        try:
            answer = await self.calls.make(Activity.NEW_INSTANCE, self._order_line)
            if answer.result_code is ResultCode.PROCESSING:
                answer = await self.calls.make(Activity.QUERY_INSTANCE, CallFields(instance_id=answer.instance_id))
        except GaveUpError as error:
            self._tell(Event(name=EventName.PROVISIONING_FAILED, actor=SYSTEM, detail=error.reason))
            return None
        self._tell(Event(name=EventName.INSTANCE_PROVISIONED, actor=SYSTEM, instance_id=answer.instance_id))
        return answer.instance_id

    async def _fetch_license(self) -> None:
        answer = await self.calls.make(Activity.GET_LICENSE, CallFields(), self._get_license())
        self._state.license = answer.license
        self._tell(Event(name=EventName.LICENSE_FETCHED, actor=SYSTEM, instance_id=answer.instance_id))

    @property
    def _order_line(self) -> CallFields:
        return CallFields(order_id=self._state.order.order_id, order_line_id=self._state.order.order_line_id)

    def _get_license(self) -> GetLicense:
        """What the call for a license 1.0 tells the seller (DOMAIN §4.5)."""
        order = self._state.order
        return GetLicense(
            order_id=order.order_id,
            customer_id=order.buyer_id,
            product_id=order.product.id,
            identification_code=self._state.identification_code or "",
            amount=str(order.amount),
            period_type=order.period.unit if order.period else None,
            period_number=order.period.number if order.period else None,
        )
