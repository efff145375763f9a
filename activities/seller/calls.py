"""Calls of a seller's production interfaces: V2 and License 2.0 (DOMAIN §4.4, §5, §6.1), License 1.0 (§4.5, §6.3)."""

import secrets
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from pydantic import BaseModel, Field, JsonValue, ValidationError
from sqlalchemy.exc import SQLAlchemyError
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.outbound.addresses import AddressRefusedError, check_address
from activities.outbound.http import HttpAnswer, get, is_refusal, post
from activities.seller.attempts import DATABASE_BACK_OFF, Result, TriedError, attempt
from activities.seller.masking import mask
from database import sellers
from database.secrets import unseal
from database.session import reading
from domain.base import Storable
from domain.seller.calls import (
    ATTEMPT_TIMEOUT,
    CALLS,
    INSTANCE_ID_LENGTH,
    InterfaceVersion,
    Needed,
    Reading,
    ResultCode,
    SellerAnswer,
    SellerCall,
)
from domain.seller.signatures import has_signed_body, sign_v1, sign_v2
from domain.wire import canonical, wire_time_with_milliseconds

HTTP_OK = 200


class ReportedInstance(BaseModel):
    """One instance in the answer to queryInstance; what is told of it is judged where it is kept, one by one.

    It is not Storable: one bad memo must not spoil what the same answer tells of ninety-nine others.
    """

    instance_id: str = Field(alias="instanceId", min_length=1, max_length=INSTANCE_ID_LENGTH)
    app_info: JsonValue = Field(default=None, alias="appInfo")
    usage_info: JsonValue = Field(default=None, alias="usageInfo")


class Response(Storable):
    """What a seller answers; members we do not know are ignored (DOMAIN §5.3)."""

    result_code: str = Field(alias="resultCode", max_length=6)
    result_message: str = Field(default="", alias="resultMsg", max_length=255)
    instance_id: str | None = Field(default=None, alias="instanceId", min_length=1, max_length=INSTANCE_ID_LENGTH)
    info: list[ReportedInstance] | None = None
    license: str | None = Field(default=None, min_length=1, max_length=4096)


@dataclass(frozen=True)
class Reach:
    """How to reach a seller: address, the IP address it led to when checked, and the key that signs."""

    url: str
    connect_to: str | None
    access_key: str


@activity.defn(name="call-seller")
def call_seller(call: SellerCall) -> SellerAnswer:
    """Make one attempt of a call; an answer that is no success fails it, and the engine repeats it."""
    return attempted(call, lambda response: _read(call, response))


def attempted(call: SellerCall, read: Callable[[Response], Result]) -> Result:
    """Make one attempt on record; ``read`` tells what the answer means, or raises TriedError or ValidationError."""
    wire = _fields(call)

    def send() -> tuple[str, Result]:
        reach = connection(call.seller_id)
        text, response = understood(_SENDERS[CALLS[call.activity].version](reach, wire))
        try:
            return text, read(response)
        except ValidationError as error:
            message = f"{not_as_documented(error)}: {text}"
            raise TriedError(message) from error

    return attempt(call.delivery_id, call.key, call.activity, mask(canonical(wire).decode()), send, call.every)


def understood(answer: HttpAnswer) -> tuple[str, Response]:
    """An answer as text without secrets, and what it says; raises TriedError."""
    text = mask(answer.body.decode(errors="replace"))
    if answer.status != HTTP_OK:
        raise TriedError(f"HTTP {answer.status}: {text}", retry=not is_refusal(answer.status))
    try:
        return text, Response.model_validate_json(answer.body)
    except ValidationError as error:
        message = f"{not_as_documented(error)}: {text}"
        raise TriedError(message) from error


def not_as_documented(error: ValidationError) -> str:
    """What is wrong with an answer's form."""
    return f"answer not as documented: {error.errors()[0]['msg']}"


def post_v2(reach: Reach, fields: dict[str, str]) -> HttpAnswer:
    """Send a V2 call, signed (DOMAIN §6.1); raises CallFailedError."""
    body = canonical(fields)
    nonce, timestamp = secrets.token_hex(32).upper(), str(time.time_ns() // 1_000_000)
    signed = {"signature": sign_v2(reach.access_key, nonce, timestamp, body), "timestamp": timestamp, "nonce": nonce}
    return post(f"{reach.url}?{urlencode(signed)}", body, {}, ATTEMPT_TIMEOUT.total_seconds(), reach.connect_to)


def _get_v1(reach: Reach, fields: dict[str, str]) -> HttpAnswer:
    stamped = {**fields, "timeStamp": wire_time_with_milliseconds(datetime.now(UTC))}
    token = sign_v1(reach.access_key, stamped["timeStamp"], stamped)
    answer = get(
        f"{reach.url}?{urlencode({**stamped, 'authToken': token})}", ATTEMPT_TIMEOUT.total_seconds(), reach.connect_to
    )
    header = answer.headers.get("body-sign", "")
    if answer.status == HTTP_OK and not has_signed_body(reach.access_key, header, answer.body):
        raise TriedError("the answer's Body-Sign is wrong" if header else "bodySign is empty", retry=False)
    return answer


_SENDERS: dict[InterfaceVersion, Callable[[Reach, dict[str, str]], HttpAnswer]] = {
    InterfaceVersion.V1: _get_v1,
    InterfaceVersion.V2: post_v2,
}


def _fields(call: SellerCall) -> dict[str, str]:
    """Members of a call in their documented order; businessId differs on every request (DOMAIN §5.2)."""
    told = {**call.fields.on_the_wire(), "businessId": str(uuid.uuid4())}
    return {
        "activity": str(call.activity),
        **{name: told[name] for name in CALLS[call.activity].members if name in told},
    }


def connection(seller_id: str) -> Reach:
    """The seller's checked address and access key."""
    try:
        with reading() as session:
            seller = sellers.find(session, seller_id)
    except SQLAlchemyError as error:
        message = "the database is away"
        raise ApplicationError(message, next_retry_delay=DATABASE_BACK_OFF) from error
    if seller is None:
        message = f"seller {seller_id} has registered no production address"
        raise TriedError(message, retry=False)
    try:
        connect_to = check_address(seller.production_url)
    except AddressRefusedError as error:
        message = f"address refused: {error}"
        raise TriedError(message, retry=False) from error
    return Reach(seller.production_url, connect_to, unseal(seller.sealed_access_key))


def _read(call: SellerCall, response: Response) -> SellerAnswer:
    """Tell success from failure (DOMAIN §5.3, §5.4); raises TriedError."""
    said = f"{response.result_code} {response.result_message}".strip()
    spec = CALLS[call.activity]
    reading = spec.read(response.result_code)
    if reading not in {Reading.SUCCESS, Reading.PROCESSING}:
        raise TriedError(said, retry=reading is not Reading.REFUSED)
    if lacking := _lacking(call, response):
        message = f"{lacking}: {said}"
        raise TriedError(message)
    code = ResultCode.PROCESSING if reading is Reading.PROCESSING else ResultCode.SUCCESS
    instance_id = call.fields.instance_id if spec.needs is Needed.INSTANCE_INFO else response.instance_id
    return SellerAnswer(result_code=code, instance_id=instance_id, license=response.license)


def _lacking(call: SellerCall, response: Response) -> str | None:
    """What the order needs of a successful answer and is not in it."""
    match CALLS[call.activity].needs:
        case Needed.INSTANCE_ID if response.instance_id is None:
            return "answer names no instanceId"
        case Needed.INSTANCE_INFO if call.fields.instance_id not in {one.instance_id for one in response.info or []}:
            return "instance not there yet"
        case Needed.LICENSE if response.license is None:
            return "answer holds no license"
        case _:
            return None
