"""Who takes part in the sandbox, and the secrets they share with it."""

import hashlib
import hmac
from functools import lru_cache

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.parties import Actor, Role


class SandboxSettings(BaseSettings):
    """Settings of the sandbox process, from the environment (prefix ``SANDBOX_``)."""

    model_config = SettingsConfigDict(env_prefix="SANDBOX_", frozen=True)

    secret: SecretStr = Field(description="All secrets of the sandbox's parties are derived from it")
    url: str = Field(description="Where the sandbox itself is reached")
    api_url: str = Field(default="http://127.0.0.1:8080", description="Where sellers' software finds the open API")
    purchase_callback_secret: SecretStr
    token_audience: str = "delivery-api"  # noqa: S105 - a name, not a password


@lru_cache
def sandbox_settings() -> SandboxSettings:
    """The settings of this process, read once."""
    return SandboxSettings()


def derived_secret(secret: str, purpose: str) -> str:
    """A party's own secret, from the sandbox's one."""
    return hmac.new(secret.encode(), purpose.encode(), hashlib.sha256).hexdigest()


def client_secret(secret: str, actor: Actor) -> str:
    """What a party shows the identity provider."""
    return derived_secret(secret, f"client:{actor.role}:{actor.id}")


def access_key(secret: str, seller_id: str) -> str:
    """The key that signs the calls of a seller's production interface."""
    return derived_secret(secret, f"production:{seller_id}")


def open_api_keys(secret: str, seller_id: str) -> tuple[str, str]:
    """Access key and secret key of a seller at the open API."""
    return f"AK-{seller_id}", derived_secret(secret, f"open-api:{seller_id}")


PURCHASE = Actor(role=Role.PURCHASE, id="purchase-1")
SELLER = Actor(role=Role.SELLER, id="seller-1")
OTHER_SELLER = Actor(role=Role.SELLER, id="seller-2")
BUYER = Actor(role=Role.BUYER, id="buyer-1")
OTHER_BUYER = Actor(role=Role.BUYER, id="buyer-2")
REVIEWER = Actor(role=Role.REVIEWER, id="reviewer-1")
MANAGER = Actor(role=Role.MANAGER, id="manager-1")
SECOND_MANAGER = Actor(role=Role.MANAGER, id="manager-2")
AUDITOR = Actor(role=Role.AUDITOR, id="auditor-1")
EVERYBODY = (PURCHASE, SELLER, OTHER_SELLER, BUYER, OTHER_BUYER, REVIEWER, MANAGER, SECOND_MANAGER, AUDITOR)
