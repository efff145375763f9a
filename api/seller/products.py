"""Products: sale, probing, and the counters by which operations judge them (DOMAIN §5.7, §5.8)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field, TypeAdapter, field_validator
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from api import temporal_gateway
from api.paging import Page, PagingById
from api.path_ids import ProductId
from api.permissions import PermittedRoute, permitted
from api.problems import ProblemError, documented
from database import products
from database.models import ProbeRow, ProductEventRow, ProductRow
from database.session import reading, snapshot, writing
from domain.base import Strict
from domain.errors import ErrorCode
from domain.parties import Actor, Role
from domain.seller.probing import (
    MAX_FAILED_ORDERS,
    PROBED,
    Probe,
    ProbeCase,
    ProbeResult,
    ProductEvent,
    Sale,
    failing_days,
)

router = APIRouter(prefix="/v1/products", tags=["products"], route_class=PermittedRoute)

Reader = Annotated[Actor, permitted(Role.SELLER, Role.MANAGER, Role.AUDITOR)]
Manager = Annotated[Actor, permitted(Role.MANAGER)]
Owner = Annotated[Actor, permitted(Role.SELLER, Role.MANAGER)]


class SaleChange(Strict):
    """Where operations put a product."""

    sale: Sale


class ProbeCases(Strict):
    """The test cases of a product, in the order in which they are replayed."""

    cases: Annotated[tuple[ProbeCase, ...], Field(max_length=20)]

    @field_validator("cases")
    @classmethod
    def _can_be_probed(cls, cases: tuple[ProbeCase, ...]) -> tuple[ProbeCase, ...]:
        if any(case.activity not in PROBED for case in cases):
            message = f"activity must be one of {', '.join(PROBED)}"
            raise ValueError(message)
        return cases


class ProbeView(BaseModel):
    """One probing, and what each test case came to."""

    at: datetime
    passed: bool
    results: tuple[ProbeResult, ...]


class ProductEventView(BaseModel):
    """One thing that happened to a product."""

    at: datetime
    cause: ProductEvent
    detail: str


class ProductSummary(BaseModel):
    """A product in a list."""

    product_id: str
    seller_id: str
    sale: Sale
    trading_frozen_since: datetime | None = Field(description="After five failing days; ends with a probe that passes")


class ProductView(ProductSummary):
    """A product, its counters of the marketplace's month, and its probing."""

    failed_orders: int = Field(description="Orders whose creation or license failed for its whole window")
    flagged: bool = Field(description=f"More than {MAX_FAILED_ORDERS} failed orders: to be delisted")
    failed_probes: int
    failing_days: int = Field(description="Consecutive days without a probe that passed")
    cases: tuple[ProbeCase, ...]
    probes: tuple[ProbeView, ...]
    history: tuple[ProductEventView, ...]


@router.get("", summary="List products by id", responses=documented())
def list_products(listing: Annotated[PagingById, Query()], caller: Reader) -> Page[ProductSummary]:
    """Sellers: their own. A product is known from its first order on."""
    seller_id = caller.id if caller.role is Role.SELLER else None
    with reading() as session:
        rows = products.page(session, seller_id, listing.cursor or "", listing.limit + 1)
    return Page[ProductSummary].of(rows, listing.limit, _summary, lambda row: row.id)


@router.get(
    "/{product_id}",
    summary="Read a product",
    responses=documented(ErrorCode.PRODUCT_NOT_FOUND),
)
def read(product_id: ProductId, caller: Reader) -> ProductView:
    """Tell its counters, its test cases, what the last probes came to, and whether trading is frozen."""
    with snapshot() as session:
        return _detail(session, _find(session, product_id, caller))


@router.put("/{product_id}/sale", summary="Put a product on sale, suspend or delist it",
            responses=documented(ErrorCode.PRODUCT_NOT_FOUND))  # fmt: skip
def set_sale(product_id: ProductId, change: SaleChange, caller: Manager) -> ProductView:
    """Only products on sale are probed."""
    with writing() as session:
        row = _find(session, product_id, caller)
        products.set_sale(session, row, change.sale)
        return _detail(session, row)


@router.put("/{product_id}/probe-cases", summary="Save the test cases of a product",
            responses=documented(ErrorCode.PRODUCT_NOT_FOUND))  # fmt: skip
def save_cases(product_id: ProductId, asked: ProbeCases, caller: Owner) -> ProductView:
    """They are replayed twice a day with testFlag 1, in their order; each must be answered as a success."""
    with writing() as session:
        row = _find(session, product_id, caller)
        products.save_cases(session, row, asked.cases)
        return _detail(session, row)


@router.post("/{product_id}/probe", summary="Probe a product now",
             responses=documented(ErrorCode.PRODUCT_NOT_FOUND))  # fmt: skip
async def probe(product_id: ProductId, caller: Owner, request: Request) -> ProductView:
    """Replay its test cases now; the first probe that passes unfreezes its trading."""
    await run_in_threadpool(_may_probe, product_id, caller)
    now = datetime.now(UTC)
    asked = Probe(product_id=product_id, key=f"asked:{product_id}:{now.timestamp()}", at=now)
    await temporal_gateway.probe(request.app.state.temporal, asked)
    return await run_in_threadpool(read, product_id, caller)


def _may_probe(product_id: str, caller: Actor) -> None:
    with reading() as session:
        _find(session, product_id, caller)


def _find(session: Session, product_id: str, caller: Actor) -> ProductRow:
    """A product that the caller may see; raises ProblemError."""
    row = products.find(session, product_id)
    if row is None or (caller.role is Role.SELLER and row.seller_id != caller.id):
        raise ProblemError(ErrorCode.PRODUCT_NOT_FOUND)
    return row


_CASES = TypeAdapter(tuple[ProbeCase, ...])
_RESULTS = TypeAdapter(tuple[ProbeResult, ...])


def _summary(row: ProductRow) -> ProductSummary:
    return ProductSummary(
        product_id=row.id, seller_id=row.seller_id, sale=Sale(row.sale), trading_frozen_since=row.frozen_at
    )


def _detail(session: Session, row: ProductRow) -> ProductView:
    now = datetime.now(UTC)
    probes, events = products.probes(session, row.id), products.history(session, row.id)
    failed = products.failed_orders(session, row.id, now)
    return ProductView(
        **dict(_summary(row)),
        failed_orders=failed,
        flagged=failed > MAX_FAILED_ORDERS,
        failed_probes=products.failed_probes(session, row.id, now),
        failing_days=failing_days([(one.at, one.passed) for one in probes]),
        cases=_CASES.validate_python(row.cases),
        probes=_probes(probes),
        history=_history(events),
    )


def _probes(rows: Sequence[ProbeRow]) -> tuple[ProbeView, ...]:
    return tuple(ProbeView(at=row.at, passed=row.passed, results=_RESULTS.validate_python(row.results)) for row in rows)


def _history(rows: Sequence[ProductEventRow]) -> tuple[ProductEventView, ...]:
    return tuple(ProductEventView(at=row.at, cause=ProductEvent(row.cause), detail=row.detail) for row in rows)
