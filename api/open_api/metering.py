"""The usage push of pay-per-use instances (话单推送, DOMAIN §5.12, §6.6).

Two things, told apart: the call is taken or not; each record in it has a code of its own, which the seller reads in
the answer or later in the list of records.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import Field, JsonValue, ValidationError
from starlette.concurrency import run_in_threadpool

from api.instance.views import instance_state
from api.open_api.orders import QueryResultCode, answer
from api.problems import from_exception
from database import instances, sellers
from database.models import InstanceRow
from database.secrets import unseal
from database.session import reading, writing
from domain.base import Storable
from domain.instance import metering
from domain.instance.metering import MAX_RECORDS, JudgedRecord, RecordCode, UsageRecord
from domain.seller.signatures import CLOCK_WINDOW, equal, is_fresh, trace_usage

router = APIRouter(tags=["usage open API"])

Raw = dict[str, JsonValue]


class Push(Storable):
    """The body of a push; its records are judged one by one."""

    usage_records: Annotated[list[Raw], Field(min_length=1, max_length=MAX_RECORDS)]


class NotSignedError(Exception):
    """No seller of the named instances signed this."""


@router.post("/v1/isv/usage-data", summary="Push pay-per-use usage")
async def push(request: Request) -> JSONResponse:
    """Seller's system: tell up to 1000 usage records; a bad one does not fail the others."""
    body = await request.body()
    try:
        return await run_in_threadpool(_push, request, body)
    except ValidationError:
        return answer(QueryResultCode.INVALID)
    except NotSignedError as error:
        return answer(QueryResultCode.FORBIDDEN, reason=str(error))
    except Exception as error:  # noqa: BLE001 - this contract has no problem details
        return answer(QueryResultCode.INTERNAL, instance=from_exception(error).problem.instance)


def _push(request: Request, body: bytes) -> JSONResponse:
    records, now = Push.model_validate_json(body).usage_records, datetime.now(UTC)
    with writing() as session:
        names = {metering.text_of(record, "instance_id") for record in records} - {""}
        rows = instances.called(session, sorted(names))
        seller_id = _signer(request, body, rows, now)
        if not sellers.use_signature(session, request.headers["signature"][:128], now, now + 2 * CLOCK_WINDOW):
            message = "this signature was used before"
            raise NotSignedError(message)
        known = {row.instance_id or "": row for row in sorted(rows, key=lambda row: row.seller_id == seller_id)}
        seen: set[str] = set()
        judged = [_judge(number, record, known, seller_id, seen, now) for number, record in enumerate(records, start=1)]
        judged = instances.write_usage_records(session, judged)
    failed = sum(one.code is not RecordCode.TAKEN for one in judged)
    return answer(
        QueryResultCode.SUCCESS, failed=failed, records=[{"id": one.record_id, "code": one.code} for one in judged]
    )


def _signer(request: Request, body: bytes, rows: Sequence[InstanceRow], now: datetime) -> str:
    """The seller whose key signed the push: one of those whose instances it names; raises NotSignedError."""
    timestamp, nonce = request.headers.get("ts", ""), request.headers.get("nonce", "")
    is_timely = timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 20  # noqa: PLR2004 - M20
    if not is_timely or not is_fresh(datetime.fromtimestamp(int(timestamp[:13]) / 1000, UTC), now):
        message = "ts must be the time in milliseconds, at most 60 s off"
        raise NotSignedError(message)
    if not 0 < len(nonce) <= 64:  # noqa: PLR2004 - M64
        message = "nonce is missing"
        raise NotSignedError(message)
    signature = request.headers.get("signature", "")
    for seller_id in sorted({row.seller_id for row in rows}):
        key = _key(seller_id)
        if key is not None and equal(trace_usage(key, timestamp, nonce, body).signature, signature):
            return seller_id
    message = "the signature is not by a seller of these instances"
    raise NotSignedError(message)


def _key(seller_id: str) -> str | None:
    with reading() as session:
        seller = sellers.find(session, seller_id)
    return unseal(seller.sealed_access_key) if seller else None


def _judge(  # noqa: PLR0913 - what a record's fate depends on
    number: int, record: Raw, known: dict[str, InstanceRow], seller_id: str, seen: set[str], now: datetime
) -> JudgedRecord:
    """What becomes of a record, as far as it does not depend on earlier pushes."""
    name, read = metering.text_of(record, "id"), metering.read(record)
    row = known.get(metering.text_of(record, "instance_id"))
    readable = read if isinstance(read, UsageRecord) else None
    if not isinstance(read, UsageRecord):
        code = read
    elif name in seen:
        code = RecordCode.ID_DUPLICATED
    else:
        code = metering.judge(read, instance_state(row) if row else None, seller_id, now)
    seen.add(name)
    return JudgedRecord(
        number=number,
        seller_id=seller_id,
        delivery_id=row.id if row and row.seller_id == seller_id else None,
        record_id=name,
        at=now,
        code=code,
        begin_time=readable.begin_time if readable else None,
        end_time=readable.end_time if readable else None,
        usage_value=readable.usage_value if readable else None,
        content={key: value for key, value in record.items() if isinstance(value, str | int | float)},
    )
