"""Every body that the API reads is made of what the database can keep."""

from collections.abc import Iterator
from typing import get_args

import pytest
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import BaseModel

from api.app import create_app
from domain.base import Storable


def models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for one in get_args(annotation):
        yield from models(one)


@pytest.mark.usefixtures("bare_settings")
def test_every_body_and_every_filter_is_storable() -> None:
    found = (context.original_route for context in iter_route_contexts(create_app().routes))
    routes = [route for route in found if isinstance(route, APIRoute)]
    fields = [field for route in routes for field in (*route.dependant.body_params, *route.dependant.query_params)]
    read = {model for field in fields for model in models(field.field_info.annotation)}
    assert {"Order", "Accept", "Renew", "Listing", "ProbeCases"} <= {model.__name__ for model in read}
    assert [model.__name__ for model in read if not issubclass(model, Storable)] == []
    assert all(list(models(field.field_info.annotation)) for field in fields), "a bare parameter would not be checked"
