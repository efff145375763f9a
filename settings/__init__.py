"""Every setting of every process, from the environment (prefix ``DELIVERY_``)."""

from functools import lru_cache
from typing import Annotated, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.policy import Policy


class Settings(BaseSettings):
    """Where the parts are and how they trust each other; ``docs/operations.md`` lists them."""

    model_config = SettingsConfigDict(env_prefix="DELIVERY_", env_nested_delimiter="__", frozen=True)

    database_url: SecretStr = Field(description="SQLAlchemy URL, postgresql+psycopg2://…")
    database_pool: Annotated[int, Field(ge=1)] = 40
    temporal_address: str = Field(default="127.0.0.1:7233", description="host:port of the Temporal frontend")
    temporal_namespace: str = "default"
    temporal_timeout_seconds: Annotated[float, Field(gt=0)] = Field(
        default=15,
        description="How long the API waits for the engine before it answers 503; a lost workflow task costs 10",
    )
    task_queue: str = "deliveries"
    worker_cached_workflows: Annotated[int, Field(ge=0)] = 1000
    api_host: str = "127.0.0.1"
    api_port: int = 8080
    token_issuer: str = Field(default="http://127.0.0.1:8090/identity", description="iss of the tokens we accept")
    token_audience: str = "delivery-api"  # noqa: S105 - a name, not a password
    token_keys_url: str = Field(
        default="http://127.0.0.1:8090/identity/jwks", description="JWKS of the identity provider"
    )
    secret_key: SecretStr = Field(description="Fernet keys, newest first, comma-separated: seal sellers' keys at rest")
    purchase_callback_url: str = Field(
        default="http://127.0.0.1:8090/purchase/callback", description="Where the purchase system hears of ends"
    )
    purchase_callback_secret: SecretStr = Field(description="Signs what the purchase system hears")
    seller_address_allow_list: tuple[str, ...] = Field(
        default=(), description='Seller addresses (host:port) exempt from "HTTPS and public only"; for the sandbox'
    )
    policy: Policy = Field(default=Policy(), description="What the marketplace's documents leave open")
    worker_sticky_seconds: Annotated[float, Field(gt=0)] = Field(
        default=2, description="How long a command waits for a worker that was killed with its process in memory"
    )
    worker_sandbox: bool = Field(
        default=False, description="Run workflow code in Temporal's sandbox; for tests, which look for what it forbids"
    )
    collect_after_seconds: Annotated[float, Field(gt=0)] = Field(
        default=30, description="Age from which unfinished commands are collected; above temporal_timeout_seconds"
    )
    fault_folder: str | None = Field(default=None, description="For tests: where named fault points are armed")
    body_limit_bytes: Annotated[int, Field(gt=0)] = 512 * 1024

    @model_validator(mode="after")
    def _collector_waits_for_askers(self) -> Self:
        if self.collect_after_seconds <= self.temporal_timeout_seconds:
            message = (
                "collect_after_seconds must exceed temporal_timeout_seconds: an asker may be on its way for so long"
            )
            raise ValueError(message)
        return self


@lru_cache
def settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()
