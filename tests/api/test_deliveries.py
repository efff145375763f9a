"""Starting, reading and listing deliveries."""

import asyncio
from collections.abc import Callable

import pytest

from domain.order import ProductType
from launcher.stack import Stack
from sandbox.cases import Case, causes, proof, stage_of
from sandbox.client import Json
from sandbox.parties import AUDITOR, OTHER_BUYER, OTHER_SELLER, REVIEWER
from tests.support import assert_problem, log_in, read_answer

MakeCase = Callable[..., Case]


async def test_the_same_order_twice_is_the_same_delivery(make_case: MakeCase) -> None:
    case = make_case()
    order = case.order()
    first, second = await case.world.purchase.start(order), await case.world.purchase.start(order)
    assert (first.status, second.status) == (201, 200)
    assert first.json_body["delivery_id"] == second.json_body["delivery_id"] == case.id


async def test_many_starts_at_once_make_one_delivery(make_case: MakeCase) -> None:
    case = make_case()
    order = case.order()
    answers = await asyncio.gather(*(case.world.purchase.start(order) for _ in range(8)))
    assert {answer.status for answer in answers} <= {200, 201}
    seen = await case.until(lambda seen: bool(causes(seen)))
    assert causes(seen) == ["started"]


async def test_another_order_under_the_same_line_is_a_conflict(make_case: MakeCase) -> None:
    case = make_case()
    order = case.order()
    await case.world.purchase.start(order)
    assert_problem(await case.world.purchase.start({**order, "amount": "1.00"}), 409, "order-line-conflict")


WRONG_ORDERS: dict[str, Json] = {
    "unknown product type": {"product": {"id": "P", "name": "P", "type": "spaceship"}},
    "amount of nothing": {"amount": "0"},
    "negative amount": {"amount": "-1.00"},
    "amount that is no number": {"amount": "NaN"},
    "fractions of a cent": {"amount": "1.001"},
    "naive date": {"placed_at": "2026-11-01T10:00:00"},
    "date before the marketplace": {"placed_at": "1999-01-01T00:00:00Z"},
    "date in the future": {"placed_at": "2031-01-01T00:00:00Z"},
    "date beyond all calendars": {"placed_at": "99999-01-01T00:00:00Z"},
    "no date": {"placed_at": "yesterday"},
    "unknown member": {"color": "red"},
    "id with a slash": {"order_id": "../1"},
    "id with a null": {"order_id": "a\x00"},
    "id too long": {"order_line_id": "x" * 65},
    "empty name": {"product": {"id": "P", "name": "", "type": "license-offline"}},
    "period of nothing": {"period": {"unit": "year", "number": 0}},
    "acceptance tomorrow": {"product": {"id": "P", "name": "P", "type": "license-offline", "acceptance_days": 1}},
}


@pytest.mark.parametrize("wrong", WRONG_ORDERS.values(), ids=WRONG_ORDERS.keys())
async def test_a_wrong_order_is_refused_with_the_field_named(make_case: MakeCase, wrong: Json) -> None:
    case = make_case()
    answer = await case.world.purchase.start({**case.order(), **wrong})
    assert_problem(answer, 422, "invalid-input")
    assert str(answer.json_body["errors"]).find(next(iter(wrong))) > 0
    gone = await case.world.purchase.http.get(f"/v1/deliveries/{case.id}")
    assert gone.status_code == 404


@pytest.mark.parametrize(
    "missing", ["order_id", "order_line_id", "product", "seller_id", "buyer_id", "amount", "placed_at"]
)
async def test_a_missing_field_is_named(make_case: MakeCase, missing: str) -> None:
    case = make_case()
    order = {name: value for name, value in case.order().items() if name != missing}
    answer = await case.world.purchase.start(order)
    assert_problem(answer, 422, "invalid-input")
    assert f"body.{missing}" in str(answer.json_body["errors"])


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"[" * 5000])
async def test_a_body_that_is_no_order_is_refused(make_case: MakeCase, body: bytes) -> None:
    http = make_case().world.purchase.http
    answer = await http.post("/v1/deliveries", content=body, headers={"content-type": "application/json"})
    assert_problem(read_answer(answer), 422, "invalid-input")


async def test_an_oversized_body_is_refused(make_case: MakeCase) -> None:
    http = make_case().world.purchase.http
    answer = await http.post("/v1/deliveries", content=b" " * (512 * 1024 + 1))
    assert_problem(read_answer(answer), 413, "body-too-large")


async def test_only_the_purchase_system_starts_deliveries(make_case: MakeCase) -> None:
    case = make_case()
    for party in (case.world.seller, case.world.buyer, case.world.manager):
        assert_problem(await party.start(case.order()), 403, "forbidden")


async def test_a_strangers_order_is_not_there(make_case: MakeCase, stack: Stack) -> None:
    case = make_case()
    await case.start()
    for actor in (OTHER_SELLER, OTHER_BUYER):
        stranger = log_in(stack, actor)
        assert_problem(read_answer(await stranger.http.get(f"/v1/deliveries/{case.id}")), 404, "delivery-not-found")
        for command, fields in (("appeal", {"reason": "x", "claim": "x"}), ("accept", {}), ("deliver", proof())):
            assert_problem(await stranger.give(case.id, command, fields), 404, "delivery-not-found")
        page = (await stranger.http.get("/v1/deliveries", params={"order_id": case.order_id})).json()
        assert page["items"] == []
        await stranger.http.aclose()


@pytest.mark.parametrize(
    "unknown", ["CS1", "CS1:CS1-000009", "..%2f..%2fetc", "delivery:1:2", "'; drop table events;--"]
)
async def test_an_unknown_order_is_not_there(make_case: MakeCase, unknown: str) -> None:
    answer = await make_case().world.manager.http.get(f"/v1/deliveries/{unknown}")
    assert answer.status_code == 404
    assert answer.json()["code"] in {"delivery-not-found", "route-not-found"}


async def test_an_order_explains_itself(make_case: MakeCase) -> None:
    case = make_case()
    await case.start()
    await case.give(case.world.seller, "deliver", proof())
    for_buyer, for_seller = await case.world.buyer.read(case.id), await case.world.seller.read(case.id)
    assert stage_of(for_buyer) == "buyer-acceptance"
    waiting = for_buyer["waiting_on"]
    assert isinstance(waiting, dict)
    assert (waiting["role"], waiting["party_id"]) == ("buyer", "buyer-1")
    assert for_buyer["missing"] == {"zh": "用户的验收或驳回", "en": "the buyer's acceptance or rejection"}
    assert for_buyer["allowed_commands"] == ["accept", "reject-delivery", "appeal", "request-refund"]
    assert for_seller["allowed_commands"] == ["appeal"]
    assert for_buyer["next_act"] != for_buyer["deadline"] is not None


async def test_reviewers_and_auditors_read_and_cannot_act_for_the_parties(make_case: MakeCase, stack: Stack) -> None:
    case = make_case()
    await case.start()
    for actor in (REVIEWER, AUDITOR):
        reader = log_in(stack, actor)
        assert (await reader.read(case.id))["delivery_id"] == case.id
        assert_problem(await reader.give(case.id, "deliver", proof()), 403, "forbidden")
        await reader.http.aclose()


async def test_the_list_filters_and_pages_without_gaps_or_repeats(make_case: MakeCase) -> None:
    cases = [make_case(ProductType.MANUAL_SERVICE) for _ in range(5)]
    for case in cases:
        await case.start()
    manager = cases[0].world.manager
    params = {"product_type": "manual-service", "waiting_on": "buyer", "limit": "2"}
    found: list[str] = []
    cursor: str | None = None
    while cursor is not None or not found:
        page = (
            await manager.http.get("/v1/deliveries", params={**params, **({"cursor": cursor} if cursor else {})})
        ).json()
        assert len(page["items"]) <= 2
        assert {item["product_type"] for item in page["items"]} <= {"manual-service"}
        found += [item["delivery_id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert len(found) == len(set(found))
    assert {case.id for case in cases} <= set(found)


@pytest.mark.parametrize(
    "params",
    [
        {"cursor": "nonsense"},
        {"cursor": "MjAyNiB4"},
        {"limit": "0"},
        {"limit": "201"},
        {"stage": "lunch"},
        {"colour": "red"},
    ],
)
async def test_a_wrong_filter_is_refused(make_case: MakeCase, params: dict[str, str]) -> None:
    answer = await make_case().world.manager.http.get("/v1/deliveries", params=params)
    assert_problem(read_answer(answer), 422, "invalid-input")
