"""What values of the domain are made of: closed models, ids, instants, sentences of people."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

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


class Strict(BaseModel):
    """A value of the domain: immutable, and closed to unknown members."""

    model_config = ConfigDict(frozen=True, extra="forbid")
