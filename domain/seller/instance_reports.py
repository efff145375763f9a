"""What a seller answers to queryInstance: how to reach an instance, and how it is used (DOMAIN §5.3)."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from domain.base import Storable, Strict, WebAddress
from domain.wire import read_wire_time_with_milliseconds


def _read_time(value: object) -> object:
    return read_wire_time_with_milliseconds(value) if isinstance(value, str) else value


class Access(Storable):
    """How the buyer logs in."""

    user_name: Annotated[str, Field(max_length=128)] | None = Field(default=None, alias="userName")
    password: Annotated[str, Field(max_length=128)] | None = None
    memo: Annotated[str, Field(max_length=1024)] | None = None

    model_config = ConfigDict(populate_by_name=True)


class AppInfo(Access):
    """Where the instance is, and how the buyer logs in."""

    front_end_url: WebAddress = Field(alias="frontEndUrl")
    admin_url: WebAddress | None = Field(default=None, alias="adminUrl")


class UsageInfo(Storable):
    """One charge item's use, as on the wire."""

    model_config = ConfigDict(populate_by_name=True)

    related_instance_id: Annotated[str, Field(max_length=64)] | None = Field(default=None, alias="relatedInstanceId")
    usage_value: Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=4)] = Field(alias="usageValue")
    statistical_time: Annotated[datetime, BeforeValidator(_read_time)] = Field(alias="statisticalTime")
    dashboard_url: WebAddress | None = Field(default=None, alias="dashboardUrl")


class InstanceUsage(BaseModel):
    """One charge item's use, as we keep and show it."""

    related_instance_id: str | None
    usage_value: Decimal
    statistical_time: datetime
    dashboard_url: str | None


MAX_QUERIED = 100
"""Instances that one queryInstance may name (DOMAIN §5.2)."""


class QueryBatch(Strict):
    """Instances of one seller to ask about in one call, by their ids there; the values are their deliveries."""

    key: str
    seller_id: str
    deliveries: Annotated[dict[str, str], Field(min_length=1, max_length=MAX_QUERIED)]


class QueryPage(Strict):
    """The batches of a stretch of all instances in use, and where the next stretch begins."""

    batches: tuple[QueryBatch, ...]
    last: str
