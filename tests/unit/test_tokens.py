"""Tokens with a right signature and wrong claims: verified with keys of our own in place of the provider's."""

import asyncio
import time

import pytest
from fastapi.security import HTTPAuthorizationCredentials
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from api import authentication
from api.problems import ProblemError
from domain.parties import Actor, Role

KEY = ECKey.generate_key("P-256", {"kid": "k1"})


@pytest.fixture(autouse=True)
def our_keys(bare_settings: pytest.MonkeyPatch) -> None:
    bare_settings.setenv("DELIVERY_TOKEN_ISSUER", "https://identity.example.com")
    bare_settings.setattr(authentication.published_keys, "get", lambda *, fresh=False: KeySet([KEY]))  # noqa: ARG005


def caller(**changed: object) -> Actor:
    usual: dict[str, object] = {
        "iss": "https://identity.example.com",
        "aud": "delivery-api",
        "sub": "buyer-1",
        "role": "buyer",
        "exp": int(time.time()) + 60,
    }
    claims = {name: value for name, value in {**usual, **changed}.items() if value is not None}
    token = jwt.encode({"alg": "ES256", "kid": "k1"}, claims, KEY)
    credentials = HTTPAuthorizationCredentials(scheme="Bearer", credentials=token)
    return asyncio.run(authentication.authenticate(credentials))


def test_a_right_token_names_the_party() -> None:
    assert caller() == Actor(role=Role.BUYER, id="buyer-1")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"exp": int(time.time()) - 1}, "token-expired"),
        ({"exp": None}, "unauthenticated"),
        ({"aud": "another-api"}, "unauthenticated"),
        ({"aud": None}, "unauthenticated"),
        ({"iss": "https://evil.example.com"}, "unauthenticated"),
        ({"role": "king"}, "unauthenticated"),
        ({"role": "system"}, "unauthenticated"),
        ({"role": None}, "unauthenticated"),
        ({"sub": None}, "unauthenticated"),
        ({"sub": ""}, "unauthenticated"),
    ],
)
def test_wrong_claims_are_refused(changed: dict[str, object], code: str) -> None:
    with pytest.raises(ProblemError) as refused:
        caller(**changed)
    assert refused.value.problem.code == code
