"""What the calls of the marketplace's open API share: codes, signatures, reading and answering (DOMAIN §4.2, §6.5).

Paths, field names, codes and string-encoded JSON are the documented ones, so that a seller's client works unchanged.
"""

import json
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, TypeVar

from fastapi import Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, BeforeValidator, Field, ValidationError
from starlette.concurrency import run_in_threadpool

from api.problems import RETRY_AFTER_SECONDS, from_exception
from database import sellers
from database.secrets import unseal
from database.session import writing
from domain.base import Instant, Storable
from domain.errors import ErrorCode
from domain.parties import Actor, Role
from domain.seller.signatures import APIG_ALGORITHM, CLOCK_WINDOW, equal, is_fresh, sign_apig
from domain.wire import read_basic_time, read_wire_time

PREFIX = "/api/mkp-openapi-public/global"
MAX_CODES = 100
"""Codes in one call of version 2 (DOMAIN §4.1)."""


class Code(StrEnum):
    """Result codes (DOMAIN §4.2); those beginning with APIG come from the gateway's side of the contract."""

    SUCCESS = "92020000"
    INTERNAL_ERROR = "92020001"
    INVALID_PARAMETER = "92020002"
    ILLEGAL_STATE = "92020003"
    NOT_RECEIVED = "92020004"
    NOT_EXISTING = "92020005"
    NOT_ACTIVATED = "92020011"
    SOME_INVALID = "92020020"
    PARAMETER_FORM = "95000001"
    METHOD = "95000002"
    CONTENT_TYPE = "95000003"
    UNREADABLE = "95000004"
    SIGNATURE = "APIG.0301"


MESSAGES = {
    Code.SUCCESS: "Success",
    Code.INTERNAL_ERROR: "internal error, repeat later / 系统内部错误，请稍后重试",
    Code.INVALID_PARAMETER: "invalid param / 参数不正确",
    Code.ILLEGAL_STATE: "illegal state (do not activate twice) / 状态不正确，请勿重复激活",
    Code.NOT_RECEIVED: "can not active before user received. / 用户尚未领取授权码",
    Code.NOT_EXISTING: "license code notexist / 授权码不存在",
    Code.NOT_ACTIVATED: "license code has been not activated. / 授权码尚未激活",
    Code.SOME_INVALID: "Invalid license code exists. / 存在无效的授权码",
    Code.PARAMETER_FORM: "req param is invalid / 请求参数格式不正确",
    Code.METHOD: "Request method not supported / 不支持该请求方法",
    Code.CONTENT_TYPE: "Content type not supported, send application/json / 不支持该内容类型",
    Code.UNREADABLE: "req message is not readable / 请求内容无法解析",
    Code.SIGNATURE: "Incorrect authentication information: {reason} / 签名认证失败",
}

STATUS = {
    Code.PARAMETER_FORM: 400,
    Code.METHOD: 405,
    Code.CONTENT_TYPE: 415,
    Code.UNREADABLE: 400,
    Code.SIGNATURE: 401,
}


class OpenApiError(Exception):
    """Ends a call with a documented code."""

    def __init__(self, code: Code, reason: str = "") -> None:
        """Take the code and, for signatures, what is wrong."""
        super().__init__(code)
        self.code = code
        self.reason = reason


def _read_time(value: object) -> object:
    return read_wire_time(value) if isinstance(value, str) else value


WireTime = Annotated[Instant, BeforeValidator(_read_time)]
"""A moment as yyyyMMddHHmmss, UTC."""

LicenseText = Annotated[str, Field(min_length=1, max_length=64)]


class OpenApiAnswer(BaseModel):
    """Every answer of the license calls."""

    error_code: str
    error_msg: str
    data: object = None

    @classmethod
    def success(cls, data: object = None) -> "OpenApiAnswer":
        """The answer to a call that did what it should."""
        return cls(error_code=Code.SUCCESS, error_msg=MESSAGES[Code.SUCCESS], data=data)


_AUTHORIZATION = re.compile(
    APIG_ALGORITHM + r" Access=([A-Za-z0-9_-]{1,128}), ?SignedHeaders=([a-z0-9;-]{1,512}), ?Signature=([0-9a-f]{64})"
)


def verify(request: Request, body: bytes, *, once: bool) -> Actor:
    """The seller whose keys signed the request; raises OpenApiError for a wrong, stale or (once) replayed signature."""
    parsed = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    if parsed is None:
        raise OpenApiError(Code.SIGNATURE, "no Authorization header of the form SDK-HMAC-SHA256")
    access_key, names, signature = parsed.groups()
    headers = {name: request.headers.get(name, "") for name in names.split(";")}
    now = datetime.now(UTC)
    try:
        stamp = read_basic_time(headers.get("x-sdk-date", ""))
    except ValueError as error:
        raise OpenApiError(Code.SIGNATURE, "X-Sdk-Date is not signed") from error
    if not is_fresh(stamp, now):
        raise OpenApiError(Code.SIGNATURE, "X-Sdk-Date is more than 60 s off")
    with writing() as session:
        seller = sellers.by_access_key(session, access_key)
        secret = unseal(seller.sealed_open_api_secret_key) if seller else ""
        path, query = request.url.path, request.url.query
        expected = sign_apig(secret, request.method, path, query, headers, body)
        if seller is None or not equal(expected, signature):
            raise OpenApiError(Code.SIGNATURE, "verify signature fail")
        if once and not sellers.use_signature(session, signature, now, now + 2 * CLOCK_WINDOW):
            raise OpenApiError(Code.SIGNATURE, "this signature was used before")
        return Actor(role=Role.SELLER, id=seller.id)


def _forget_signature(request: Request) -> None:
    parsed = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    if parsed is not None:
        with writing() as session:
            sellers.forget_signature(session, parsed.group(3))


Body = TypeVar("Body", bound=Storable)


def read(request: Request, body: bytes, model: type[Body]) -> Body:
    """The fields of a call; raises OpenApiError for what is not JSON, not readable, or not as documented."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise OpenApiError(Code.CONTENT_TYPE)
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise OpenApiError(Code.UNREADABLE) from error
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise OpenApiError(Code.PARAMETER_FORM) from error


def refuse(error: OpenApiError) -> JSONResponse:
    """The answer to a call that ended with a documented code."""
    answer = OpenApiAnswer(error_code=error.code, error_msg=MESSAGES[error.code].format(reason=error.reason))
    return JSONResponse(answer.model_dump(exclude_none=True), STATUS.get(error.code, 200))


def _failed(error: Exception) -> JSONResponse:
    """The answer to what nobody foresaw: this contract has no problem details."""
    problem = from_exception(error).problem
    message = f"{MESSAGES[Code.INTERNAL_ERROR]} {problem.instance or ''}".strip()
    answer = OpenApiAnswer(error_code=Code.INTERNAL_ERROR, error_msg=message)
    away = problem.code is ErrorCode.SERVICE_UNAVAILABLE
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if away else None
    return JSONResponse(answer.model_dump(exclude_none=True), problem.status, headers)


async def signed(
    request: Request, model: type[Body], act: Callable[[Request, Actor, Body], Awaitable[OpenApiAnswer]], *, once: bool
) -> JSONResponse:
    """Have a signed call carried out: who signed it, what it says, and its answer."""
    body = await request.body()
    try:
        seller = await run_in_threadpool(verify, request, body, once=once)
        try:
            answer = await act(request, seller, read(request, body, model))
        except OpenApiError:
            if once:
                # Nothing was changed: the same request may come again, even within the second its signature names.
                await run_in_threadpool(_forget_signature, request)
            raise
    except OpenApiError as error:
        return refuse(error)
    except Exception as error:  # noqa: BLE001 - every failure has an answer in this contract
        return _failed(error)
    return JSONResponse(answer.model_dump(mode="json", exclude_none=True))
