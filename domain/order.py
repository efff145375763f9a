"""The paid order line a delivery is about, and the names of the marketplace's product types."""

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from domain.parties import Actor, Role


class ProductType(StrEnum):
    """What is delivered; each type has a flow of its own (DOMAIN §1.3)."""

    LICENSE_AUTHORIZATION_CODE = "license-authorization-code"
    LICENSE_OFFLINE = "license-offline"
    LICENSE_PACKAGE_DEPLOYMENT = "license-package-deployment"
    SAAS_SUPERVISED = "saas-supervised"
    SAAS_INSTANT = "saas-instant"
    MANUAL_SERVICE = "manual-service"


class SellerCategory(StrEnum):
    """How the product is sold (DOMAIN §1.5)."""

    GENERAL = "general"
    SELF_SERVICE = "self-service"
    JOINT_OPERATION = "joint-operation"


class Scenario(StrEnum):
    """The track of a joint-operation order: 赋能云, 基地云, or neither (DOMAIN §1.5)."""

    NONE = "none"
    ENABLEMENT_CLOUD = "enablement-cloud"
    BASE_CLOUD = "base-cloud"


class PeriodUnit(StrEnum):
    """Unit of a yearly/monthly (包周期) purchase."""

    MONTH = "month"
    YEAR = "year"


EARLIEST = datetime(2010, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)


def _plausible(moment: datetime) -> datetime:
    if not EARLIEST <= moment <= LATEST:
        message = f"must lie between {EARLIEST:%Y-%m-%d} and {LATEST:%Y-%m-%d}"
        raise ValueError(message)
    return moment.astimezone(UTC)


Instant = Annotated[AwareDatetime, AfterValidator(_plausible)]
"""A moment with a time zone, kept in UTC, between 2010 and 2100."""

Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$", max_length=64)]
"""An id of the marketplace: letters, digits, underscore and hyphen, at most 64 characters."""


class Strict(BaseModel):
    """A value of the domain: immutable, and closed to unknown members."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Period(Strict):
    """Length of a yearly/monthly purchase."""

    unit: PeriodUnit
    number: Annotated[int, Field(ge=1, le=120)]


class Product(Strict):
    """The settings of the product that its delivery depends on."""

    id: Identifier
    name: Annotated[str, Field(min_length=1, max_length=128)]
    type: ProductType
    acceptance_days: Annotated[int, Field(ge=3, le=365)] | None = Field(
        default=15,
        description="Days a silent buyer has before the clock accepts; null means never.",
    )
    order_notify: bool = Field(default=False, description="Tell the seller of the order by the orderNotify call.")


class Order(Strict):
    """One paid order line, as the purchase system hands it over."""

    order_id: Identifier
    order_line_id: Identifier
    product: Product
    seller_id: Identifier
    buyer_id: Identifier
    seller_category: SellerCategory = SellerCategory.GENERAL
    scenario: Scenario = Scenario.NONE
    amount: Annotated[Decimal, Field(gt=0, max_digits=14, decimal_places=2)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "CNY"
    period: Period | None = None
    placed_at: Instant

    @property
    def delivery_id(self) -> str:
        """The delivery's name everywhere: order and line, unique for ever."""
        return f"{self.order_id}:{self.order_line_id}"

    def party(self, role: Role) -> Actor | None:
        """The one party that may act for the seller or the buyer; None for the other roles."""
        ids = {Role.SELLER: self.seller_id, Role.BUYER: self.buyer_id}
        return Actor(role=role, id=ids[role]) if role in ids else None

    def is_visible_to(self, actor: Actor) -> bool:
        """Sellers and buyers see their own orders only."""
        return self.party(actor.role) in {None, actor}
