"""Where a page of a list ended, as text that a caller hands back."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from api.problems import not_a_cursor
from database import queries
from database.models import DeliveryRow, InstanceRow

_MOST_DIGITS = 18


Row = TypeVar("Row")


def page_of(rows: Sequence[Row], size: int, cursor: Callable[[Row], str]) -> tuple[Sequence[Row], str | None]:
    """A page's rows, of which one more than it shows was read, and the next page's cursor; None on the last."""
    shown = rows[:size]
    return shown, cursor(shown[-1]) if len(rows) > size else None


def cursor_after(row: DeliveryRow | InstanceRow) -> str:
    """The cursor of the page that follows a row."""
    return base64.urlsafe_b64encode(f"{row.created_at.isoformat()} {row.id}".encode()).decode()


def position_of(cursor: str) -> queries.Position:
    """The place a cursor stands for; raises ProblemError for what is none."""
    try:
        created_at, _, name = base64.urlsafe_b64decode(cursor.encode()).decode().partition(" ")
        moment = datetime.fromisoformat(created_at)
    except (ValueError, binascii.Error) as error:
        raise not_a_cursor() from error
    if moment.tzinfo is None:
        raise not_a_cursor()
    return queries.Position(created_at=moment, id=name)


def number_of(cursor: str) -> int:
    """The row number a cursor stands for; raises ProblemError for what is none."""
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= _MOST_DIGITS):
        raise not_a_cursor()
    return int(cursor)
