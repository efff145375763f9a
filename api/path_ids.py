"""Ids in paths: what the database could never look up is refused by a route's signature."""

from typing import Annotated

from fastapi import Path
from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from domain.base import UNSTORABLE, Identifier, is_storable


def _require_storable(value: str) -> str:
    if not is_storable(value):
        raise PydanticCustomError("unstorable", UNSTORABLE)
    return value


_Storable = AfterValidator(_require_storable)

DeliveryId = Annotated[str, Path(), _Storable]
"""No pattern: an id of another form is one that is not there, and as such 404."""

SubscriptionId = Annotated[str, Path(), _Storable]
"""No pattern, for the same reason."""

ProductId = Annotated[Identifier, Path()]
SellerId = Annotated[Identifier, Path()]
