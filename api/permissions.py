"""Who may use a route: it stands in the route's signature, is read in its summary, and is kept by the route."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from fastapi import Depends
from fastapi.params import Depends as Dependency
from fastapi.routing import APIRoute

from api.authentication import Caller
from api.problems import ProblemError
from domain.errors import ErrorCode
from domain.parties import Actor, Role


@dataclass(frozen=True)
class Permission:
    """The roles that may use a route; as a dependency it tells who is calling."""

    roles: tuple[Role, ...]
    is_kept_by_rules: bool

    async def __call__(self, caller: Caller) -> Actor:
        """The caller, whom the route judges: a request that is not valid is told so before anybody's role matters."""
        return caller


def permitted(*roles: Role) -> Any:
    """A caller of one of these roles; the route refuses the others."""
    return Depends(Permission(roles, is_kept_by_rules=False))


def permitted_by_rules(*roles: Role) -> Any:
    """A caller that the process's rules judge: to a stranger the order is not there, whatever the role."""
    return Depends(Permission(roles, is_kept_by_rules=True))


class PermittedRoute(APIRoute):
    """A route that names in its summary who may use it, and lets nobody else begin it."""

    def __init__(self, path: str, endpoint: Callable[..., Any], *, summary: str | None = None, **more: Any) -> None:
        """Take the permission from the signature, if there is one."""
        for name, permission in permissions(endpoint).items():
            summary = f"{summary} ({', '.join(permission.roles)})"
            if not permission.is_kept_by_rules:
                endpoint = _guarded(endpoint, name, permission)
        super().__init__(path, endpoint, summary=summary, **more)


def permissions(endpoint: Callable[..., Any]) -> dict[str, Permission]:
    """The permissions in a signature, by parameter."""
    return {
        name: mark.dependency
        for name, parameter in inspect.signature(endpoint).parameters.items()
        for mark in getattr(parameter.annotation, "__metadata__", ())
        if isinstance(mark, Dependency) and isinstance(mark.dependency, Permission)
    }


def _guarded(endpoint: Callable[..., Any], name: str, permission: Permission) -> Callable[..., Any]:
    def judge(caller: Actor) -> None:
        if caller.role not in permission.roles:
            raise ProblemError(ErrorCode.FORBIDDEN)

    @wraps(endpoint)
    async def begun(**given: Any) -> object:
        judge(given[name])
        return await endpoint(**given)

    @wraps(endpoint)
    def begun_in_thread(**given: Any) -> object:
        judge(given[name])
        return endpoint(**given)

    return begun if inspect.iscoroutinefunction(endpoint) else begun_in_thread
