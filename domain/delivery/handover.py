"""What a completed delivery leaves: an instance or an authorization code that lives on."""

from datetime import datetime

from domain.delivery.flows import PRODUCT_TYPES
from domain.delivery.state import DeliveryState
from domain.instance.state import InstanceStart


def instance_start(delivery: DeliveryState, at: datetime) -> InstanceStart | None:
    """What an instance begins with, from the delivery that left it; None when nothing lives on."""
    kind = PRODUCT_TYPES[delivery.order.product.type].leaves
    if kind is None:
        return None
    return InstanceStart(
        kind=kind,
        order=delivery.order,
        policy=delivery.terms.policy,
        instance_id=delivery.instance_id,
        license_code=delivery.license_code,
        at=at,
        expires_at=delivery.validity.ends_at if delivery.validity else None,
    )
