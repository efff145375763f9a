"""Where a page of a list ended, as text that a caller hands back."""

import base64
from collections.abc import Callable, Sequence
from typing import TypeVar

from api.problems import not_a_cursor
from database import processes
from database.models import DeliveryRow, InstanceRow
from domain.base import Instant, Strict

MAX_CURSOR_DIGITS = 18


Row = TypeVar("Row")


class _Place(Strict):
    """What a cursor holds: a caller may have written it, so it is read like anything else from outside."""

    created_at: Instant
    id: str


def page_of(rows: Sequence[Row], size: int, cursor: Callable[[Row], str]) -> tuple[Sequence[Row], str | None]:
    """A page's rows, of which one more than it shows was read, and the next page's cursor; None on the last."""
    shown = rows[:size]
    return shown, cursor(shown[-1]) if len(rows) > size else None


def cursor_after(row: DeliveryRow | InstanceRow) -> str:
    """The cursor of the page that follows a row."""
    return base64.urlsafe_b64encode(f"{row.created_at.isoformat()} {row.id}".encode()).decode()


def position_of(cursor: str) -> processes.Position:
    """The place a cursor stands for; raises ProblemError for what is none."""
    try:
        created_at, _, name = base64.urlsafe_b64decode(cursor.encode()).decode().partition(" ")
        place = _Place.model_validate({"created_at": created_at, "id": name})
    except ValueError as error:
        raise not_a_cursor() from error
    return processes.Position(created_at=place.created_at, id=place.id)


def number_of(cursor: str) -> int:
    """The row number a cursor stands for; raises ProblemError for what is none."""
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= MAX_CURSOR_DIGITS):
        raise not_a_cursor()
    return int(cursor)
