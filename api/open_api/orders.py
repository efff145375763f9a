"""The order query of sellers' systems, with the marketplace's mock orders (DOMAIN §5.11)."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import Field, TypeAdapter, ValidationError
from starlette.concurrency import run_in_threadpool

from api.open_api.contract import OpenApiError, refuse, verify
from api.open_api.mock_orders import MOCK_ORDERS
from api.problems import from_exception
from database import deliveries, instances
from database.models import Json
from database.session import reading
from domain.base import Storable
from domain.instance.operations import Convert, OperationName, Ordered, Renew, Upgrade
from domain.order import ChargingMode, Order, Period
from domain.wire import wire_time

router = APIRouter(tags=["order open API"])


class OrderQuery(Storable):
    """Which order, and which of its lines if one is named."""

    order_id: Annotated[str, Field(alias="orderId", min_length=1, max_length=64)]
    order_line_id: Annotated[str, Field(alias="orderLineId", max_length=64)] = ""


class QueryResultCode(StrEnum):
    """Result codes of the order query."""

    SUCCESS = "CBC.0000"
    INVALID = "CBC.0101"
    FORBIDDEN = "CBC.0150"
    INTERNAL = "CBC.0999"


_MESSAGES = {
    QueryResultCode.SUCCESS: (200, "Success"),
    QueryResultCode.INVALID: (400, "a parameter is missing or not as documented / 参数不正确"),
    QueryResultCode.FORBIDDEN: (403, "not yours, or not there / 没有权限或不存在"),
    QueryResultCode.INTERNAL: (500, "internal error, repeat later / 系统内部错误，请稍后重试"),
}


def answer(code: QueryResultCode, **more: object) -> JSONResponse:
    """An answer of this family of calls."""
    status, message = _MESSAGES[code]
    return JSONResponse({"resultCode": code, "resultMsg": message, **more}, status)


@router.get("/v1/order/query", summary="Query an order")
async def query(request: Request) -> JSONResponse:
    """Seller's system: ask what was bought, by ``orderId`` and, if wanted, ``orderLineId``."""
    try:
        return await run_in_threadpool(_query, request)
    except OpenApiError as error:
        return refuse(error)
    except Exception as error:  # noqa: BLE001 - this contract has no problem details
        return answer(QueryResultCode.INTERNAL, instance=from_exception(error).problem.instance)


def _query(request: Request) -> JSONResponse:
    seller = verify(request, b"", once=False)
    try:
        asked = OrderQuery.model_validate(dict(request.query_params))
    except ValidationError:
        return answer(QueryResultCode.INVALID)
    order_id, line_id = asked.order_id, asked.order_line_id
    if order_id in MOCK_ORDERS:
        return answer(QueryResultCode.SUCCESS, orderInfo=MOCK_ORDERS[order_id])
    with reading() as session:
        found = deliveries.of_order(session, order_id, seller.id)
        living = instances.of_deliveries(session, [row.id for row in found])
        operations = instances.operations_of_order(session, order_id, seller.id)
    orders = [(Order.model_validate(row.start["order"]), living.get(row.id)) for row in found]
    lines = [_line(order, life.expires_at if life else None) for order, life in orders]
    info = _info(orders[0][0]) if orders else None
    if info is None and operations:
        row = operations[0]
        operation = _OPERATION.validate_python(row.content)
        info = _info_of_operation(order_id, operation, row.at)
        lines = [_line_of_operation(_OPERATION.validate_python(one.content), one.receipt or {}) for one in operations]
    lines = [line for line in lines if line_id in {"", line["orderLineId"]}]
    if info is None or not lines:
        return answer(QueryResultCode.FORBIDDEN)
    return answer(QueryResultCode.SUCCESS, orderInfo={**info, "orderLine": lines})


def _info(order: Order) -> dict[str, object]:
    return {
        "orderId": order.order_id,
        "orderType": "TRIAL" if order.trial else "NEW",
        "createTime": wire_time(order.placed_at),
        "buyerInfo": {"customerId": order.buyer_id},
    }


def _line(order: Order, expires_at: datetime | None) -> dict[str, object]:
    """One line; an expiry is not known before the validity began, and is left out."""
    return {
        "orderLineId": order.order_line_id,
        "chargingMode": order.charging_mode,
        "orderAmount": str(order.amount),
        "currency": order.currency,
        "trialFlag": "1" if order.trial else "0",
        "productInfo": [{"productId": order.product.id}],
        **_period(order.period),
        **({"expireTime": wire_time(expires_at)} if expires_at else {}),
    }


def _period(period: Period | None) -> dict[str, object]:
    return {"periodType": period.unit, "periodNumber": period.number} if period else {}


_OPERATION: TypeAdapter[Ordered] = TypeAdapter(Ordered)

_ORDER_TYPES = {
    OperationName.RENEW: "RENEW",
    OperationName.CANCEL_RENEWAL: "UNSUBSCRIBE",
    OperationName.CONVERT: "TRIAL_TO_FORMAL",
    OperationName.UPGRADE: "CHANGE",
    OperationName.RELEASE: "UNSUBSCRIBE",
}


def _info_of_operation(order_id: str, operation: Ordered, at: datetime) -> dict[str, object]:
    """An order that asked for something to be done with an instance."""
    return {"orderId": order_id, "orderType": _ORDER_TYPES[operation.operation], "createTime": wire_time(at)}


def _line_of_operation(operation: Ordered, receipt: Json) -> dict[str, object]:
    period = operation.period if isinstance(operation, Renew | Convert) else None
    product = operation.product_id if isinstance(operation, Renew | Upgrade) else None
    until = receipt.get("expires_at")
    return {
        "orderLineId": operation.order_line_id,
        "chargingMode": ChargingMode.PERIOD if until else ChargingMode.ONE_TIME,
        **({"productInfo": [{"productId": product}]} if product else {}),
        **_period(period),
        **({"expireTime": wire_time(datetime.fromisoformat(str(until)))} if until else {}),
    }
