"""The sandbox's identity provider: the endpoints of any OIDC provider, client credentials only."""

import hmac
import time
from functools import lru_cache
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException
from joserfc import jwt
from joserfc.jwk import ECKey
from pydantic import BaseModel, ValidationError

from domain.parties import Actor
from sandbox.parties import client_secret, sandbox_settings

LIFETIME_SECONDS = 8 * 3600

router = APIRouter(prefix="/identity", tags=["identity provider"])


class Token(BaseModel):
    """An OAuth 2 access token answer."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - a type, not a token
    expires_in: int = LIFETIME_SECONDS


@lru_cache
def _key() -> ECKey:
    return ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)


def issuer() -> str:
    """The provider's name in its tokens."""
    return f"{sandbox_settings().url}/identity"


@router.get("/.well-known/openid-configuration")
def configuration() -> dict[str, str]:
    """Tell where the endpoints are."""
    return {"issuer": issuer(), "token_endpoint": f"{issuer()}/token", "jwks_uri": f"{issuer()}/jwks"}


@router.get("/jwks")
def keys() -> dict[str, list[dict[str, object]]]:
    """Publish the public key."""
    return {"keys": [dict(_key().as_dict(private=False))]}


@router.post("/token")
def token(
    client_id: Annotated[str, Form(examples=["seller:seller-1"])],
    client_secret_: Annotated[str, Form(alias="client_secret")],
) -> Token:
    """Give a party its token; the client id is ``role:party``."""
    role, _, party = client_id.partition(":")
    try:
        actor = Actor.model_validate({"role": role, "id": party})
    except ValidationError as error:
        raise HTTPException(400, "invalid_client") from error
    expected = client_secret(sandbox_settings().secret.get_secret_value(), actor)
    if not party or not hmac.compare_digest(expected.encode(), client_secret_.encode()):
        raise HTTPException(401, "invalid_client")
    now = int(time.time())
    claims = {
        "iss": issuer(),
        "aud": sandbox_settings().token_audience,
        "sub": actor.id,
        "role": actor.role.value,
        "iat": now,
        "exp": now + LIFETIME_SECONDS,
    }
    return Token(access_token=jwt.encode({"alg": "ES256", "kid": _key().kid}, claims, _key()))
