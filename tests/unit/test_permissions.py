"""Whoever a route's signature does not name cannot begin it."""

import inspect

import pytest
from fastapi.routing import APIRoute, iter_route_contexts

from api.app import create_app
from api.permissions import PermittedRoute, permissions
from api.problems import ProblemError
from domain.errors import ErrorCode
from domain.parties import Actor, Role


def restricted() -> list[APIRoute]:
    """The routes whose signature names who may use them."""
    found = (context.original_route for context in iter_route_contexts(create_app().routes))
    return [route for route in found if isinstance(route, APIRoute) and permissions(route.endpoint)]


async def begin(route: APIRoute, name: str, caller: Actor) -> None:
    begun = route.endpoint(**{name: caller})
    if inspect.isawaitable(begun):
        await begun


@pytest.mark.usefixtures("bare_settings")
async def test_a_route_refuses_every_role_that_its_signature_does_not_name() -> None:
    routes = restricted()
    assert len(routes) > 40
    assert all(isinstance(route, PermittedRoute) for route in routes), "any other would refuse nobody"
    for route in routes:
        ((name, permission),) = permissions(route.endpoint).items()
        assert route.summary is not None
        assert route.summary.endswith(f"({', '.join(permission.roles)})")
        for role in () if permission.is_kept_by_rules else set(Role) - set(permission.roles):
            with pytest.raises(ProblemError) as refused:
                await begin(route, name, Actor(role=role, id="somebody"))
            assert refused.value.problem.code is ErrorCode.FORBIDDEN, route.path
