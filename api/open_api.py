"""The license open API that sellers' software calls (DOMAIN §4.1, §4.2), signed by AK/SK (§6.5).

Paths, field names, codes and string-encoded JSON are the documented ones, so that a seller's client works unchanged.
"""

import hashlib
import json
import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, ValidationError, field_validator
from starlette.concurrency import run_in_threadpool

from api.commands import give
from api.problems import RETRY_AFTER_SECONDS, ProblemError, from_exception
from api.views import state_of
from database import queries
from database.models import DeliveryRow
from database.secrets import unseal
from database.session import transaction
from domain.base import Instant
from domain.commands import ActivateCode, Command, CommandName
from domain.errors import ErrorCode
from domain.parties import Actor, Role
from domain.signatures import APIG_ALGORITHM, APIG_DATE_FORMAT, CLOCK_WINDOW, equal, is_fresh, sign_apig
from domain.stages import StageName
from domain.state import State

PREFIX = "/api/mkp-openapi-public/global"
EFFECT_TIME_FORMAT = "%Y%m%d%H%M%S"

router = APIRouter(prefix=PREFIX, tags=["license open API"])


class Code(StrEnum):
    """Result codes (DOMAIN §4.2); those beginning with APIG come from the gateway's side of the contract."""

    SUCCESS = "92020000"
    INTERNAL_ERROR = "92020001"
    INVALID_PARAMETER = "92020002"
    ILLEGAL_STATE = "92020003"
    NOT_RECEIVED = "92020004"
    NOT_EXISTING = "92020005"
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


class LicenseData(BaseModel):
    """Facts of an activated code, as JSON in a string."""

    license_code_info: str


class Answer(BaseModel):
    """Every answer of this API."""

    error_code: str
    error_msg: str
    data: LicenseData | None = None


class Activation(BaseModel):
    """An activation request."""

    license: Annotated[str, Field(min_length=1, max_length=64)]
    real_effect_time: Instant | None = None

    @field_validator("real_effect_time", mode="before")
    @classmethod
    def _read_time(cls, value: object) -> object:
        if isinstance(value, str):
            return datetime.strptime(value, EFFECT_TIME_FORMAT).replace(tzinfo=UTC)
        return value


_AUTHORIZATION = re.compile(
    APIG_ALGORITHM + r" Access=([A-Za-z0-9_-]{1,128}), ?SignedHeaders=([a-z0-9;-]{1,512}), ?Signature=([0-9a-f]{64})"
)


def verify(request: Request, body: bytes) -> Actor:
    """The seller whose keys signed the request; raises OpenApiError for a wrong, stale or replayed signature."""
    parsed = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    if parsed is None:
        raise OpenApiError(Code.SIGNATURE, "no Authorization header of the form SDK-HMAC-SHA256")
    access_key, names, signature = parsed.groups()
    headers = {name: request.headers.get(name, "") for name in names.split(";")}
    now = datetime.now(UTC)
    try:
        stamp = datetime.strptime(headers.get("x-sdk-date", ""), APIG_DATE_FORMAT).replace(tzinfo=UTC)
    except ValueError as error:
        raise OpenApiError(Code.SIGNATURE, "X-Sdk-Date is not signed") from error
    if not is_fresh(stamp, now):
        raise OpenApiError(Code.SIGNATURE, "X-Sdk-Date is more than 60 s off")
    with transaction() as session, session.begin():
        seller = queries.seller_by_access_key(session, access_key)
        secret = unseal(seller.sealed_open_api_secret_key) if seller else ""
        path, query = request.url.path, request.url.query
        expected = sign_apig(secret, request.method, path, query, headers, body)
        if seller is None or not equal(expected, signature):
            raise OpenApiError(Code.SIGNATURE, "verify signature fail")
        if not queries.use_signature(session, signature, now, now + 2 * CLOCK_WINDOW):
            raise OpenApiError(Code.SIGNATURE, "this signature was used before")
        return Actor(role=Role.SELLER, id=seller.id)


def _read(request: Request, body: bytes) -> Activation:
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise OpenApiError(Code.CONTENT_TYPE)
    try:
        content = json.loads(body)
    except ValueError as error:
        raise OpenApiError(Code.UNREADABLE) from error
    try:
        return Activation.model_validate(content)
    except ValidationError as error:
        raise OpenApiError(Code.PARAMETER_FORM) from error


def _find(license_code: str, seller: Actor) -> DeliveryRow:
    with transaction() as session:
        row = queries.find_by_license(session, license_code, seller.id) if "\x00" not in license_code else None
    if row is None:
        raise OpenApiError(Code.NOT_EXISTING)
    return row


def _code_for(refused: ErrorCode, state: State) -> Code:
    """The documented code of a refusal by the flow."""
    if refused is ErrorCode.START_TIME_INVALID:
        return Code.INVALID_PARAMETER
    before_claim = state.stage in {StageName.CODE_DELIVERY, StageName.CODE_CLAIM}
    return Code.NOT_RECEIVED if before_claim and refused is ErrorCode.NOT_LEGAL_NOW else Code.ILLEGAL_STATE


def refuse(error: OpenApiError) -> JSONResponse:
    """The answer to a call that ended with a documented code."""
    answer = Answer(error_code=error.code, error_msg=MESSAGES[error.code].format(reason=error.reason))
    return JSONResponse(answer.model_dump(exclude_none=True), STATUS.get(error.code, 200))


@router.api_route("/v1/license/activate", methods=["GET", "PUT", "PATCH", "DELETE"], include_in_schema=False)
def wrong_method() -> JSONResponse:
    """Refuse other methods with this API's own code."""
    return refuse(OpenApiError(Code.METHOD))


@router.post("/v1/license/activate", summary="Activate an authorization code", response_model=Answer)
async def activate(request: Request) -> JSONResponse:
    """Seller's software: report that a code was activated; validity starts then, or at ``real_effect_time``."""
    try:
        return await _activate(request)
    except OpenApiError as error:
        return refuse(error)
    except Exception as error:  # noqa: BLE001 - this contract has no problem details
        problem = from_exception(error).problem
        message = f"{MESSAGES[Code.INTERNAL_ERROR]} {problem.instance or ''}".strip()
        answer = Answer(error_code=Code.INTERNAL_ERROR, error_msg=message)
        away = problem.code is ErrorCode.SERVICE_UNAVAILABLE
        headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if away else None
        return JSONResponse(answer.model_dump(exclude_none=True), problem.status, headers)


async def _activate(request: Request) -> JSONResponse:
    body = await request.body()
    seller = await run_in_threadpool(verify, request, body)
    asked = _read(request, body)
    row = await run_in_threadpool(_find, asked.license, seller)
    fields = ActivateCode(license=asked.license, real_effect_time=asked.real_effect_time)
    key = "open-api:" + hashlib.sha256(request.headers["authorization"].encode()).hexdigest()
    command = Command(name=CommandName.ACTIVATE_CODE, actor=seller, key=key, body=fields)
    try:
        await give(request.app.state.engine, row, command)
    except ProblemError as error:
        if error.problem.code is ErrorCode.SERVICE_UNAVAILABLE:
            raise
        raise OpenApiError(_code_for(error.problem.code, state_of(row))) from error
    order = state_of(row).order
    info = {"status": "ALIVE", "product_id": order.product.id, "order_id": order.order_id, "amount": 1}
    data = LicenseData(license_code_info=json.dumps(info))
    answer = Answer(error_code=Code.SUCCESS, error_msg=MESSAGES[Code.SUCCESS], data=data)
    return JSONResponse(answer.model_dump())
