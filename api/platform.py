"""What the API says of itself: the flows it follows, whether it lives, whether it can serve."""

from fastapi import APIRouter, Request
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from api import temporal_gateway
from api.authentication import Caller
from api.problems import ProblemError, documented
from database.session import is_ready
from domain.delivery.catalog import Catalog, catalog
from domain.errors import ErrorCode
from settings import settings

router = APIRouter(tags=["platform"])


class Health(BaseModel):
    """A part's word on itself."""

    status: str


@router.get("/v1/flows", summary="Flows, stages, commands and clocks as data", responses=documented())
def flows(_: Caller) -> Catalog:
    """Every legal step of every product type, who may take it, and which clock runs."""
    return catalog(settings().policy)


@router.get("/health/live", summary="Is the process alive")
def live() -> Health:
    """Answer as long as the process does; needs no token."""
    return Health(status="alive")


@router.get("/health/ready", summary="Can it serve", responses=documented())
async def ready(request: Request) -> Health:
    """Answer 200 when the database and the engine answer, else 503; needs no token."""
    if not await run_in_threadpool(_database_is_ready):
        raise ProblemError(ErrorCode.SERVICE_UNAVAILABLE, "the database is away")
    if not await temporal_gateway.is_healthy(request.app.state.temporal):
        raise ProblemError(ErrorCode.SERVICE_UNAVAILABLE, "the engine is away")
    return Health(status="ready")


def _database_is_ready() -> bool:
    try:
        return is_ready()
    except SQLAlchemyError:
        return False
