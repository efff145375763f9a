"""Pay-per-use usage pushed by sellers: the call is taken or not, each record has a code of its own."""

import json
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import cast

import httpx
import pytest

from domain.order import ProductType
from domain.seller.signatures import trace_usage
from launcher.stack import Stack
from sandbox.cases import Case
from sandbox.client import OPEN_API, Json
from sandbox.parties import OTHER_SELLER, SELLER, access_key

MakeCase = Callable[..., Case]


def stamp(ago: timedelta) -> str:
    return (datetime.now(UTC) - ago).strftime("%Y%m%dT%H%M%SZ")


def record(case: Case, **changed: object) -> Json:
    return {
        "instance_id": f"i-{case.line}",
        "record_time": stamp(timedelta(minutes=1)),
        "begin_time": stamp(timedelta(hours=2)),
        "end_time": stamp(timedelta(hours=1)),
        "usage_value": "12.5",
        "id": secrets.token_hex(8),
        **changed,
    }


def headers_of(stack: Stack, body: bytes, seller_id: str = SELLER.id, **changed: str) -> dict[str, str]:
    key = access_key(stack.layout.secrets.sandbox_secret, seller_id)
    told = {"ts": str(time.time_ns() // 1_000_000), "nonce": secrets.token_hex(16), **changed}
    return {"signature": trace_usage(key, told["ts"], told["nonce"], body).signature, **told}


async def send(case: Case, body: bytes, headers: dict[str, str]) -> httpx.Response:
    async with httpx.AsyncClient(base_url=case.world.api_url, trust_env=False) as http:
        return await http.post(f"{OPEN_API}/v1/isv/usage-data", content=body, headers=headers)


async def push(case: Case, stack: Stack, *records: Json) -> Json:
    body = json.dumps({"usage_records": records}).encode()
    answer = await send(case, body, headers_of(stack, body))
    assert answer.status_code == 200, answer.text
    return cast("Json", answer.json())


def codes(answer: Json) -> list[str]:
    return [str(one["code"]) for one in cast("list[Json]", answer["records"])]


async def living(make_case: MakeCase, charging_mode: str | None = "ON_DEMAND") -> Case:
    case = make_case(ProductType.SAAS_INSTANT)
    case.changes = {"period": None, "charging_mode": charging_mode} if charging_mode else {}
    await case.start()
    await case.world.manager.wait_for(case.id, lambda seen: bool(seen["history"]), "instances")
    return case


async def test_a_record_is_taken_once(make_case: MakeCase, stack: Stack) -> None:
    case = await living(make_case)
    told = record(case)
    first, second = await push(case, stack, told), await push(case, stack, told)
    assert (first["resultCode"], codes(first), first["failed"]) == ("CBC.0000", ["000"], 0)
    assert (second["resultCode"], codes(second), second["failed"]) == ("CBC.0000", ["010"], 1)


WRONG: dict[str, tuple[Json, str]] = {
    "no such instance": ({"instance_id": "i-nowhere"}, "001"),
    "no instance": ({"instance_id": None}, "001"),
    "time format": ({"begin_time": "2026-11-24 10:00:00"}, "002"),
    "no usage": ({"usage_value": None}, "003"),
    "negative": ({"usage_value": "-1"}, "003"),
    "nothing": ({"usage_value": 0}, "003"),
    "no number": ({"usage_value": "NaN"}, "003"),
    "too fine": ({"usage_value": "1.00001"}, "003"),
    "too much": ({"usage_value": 1e12}, "003"),
    "no id": ({"id": ""}, "004"),
    "long id": ({"id": "x" * 65}, "004"),
    "too old": ({"begin_time": stamp(timedelta(days=21, minutes=1))}, "007"),
    "ends before it begins": ({"end_time": stamp(timedelta(hours=3))}, "011"),
    "ends tomorrow": ({"end_time": stamp(-timedelta(days=1))}, "011"),
}


@pytest.fixture(scope="module")
async def instance(world: object) -> Case:
    made = Case(world, "test", ProductType.SAAS_INSTANT)  # type: ignore[arg-type]
    made.changes = {"period": None, "charging_mode": "ON_DEMAND"}
    await made.start()
    await made.world.manager.wait_for(made.id, lambda seen: bool(seen["history"]), "instances")
    return made


@pytest.mark.parametrize("name", WRONG)
async def test_a_bad_record_has_its_code_and_does_not_fail_the_others(instance: Case, stack: Stack, name: str) -> None:
    changed, code = WRONG[name]
    answer = await push(instance, stack, record(instance, **changed), record(instance))
    assert codes(answer) == [code, "000"]


async def test_an_id_twice_in_one_push_counts_once(instance: Case, stack: Stack) -> None:
    told = record(instance)
    assert codes(await push(instance, stack, told, told)) == ["000", "005"]


async def test_usage_of_an_instance_that_is_paid_by_the_month_is_refused(make_case: MakeCase, stack: Stack) -> None:
    case = await living(make_case, None)
    assert codes(await push(case, stack, record(case))) == ["012"]


async def test_a_released_instance_has_no_usage_any_more(make_case: MakeCase, stack: Stack) -> None:
    case = await living(make_case)
    body = {"operation": "release", "order_id": "UN1", "order_line_id": "UN1-1"}
    assert (await case.world.purchase.post(f"/v1/instances/{case.id}/operations", body)).status == 200
    later = {"begin_time": stamp(-timedelta(minutes=1)), "end_time": stamp(-timedelta(minutes=2))}
    assert codes(await push(case, stack, record(case), record(case, **later))) == ["000", "013"]


async def test_bad_records_are_listed_for_their_seller(instance: Case, stack: Stack) -> None:
    told = record(instance, usage_value="-5")
    await push(instance, stack, told)
    seller, path = instance.world.seller, "/v1/usage-records?taken=false&limit=200"
    mine = (await seller.http.get(path)).json()["items"]
    (found,) = [one for one in mine if one["record_id"] == told["id"]]
    assert (found["code"], found["content"]["usage_value"], found["delivery_id"]) == ("003", "-5", instance.id)
    assert all(one["code"] != "000" for one in mine)
    assert (await instance.world.buyer.http.get(path)).status_code == 403


@pytest.mark.parametrize("text", ['"x\\u0000"', '{"x\\u0000": 1}', "NaN", "1e999"])
async def test_a_push_that_cannot_be_stored_is_refused_as_a_whole(instance: Case, stack: Stack, text: str) -> None:
    body = json.dumps({"usage_records": [record(instance, extra="?")]}).replace('"?"', text).encode()
    answer = await send(instance, body, headers_of(stack, body))
    assert (answer.status_code, answer.json()["resultCode"]) == (400, "CBC.0101")


SPOILED: dict[str, Callable[[dict[str, str]], dict[str, str]]] = {
    "signature": lambda told: {**told, "signature": "A" * 44},
    "no signature": lambda told: {**told, "signature": ""},
    "nonce": lambda told: {**told, "nonce": "another"},
    "no nonce": lambda told: {**told, "nonce": ""},
    "stale": lambda told: {**told, "ts": "1680508066618"},
    "no time": lambda told: {**told, "ts": "yesterday"},
}


@pytest.mark.parametrize("name", SPOILED)
async def test_a_push_with_a_spoiled_signature_is_refused(instance: Case, stack: Stack, name: str) -> None:
    body = json.dumps({"usage_records": [record(instance)]}).encode()
    answer = await send(instance, body, SPOILED[name](headers_of(stack, body)))
    assert (answer.status_code, answer.json()["resultCode"]) == (403, "CBC.0150")


async def test_another_sellers_key_signs_nothing_for_this_instance(instance: Case, stack: Stack) -> None:
    body = json.dumps({"usage_records": [record(instance)]}).encode()
    answer = await send(instance, body, headers_of(stack, body, OTHER_SELLER.id))
    assert answer.status_code == 403


async def test_a_push_is_taken_once(instance: Case, stack: Stack) -> None:
    body = json.dumps({"usage_records": [record(instance)]}).encode()
    headers = headers_of(stack, body)
    assert (await send(instance, body, headers)).status_code == 200
    assert (await send(instance, body, headers)).status_code == 403


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"usage_records": []}', b'{"usage_records": [1]}'])
async def test_a_push_that_is_none_is_invalid(instance: Case, body: bytes) -> None:
    answer = await send(instance, body, {})
    assert (answer.status_code, answer.json()["resultCode"]) == (400, "CBC.0101")


async def test_a_thousand_records_are_taken_and_one_more_is_not(instance: Case, stack: Stack) -> None:
    many = [record(instance) for _ in range(1001)]
    assert set(codes(await push(instance, stack, *many[:1000]))) == {"000"}
    body = json.dumps({"usage_records": many}).encode()
    assert (await send(instance, body, headers_of(stack, body))).status_code == 400
