"""What lives on after a delivery: an instance or an authorization code, until its release (DOMAIN §4, §5.10).

The purchase system orders operations on it (renewal, upgrade …), the clock lets it expire, and the seller is told each
time, one call after the other.
"""

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from domain.base import Identifier, Strict
from domain.call_book import OpenCall
from domain.order import Order, OrderLine, Period, ProductType
from domain.parties import Actor
from domain.policy import Policy
from domain.process import ProcessState
from domain.recorded import Recorded
from domain.seller_calls import Activity
from domain.text import Text
from domain.validity import MARKETPLACE_ZONE


class InstanceKind(StrEnum):
    """What the seller knows it by: an instance id, or an authorization code 2.0."""

    SAAS = "saas"
    AUTHORIZATION_CODE = "authorization-code"


KINDS: dict[ProductType, InstanceKind] = {
    ProductType.SAAS_SUPERVISED: InstanceKind.SAAS,
    ProductType.SAAS_INSTANT: InstanceKind.SAAS,
    ProductType.LICENSE_AUTHORIZATION_CODE: InstanceKind.AUTHORIZATION_CODE,
}
"""Product types whose delivery leaves something that lives on."""


class InstanceStatus(StrEnum):
    """How an instance may be used (DOMAIN §4, §5.10)."""

    ACTIVE = "active"
    EXPIRED = "expired"
    FROZEN = "frozen"
    RELEASED = "released"


STATUS_LABELS: dict[InstanceStatus, Text] = {
    InstanceStatus.ACTIVE: Text(zh="使用中", en="In use"),
    InstanceStatus.EXPIRED: Text(zh="已到期，宽限期内可用", en="Expired, still usable for its days of grace"),
    InstanceStatus.FROZEN: Text(zh="已冻结，续费后恢复", en="Frozen; a renewal brings it back"),
    InstanceStatus.RELEASED: Text(zh="已释放", en="Released"),
}


class OperationName(StrEnum):
    """What can be done with an instance."""

    RENEW = "renew"
    CANCEL_RENEWAL = "cancel-renewal"
    CONVERT = "convert"
    UPGRADE = "upgrade"
    RELEASE = "release"
    RESTART_CALL = "restart-call"


class OrderOperation(Strict):
    """An operation that an order line of its own pays for or asks for; the line makes it happen once."""

    order_id: Identifier
    order_line_id: Identifier

    @property
    def order_line(self) -> str:
        """The operation's order line, as order:line."""
        return f"{self.order_id}:{self.order_line_id}"


class Renew(OrderOperation):
    """Renewal (续费): prolong by a period; with another product, a change at renewal (续费变更)."""

    operation: Literal[OperationName.RENEW] = OperationName.RENEW
    period: Period
    product_id: Identifier | None = None


class CancelRenewal(OrderOperation):
    """Cancellation of the latest renewal while it is not in effect (退续费); the order is the unsubscription's."""

    operation: Literal[OperationName.CANCEL_RENEWAL] = OperationName.CANCEL_RENEWAL
    renewal: OrderLine = Field(description="The renewal's order line, as order:line")


class Convert(OrderOperation):
    """From trial to commercial use (试用转正)."""

    operation: Literal[OperationName.CONVERT] = OperationName.CONVERT
    period: Period


class Upgrade(OrderOperation):
    """Upgrade to another product of the seller; refunded when the seller cannot carry it out."""

    operation: Literal[OperationName.UPGRADE] = OperationName.UPGRADE
    product_id: Identifier


class Release(OrderOperation):
    """Release after an unsubscription (退订), whose order this is."""

    operation: Literal[OperationName.RELEASE] = OperationName.RELEASE


class RestartInstanceCall(Strict):
    """Call the seller again (重新启动)."""

    operation: Literal[OperationName.RESTART_CALL] = OperationName.RESTART_CALL
    activity: Identifier


Ordered = Annotated[Renew | CancelRenewal | Convert | Upgrade | Release, Field(discriminator="operation")]
"""What the purchase system asks for."""


class Operation(Strict):
    """An operation with the party that asked for it and the key that makes it happen once."""

    actor: Actor
    key: Annotated[str, Field(min_length=1, max_length=256)]
    body: Annotated[
        Renew | CancelRenewal | Convert | Upgrade | Release | RestartInstanceCall, Field(discriminator="operation")
    ]

    @property
    def fingerprint(self) -> str:
        """Tells two operations under one key apart."""
        return hashlib.sha256(self.body.model_dump_json().encode()).hexdigest()


class OperationReceipt(Strict):
    """The answer to an operation that was taken; the same for every repetition under its key."""

    delivery_id: str
    operation: OperationName
    fingerprint: str
    sequence: int
    at: datetime
    status: InstanceStatus
    expires_at: datetime | None


class InstanceAct(StrEnum):
    """What the clock of an instance does."""

    REMIND = "remind-expiry"
    EXPIRE = "expire"
    FREEZE = "freeze"
    RELEASE = "release-expired"


class InstanceDue(Strict):
    """An act and its instant."""

    at: datetime
    act: InstanceAct


EXPIRY_REMINDERS = (15, 7, 3, 1)
"""Days before the end on which the buyer is reminded (DOMAIN §10)."""

REMINDER_HOUR = 10
"""Hour of the marketplace's day at which reminders go out (DOMAIN §10)."""


class Renewal(Strict):
    """A renewal: its order line, and from when to when it counts."""

    order_line: str
    starts_at: datetime
    ends_at: datetime


class InstanceStart(Strict):
    """What an instance begins with: the delivery's order and policy, what was delivered; and what is on record."""

    order: Order
    policy: Policy
    instance_id: str | None
    license_code: str | None
    at: datetime
    expires_at: datetime | None
    recorded: Recorded | None = None


class InstanceState(ProcessState):
    """An instance at one moment."""

    order: Order
    policy: Policy
    kind: InstanceKind
    instance_id: str | None
    license_code: str | None
    product_id: str
    status: InstanceStatus = InstanceStatus.ACTIVE
    trial: bool
    since: datetime
    expires_at: datetime | None
    acted_until: datetime
    sequence: int = 0
    renewals: list[Renewal] = Field(default_factory=list)
    released_at: datetime | None = None

    @classmethod
    def begin(cls, born: InstanceStart) -> "InstanceState":
        """The state of an instance that was just delivered."""
        return cls(
            order=born.order,
            policy=born.policy,
            kind=KINDS[born.order.product.type],
            instance_id=born.instance_id,
            license_code=born.license_code,
            product_id=born.order.product.id,
            trial=born.order.trial,
            since=born.at,
            expires_at=born.expires_at,
            acted_until=born.at,
        )

    @property
    def is_released(self) -> bool:
        """It is gone, or going."""
        return self.status is InstanceStatus.RELEASED

    @property
    def upgrade(self) -> OpenCall | None:
        """The upgrade that the seller is still to carry out."""
        return next((call for call in self.calls if call.activity is Activity.UPGRADE_INSTANCE), None)

    @property
    def next_due(self) -> InstanceDue | None:
        """What the clock does next."""
        return next((due for due in self._acts() if due.at > self.acted_until), None)

    def _acts(self) -> list[InstanceDue]:
        """Reminders, expiry, freeze and release, in order (DOMAIN §4, §5.10, §10)."""
        if self.expires_at is None or self.is_released:
            return []
        end, is_code = self.expires_at, self.kind is InstanceKind.AUTHORIZATION_CODE
        reminders = [_reminder(end, days) for days in EXPIRY_REMINDERS]
        frozen_at = end + timedelta(days=self.policy.license_grace_days if is_code else 0)
        released_at = frozen_at + timedelta(days=self.policy.frozen_days)
        return [
            *(InstanceDue(at=at, act=InstanceAct.REMIND) for at in reminders if at < end),
            *([InstanceDue(at=end, act=InstanceAct.EXPIRE)] if frozen_at > end else []),
            InstanceDue(at=frozen_at, act=InstanceAct.FREEZE),
            InstanceDue(at=released_at, act=InstanceAct.RELEASE),
        ]


def _reminder(end: datetime, days: int) -> datetime:
    """Ten o'clock of the marketplace's day, so many days before the end."""
    day = end.astimezone(MARKETPLACE_ZONE) - timedelta(days=days)
    return day.replace(hour=REMINDER_HOUR, minute=0, second=0, microsecond=0).astimezone(end.tzinfo)
