"""The paid order line a delivery is about, and the names of the marketplace's product types."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from domain.base import Identifier, Instant, Label, Strict
from domain.parties import Actor, Role


class ProductType(StrEnum):
    """What is delivered (DOMAIN §1.3)."""

    LICENSE_AUTHORIZATION_CODE = "license-authorization-code"
    LICENSE_IDENTIFICATION_CODE = "license-identification-code"
    LICENSE_OFFLINE = "license-offline"
    LICENSE_PACKAGE_DEPLOYMENT = "license-package-deployment"
    SAAS_SUPERVISED = "saas-supervised"
    SAAS_INSTANT = "saas-instant"
    MANUAL_SERVICE = "manual-service"
    HARDWARE = "hardware"
    APPLICATION_ORCHESTRATION = "application-orchestration"
    DATA_FILE = "data-file"


class SellerCategory(StrEnum):
    """How the product is sold (DOMAIN §1.5); platform goods (华为/自营) are the marketplace's own."""

    GENERAL = "general"
    SELF_SERVICE = "self-service"
    JOINT_OPERATION = "joint-operation"
    PLATFORM = "platform"


class Scenario(StrEnum):
    """The track of a joint-operation order: 赋能云, 基地云, or neither (DOMAIN §1.5)."""

    NONE = "none"
    ENABLEMENT_CLOUD = "enablement-cloud"
    BASE_CLOUD = "base-cloud"


class PeriodUnit(StrEnum):
    """Unit of a yearly/monthly (包周期) purchase; days are for trials (DOMAIN §10)."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"


class ChargingMode(StrEnum):
    """How a purchase is charged, by the wire names (DOMAIN §5.11)."""

    PERIOD = "PERIOD"
    ONE_TIME = "ONE_TIME"
    ON_DEMAND = "ON_DEMAND"
    ON_DEMAND_PKG = "ON_DEMAND_PKG"


class Period(Strict):
    """Length of a yearly/monthly purchase."""

    unit: PeriodUnit
    number: Annotated[int, Field(ge=1, le=180)]


class Provisioning(StrEnum):
    """When a supervised SaaS instance is made (商品实例开通方式, DOMAIN §5.9)."""

    AT_PURCHASE = "at-purchase"
    AFTER_ACCEPTANCE = "after-acceptance"


class CodeKind(StrEnum):
    """Which identification code a license 1.0 is bound to (系统识别码/硬件识别码, DOMAIN §1.3)."""

    SYSTEM = "system"
    HARDWARE = "hardware"


class TemplateItem(Strict):
    """One entry of a product's template: a question to the buyer, or a document of the proof."""

    name: Identifier
    label: Label
    required: bool = True


Template = Annotated[tuple[TemplateItem, ...], Field(max_length=50)]


class Product(Strict):
    """The settings of the product that its delivery depends on."""

    id: Identifier
    name: Label
    type: ProductType
    acceptance_days: Annotated[int, Field(ge=3, le=365)] | Literal["never"] | None = Field(
        default=None,
        description="Days a silent buyer has before the clock accepts, or never; null means the platform's default.",
    )
    delivery_days: Annotated[int, Field(ge=1, le=365)] | None = Field(
        default=None,
        description="Average delivery duration (平均交付时长) in calendar days: the seller's delivery SLA.",
    )
    order_notify: bool = Field(default=False, description="Tell the seller of the order by the orderNotify call.")
    provisioning: Provisioning = Field(
        default=Provisioning.AT_PURCHASE, description="Supervised SaaS: when the instance is made."
    )
    code_kind: CodeKind = Field(default=CodeKind.SYSTEM, description="License 1.0: which code it is bound to.")
    online_license: bool = Field(
        default=False, description="License 1.0: fetch the license by getLicense; false means the seller sends it."
    )
    service_steps: Annotated[tuple[Label, ...], Field(max_length=20)] = Field(
        default=(), description="Manual service, website building (建站类): its extra stages, in order."
    )
    request_template: Template = Field(default=(), description="What the buyer's request must answer.")
    delivery_template: Template = Field(default=(), description="Documents the delivery proof must hold.")


OrderLine = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}:[A-Za-z0-9_-]{1,64}$", max_length=129)]
"""An order's line, as order:line."""


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
    charging_mode: ChargingMode = Field(
        default_factory=lambda data: ChargingMode.PERIOD if data.get("period") else ChargingMode.ONE_TIME,
        description="How it is charged; left out: PERIOD with a period, else ONE_TIME.",
    )
    placed_at: Instant
    trial: bool = Field(default=False, description="A trial order: nothing was paid that could be refunded.")
    project_id: Identifier | None = Field(default=None, description="Orders of one project may share their proof.")
    renewal_of: OrderLine | None = Field(
        default=None, description="The delivery whose product this order renews, as order:line."
    )

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

    @model_validator(mode="after")
    def _track_fits_category(self) -> Self:
        if self.scenario is not Scenario.NONE and self.seller_category not in TRACKED:
            message = "only joint-operation and platform orders belong to a track (scenario)"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _days_are_for_trials(self) -> Self:
        if self.period is not None and self.period.unit is PeriodUnit.DAY and not self.trial:
            message = "only a trial is counted in days"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _charging_fits_period(self) -> Self:
        if (self.charging_mode is ChargingMode.PERIOD) != (self.period is not None):
            message = "a period belongs to charging mode PERIOD, and to no other"
            raise ValueError(message)
        return self


TRACKED = (SellerCategory.JOINT_OPERATION, SellerCategory.PLATFORM)
"""Categories whose orders may belong to 赋能云 or 基地云 (DOMAIN §1.5)."""
