"""Who gets in, and who does not."""

import time

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from launcher.stack import Stack
from sandbox.client import Answer
from sandbox.parties import BUYER
from tests.support import assert_problem, read_answer

KEY = ECKey.generate_key("P-256", {"kid": "mine"})


def claims(stack: Stack, **changed: object) -> dict[str, object]:
    usual: dict[str, object] = {
        "iss": f"{stack.layout.sandbox_url}/identity",
        "aud": "delivery-api",
        "sub": "manager-1",
        "role": "manager",
        "exp": int(time.time()) + 60,
    }
    return {name: value for name, value in {**usual, **changed}.items() if value is not None}


async def ask(stack: Stack, authorization: str | None) -> Answer:
    headers = {} if authorization is None else {"Authorization": authorization}
    async with httpx.AsyncClient(base_url=stack.layout.api_url, trust_env=False) as http:
        return read_answer(await http.get("/v1/deliveries", headers=headers))


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer x", "Bearer a.b.c", "Basic abc", "Bearer " + "x" * 4000]
)
async def test_no_usable_token_is_401(stack: Stack, header: str | None) -> None:
    assert_problem(await ask(stack, header), 401, "unauthenticated")


async def test_a_forged_token_is_401(stack: Stack) -> None:
    forged = jwt.encode({"alg": "ES256", "kid": "mine"}, claims(stack), KEY)
    assert_problem(await ask(stack, f"Bearer {forged}"), 401, "unauthenticated")


async def test_a_token_signed_with_a_shared_secret_is_401(stack: Stack) -> None:
    forged = jwt.encode({"alg": "HS256"}, claims(stack), OctKey.import_key("guessable-secret-guessable-secret"))
    assert_problem(await ask(stack, f"Bearer {forged}"), 401, "unauthenticated")


async def test_an_unsigned_token_is_401(stack: Stack) -> None:
    unsigned = "eyJhbGciOiJub25lIn0.eyJyb2xlIjoibWFuYWdlciJ9."
    assert_problem(await ask(stack, f"Bearer {unsigned}"), 401, "unauthenticated")


async def test_a_changed_token_is_401(stack: Stack) -> None:
    head, _, signature = stack.layout.token(BUYER).split(".")
    body = jwt.encode({"alg": "ES256"}, claims(stack), KEY).split(".")[1]
    assert_problem(await ask(stack, f"Bearer {head}.{body}.{signature}"), 401, "unauthenticated")
