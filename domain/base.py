"""What values of the domain are made of: closed models, ids, instants, sentences of people."""

import re
from datetime import UTC, datetime
from math import isfinite
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, field_validator

EARLIEST = datetime(2010, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)


def _plausible(moment: datetime) -> datetime:
    if not EARLIEST <= moment <= LATEST:
        message = f"must lie between {EARLIEST:%Y-%m-%d} and {LATEST:%Y-%m-%d}"
        raise ValueError(message)
    return moment.astimezone(UTC)


Instant = Annotated[AwareDatetime, AfterValidator(_plausible)]
"""A moment with a time zone, kept in UTC, between 2010 and 2100."""

Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$", max_length=64)]
"""An id of the marketplace: letters, digits, underscore and hyphen, at most 64 characters."""

WebAddress = Annotated[str, Field(pattern=r"^https?://[\x21-\x7e]+$", max_length=512)]
"""An address by its form: safe to show as a link. Whether it is called is checked where it is called."""

Label = Annotated[str, Field(min_length=1, max_length=128)]
Reason = Annotated[str, Field(min_length=1, max_length=2000)]
Note = Annotated[str, Field(max_length=2000)]


_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""What PostgreSQL keeps neither as text nor as JSON: U+0000, and half of a surrogate pair."""

UNSTORABLE = (
    "must not hold U+0000, half of a surrogate pair, NaN or infinity / 不能含有 U+0000、不成对的代理字符、NaN 或无穷大"
)


def is_storable(value: object) -> bool:
    """Tell whether the database can keep a value, with all that it is made of; models look after themselves."""
    if isinstance(value, str):
        return _UNSTORABLE.search(value) is None
    if isinstance(value, float):
        return isfinite(value)
    if isinstance(value, dict):
        return all(is_storable(name) and is_storable(inner) for name, inner in value.items())
    return not isinstance(value, list | tuple) or all(is_storable(inner) for inner in value)


def storable(text: str) -> str:
    """The same text with U+FFFD for each character that the database cannot keep."""
    return _UNSTORABLE.sub("\ufffd", text)


def require_storable(value: object) -> object:
    """The value; raises ValueError when the database cannot keep it."""
    if not is_storable(value):
        raise ValueError(UNSTORABLE)
    return value


class Storable(BaseModel):
    """A value that comes from outside: what the database would refuse for ever is refused at once."""

    _fields_are_storable = field_validator("*")(require_storable)


class Strict(Storable):
    """A value of the domain: immutable, and closed to unknown members."""

    model_config = ConfigDict(frozen=True, extra="forbid")
