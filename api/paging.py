"""Pages of a list: what a caller asks for, what it gets, and where a page ended, as text that it hands back."""

import base64
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field, field_validator
from pydantic_core import PydanticCustomError

from database import processes
from database.models import AttemptRow, DeliveryRow, InstanceRow, MeteringRecordRow, NoticeRow
from domain.base import Identifier, Instant, Strict

MAX_CURSOR_DIGITS = 18

Row = TypeVar("Row")
Item = TypeVar("Item")


class _Place(Strict):
    """What a cursor holds: a caller may have written it, so it is read like anything else from outside."""

    created_at: Instant
    id: str


def _position_of(cursor: str) -> processes.Position:
    created_at, _, name = base64.urlsafe_b64decode(cursor.encode()).decode().partition(" ")
    place = _Place.model_validate({"created_at": created_at, "id": name})
    return processes.Position(created_at=place.created_at, id=place.id)


def _number_of(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= MAX_CURSOR_DIGITS):
        raise ValueError(cursor)
    return int(cursor)


def _checked(read: Callable[[str], object]) -> Callable[[str | None], str | None]:
    """A cursor's check: what cannot be read was given by no page of this list."""

    def check(cursor: str | None) -> str | None:
        try:
            if cursor:
                read(cursor)
        except ValueError as error:
            raise PydanticCustomError("cursor", "is not a cursor of this list") from error
        return cursor

    return check


class Paging(Strict):
    """Which page of a list is asked for; a list's filters stand beside it."""

    cursor: str | None = None
    limit: Annotated[int, Query(ge=1, le=200)] = 50


class PagingByPlace(Paging):
    """Which page is asked for of what is listed by the time of its creation."""

    _cursor_is_of_this_list = field_validator("cursor")(_checked(_position_of))

    @property
    def after(self) -> processes.Position | None:
        """Where the page before ended."""
        return _position_of(self.cursor) if self.cursor else None


class PagingByNumber(Paging):
    """Which page is asked for of numbered rows."""

    _cursor_is_of_this_list = field_validator("cursor")(_checked(_number_of))

    @property
    def before(self) -> int | None:
        """The number at which the page before ended."""
        return _number_of(self.cursor) if self.cursor else None


class PagingById(Paging):
    """Which page is asked for of what is listed by its id."""

    cursor: Identifier | None = None


class Page(BaseModel, Generic[Item]):
    """One page of a list."""

    items: tuple[Item, ...]
    next_cursor: str | None = Field(description="Send it as cursor to get the next page; null on the last")

    @classmethod
    def of(
        cls, rows: Sequence[Row], limit: int, show: Callable[[Row], Item], cursor: Callable[[Row], str]
    ) -> "Page[Item]":
        """The page of these rows, of which one more than it shows was read: so it knows whether another follows."""
        shown = rows[:limit]
        return cls(
            items=tuple(show(row) for row in shown), next_cursor=cursor(shown[-1]) if len(rows) > limit else None
        )


def cursor_after(row: DeliveryRow | InstanceRow) -> str:
    """The cursor of the page that follows a row."""
    return base64.urlsafe_b64encode(f"{row.created_at.isoformat()} {row.id}".encode()).decode()


def number_after(row: AttemptRow | MeteringRecordRow | NoticeRow) -> str:
    """The cursor of the page that follows a numbered row."""
    return str(row.id)
