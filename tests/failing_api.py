"""The API with one route more, which fails as only a mistake of ours can: deep in a stack, with much in hand."""

from fastapi import FastAPI

from api import app

DEPTH = 40
MUCH = {f"name-{number}": ["value-of-a-local"] * 50 for number in range(200)}


def _fail(depth: int, in_hand: dict[str, list[str]]) -> None:
    if depth:
        _fail(depth - 1, in_hand)
    message = f"a mistake of ours with {len(in_hand)} things in hand"
    raise LookupError(message)


async def fail() -> None:
    """Fail."""
    _fail(DEPTH, MUCH)


def create_app() -> FastAPI:
    """The whole API, and the route."""
    made = app.create_app()
    made.add_api_route("/fail", fail)
    return made
