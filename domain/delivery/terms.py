"""What is decided about an order once, at its start: flow, review, proof, clocks.

The rules changed on four days; an order follows the ones of the day it was placed (DOMAIN §1.4 to §1.7).
"""

from dataclasses import dataclass
from datetime import date, timedelta

from domain.base import Strict
from domain.bilingual import Bilingual
from domain.delivery.clocks import OLD_CLOSING
from domain.delivery.flows import FLOWS, PRODUCT_TYPES, Flow, FlowName
from domain.delivery.stages import StageName
from domain.marketplace import day_of
from domain.order import TRACKED, Order, ProductType, Provisioning, Scenario, SellerCategory
from domain.policy import Policy
from domain.proof import DocumentKind, ProofRule, Signatory


@dataclass(frozen=True)
class RuleVersion:
    """The rules of a stretch of placement dates."""

    number: int
    since: date | None
    reviews_all: bool
    reviewed_scenarios: tuple[Scenario, ...]
    closes_old: bool
    mandatory_documents: tuple[DocumentKind, ...]
    change: Bilingual


_ACCEPTANCE_ONLY = (DocumentKind.ACCEPTANCE_DOCUMENT,)
_BOTH_DOCUMENTS = (DocumentKind.STATEMENT_OF_WORK, DocumentKind.ACCEPTANCE_DOCUMENT)
_ENABLEMENT = (Scenario.ENABLEMENT_CLOUD,)
_TRACKS = (Scenario.ENABLEMENT_CLOUD, Scenario.BASE_CLOUD)

RULE_VERSIONS = (
    RuleVersion(
        1, None, True, (), True, _ACCEPTANCE_ONLY,
        Bilingual(
            zh="所有联营订单均需复核；满 365 天关闭", en="all joint-operation orders reviewed; closed after a year"
        ),
    ),
    RuleVersion(
        2, date(2023, 4, 28), False, _ENABLEMENT, True, _ACCEPTANCE_ONLY,
        Bilingual(zh="仅赋能云订单需复核", en="only enablement-cloud orders reviewed"),
    ),
    RuleVersion(
        3, date(2024, 3, 5), False, _ENABLEMENT, False, _ACCEPTANCE_ONLY,
        Bilingual(zh="取消 365 天自动关闭", en="no closing after 365 days any more"),
    ),
    RuleVersion(
        4, date(2024, 9, 14), False, _TRACKS, False, _ACCEPTANCE_ONLY,
        Bilingual(zh="赋能云和基地云订单需复核", en="enablement-cloud and base-cloud orders reviewed"),
    ),
    RuleVersion(
        5, date(2025, 3, 26), False, _TRACKS, False, _BOTH_DOCUMENTS,
        Bilingual(zh="需求文档和验收文档须同时上传", en="statement of work and acceptance document uploaded together"),
    ),
)  # fmt: skip
"""DOMAIN §1.5 (review), §1.6 (proof), §1.7 (closing)."""


class Terms(Strict):
    """An order's own rules, kept for as long as it lives."""

    rule_version: int
    flow: FlowName
    reviewed: bool
    proof: ProofRule
    acceptance_days: int | None
    closes_after: timedelta | None
    policy: Policy


def _is_since(placed: date, change: date, policy: Policy) -> bool:
    return placed >= change if policy.change_days_are_included else placed > change


def rule_version(order: Order, policy: Policy) -> RuleVersion:
    """The version of the day the order was placed (DOMAIN §1.5)."""
    placed = day_of(order.placed_at)
    return [one for one in RULE_VERSIONS if one.since is None or _is_since(placed, one.since, policy)][-1]


def flow_of(order: Order, policy: Policy) -> Flow:
    """The order's flow (DOMAIN §1.3, §1.4)."""
    product = order.product
    match product.type:
        case ProductType.LICENSE_AUTHORIZATION_CODE:
            return FLOWS[_authorization_code(order, policy)]
        case ProductType.SAAS_SUPERVISED if product.provisioning is Provisioning.AFTER_ACCEPTANCE:
            return FLOWS[FlowName.SAAS_AFTER_ACCEPTANCE]
        case ProductType.MANUAL_SERVICE if product.service_steps:
            return FLOWS[FlowName.WEBSITE_BUILDING]
        case _:
            return PRODUCT_TYPES[product.type].flows[0]


def _authorization_code(order: Order, policy: Policy) -> FlowName:
    placed = day_of(order.placed_at)
    if _is_since(placed, policy.code_sent_to_both_from, policy):
        return FlowName.AUTHORIZATION_CODE_V3
    joint = order.seller_category is SellerCategory.JOINT_OPERATION
    if joint and _is_since(placed, policy.code_claimed_without_delivery_from, policy):
        return FlowName.AUTHORIZATION_CODE_V2
    return FlowName.AUTHORIZATION_CODE_V1


def needs_review(order: Order, policy: Policy) -> bool:
    """Tell whether the platform reviews the proof before acceptance (DOMAIN §1.5)."""
    flow = flow_of(order, policy)
    if not flow.has(StageName.PLATFORM_REVIEW) or order.seller_category not in TRACKED:
        return False
    if order.seller_category is SellerCategory.PLATFORM and not policy.review_platform_goods:
        return False
    by_code = flow.has(StageName.CODE_ACTIVATION)
    if by_code and order.scenario is Scenario.BASE_CLOUD and not policy.review_authorization_codes_of_base_cloud:
        return False
    version = rule_version(order, policy)
    return version.reviews_all or order.scenario in version.reviewed_scenarios


def proof_rule(order: Order, policy: Policy) -> ProofRule:
    """What the delivery proof must hold (DOMAIN §1.5, §1.6)."""
    if not any(stage.needs_proof for stage in flow_of(order, policy).stages):
        return ProofRule()
    documents: list[str] = list(rule_version(order, policy).mandatory_documents)
    is_reviewed = needs_review(order, policy)
    enablement = is_reviewed and order.scenario is Scenario.ENABLEMENT_CLOUD
    on_resources = enablement and PRODUCT_TYPES[order.product.type].names_resource_order
    if is_reviewed and order.scenario is Scenario.BASE_CLOUD:
        # The base's form is its acceptance document.
        documents.remove(DocumentKind.ACCEPTANCE_DOCUMENT)
        documents.append(DocumentKind.BASE_ACCEPTANCE_FORM)
    if enablement:
        documents.append(DocumentKind.USER_AUTHORIZATION_SCREENSHOT)
    if on_resources:
        documents.append(DocumentKind.RESOURCE_ORDER_SCREENSHOT)
    documents += [item.name for item in order.product.delivery_template if item.required]
    return ProofRule(
        documents=tuple(dict.fromkeys(documents)),
        signed_by=tuple(Signatory) if enablement else (),
        resource_order_number=on_resources,
    )


def acceptance_days(order: Order, policy: Policy) -> int | None:
    """Days a silent buyer has; None means for ever (DOMAIN §1.7)."""
    own = order.product.acceptance_days
    if own == "never":
        return None
    return own or policy.acceptance_days


def terms_of(order: Order, policy: Policy) -> Terms:
    """Decide an order's rules, once, at its start."""
    version = rule_version(order, policy)
    return Terms(
        rule_version=version.number,
        flow=flow_of(order, policy).name,
        reviewed=needs_review(order, policy),
        proof=proof_rule(order, policy),
        acceptance_days=acceptance_days(order, policy),
        closes_after=OLD_CLOSING if version.closes_old else None,
        policy=policy,
    )
