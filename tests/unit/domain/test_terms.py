"""What an order gets, by product, category, track and placement date (DOMAIN §1.3 to §1.7)."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

import pytest

from domain.delivery.flows import FLOWS, PRODUCT_TYPES, FlowName
from domain.delivery.terms import Terms, terms_of
from domain.marketplace import MARKETPLACE_ZONE
from domain.order import Order, ProductType, Provisioning, Scenario, SellerCategory
from domain.policy import Policy
from domain.proof import Signatory
from tests.unit.domain.builders import PROOF, order

EMPTY: Mapping[str, object] = {}
JOINT = {"seller_category": SellerCategory.JOINT_OPERATION}
ENABLEMENT = {**JOINT, "scenario": Scenario.ENABLEMENT_CLOUD}
BASE = {**JOINT, "scenario": Scenario.BASE_CLOUD}
PLATFORM = {"seller_category": SellerCategory.PLATFORM, "scenario": Scenario.BASE_CLOUD}
TODAY = date(2026, 11, 22)


def placed(
    day: date | str, kind: ProductType = ProductType.LICENSE_OFFLINE, changes: Mapping[str, object] = EMPTY
) -> Order:
    """An order placed at noon, China time."""
    when = day if isinstance(day, date) else date.fromisoformat(day)
    return order(kind, placed_at=datetime.combine(when, time(12), MARKETPLACE_ZONE), **changes)


def terms(
    day: date | str = TODAY, kind: ProductType = ProductType.LICENSE_OFFLINE, changes: Mapping[str, object] = EMPTY
) -> Terms:
    return terms_of(placed(day, kind, changes), Policy())


@pytest.mark.parametrize("category", [SellerCategory.GENERAL, SellerCategory.SELF_SERVICE])
@pytest.mark.parametrize("day", ["2023-01-01", "2024-01-01", "2026-01-01"])
def test_general_and_self_service_orders_are_never_reviewed(category: SellerCategory, day: str) -> None:
    assert not terms(day, changes={"seller_category": category}).reviewed


@pytest.mark.parametrize(
    ("day", "sold", "reviewed"),
    [
        ("2023-04-27", JOINT, True),
        ("2023-04-28", JOINT, False),
        ("2023-04-28", ENABLEMENT, True),
        ("2024-09-13", BASE, False),
        ("2024-09-14", BASE, True),
        ("2024-09-14", ENABLEMENT, True),
        ("2024-09-14", JOINT, False),
        ("2024-09-14", PLATFORM, True),
    ],
)
def test_joint_operation_orders_are_reviewed_by_placement_date(
    day: str,
    sold: dict[str, object],
    reviewed: bool,  # noqa: FBT001
) -> None:
    assert terms(day, changes=sold).reviewed is reviewed


def test_the_placement_date_is_the_marketplaces_day() -> None:
    late_in_utc = order().model_copy(update={"placed_at": datetime(2024, 9, 13, 17, 0, tzinfo=UTC)})
    assert terms_of(late_in_utc, Policy()).rule_version == 4


def test_whether_the_day_of_a_change_counts_is_a_setting() -> None:
    policy = Policy(change_days_are_included=False)
    assert not terms_of(placed("2024-09-14", changes=BASE), policy).reviewed
    assert terms_of(placed("2024-09-15", changes=BASE), policy).reviewed


def test_whether_platform_goods_are_reviewed_is_a_setting() -> None:
    assert not terms_of(placed(TODAY, changes=PLATFORM), Policy(review_platform_goods=False)).reviewed


def test_whether_authorization_codes_of_the_base_cloud_are_reviewed_is_a_setting() -> None:
    code = placed(TODAY, ProductType.LICENSE_AUTHORIZATION_CODE, changes=BASE)
    assert terms_of(code, Policy()).reviewed
    assert not terms_of(code, Policy(review_authorization_codes_of_base_cloud=False)).reviewed
    assert terms_of(placed(TODAY, changes=BASE), Policy(review_authorization_codes_of_base_cloud=False)).reviewed


@pytest.mark.parametrize("kind", [ProductType.LICENSE_PACKAGE_DEPLOYMENT, ProductType.SAAS_INSTANT])
def test_package_deployment_and_instant_saas_have_no_review(kind: ProductType) -> None:
    assert not terms(kind=kind, changes=ENABLEMENT).reviewed


@pytest.mark.parametrize(
    ("day", "sold", "flow"),
    [
        ("2024-09-30", {}, FlowName.AUTHORIZATION_CODE_V1),
        ("2025-03-25", JOINT, FlowName.AUTHORIZATION_CODE_V1),
        ("2025-03-26", JOINT, FlowName.AUTHORIZATION_CODE_V2),
        ("2025-03-26", {}, FlowName.AUTHORIZATION_CODE_V1),
        ("2025-05-21", JOINT, FlowName.AUTHORIZATION_CODE_V2),
        ("2025-05-22", JOINT, FlowName.AUTHORIZATION_CODE_V3),
        ("2025-05-22", {}, FlowName.AUTHORIZATION_CODE_V3),
    ],
)
def test_authorization_codes_have_three_documented_versions(day: str, sold: dict[str, object], flow: FlowName) -> None:
    assert terms(day, ProductType.LICENSE_AUTHORIZATION_CODE, changes=sold).flow is flow


def test_the_days_of_the_authorization_code_versions_are_settings() -> None:
    policy = Policy(code_sent_to_both_from=date(2030, 1, 1), code_claimed_without_delivery_from=date(2029, 1, 1))
    code = placed(TODAY, ProductType.LICENSE_AUTHORIZATION_CODE, changes=JOINT)
    assert terms_of(code, policy).flow is FlowName.AUTHORIZATION_CODE_V1


@pytest.mark.parametrize(
    ("kind", "product", "flow"),
    [
        (ProductType.SAAS_SUPERVISED, {}, FlowName.SAAS_SUPERVISED),
        (ProductType.SAAS_SUPERVISED, {"provisioning": Provisioning.AFTER_ACCEPTANCE}, FlowName.SAAS_AFTER_ACCEPTANCE),
        (ProductType.SAAS_INSTANT, {"provisioning": Provisioning.AFTER_ACCEPTANCE}, FlowName.SAAS_INSTANT),
        (ProductType.MANUAL_SERVICE, {}, FlowName.MANUAL_SERVICE),
        (ProductType.MANUAL_SERVICE, {"service_steps": ("Draft",)}, FlowName.WEBSITE_BUILDING),
        (ProductType.HARDWARE, {}, FlowName.HARDWARE),
    ],
)
def test_the_product_chooses_its_flow(kind: ProductType, product: dict[str, object], flow: FlowName) -> None:
    assert terms(kind=kind, changes=product).flow is flow


def test_every_product_type_has_a_flow_of_its_own() -> None:
    for kind in ProductType:
        assert FLOWS[terms(kind=kind).flow] in PRODUCT_TYPES[kind].flows


def test_the_365_day_closing_was_abolished_on_2024_03_05() -> None:
    assert terms("2024-03-04").closes_after == timedelta(days=365)
    assert terms("2024-03-05").closes_after is None


def test_both_documents_are_mandatory_from_2025_03_26() -> None:
    assert terms("2025-03-25").proof.documents == ("acceptance-document",)
    assert terms("2025-03-26").proof.documents == ("statement-of-work", "acceptance-document")


def test_an_enablement_cloud_license_is_signed_by_three_and_names_its_resources() -> None:
    rule = terms(changes=ENABLEMENT).proof
    assert rule.signed_by == tuple(Signatory)
    assert rule.resource_order_number
    assert {"resource-order-screenshot", "user-authorization-screenshot"} <= set(rule.documents)
    saas = terms(kind=ProductType.SAAS_SUPERVISED, changes=ENABLEMENT).proof
    assert saas.signed_by == tuple(Signatory)
    assert not saas.resource_order_number
    assert "resource-order-screenshot" not in saas.documents


def test_a_base_cloud_order_uses_the_bases_acceptance_form() -> None:
    assert terms(changes=BASE).proof.documents == ("statement-of-work", "base-acceptance-form")
    assert terms("2024-09-13", changes=BASE).proof.documents == ("acceptance-document",)


def test_the_products_delivery_template_adds_its_required_documents() -> None:
    template = [{"name": "manual", "label": "Manual"}, {"name": "video", "label": "Video", "required": False}]
    assert terms(changes={"delivery_template": template}).proof.documents[2:] == ("manual",)


def test_a_proof_names_what_it_lacks() -> None:
    rule = terms(changes=ENABLEMENT).proof
    assert rule.missing(PROOF) == ()
    less = PROOF.model_copy(update={"signed_by": (Signatory.SELLER,), "resource_order_number": None})
    assert rule.missing(less) == ("signed_by.project-team", "signed_by.buyer", "resource_order_number")
    assert "documents.statement-of-work" in rule.missing(None)


def test_only_joint_operation_and_platform_orders_belong_to_a_track() -> None:
    with pytest.raises(ValueError, match="track"):
        order(scenario=Scenario.BASE_CLOUD)


def test_an_order_keeps_the_policy_it_started_under() -> None:
    assert terms_of(placed(TODAY), Policy(acceptance_days=20)).policy.acceptance_days == 20
