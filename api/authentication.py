"""Who is calling: bearer tokens of the identity provider, verified by its published keys."""

import time
from threading import Lock
from typing import Annotated

import httpx
from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from api.problems import ProblemError
from domain.errors import ErrorCode
from domain.parties import Actor, Role
from settings import settings

ALGORITHMS = ["ES256", "RS256"]
REFETCH_SECONDS = 5.0
KEYS_LIFETIME_SECONDS = 600.0

bearer = HTTPBearer(auto_error=False, description="Access token of the identity provider")


class PublishedKeys:
    """The identity provider's keys, fetched when first needed, when old, and when a token names an unknown one.

    A cache of our own: joserfc, which verifies, fetches nothing. With the keys at hand a good token is verified on the
    event loop itself, without a thread and without a look at the network.
    """

    def __init__(self) -> None:
        """Start without keys."""
        self._lock = Lock()
        self._keys: KeySet | None = None
        self._fetched = float("-inf")

    def at_hand(self) -> KeySet | None:
        """The keys, if they are there and not old; asks nobody, so that an event loop may call it."""
        return self._keys if time.monotonic() - self._fetched <= KEYS_LIFETIME_SECONDS else None

    def get(self, *, fresh: bool = False) -> KeySet:
        """The keys; raises ProblemError when the provider cannot be reached and none are known."""
        with self._lock:
            age = time.monotonic() - self._fetched
            if self._keys is None or age > KEYS_LIFETIME_SECONDS or (fresh and age > REFETCH_SECONDS):
                self._fetch()
            if self._keys is None:
                raise ProblemError(ErrorCode.SERVICE_UNAVAILABLE, "the identity provider is away")
            return self._keys

    def _fetch(self) -> None:
        try:
            answer = httpx.get(settings().token_keys_url, timeout=5, trust_env=False).raise_for_status()
            self._keys = KeySet.import_key_set(answer.json())
            self._fetched = time.monotonic()
        except (httpx.HTTPError, ValueError, JoseError):
            if self._keys is None:
                raise ProblemError(ErrorCode.SERVICE_UNAVAILABLE, "the identity provider is away") from None


published_keys = PublishedKeys()


def _decode(token: str) -> jwt.Token:
    try:
        return jwt.decode(token, published_keys.get(), algorithms=ALGORITHMS)
    except (InvalidKeyIdError, ValueError):
        return jwt.decode(token, published_keys.get(fresh=True), algorithms=ALGORITHMS)


async def authenticate(credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]) -> Actor:
    """The calling party; raises ProblemError for a missing, forged, foreign or expired token."""
    if credentials is None:
        raise ProblemError(ErrorCode.UNAUTHENTICATED)
    raw = credentials.credentials
    try:
        token = _decode_at_hand(raw)
        return _actor(token if token is not None else await run_in_threadpool(_decode, raw))
    except ExpiredTokenError as error:
        raise ProblemError(ErrorCode.TOKEN_EXPIRED) from error
    except (JoseError, ValidationError, ValueError) as error:
        raise ProblemError(ErrorCode.UNAUTHENTICATED) from error


def _decode_at_hand(token: str) -> jwt.Token | None:
    """The token, if a key that is at hand signed it: verifying takes less than handing it to a thread would."""
    keys = published_keys.at_hand()
    if keys is None:
        return None
    try:
        return jwt.decode(token, keys, algorithms=ALGORITHMS)
    except (InvalidKeyIdError, ValueError):
        return None


def _actor(token: jwt.Token) -> Actor:
    """Whom a token names; raises JoseError, ValidationError or ValueError."""
    rules = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": settings().token_issuer},
        aud={"essential": True, "value": settings().token_audience},
        exp={"essential": True},
        sub={"essential": True},
        role={"essential": True},
    )
    rules.validate(token.claims)
    actor = Actor(role=token.claims["role"], id=token.claims["sub"])
    if actor.role is Role.SYSTEM:
        raise ProblemError(ErrorCode.UNAUTHENTICATED)
    return actor


Caller = Annotated[Actor, Depends(authenticate)]
