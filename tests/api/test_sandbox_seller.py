"""The sandbox's seller is strict: it is what our calls are tested against."""

import json
import secrets
import time
from collections.abc import Callable

import pytest

from domain.seller.signatures import sign_v2
from launcher.stack import Stack
from sandbox.cases import Case
from sandbox.parties import SELLER, access_key

MakeCase = Callable[..., Case]


async def call(case: Case, stack: Stack, **changed: str) -> dict[str, str]:
    fields = {"activity": "newInstance", "orderId": case.order_id, "orderLineId": case.line, "businessId": "b"}
    body = json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
    key = access_key(stack.layout.secrets.sandbox_secret, SELLER.id)
    query = {"timestamp": str(time.time_ns() // 1_000_000), "nonce": secrets.token_hex(16), **changed}
    query = {"signature": sign_v2(key, query["nonce"], query["timestamp"], body), **query}
    answer = await case.world.sandbox.post(f"/seller/{SELLER.id}/production", params=query, content=body)
    found: dict[str, str] = answer.json()
    return found


async def test_a_right_call_twice_makes_one_instance(make_case: MakeCase, stack: Stack) -> None:
    case = make_case()
    first, second = await call(case, stack), await call(case, stack)
    assert first["resultCode"] == second["resultCode"] == "000000"
    assert first["instanceId"] == second["instanceId"]
    assert await case.effect("created") == 1


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"signature": "0" * 64}, "000001"),
        ({"signature": ""}, "000001"),
        ({"nonce": ""}, "000002"),
        ({"timestamp": ""}, "000002"),
        ({"timestamp": "1680508066618"}, "000002"),
        ({"timestamp": str(time.time_ns() // 1_000_000 + 3_600_000)}, "000002"),
    ],
)
async def test_a_wrong_call_is_refused(make_case: MakeCase, stack: Stack, changed: dict[str, str], code: str) -> None:
    case = make_case()
    assert (await call(case, stack, **changed))["resultCode"] == code
    assert await case.effect("created") == 0


async def test_a_nonce_is_taken_once(make_case: MakeCase, stack: Stack) -> None:
    case = make_case()
    nonce = secrets.token_hex(16)
    assert (await call(case, stack, nonce=nonce))["resultCode"] == "000000"
    assert (await call(case, stack, nonce=nonce))["resultCode"] == "000002"
