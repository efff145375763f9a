"""How sellers are connected: their production address and the keys shared with them."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field, SecretStr

from api.path_ids import SellerId
from api.permissions import PermittedRoute, permitted
from api.problems import FieldError, ProblemError, documented
from database import sellers
from database.session import writing
from domain.base import Strict, WebAddress
from domain.errors import ErrorCode
from domain.parties import Actor, Role

router = APIRouter(prefix="/v1/sellers", tags=["sellers"], route_class=PermittedRoute)

Key = Annotated[SecretStr, Field(min_length=16, max_length=256)]


class Connection(Strict):
    """A seller's address and keys, as operations enter them."""

    production_url: WebAddress
    access_key: Key = Field(description="Signs the calls of the production interface")
    open_api_access_key: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{4,128}$")]
    open_api_secret_key: Key


class ConnectionView(BaseModel):
    """A seller's connection without its secrets."""

    seller_id: str
    production_url: str
    open_api_access_key: str


@router.put("/{seller_id}/connection", summary="Connect a seller", responses=documented())
def connect(
    seller_id: SellerId, connection: Connection, _: Annotated[Actor, permitted(Role.MANAGER)]
) -> ConnectionView:
    """Operations manager: set a seller's address and keys; they are sealed at rest and never shown again."""
    with writing() as session:
        owner = sellers.by_access_key(session, connection.open_api_access_key)
        if owner is not None and owner.id != seller_id:
            taken = FieldError(field="body.open_api_access_key", message="belongs to another seller")
            raise ProblemError(ErrorCode.INVALID_INPUT, errors=(taken,))
        sellers.connect(session, seller_id, sellers.Connection(**dict(connection)))
    return ConnectionView(
        seller_id=seller_id,
        production_url=connection.production_url,
        open_api_access_key=connection.open_api_access_key,
    )
