"""RFC 9457 problem details: every refusal of the API is one of the domain's error codes."""

from typing import Any, Literal
from uuid import uuid4

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, create_model
from pydantic.json_schema import models_json_schema
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from database.session import is_outage
from domain.errors import ERRORS, ErrorCode, Refusal

RETRY_AFTER_SECONDS = 5
MEDIA_TYPE = "application/problem+json"

log = structlog.get_logger()

STATUSES: dict[ErrorCode, int] = {
    ErrorCode.UNAUTHENTICATED: 401,
    ErrorCode.TOKEN_EXPIRED: 401,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.DELIVERY_NOT_FOUND: 404,
    ErrorCode.ROUTE_NOT_FOUND: 404,
    ErrorCode.METHOD_NOT_ALLOWED: 405,
    ErrorCode.INVALID_INPUT: 422,
    ErrorCode.BODY_TOO_LARGE: 413,
    ErrorCode.UNSTORABLE: 422,
    ErrorCode.IDEMPOTENCY_KEY_REUSED: 409,
    ErrorCode.ORDER_LINE_CONFLICT: 409,
    ErrorCode.NOT_LEGAL_NOW: 409,
    ErrorCode.FROZEN_BY_APPEAL: 409,
    ErrorCode.REFUND_PENDING: 409,
    ErrorCode.ORDER_ENDED: 409,
    ErrorCode.REQUEST_INCOMPLETE: 422,
    ErrorCode.CODE_REQUIRED: 422,
    ErrorCode.PROOF_INCOMPLETE: 422,
    ErrorCode.START_TIME_INVALID: 422,
    ErrorCode.INSTANCE_MISSING: 409,
    ErrorCode.WRONG_LICENSE: 409,
    ErrorCode.REFUND_BARRED: 409,
    ErrorCode.REFUND_NOT_OFFERED: 409,
    ErrorCode.REFUND_OF_TRIAL: 409,
    ErrorCode.REFUND_EXPIRED: 409,
    ErrorCode.INVOICE_NOT_RETURNED: 409,
    ErrorCode.FULL_REFUND_BARRED: 409,
    ErrorCode.REFUND_TOO_HIGH: 422,
    ErrorCode.GOODS_UNSPECIFIED: 422,
    ErrorCode.GOODS_SHIPPED: 409,
    ErrorCode.RETURN_ADDRESS_REQUIRED: 422,
    ErrorCode.EVIDENCE_REQUIRED: 422,
    ErrorCode.NOT_YOUR_APPEAL: 403,
    ErrorCode.SECOND_MANAGER_NEEDED: 403,
    ErrorCode.REWORK_IMPOSSIBLE: 409,
    ErrorCode.AMOUNT_WITHOUT_REFUND: 422,
    ErrorCode.RENEWAL_NOT_SUPERVISED: 409,
    ErrorCode.RENEWAL_TOO_EARLY: 409,
    ErrorCode.OTHER_PROJECT: 409,
    ErrorCode.INSTANCE_RELEASED: 409,
    ErrorCode.RENEWAL_IN_EFFECT: 409,
    ErrorCode.PRODUCT_NOT_FOUND: 404,
    ErrorCode.SUBSCRIPTION_NOT_FOUND: 404,
    ErrorCode.TOO_MANY_SUBSCRIPTIONS: 409,
    ErrorCode.SELLER_DID_NOT_TELL: 502,
    ErrorCode.NO_INSTANCE: 404,
    ErrorCode.NOTHING_PARKED: 409,
    ErrorCode.TOO_MANY_COMMANDS: 409,
    ErrorCode.SERVICE_UNAVAILABLE: 503,
    ErrorCode.INTERNAL_ERROR: 500,
}
"""The HTTP status of each code: the rules know none."""


class FieldError(BaseModel):
    """What is wrong with one field."""

    field: str
    message: str


class Problem(BaseModel):
    """A problem detail; ``title`` and ``action`` in English, their twins in Chinese."""

    type: str
    title: str
    status: int
    code: ErrorCode
    detail: str | None = None
    instance: str | None = Field(default=None, description="Names this one occurrence to operations")
    action: str = Field(description="What to do now")
    title_zh: str
    action_zh: str
    allowed: tuple[str, ...] | None = Field(default=None, description="Commands you could give now")
    missing: tuple[str, ...] | None = Field(default=None, description="Members that the order's templates ask for")
    errors: tuple[FieldError, ...] | None = None


class ProblemError(Exception):
    """Ends a request with a problem."""

    def __init__(
        self,
        code: ErrorCode,
        detail: str | None = None,
        *,
        allowed: tuple[str, ...] | None = None,
        missing: tuple[str, ...] | None = None,
        errors: tuple[FieldError, ...] | None = None,
    ) -> None:
        """Take the code and what is particular to this occurrence."""
        super().__init__(code)
        spec = ERRORS[code]
        self.problem = Problem(
            type=f"urn:delivery:problem:{code}",
            title=spec.title.en,
            title_zh=spec.title.zh,
            status=STATUSES[code],
            code=code,
            detail=detail,
            action=spec.action.en,
            action_zh=spec.action.zh,
            allowed=allowed,
            missing=missing,
            errors=errors,
        )

    @classmethod
    def of(cls, refusal: Refusal) -> "ProblemError":
        """The problem a refusal by the rules is told as."""
        return cls(refusal.code, allowed=refusal.allowed, missing=refusal.missing or None)

    def response(self) -> JSONResponse:
        """The answer to send."""
        headers = {}
        if self.problem.code is ErrorCode.SERVICE_UNAVAILABLE:
            headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        if self.problem.status == STATUSES[ErrorCode.UNAUTHENTICATED]:
            headers["WWW-Authenticate"] = "Bearer"
        content = self.problem.model_dump(mode="json", exclude_none=True)
        return JSONResponse(content, self.problem.status, headers, MEDIA_TYPE)


REFERENCE = "#/components/schemas/{model}"


def _name(code: ErrorCode) -> str:
    return "".join(part.capitalize() for part in code.split("-")) + "Problem"


def _problem_class(code: ErrorCode) -> type[Problem]:
    spec = ERRORS[code]
    return create_model(
        _name(code),
        __base__=Problem,
        __doc__=f"{spec.title.en}. {spec.action.en}. / {spec.title.zh}。{spec.action.zh}。",
        code=(Literal[code], ...),  # type: ignore[arg-type]
        status=(Literal[STATUSES[code]], ...),  # type: ignore[arg-type]
    )


ALWAYS = (
    ErrorCode.UNAUTHENTICATED,
    ErrorCode.TOKEN_EXPIRED,
    ErrorCode.FORBIDDEN,
    ErrorCode.INVALID_INPUT,
    ErrorCode.BODY_TOO_LARGE,
    ErrorCode.SERVICE_UNAVAILABLE,
    ErrorCode.INTERNAL_ERROR,
)


_PUBLISHED: set[ErrorCode] = set()
"""Codes that some route may answer with; the rest are told at other doors, or at none in particular."""


def documented(*codes: ErrorCode) -> dict[int | str, dict[str, object]]:
    """The ``responses`` of a route that may answer with these codes, and with the ones any route may.

    By reference, not by model: FastAPI makes a validator of each model of each route, which took a third of a start.
    """
    by_status: dict[int, list[ErrorCode]] = {}
    for code in dict.fromkeys((*codes, *ALWAYS)):
        _PUBLISHED.add(code)
        by_status.setdefault(STATUSES[code], []).append(code)
    return {status: _documented_status(found) for status, found in sorted(by_status.items())}


def _documented_status(codes: list[ErrorCode]) -> dict[str, object]:
    references: list[dict[str, str]] = [{"$ref": REFERENCE.format(model=_name(code))} for code in codes]
    schema: object = references[0] if len(references) == 1 else {"anyOf": references}
    return {
        "description": "; ".join(ERRORS[code].title.en for code in codes),
        "content": {MEDIA_TYPE: {"schema": schema}},
    }


def _schemas() -> dict[str, object]:
    """The schema of each problem that a route names, by its name."""
    _, definitions = models_json_schema(
        [(_problem_class(code), "serialization") for code in sorted(_PUBLISHED)], ref_template=REFERENCE
    )
    schemas: dict[str, object] = definitions["$defs"]
    return schemas


def _invalid_input(error: RequestValidationError) -> ProblemError:
    errors = tuple(
        FieldError(field=".".join(str(part) for part in found["loc"]), message=found["msg"]) for found in error.errors()
    )
    return ProblemError(ErrorCode.INVALID_INPUT, errors=errors)


_BY_STATUS = {404: ErrorCode.ROUTE_NOT_FOUND, 405: ErrorCode.METHOD_NOT_ALLOWED}


def from_exception(error: Exception) -> ProblemError:
    """The problem an exception is told as; what nobody foresaw is logged under the instance it names."""
    if isinstance(error, ProblemError):
        return error
    if isinstance(error, RequestValidationError):
        return _invalid_input(error)
    if isinstance(error, HTTPException):
        return ProblemError(_BY_STATUS.get(error.status_code, ErrorCode.INVALID_INPUT), str(error.detail))
    if isinstance(error, SQLAlchemyError) and is_outage(error):
        return ProblemError(ErrorCode.SERVICE_UNAVAILABLE, "the database is away")
    found = ProblemError(ErrorCode.INTERNAL_ERROR)
    found.problem.instance = f"urn:uuid:{uuid4()}"
    log.error("unforeseen", instance=found.problem.instance, exc_info=error)
    return found


class Unforeseen:
    """Answers what nobody foresaw, and ends it here.

    A handler for Exception would have it raised once more: the server would log it again and cut the connection.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        has_begun = False

        async def watched(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:
            if has_begun or scope["type"] != "http":
                raise
            await from_exception(error).response()(scope, receive, send)


def install(app: FastAPI) -> None:
    """Have every exception of the app told as a problem."""

    async def answer(_: Request, error: Exception) -> JSONResponse:
        return from_exception(error).response()

    for kind in (ProblemError, RequestValidationError, HTTPException, SQLAlchemyError):
        app.add_exception_handler(kind, answer)
    routes_only = app.openapi

    def with_problems() -> dict[str, Any]:
        if app.openapi_schema is None:
            routes_only()["components"]["schemas"].update(_schemas())
        return app.openapi_schema or routes_only()

    # As its own documentation has it extended.
    app.openapi = with_problems  # type: ignore[method-assign]
    app.add_middleware(Unforeseen)
