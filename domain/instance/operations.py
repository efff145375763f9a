"""What can be asked of an instance or an authorization code, and what has to be sent with it (DOMAIN §4, §5.10)."""

import hashlib
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from domain.base import Identifier, Strict
from domain.instance.state import InstanceStatus
from domain.order import OrderLine, Period
from domain.step import Given, Receipt


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


class Operation(Given):
    """An operation with the party that asked for it and the key that makes it happen once."""

    body: Annotated[
        Renew | CancelRenewal | Convert | Upgrade | Release | RestartInstanceCall, Field(discriminator="operation")
    ]

    @property
    def fingerprint(self) -> str:
        """Tells two operations under one key apart."""
        return hashlib.sha256(self.body.model_dump_json().encode()).hexdigest()


class OperationReceipt(Receipt):
    """The answer to an operation that was taken."""

    operation: OperationName
    status: InstanceStatus
    expires_at: datetime | None
