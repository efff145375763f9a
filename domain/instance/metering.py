"""Pushed usage of pay-per-use instances (话单): what a record must be, and the code of each that is not."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from pydantic import JsonValue

from domain.instance.state import InstanceState
from domain.order import ChargingMode
from domain.wire import read_basic_time

MAX_RECORDS = 1000
RECORD_AGE = timedelta(days=21)
"""How far back a record may begin."""

CLOCK_SLACK = timedelta(minutes=5)
"""How far a seller's clock may run before ours."""

MAX_ID_LENGTH = 64
MAX_USAGE = Decimal("99999999.9999")


class RecordCode(StrEnum):
    """What became of a record (DOMAIN §5.12); 006 and 008 have no ground in this system."""

    TAKEN = "000"
    NO_INSTANCE = "001"
    TIME_FORMAT = "002"
    USAGE_INVALID = "003"
    ID_MISSING = "004"
    ID_DUPLICATED = "005"
    EXPIRED = "007"
    OTHER_SELLER = "009"
    DUPLICATE = "010"
    TIME_RANGE = "011"
    NOT_ON_DEMAND = "012"
    BAD_STATUS = "013"


@dataclass(frozen=True)
class UsageRecord:
    """A record that can be read."""

    id: str
    instance_id: str
    record_time: datetime
    begin_time: datetime
    end_time: datetime
    usage_value: Decimal


@dataclass(frozen=True)
class JudgedRecord:
    """A pushed record as it is kept: its place in the push, what it said, and what became of it."""

    number: int
    seller_id: str
    delivery_id: str | None
    record_id: str
    at: datetime
    code: RecordCode
    begin_time: datetime | None
    end_time: datetime | None
    usage_value: Decimal | None
    content: dict[str, JsonValue]


def text_of(record: Mapping[str, JsonValue], member: str) -> str:
    """A member as text; empty when it is none, or longer than the contract allows."""
    value = record.get(member)
    return value if isinstance(value, str) and len(value) <= MAX_ID_LENGTH else ""


def read(record: Mapping[str, JsonValue]) -> UsageRecord | RecordCode:
    """The record, or the code of what is wrong with its form."""
    name, instance_id = text_of(record, "id"), text_of(record, "instance_id")
    if not name:
        return RecordCode.ID_MISSING
    if not instance_id:
        return RecordCode.NO_INSTANCE
    try:
        record_time, begin, end = (_time(record, member) for member in ("record_time", "begin_time", "end_time"))
    except ValueError:
        return RecordCode.TIME_FORMAT
    value = _usage(record.get("usage_value"))
    return UsageRecord(name, instance_id, record_time, begin, end, value) if value else RecordCode.USAGE_INVALID


def _time(record: Mapping[str, JsonValue], member: str) -> datetime:
    return read_basic_time(text_of(record, member))


def _usage(value: JsonValue) -> Decimal | None:
    """A positive number of at most twelve digits, four of them decimals; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    fits = number.is_finite() and 0 < number <= MAX_USAGE
    return number if fits and number == round(number, 4) else None


def judge(record: UsageRecord, found: InstanceState | None, seller_id: str, now: datetime) -> RecordCode:
    """What becomes of a record that can be read; repetitions are the ledger's to tell."""
    if found is None:
        return RecordCode.NO_INSTANCE
    bars = {
        RecordCode.OTHER_SELLER: found.order.seller_id != seller_id,
        RecordCode.NOT_ON_DEMAND: found.order.charging_mode not in {ChargingMode.ON_DEMAND, ChargingMode.ON_DEMAND_PKG},
        RecordCode.BAD_STATUS: found.is_released and found.released_at is not None
        and record.begin_time >= found.released_at,
        RecordCode.EXPIRED: record.begin_time < now - RECORD_AGE,
        RecordCode.TIME_RANGE: not record.begin_time < record.end_time <= now + CLOCK_SLACK,
    }  # fmt: skip
    return next((code for code, holds in bars.items() if holds), RecordCode.TAKEN)
