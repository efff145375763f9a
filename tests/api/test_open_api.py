"""The license open API: documented codes, signatures that are wrong, stale or replayed."""

import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import cast

import httpx
import pytest
from sqlalchemy import create_engine, text

from api.open_api.mock_orders import MOCK_ORDERS
from domain.order import ProductType
from launcher.stack import Stack
from sandbox.cases import Case, instant, proof
from sandbox.client import ACTIVATE, Answer, Json, activate_license, open_api, open_api_headers, query_order
from sandbox.parties import OTHER_SELLER, open_api_keys
from tests.support import read_answer

MakeCase = Callable[..., Case]


async def claimed(case: Case) -> str:
    await case.start()
    await case.give(case.world.seller, "deliver")
    await case.give(case.world.buyer, "claim-code")
    return str((await case.world.buyer.read(case.id))["license_code"])


@pytest.fixture
async def case(make_case: MakeCase) -> Case:
    made = make_case(ProductType.LICENSE_AUTHORIZATION_CODE)
    made.changes["placed_at"] = "2024-12-02T09:00:00+08:00"
    return made


def code(answer: Answer) -> object:
    return answer.json_body["error_code"]


async def post(stack: Stack, body: bytes, headers: dict[str, str]) -> Answer:
    async with httpx.AsyncClient(base_url=stack.layout.api_url, trust_env=False) as http:
        return read_answer(await http.post(ACTIVATE, content=body, headers=headers))


async def test_activation_tells_about_the_license(case: Case) -> None:
    license_code = await claimed(case)
    answer = await case.activate(license_code)
    assert code(answer) == "92020000"
    data = answer.json_body["data"]
    assert isinstance(data, dict)
    info = json.loads(data["license_code_info"])
    assert (info["status"], info["order_id"]) == ("ALIVE", case.order_id)


async def test_a_code_is_not_activated_twice(case: Case) -> None:
    license_code = await claimed(case)
    await case.activate(license_code)
    await case.pass_time(timedelta(seconds=2))
    assert code(await activate_later(case, {"license": license_code})) == "92020003"


async def call(case: Case, name: str, fields: Json) -> Answer:
    """A call of the seller's software; a member we ignore makes a repeated one another request."""
    more: Json = {"again": secrets.token_hex(4)}
    return await open_api(case.world.api_url, case.world.open_api_keys, name, {**fields, **more})


async def many_claimed(case: Case, make_case: MakeCase) -> list[str]:
    """Three codes of three orders that their buyer claimed."""
    codes = [await claimed(case)]
    for _ in range(2):
        other = make_case(ProductType.LICENSE_AUTHORIZATION_CODE)
        other.changes |= case.changes
        codes.append(await claimed(other))
    return codes


async def test_many_codes_are_activated_at_once(case: Case, make_case: MakeCase) -> None:
    codes = await many_claimed(case, make_case)
    answer = await call(case, "v2/license/activate", {"license_list": [*codes, codes[0]]})
    assert code(answer) == "92020000"
    alive = await call(case, "v2/license/heartbeat", {"license_list": codes})
    assert [one["status"] for one in cast("list[Json]", alive.json_body["data"])] == ["ALIVE"] * 3
    assert code(await call(case, "v2/license/activate", {"license_list": [*codes, codes[0]]})) == "92020003"


async def test_of_many_codes_none_is_activated_when_one_cannot_be(case: Case, make_case: MakeCase) -> None:
    codes = await many_claimed(case, make_case)
    strange = [*codes, f"PL{case.order_id}"]
    assert code(await call(case, "v2/license/activate", {"license_list": strange})) == "92020020"
    await case.activate(codes[0])
    assert code(await call(case, "v2/license/activate", {"license_list": codes})) == "92020003"
    assert code(await call(case, "v2/license/heartbeat", {"license_list": codes})) == "92020011"
    assert code(await call(case, "v2/license/activate", {"license_list": codes[1:]})) == "92020000"


@pytest.mark.parametrize("codes", [[], ["x"] * 101, "x", [""], [None]])
async def test_a_batch_has_1_to_100_codes(case: Case, codes: object) -> None:
    for name in ("v2/license/activate", "v2/license/heartbeat"):
        assert code(await call(case, name, {"license_list": codes})) == "95000001"


async def test_a_heartbeat_tells_of_an_activated_code(case: Case) -> None:
    license_code = await claimed(case)
    assert code(await call(case, "v1/license/heartbeat", {"license": license_code})) == "92020011"
    await case.activate(license_code)
    answer = await call(case, "v1/license/heartbeat", {"license": license_code, "heartbeatInfo": {"ip": "::1"}})
    data = cast("Json", answer.json_body["data"])
    assert (data["license_code"], data["status"], data["order_id"]) == (license_code, "ALIVE", case.order_id)
    start, end = (datetime.strptime(str(data[name]), "%Y%m%d%H%M%S") for name in ("activate_time", "expire_time"))  # noqa: DTZ007
    assert end.year == start.year + 1


async def test_a_heartbeat_may_be_repeated_within_a_second(case: Case) -> None:
    license_code = await claimed(case)
    await case.activate(license_code)
    fields: Json = {"license": license_code}
    keys = case.world.open_api_keys
    for _ in range(2):
        assert code(await open_api(case.world.api_url, keys, "v1/license/heartbeat", fields)) == "92020000"


async def test_a_refunded_code_is_released(case: Case) -> None:
    license_code = await claimed(case)
    await case.activate(license_code)
    await case.give(case.world.buyer, "appeal", {"reason": "No", "claim": "Money back"})
    await case.give(case.world.manager, "decide-appeal", {"ruling": "refund", "reason": "It never ran"})
    await case.until_stage("refunded")
    answer = await call(case, "v1/license/heartbeat", {"license": license_code})
    assert cast("Json", answer.json_body["data"])["status"] == "RELEASED"
    assert await case.effect("released", license_code) == 1


async def test_usage_is_kept_and_shown_and_unknown_codes_are_named(case: Case) -> None:
    license_code = await claimed(case)
    await case.activate(license_code)
    entries = [{"id": "user-1"}, {"id": "user-2"}]
    told: Json = {"usage_info": [{"license": one, "software_usage_Info": entries} for one in (license_code, "PLNONE")]}
    answer = await call(case, "v2/license/software-usage-info", told)
    assert code(answer) == "92020000"
    assert cast("Json", answer.json_body["data"])["check_fail_list"] == ["PLNONE"]
    usage = cast("Json", (await case.world.buyer.read(case.id))["usage"])
    assert (usage["active"], usage["users"]) == (2, ["user-1", "user-2"])
    count = {"usage_info": [{"license": license_code, "software_usage_Info": [{"active_num": 40}]}]}
    assert code(await call(case, "v2/license/software-usage-info", cast("Json", count))) == "92020000"
    assert cast("Json", (await case.world.buyer.read(case.id))["usage"])["active"] == 40


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [{}],
        [{"id": "u\x00"}],
        [{"id": "u\ud800"}],
        [{"active_num": 10**4000}],
        [{"id": "u", "active_num": 1}],
        [{"active_num": -1}],
        [{"active_num": 10**9}],
        [{"id": "u"}] * 101,
    ],
)
async def test_usage_is_a_user_or_a_number(case: Case, entries: object) -> None:
    told: Json = {"usage_info": [{"license": "PL1", "software_usage_Info": entries}]}
    assert code(await call(case, "v2/license/software-usage-info", told)) == "95000001"


async def test_an_order_is_queried_by_its_seller(case: Case, stack: Stack) -> None:
    await case.start()
    url, keys = case.world.api_url, case.world.open_api_keys
    answer = await query_order(url, keys, orderId=case.order_id)
    info = cast("Json", answer.json_body["orderInfo"])
    assert (answer.status, answer.json_body["resultCode"]) == (200, "CBC.0000")
    assert (info["orderId"], info["orderType"], info["createTime"]) == (case.order_id, "NEW", "20241202010000")
    (line,) = cast("list[Json]", info["orderLine"])
    assert (line["orderLineId"], line["chargingMode"], line["periodType"]) == (case.line, "PERIOD", "year")
    assert (await query_order(url, keys, orderId=case.order_id, orderLineId=case.line)).status == 200
    assert (await query_order(url, keys, orderId=case.order_id, orderLineId="x")).status == 403
    others = open_api_keys(stack.layout.secrets.sandbox_secret, OTHER_SELLER.id)
    foreign = await query_order(url, others, orderId=case.order_id)
    assert (foreign.status, foreign.json_body["resultCode"]) == (403, "CBC.0150")
    wrong = await query_order(url, ("AK-seller-1", "another"), orderId=case.order_id)
    assert (wrong.status, wrong.json_body["error_code"]) == (401, "APIG.0301")


@pytest.mark.parametrize("asked", [{}, {"orderId": ""}, {"orderId": "x" * 65}, {"orderId": "\x00"}])
async def test_an_order_query_names_an_order(case: Case, asked: dict[str, str]) -> None:
    answer = await query_order(case.world.api_url, case.world.open_api_keys, **asked)
    assert (answer.status, answer.json_body["resultCode"]) == (400, "CBC.0101")


@pytest.mark.parametrize("name", MOCK_ORDERS)
async def test_the_mock_orders_answer(case: Case, name: str) -> None:
    answer = await query_order(case.world.api_url, case.world.open_api_keys, orderId=name)
    info = cast("Json", answer.json_body["orderInfo"])
    assert cast("list[Json]", info["orderLine"])[0]["orderLineId"] == f"{name}-000001"


async def activate_later(case: Case, fields: Json) -> Answer:
    """The same body signed in the same second would be a replay; a member we ignore makes it another request."""
    return await activate_license(case.world.api_url, case.world.open_api_keys, {**fields, "again": case.order_id})


async def test_a_code_is_not_activated_before_the_buyer_claimed_it(case: Case, stack: Stack) -> None:
    await case.start()
    await case.give(case.world.seller, "deliver")
    for party in (case.world.buyer, case.world.seller, case.world.manager):
        assert (await party.read(case.id))["license_code"] is None, "nobody reads it before the claim"
    license_code = license_in_the_database(stack, case.id)
    assert code(await case.activate(license_code)) == "92020004"


async def test_a_request_that_changed_nothing_may_come_again(case: Case, stack: Stack) -> None:
    await case.start()
    await case.give(case.world.seller, "deliver")
    body = json.dumps({"license": license_in_the_database(stack, case.id)}).encode()
    headers = open_api_headers(case.world.open_api_keys, ACTIVATE, body)
    assert code(await post(stack, body, headers)) == "92020004"
    await case.give(case.world.buyer, "claim-code")
    assert code(await post(stack, body, headers)) == "92020000"


def license_in_the_database(stack: Stack, delivery_id: str) -> str:
    engine = create_engine(stack.database_url)
    with engine.connect() as connection:
        found = connection.scalar(text("select seller_key from deliveries where id = :id"), {"id": delivery_id})
    engine.dispose()
    return str(found)


async def test_validity_starts_at_the_real_effect_time(case: Case) -> None:
    license_code = await claimed(case)
    effect = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    fields: Json = {"license": license_code, "real_effect_time": effect.strftime("%Y%m%d%H%M%S")}
    answer = await activate_license(case.world.api_url, case.world.open_api_keys, fields)
    assert code(answer) == "92020000"
    await case.give(case.world.seller, "upload-proof", proof())
    done = await case.until_stage("completed")
    validity = done["validity"]
    assert isinstance(validity, dict)
    assert instant(validity["starts_at"]) == effect


async def test_an_effect_time_before_the_order_is_an_invalid_parameter(case: Case) -> None:
    fields: Json = {"license": await claimed(case), "real_effect_time": "20200101000000"}
    answer = await activate_license(case.world.api_url, case.world.open_api_keys, fields)
    assert code(answer) == "92020002"


async def test_an_unknown_code_does_not_exist(case: Case) -> None:
    answer = await activate_license(case.world.api_url, case.world.open_api_keys, {"license": f"PL{case.order_id}"})
    assert (answer.status, code(answer)) == (200, "92020005")


async def test_another_sellers_code_does_not_exist(case: Case, stack: Stack) -> None:
    license_code = await claimed(case)
    keys = open_api_keys(stack.layout.secrets.sandbox_secret, OTHER_SELLER.id)
    assert code(await activate_license(case.world.api_url, keys, {"license": license_code})) == "92020005"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"license": ""},
        {"license": "x" * 65},
        {"license": 5},
        {"license": "x", "real_effect_time": "soon"},
        {"license": "x\x00"},
        {"license": "x\ud800"},
    ],
)
async def test_wrong_parameters_have_their_code(case: Case, fields: Json) -> None:
    answer = await activate_license(case.world.api_url, case.world.open_api_keys, fields)
    assert (answer.status, code(answer)) == (400, "95000001")


async def test_an_unreadable_message_has_its_code(case: Case, stack: Stack) -> None:
    body = b'{"license":'
    answer = await post(stack, body, open_api_headers(case.world.open_api_keys, ACTIVATE, body))
    assert (answer.status, code(answer)) == (400, "95000004")


async def test_another_content_type_has_its_code(case: Case, stack: Stack) -> None:
    body = b"license=PL1"
    headers = open_api_headers(case.world.open_api_keys, ACTIVATE, body, content_type="text/plain")
    answer = await post(stack, body, headers)
    assert (answer.status, code(answer)) == (415, "95000003")


async def test_another_method_has_its_code(stack: Stack) -> None:
    async with httpx.AsyncClient(base_url=stack.layout.api_url, trust_env=False) as http:
        answer = read_answer(await http.get(ACTIVATE))
    assert (answer.status, code(answer)) == (405, "95000002")


async def test_a_wrong_signature_is_refused(case: Case, stack: Stack) -> None:
    body = json.dumps({"license": await claimed(case)}).encode()
    good = open_api_headers(case.world.open_api_keys, ACTIVATE, body)
    access_key, _ = case.world.open_api_keys
    wrong = [
        open_api_headers((access_key, "another-secret"), ACTIVATE, body),
        open_api_headers(("AK-nobody", "another-secret"), ACTIVATE, body),
        open_api_headers(case.world.open_api_keys, ACTIVATE, b"{}"),
        open_api_headers(case.world.open_api_keys, "/another/path", body),
        {**good, "authorization": "SDK-HMAC-SHA256"},
        {**good, "authorization": f"Bearer {case.world.purchase.http.headers['authorization']}"},
        {"content-type": "application/json"},
    ]
    for headers in wrong:
        answer = await post(stack, body, headers)
        assert (answer.status, code(answer)) == (401, "APIG.0301")
    assert code(await post(stack, body, good)) == "92020000", "the refused ones changed nothing"


@pytest.mark.parametrize("seconds", [-61, 62])
async def test_a_timestamp_more_than_60_s_off_is_refused(case: Case, stack: Stack, seconds: int) -> None:
    body = b'{"license":"PL1"}'
    at = datetime.now(UTC) + timedelta(seconds=seconds)
    answer = await post(stack, body, open_api_headers(case.world.open_api_keys, ACTIVATE, body, at))
    assert (answer.status, code(answer)) == (401, "APIG.0301")
    assert "60 s" in str(answer.json_body["error_msg"])


async def test_a_replayed_signature_is_refused(case: Case, stack: Stack) -> None:
    body = json.dumps({"license": await claimed(case)}).encode()
    headers = open_api_headers(case.world.open_api_keys, ACTIVATE, body)
    assert code(await post(stack, body, headers)) == "92020000"
    answer = await post(stack, body, headers)
    assert (answer.status, code(answer)) == (401, "APIG.0301")
    assert "used before" in str(answer.json_body["error_msg"])
