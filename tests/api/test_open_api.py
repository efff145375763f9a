"""The license open API: documented codes, signatures that are wrong, stale or replayed."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import create_engine, text

from domain.order import ProductType
from launcher.stack import Stack
from sandbox.cases import Case, instant, proof
from sandbox.client import ACTIVATE, Answer, Json, activate_license, open_api_headers
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


def license_in_the_database(stack: Stack, delivery_id: str) -> str:
    engine = create_engine(stack.database_url)
    with engine.connect() as connection:
        found = connection.scalar(text("select license_code from deliveries where id = :id"), {"id": delivery_id})
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
    "fields", [{}, {"license": ""}, {"license": "x" * 65}, {"license": 5}, {"license": "x", "real_effect_time": "soon"}]
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
    body = json.dumps({"license": f"PL{case.order_id}"}).encode()
    headers = open_api_headers(case.world.open_api_keys, ACTIVATE, body)
    assert code(await post(stack, body, headers)) == "92020005"
    answer = await post(stack, body, headers)
    assert (answer.status, code(answer)) == (401, "APIG.0301")
    assert "used before" in str(answer.json_body["error_msg"])
