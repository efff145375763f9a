"""Events that platform systems report, and renewals."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from domain.order import ProductType
from sandbox.cases import PARCEL, Case, causes, proof
from sandbox.client import Json
from tests.support import assert_problem, read_answer

MakeCase = Callable[..., Case]


async def test_only_platform_systems_report_events(make_case: MakeCase) -> None:
    case = make_case()
    await case.start()
    for party in (case.world.seller, case.world.buyer, case.world.manager):
        assert_problem(await party.report(case.id, "invoice-issued"), 403, "forbidden")


@pytest.mark.parametrize(
    "told",
    [{}, {"signed_at": "yesterday", "recipient_is_buyer": True}, {"signed_at": "2026-11-01T00:00:00Z"}],
)
async def test_a_sign_off_says_when_and_by_whom(make_case: MakeCase, told: Json) -> None:
    case = make_case(ProductType.HARDWARE)
    await case.start()
    assert_problem(await case.world.purchase.report(case.id, "parcel-signed", told), 422, "invalid-input")


async def test_a_parcel_signed_for_by_somebody_else_is_told_to_the_seller(make_case: MakeCase) -> None:
    case = make_case(ProductType.HARDWARE)
    await case.start()
    await case.give(case.world.seller, "ship", PARCEL)
    signed = {"signed_at": datetime.now(UTC).isoformat(), "recipient_is_buyer": False}
    await case.report("parcel-signed", signed)
    await case.until(lambda seen: causes(seen)[-1] == "parcel-signed")
    seen = await case.world.seller.read(case.id)
    assert seen["deadline"] is None
    assert "remind the buyer" in str(seen["messages"])


async def test_an_unknown_event_is_no_address(make_case: MakeCase) -> None:
    case = make_case()
    await case.start()
    assert_problem(await case.world.purchase.report(case.id, "provisioning-failed"), 404, "route-not-found")


async def renewal_of(case: Case, make_case: MakeCase) -> Case:
    renewal = make_case()
    renewal.changes["renewal_of"] = case.id
    return renewal


async def test_the_renewal_of_a_completed_order_starts_no_flow_and_says_so(make_case: MakeCase) -> None:
    case = make_case()
    await case.start()
    renewal = await renewal_of(case, make_case)
    assert_problem(await case.world.purchase.start(renewal.order()), 409, "renewal-too-early")
    await case.give(case.world.seller, "deliver", proof())
    await case.give(case.world.buyer, "accept")
    assert_problem(await case.world.purchase.start(renewal.order()), 409, "renewal-not-supervised")
    answer = await case.world.manager.http.get(f"/v1/deliveries/{renewal.id}")
    assert_problem(read_answer(answer), 404, "delivery-not-found")


async def test_a_renewal_of_nothing_is_refused(make_case: MakeCase) -> None:
    renewal = await renewal_of(make_case(), make_case)
    assert_problem(await renewal.world.purchase.start(renewal.order()), 404, "delivery-not-found")


async def test_an_order_on_a_track_must_be_sold_so(make_case: MakeCase) -> None:
    case = make_case()
    case.changes["scenario"] = "base-cloud"
    assert_problem(await case.world.purchase.start(case.order()), 422, "invalid-input")


async def test_overdue_deliveries_are_found(make_case: MakeCase) -> None:
    case = make_case(delivery_days=2)
    await case.start()
    await case.pass_time(timedelta(days=2, minutes=1))
    await case.until(lambda seen: bool(seen["overdue"]))
    query = {"overdue": "true", "order_id": case.order_id}
    assert len((await case.world.manager.http.get("/v1/deliveries", params=query)).json()["items"]) == 1
    await case.give(case.world.seller, "deliver", proof())
    assert (await case.world.manager.http.get("/v1/deliveries", params=query)).json()["items"] == []
