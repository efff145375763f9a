"""The flows: in which order each product type goes through the stages (DOMAIN §1.3, §1.4).

The workflows say the same as code; the engine refuses any step that is not an edge here.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from domain.bilingual import Bilingual
from domain.delivery.clocks import ClockAct
from domain.delivery.command_spec import CommandName
from domain.delivery.grounds import Ruling
from domain.delivery.stages import STAGES, Stage, StageName
from domain.events import EventName
from domain.instance.state import InstanceKind
from domain.order import ProductType

Cause = CommandName | EventName | ClockAct | Ruling


class FlowName(StrEnum):
    """The flows; a product type has several where the marketplace changed it or lets the product choose."""

    AUTHORIZATION_CODE_V1 = "authorization-code-v1"
    AUTHORIZATION_CODE_V2 = "authorization-code-v2"
    AUTHORIZATION_CODE_V3 = "authorization-code-v3"
    IDENTIFICATION_CODE = "identification-code"
    OFFLINE_LICENSE = "offline-license"
    PACKAGE_DEPLOYMENT = "package-deployment"
    SAAS_SUPERVISED = "saas-supervised"
    SAAS_AFTER_ACCEPTANCE = "saas-after-acceptance"
    SAAS_INSTANT = "saas-instant"
    MANUAL_SERVICE = "manual-service"
    WEBSITE_BUILDING = "website-building"
    HARDWARE = "hardware"
    APPLICATION_ORCHESTRATION = "application-orchestration"
    DATA_FILE = "data-file"


class Condition(StrEnum):
    """What an order must be like to take a step."""

    REVIEWED = "reviewed orders"
    NOT_REVIEWED = "orders without review"
    MORE_STEPS = "more steps to come"
    LAST_STEP = "after the last step"


@dataclass(frozen=True)
class Edge:
    """A legal step: which cause ends a stage, and which stage follows."""

    source: StageName
    cause: Cause
    target: StageName
    when: Condition | None = None


@dataclass(frozen=True)
class Flow:
    """One way from paid to completed."""

    name: FlowName
    label: Bilingual
    first: StageName
    edges: tuple[Edge, ...]
    provisions_at_purchase: bool = False

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """Every stage of the flow, in order of first appearance."""
        names = dict.fromkeys([self.first, *(edge.target for edge in self.edges), StageName.COMPLETED])
        return tuple(STAGES[name] for name in (*names, StageName.UNSUBSCRIBING, StageName.REFUNDED))

    def has(self, stage: StageName) -> bool:
        """Tell whether the flow goes through a stage."""
        return STAGES[stage] in self.stages

    def targets(self, source: StageName, cause: Cause, holding: frozenset[Condition]) -> tuple[StageName, ...]:
        """Stages that a cause leads to, for an order of which these conditions hold; at most one."""
        return tuple(
            edge.target
            for edge in self.edges
            if (edge.source, str(edge.cause)) == (source, str(cause)) and (edge.when is None or edge.when in holding)
        )

    def allows(self, source: StageName, target: StageName, holding: frozenset[Condition]) -> bool:
        """Tell whether an order may step from source to target.

        Every stage leads to a refund, and to completion by ruling or by the old closing (DOMAIN §1.7, §2).
        """
        if target is StageName.REFUNDED:
            return source is StageName.UNSUBSCRIBING
        if target is StageName.UNSUBSCRIBING:
            return not STAGES[source].is_end
        if target is StageName.COMPLETED:
            return not STAGES[source].is_end and source is not StageName.UNSUBSCRIBING
        return any(
            (edge.source, edge.target) == (source, target) and (edge.when is None or edge.when in holding)
            for edge in self.edges
        )


@dataclass(frozen=True)
class ProductTypeSpec:
    """What depends on the product type and on nothing else of an order (DOMAIN §1.3).

    An order takes the first flow unless its terms choose another. What the flow itself tells is asked of the flow: its
    first stage, whether it is reviewed, needs a proof, ships goods, or makes a code.
    """

    type: ProductType
    flows: tuple[Flow, ...]
    leaves: InstanceKind | None = None
    offers_refunds: bool = True
    names_resource_order: bool = False
    """In 赋能云 its proof names the resource order that it runs on (DOMAIN §1.5)."""


def _delivered(
    source: StageName, *causes: Cause, acceptance: StageName = StageName.BUYER_ACCEPTANCE
) -> tuple[Edge, ...]:
    """From a delivery, through the platform's review if the order needs it, to the buyer's decision (DOMAIN §1.5)."""
    review = StageName.PLATFORM_REVIEW
    return (
        *(Edge(source, cause, review, Condition.REVIEWED) for cause in causes),
        *(Edge(source, cause, acceptance, Condition.NOT_REVIEWED) for cause in causes),
        Edge(review, CommandName.PASS_REVIEW, acceptance, Condition.REVIEWED),
        Edge(review, CommandName.FAIL_REVIEW, source, Condition.REVIEWED),
        Edge(review, Ruling.REWORK, source, Condition.REVIEWED),
        *_sent_back(source, acceptance),
    )


def _sent_back(redelivery: StageName, acceptance: StageName) -> tuple[Edge, ...]:
    return (
        Edge(acceptance, CommandName.REJECT_DELIVERY, redelivery),
        Edge(acceptance, Ruling.REWORK, redelivery),
    )


def _accepted(
    target: StageName = StageName.COMPLETED, acceptance: StageName = StageName.BUYER_ACCEPTANCE
) -> tuple[Edge, ...]:
    return (
        Edge(acceptance, CommandName.ACCEPT, target),
        Edge(acceptance, ClockAct.ACCEPT, target),
        Edge(acceptance, Ruling.CLOSE, target),
    )


_REQUESTED = (
    Edge(StageName.BUYER_REQUEST, CommandName.SUBMIT_REQUEST, StageName.SELLER_CONFIRMATION),
    Edge(StageName.SELLER_CONFIRMATION, CommandName.REJECT_REQUEST, StageName.BUYER_REQUEST),
)
_CONFIRMED = (Edge(StageName.SELLER_CONFIRMATION, CommandName.CONFIRM_REQUEST, StageName.SELLER_DELIVERY),)
_DELIVERED = _delivered(StageName.SELLER_DELIVERY, CommandName.DELIVER)
_STANDARD = (*_REQUESTED, *_CONFIRMED, *_DELIVERED, *_accepted())
_ACTIVATED = (
    Edge(StageName.CODE_ACTIVATION, CommandName.ACTIVATE_CODE, StageName.PROOF_UPLOAD),
    Edge(StageName.PROOF_UPLOAD, CommandName.UPLOAD_PROOF, StageName.PLATFORM_REVIEW, Condition.REVIEWED),
    Edge(StageName.PROOF_UPLOAD, CommandName.UPLOAD_PROOF, StageName.SYSTEM_ACCEPTANCE, Condition.NOT_REVIEWED),
    Edge(StageName.PLATFORM_REVIEW, CommandName.PASS_REVIEW, StageName.SYSTEM_ACCEPTANCE, Condition.REVIEWED),
    Edge(StageName.PLATFORM_REVIEW, CommandName.FAIL_REVIEW, StageName.PROOF_UPLOAD, Condition.REVIEWED),
    Edge(StageName.PLATFORM_REVIEW, Ruling.REWORK, StageName.PROOF_UPLOAD, Condition.REVIEWED),
    Edge(StageName.SYSTEM_ACCEPTANCE, EventName.SYSTEM_ACCEPTED, StageName.COMPLETED),
)
_CLAIMED = (Edge(StageName.CODE_CLAIM, CommandName.CLAIM_CODE, StageName.CODE_ACTIVATION), *_ACTIVATED)

_ALL = (
    ProductTypeSpec(
        ProductType.LICENSE_AUTHORIZATION_CODE,
        flows=(
            Flow(
                FlowName.AUTHORIZATION_CODE_V1,
                Bilingual(
                    zh="License 授权码 2.0：交付、领取、激活、证明",
                    en="License, authorization code 2.0: delivered, then claimed",
                ),
                StageName.CODE_DELIVERY,
                (Edge(StageName.CODE_DELIVERY, CommandName.DELIVER, StageName.CODE_CLAIM), *_CLAIMED),
            ),
            Flow(
                FlowName.AUTHORIZATION_CODE_V2,
                Bilingual(
                    zh="License 授权码 2.0：领取、激活、证明", en="License, authorization code 2.0: claimed at once"
                ),
                StageName.CODE_CLAIM,
                _CLAIMED,
            ),
            Flow(
                FlowName.AUTHORIZATION_CODE_V3,
                Bilingual(
                    zh="License 授权码 2.0：同时发给双方", en="License, authorization code 2.0: sent to both parties"
                ),
                StageName.CODE_ACTIVATION,
                _ACTIVATED,
            ),
        ),
        leaves=InstanceKind.AUTHORIZATION_CODE,
        names_resource_order=True,
    ),
    ProductTypeSpec(
        ProductType.LICENSE_IDENTIFICATION_CODE,
        flows=(
            Flow(
                FlowName.IDENTIFICATION_CODE,
                Bilingual(zh="License 识别码 1.0", en="License, identification code 1.0"),
                StageName.CODE_SUBMISSION,
                (
                    Edge(StageName.CODE_SUBMISSION, CommandName.SUBMIT_CODE, StageName.LICENSE_DELIVERY),
                    *_delivered(StageName.LICENSE_DELIVERY, CommandName.DELIVER, EventName.LICENSE_FETCHED),
                    *_accepted(),
                ),
            ),
        ),
        names_resource_order=True,
    ),
    ProductTypeSpec(
        ProductType.LICENSE_OFFLINE,
        flows=(
            Flow(
                FlowName.OFFLINE_LICENSE,
                Bilingual(zh="License 商家线下交付", en="License, delivered offline"),
                StageName.SELLER_DELIVERY,
                (*_DELIVERED, *_accepted()),
            ),
        ),
        names_resource_order=True,
    ),
    ProductTypeSpec(
        ProductType.LICENSE_PACKAGE_DEPLOYMENT,
        flows=(
            Flow(
                FlowName.PACKAGE_DEPLOYMENT,
                Bilingual(zh="License 软件包部署", en="License, software-package deployment"),
                StageName.DEPLOYMENT,
                (
                    Edge(StageName.DEPLOYMENT, EventName.DEPLOYMENT_FINISHED, StageName.BUYER_ACCEPTANCE),
                    *_sent_back(StageName.DEPLOYMENT, StageName.BUYER_ACCEPTANCE),
                    *_accepted(),
                ),
            ),
        ),
    ),
    ProductTypeSpec(
        ProductType.SAAS_SUPERVISED,
        flows=(
            Flow(
                FlowName.SAAS_SUPERVISED,
                Bilingual(zh="SaaS（涉及服务监管）", en="SaaS with supervision"),
                StageName.BUYER_REQUEST,
                _STANDARD,
                provisions_at_purchase=True,
            ),
            Flow(
                FlowName.SAAS_AFTER_ACCEPTANCE,
                Bilingual(
                    zh="SaaS（涉及服务监管，验收后开通）", en="SaaS with supervision, provisioned after acceptance"
                ),
                StageName.BUYER_REQUEST,
                (
                    *_REQUESTED,
                    *_CONFIRMED,
                    *_DELIVERED,
                    *_accepted(StageName.SELLER_PROVISIONING),
                    Edge(StageName.SELLER_PROVISIONING, EventName.INSTANCE_PROVISIONED, StageName.COMPLETED),
                ),
            ),
        ),
        leaves=InstanceKind.SAAS,
    ),
    ProductTypeSpec(
        ProductType.SAAS_INSTANT,
        flows=(
            Flow(
                FlowName.SAAS_INSTANT,
                Bilingual(zh="SaaS（即开即用）", en="SaaS without supervision (instant-on)"),
                StageName.SELLER_PROVISIONING,
                (Edge(StageName.SELLER_PROVISIONING, EventName.INSTANCE_PROVISIONED, StageName.COMPLETED),),
                provisions_at_purchase=True,
            ),
        ),
        leaves=InstanceKind.SAAS,
        offers_refunds=False,
    ),
    ProductTypeSpec(
        ProductType.MANUAL_SERVICE,
        flows=(
            Flow(
                FlowName.MANUAL_SERVICE,
                Bilingual(zh="人工服务（标准）", en="Manual service, standard"),
                StageName.BUYER_REQUEST,
                _STANDARD,
            ),
            Flow(
                FlowName.WEBSITE_BUILDING,
                Bilingual(zh="人工服务（建站类）", en="Manual service, website building"),
                StageName.BUYER_REQUEST,
                (
                    *_REQUESTED,
                    Edge(StageName.SELLER_CONFIRMATION, CommandName.CONFIRM_REQUEST, StageName.SERVICE_STEP),
                    Edge(StageName.SERVICE_STEP, CommandName.FINISH_STEP, StageName.SERVICE_STEP, Condition.MORE_STEPS),
                    Edge(
                        StageName.SERVICE_STEP, CommandName.FINISH_STEP, StageName.SELLER_DELIVERY, Condition.LAST_STEP
                    ),
                    *_DELIVERED,
                    *_accepted(),
                ),
            ),
        ),
    ),
    ProductTypeSpec(
        ProductType.HARDWARE,
        flows=(
            Flow(
                FlowName.HARDWARE,
                Bilingual(zh="硬件", en="Hardware"),
                StageName.SHIPPING,
                (
                    *_delivered(StageName.SHIPPING, CommandName.SHIP, acceptance=StageName.GOODS_ACCEPTANCE),
                    *_accepted(acceptance=StageName.GOODS_ACCEPTANCE),
                ),
            ),
        ),
    ),
    ProductTypeSpec(
        ProductType.APPLICATION_ORCHESTRATION,
        flows=(
            Flow(
                FlowName.APPLICATION_ORCHESTRATION,
                Bilingual(zh="应用编排", en="Application orchestration"),
                StageName.SELLER_DELIVERY,
                (*_DELIVERED, *_accepted()),
            ),
        ),
    ),
    ProductTypeSpec(
        ProductType.DATA_FILE,
        flows=(
            Flow(
                FlowName.DATA_FILE,
                Bilingual(zh="数据文件", en="Data file"),
                StageName.BUYER_REQUEST,
                _STANDARD,
            ),
        ),
    ),
)

PRODUCT_TYPES: dict[ProductType, ProductTypeSpec] = {one.type: one for one in _ALL}

FLOWS: dict[FlowName, Flow] = {flow.name: flow for one in _ALL for flow in one.flows}
