"""Pushed usage as sellers and operations read it (话单管理, DOMAIN §5.12)."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.paging import Page, PagingByNumber, number_after
from api.permissions import PermittedRoute, permitted
from api.problems import documented
from database import instances
from database.models import Json, MeteringRecordRow
from database.session import reading
from domain.instance.metering import RecordCode
from domain.parties import Actor, Role

router = APIRouter(prefix="/v1/usage-records", tags=["sellers"], route_class=PermittedRoute)


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


class UsageRecordListing(PagingByNumber):
    """Filters and page of the list."""

    taken: bool | None = None


@router.get("", summary="List pushed usage, newest first", responses=documented())
def list_usage_records(
    listing: Annotated[UsageRecordListing, Query()],
    caller: Annotated[Actor, permitted(Role.SELLER, Role.MANAGER, Role.AUDITOR)],
) -> Page[UsageRecordView]:
    """Sellers: their own records. ``taken=false`` lists what has to be mended and pushed again."""
    seller_id = caller.id if caller.role is Role.SELLER else None
    with reading() as session:
        rows = instances.usage_records(
            session, seller_id, taken=listing.taken, before=listing.before, size=listing.limit + 1
        )
    return Page[UsageRecordView].of(rows, listing.limit, _view, number_after)


def _view(row: MeteringRecordRow) -> UsageRecordView:
    return UsageRecordView.model_validate(row, from_attributes=True)
