"""Pushed usage as sellers and operations read it (话单管理, DOMAIN §5.12)."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.authentication import Caller, require
from api.paging import number_of, page_of
from api.problems import documented
from database import instances
from database.models import Json
from database.session import reading
from domain.base import Strict
from domain.instance.metering import RecordCode
from domain.parties import Role

router = APIRouter(prefix="/v1/usage-records", tags=["sellers"])


class UsageRecordView(BaseModel):
    """One pushed record, and what became of it."""

    record_id: str
    delivery_id: str | None
    at: datetime
    code: RecordCode
    begin_time: datetime | None
    end_time: datetime | None
    usage_value: Decimal | None
    content: Json = Field(description="The record as it was pushed")


class UsageRecordPage(BaseModel):
    """One page of records."""

    items: tuple[UsageRecordView, ...]
    next_cursor: str | None = Field(description="Send it as cursor to get the next page; null on the last")


class UsageRecordListing(Strict):
    """Filters and page of the list."""

    taken: bool | None = None
    cursor: str | None = None
    limit: Annotated[int, Query(ge=1, le=200)] = 50


@router.get("", summary="List pushed usage, newest first (seller, manager, auditor)", responses=documented())
def list_usage_records(listing: Annotated[UsageRecordListing, Query()], caller: Caller) -> UsageRecordPage:
    """Sellers: their own records. ``taken=false`` lists what has to be mended and pushed again."""
    require(caller, Role.SELLER, Role.MANAGER, Role.AUDITOR)
    seller_id = caller.id if caller.role is Role.SELLER else None
    before = number_of(listing.cursor) if listing.cursor else None
    with reading() as session:
        rows = instances.usage_records(session, seller_id, taken=listing.taken, before=before, size=listing.limit + 1)
    shown, following = page_of(rows, listing.limit, lambda row: str(row.id))
    items = tuple(UsageRecordView.model_validate(row, from_attributes=True) for row in shown)
    return UsageRecordPage(items=items, next_cursor=following)
