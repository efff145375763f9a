"""How values are written in the marketplace's contracts: times, and JSON in the form that is signed (DOMAIN §5, §6)."""

import json
from datetime import UTC, datetime

_TO_THE_SECOND = "%Y%m%d%H%M%S"
_WITH_FRACTION = "%Y%m%d%H%M%S%f"
_BASIC = "%Y%m%dT%H%M%SZ"


def wire_time(moment: datetime) -> str:
    """A moment as yyyyMMddHHmmss, UTC (DOMAIN §4.1, §5.2)."""
    return moment.astimezone(UTC).strftime(_TO_THE_SECOND)


def read_wire_time(text: str) -> datetime:
    """The moment of yyyyMMddHHmmss; raises ValueError for any other form."""
    return datetime.strptime(text, _TO_THE_SECOND).replace(tzinfo=UTC)


def wire_time_with_milliseconds(moment: datetime) -> str:
    """A moment as yyyyMMddHHmmssSSS, UTC (DOMAIN §5.3, §6.3)."""
    return moment.astimezone(UTC).strftime(_WITH_FRACTION)[:-3]


def read_wire_time_with_milliseconds(text: str) -> datetime:
    """The moment of yyyyMMddHHmmssSSS; the form without milliseconds is taken too (DOMAIN §5.2)."""
    milliseconds = text.ljust(17, "0")
    return datetime.strptime(f"{milliseconds}000", _WITH_FRACTION).replace(tzinfo=UTC)


def basic_time(moment: datetime) -> str:
    """A moment as yyyyMMdd'T'HHmmss'Z', as the gateway signs it and usage records carry it (DOMAIN §5.12, §6.5)."""
    return moment.astimezone(UTC).strftime(_BASIC)


def read_basic_time(text: str) -> datetime:
    """The moment of yyyyMMdd'T'HHmmss'Z'; raises ValueError for any other form."""
    return datetime.strptime(text, _BASIC).replace(tzinfo=UTC)


def canonical(content: object) -> bytes:
    """JSON of which there is one form only, for signatures and hashes: keys sorted, no spaces, UTF-8 (DOMAIN §6.1)."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
