"""The flows: in which order each product type goes through the stages (DOMAIN §1.3, §1.4).

The workflows say the same as code; the engine refuses any step that is not an edge here.
"""

from dataclasses import dataclass

from domain.commands import CommandName, EventName
from domain.order import Order, ProductType, Scenario, SellerCategory
from domain.stages import STAGES, ClockAct, Stage, StageName
from domain.text import Text

Cause = CommandName | EventName | ClockAct


@dataclass(frozen=True)
class Edge:
    """A legal step: which cause ends a stage, and which stage follows."""

    source: StageName
    cause: Cause
    target: StageName
    only_reviewed: bool | None = None
    """True: only orders under platform review; False: only the others; None: all."""


@dataclass(frozen=True)
class Flow:
    """One product type's way from paid to completed."""

    product_type: ProductType
    label: Text
    first: StageName
    edges: tuple[Edge, ...]
    provisions_instance: bool = False

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Every stage of the flow, in order of first appearance."""
        names = dict.fromkeys([self.first, *(edge.target for edge in self.edges), StageName.UNSUBSCRIBING])
        return tuple(STAGES[name] for name in (*names, StageName.REFUNDED))

    def allows(self, source: StageName, target: StageName, *, reviewed: bool) -> bool:
        """Tell whether an order may step from source to target."""
        if target is StageName.UNSUBSCRIBING:
            return not STAGES[source].is_end
        if target is StageName.REFUNDED:
            return source is StageName.UNSUBSCRIBING
        return any(
            (edge.source, edge.target) == (source, target) and edge.only_reviewed in {None, reviewed}
            for edge in self.edges
        )


def _delivered(source: StageName, cause: Cause) -> tuple[Edge, ...]:
    """From a delivery, through the platform's review if the order needs it, to the buyer's decision."""
    return (
        Edge(source, cause, StageName.PLATFORM_REVIEW, only_reviewed=True),
        Edge(source, cause, StageName.BUYER_ACCEPTANCE, only_reviewed=False),
        Edge(StageName.PLATFORM_REVIEW, CommandName.PASS_REVIEW, StageName.BUYER_ACCEPTANCE, only_reviewed=True),
        Edge(StageName.PLATFORM_REVIEW, CommandName.FAIL_REVIEW, source, only_reviewed=True),
        *_decided(source),
    )


def _decided(redelivery: StageName) -> tuple[Edge, ...]:
    return (
        Edge(StageName.BUYER_ACCEPTANCE, CommandName.ACCEPT, StageName.COMPLETED),
        Edge(StageName.BUYER_ACCEPTANCE, ClockAct.ACCEPT, StageName.COMPLETED),
        Edge(StageName.BUYER_ACCEPTANCE, CommandName.REJECT_DELIVERY, redelivery),
    )


_REQUESTED = (
    Edge(StageName.BUYER_REQUEST, CommandName.SUBMIT_REQUEST, StageName.SELLER_CONFIRMATION),
    Edge(StageName.SELLER_CONFIRMATION, CommandName.REJECT_REQUEST, StageName.BUYER_REQUEST),
    Edge(StageName.SELLER_CONFIRMATION, CommandName.CONFIRM_REQUEST, StageName.SELLER_DELIVERY),
)

_ALL = (
    Flow(
        ProductType.LICENSE_AUTHORIZATION_CODE,
        Text(zh="License 授权码 2.0", en="License, authorization code 2.0"),
        StageName.CODE_DELIVERY,
        (
            Edge(StageName.CODE_DELIVERY, CommandName.DELIVER, StageName.CODE_CLAIM),
            Edge(StageName.CODE_CLAIM, CommandName.CLAIM_CODE, StageName.CODE_ACTIVATION),
            Edge(StageName.CODE_ACTIVATION, CommandName.ACTIVATE_CODE, StageName.PROOF_UPLOAD),
            Edge(StageName.PROOF_UPLOAD, CommandName.UPLOAD_PROOF, StageName.PLATFORM_REVIEW, only_reviewed=True),
            Edge(StageName.PROOF_UPLOAD, CommandName.UPLOAD_PROOF, StageName.SYSTEM_ACCEPTANCE, only_reviewed=False),
            Edge(StageName.PLATFORM_REVIEW, CommandName.PASS_REVIEW, StageName.SYSTEM_ACCEPTANCE, only_reviewed=True),
            Edge(StageName.PLATFORM_REVIEW, CommandName.FAIL_REVIEW, StageName.PROOF_UPLOAD, only_reviewed=True),
            Edge(StageName.SYSTEM_ACCEPTANCE, EventName.SYSTEM_ACCEPTED, StageName.COMPLETED),
        ),
    ),
    Flow(
        ProductType.LICENSE_OFFLINE,
        Text(zh="License 商家线下交付", en="License, delivered offline"),
        StageName.SELLER_DELIVERY,
        _delivered(StageName.SELLER_DELIVERY, CommandName.DELIVER),
    ),
    Flow(
        ProductType.LICENSE_PACKAGE_DEPLOYMENT,
        Text(zh="License 软件包部署", en="License, software-package deployment"),
        StageName.DEPLOYMENT,
        (
            Edge(StageName.DEPLOYMENT, EventName.DEPLOYMENT_FINISHED, StageName.BUYER_ACCEPTANCE),
            *_decided(StageName.DEPLOYMENT),
        ),
    ),
    Flow(
        ProductType.SAAS_SUPERVISED,
        Text(zh="SaaS（涉及服务监管）", en="SaaS with supervision"),
        StageName.BUYER_REQUEST,
        (*_REQUESTED, *_delivered(StageName.SELLER_DELIVERY, CommandName.DELIVER)),
        provisions_instance=True,
    ),
    Flow(
        ProductType.SAAS_INSTANT,
        Text(zh="SaaS（即开即用）", en="SaaS without supervision (instant-on)"),
        StageName.SELLER_PROVISIONING,
        (Edge(StageName.SELLER_PROVISIONING, EventName.INSTANCE_PROVISIONED, StageName.COMPLETED),),
        provisions_instance=True,
    ),
    Flow(
        ProductType.MANUAL_SERVICE,
        Text(zh="人工服务（标准）", en="Manual service, standard"),
        StageName.BUYER_REQUEST,
        (*_REQUESTED, *_delivered(StageName.SELLER_DELIVERY, CommandName.DELIVER)),
    ),
)

FLOWS: dict[ProductType, Flow] = {flow.product_type: flow for flow in _ALL}


def needs_platform_review(order: Order) -> bool:
    """Joint-operation orders of 赋能云 and 基地云 are reviewed by the platform (DOMAIN §1.5).

    Package deployment has one diagram for all sellers, without review (DOMAIN §1.5).
    """
    return (
        order.seller_category is SellerCategory.JOINT_OPERATION
        and order.scenario in {Scenario.ENABLEMENT_CLOUD, Scenario.BASE_CLOUD}
        and any(edge.only_reviewed for edge in FLOWS[order.product.type].edges)
    )
