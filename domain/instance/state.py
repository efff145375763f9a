"""What lives on after a delivery: an instance or an authorization code, until its release (DOMAIN §4, §5.10).

The purchase system orders operations on it (renewal, upgrade …), the clock lets it expire, and the seller is told each
time, one call after the other.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import Field

from domain.base import Strict
from domain.bilingual import Bilingual
from domain.marketplace import MARKETPLACE_ZONE
from domain.order import Order
from domain.parties import Role
from domain.policy import Policy
from domain.recorded import Recorded
from domain.seller.calls import CallName
from domain.seller.open_calls import CallingState, OpenCall


class InstanceKind(StrEnum):
    """What the seller knows it by: an instance id, or an authorization code 2.0."""

    SAAS = "saas"
    AUTHORIZATION_CODE = "authorization-code"


class InstanceStatus(StrEnum):
    """How an instance may be used (DOMAIN §4, §5.10)."""

    ACTIVE = "active"
    EXPIRED = "expired"
    FROZEN = "frozen"
    RELEASED = "released"


STATUS_LABELS: dict[InstanceStatus, Bilingual] = {
    InstanceStatus.ACTIVE: Bilingual(zh="使用中", en="In use"),
    InstanceStatus.EXPIRED: Bilingual(zh="已到期，宽限期内可用", en="Expired, still usable for its days of grace"),
    InstanceStatus.FROZEN: Bilingual(zh="已冻结，续费后恢复", en="Frozen; a renewal brings it back"),
    InstanceStatus.RELEASED: Bilingual(zh="已释放", en="Released"),
}


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

    kind: InstanceKind
    order: Order
    policy: Policy
    instance_id: str | None
    license_code: str | None
    at: datetime
    expires_at: datetime | None
    recorded: Recorded | None = None


class InstanceState(CallingState):
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
    def begin(cls, start: InstanceStart) -> "InstanceState":
        """The state of an instance that was just delivered."""
        return cls(
            order=start.order,
            policy=start.policy,
            kind=start.kind,
            instance_id=start.instance_id,
            license_code=start.license_code,
            product_id=start.order.product.id,
            trial=start.order.trial,
            since=start.at,
            expires_at=start.expires_at,
            acted_until=start.at,
        )

    @property
    def is_released(self) -> bool:
        """It is gone, or going."""
        return self.status is InstanceStatus.RELEASED

    @property
    def waiting_on(self) -> Role:
        """Who has to act: the seller, when a call waits for its restart."""
        return Role.SELLER if self.parked else Role.SYSTEM

    @property
    def upgrade(self) -> OpenCall | None:
        """The upgrade that the seller is still to carry out."""
        return next((call for call in self.calls if call.activity is CallName.UPGRADE_INSTANCE), None)

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
