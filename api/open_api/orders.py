"""The order query of sellers' systems, with the marketplace's mock orders (DOMAIN §5.11)."""

from collections.abc import Sequence
from enum import StrEnum

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from api.open_api.contract import OpenApiError, refuse, verify, wire_time
from api.open_api.mock_orders import MOCK_ORDERS
from api.problems import from_exception
from database import queries
from database.session import transaction
from domain.order import Order
from domain.parties import Actor

router = APIRouter(tags=["order open API"])

MAX_ID = 64


class ResultCode(StrEnum):
    """Result codes of the order query."""

    SUCCESS = "CBC.0000"
    INVALID = "CBC.0101"
    FORBIDDEN = "CBC.0150"
    INTERNAL = "CBC.0999"


_MESSAGES = {
    ResultCode.SUCCESS: (200, "Success"),
    ResultCode.INVALID: (400, "a parameter is missing or not as documented / 参数不正确"),
    ResultCode.FORBIDDEN: (403, "not yours, or not there / 没有权限或不存在"),
    ResultCode.INTERNAL: (500, "internal error, repeat later / 系统内部错误，请稍后重试"),
}


def answer(code: ResultCode, **more: object) -> JSONResponse:
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
        return answer(ResultCode.INTERNAL, instance=from_exception(error).problem.instance)


def _query(request: Request) -> JSONResponse:
    seller = verify(request, b"", once=False)
    order_id, line_id = request.query_params.get("orderId", ""), request.query_params.get("orderLineId", "")
    if not 0 < len(order_id) <= MAX_ID or len(line_id) > MAX_ID or "\x00" in order_id + line_id:
        return answer(ResultCode.INVALID)
    if order_id in MOCK_ORDERS:
        return answer(ResultCode.SUCCESS, orderInfo=MOCK_ORDERS[order_id])
    orders = [order for order in _orders(order_id, seller) if line_id in {"", order.order_line_id}]
    return answer(ResultCode.SUCCESS, orderInfo=_info(orders)) if orders else answer(ResultCode.FORBIDDEN)


def _orders(order_id: str, seller: Actor) -> list[Order]:
    with transaction() as session:
        return [Order.model_validate(row.order) for row in queries.of_order(session, order_id, seller.id)]


def _info(orders: Sequence[Order]) -> dict[str, object]:
    first = orders[0]
    return {
        "orderId": first.order_id,
        "orderType": "TRIAL" if first.trial else "NEW",
        "createTime": wire_time(first.placed_at),
        "orderLine": [_line(order) for order in orders],
        "buyerInfo": {"customerId": first.buyer_id},
    }


def _line(order: Order) -> dict[str, object]:
    """One line; an expiry is not known before the validity began, and is left out."""
    period: dict[str, object] = {}
    if order.period is not None:
        period = {"periodType": order.period.unit, "periodNumber": order.period.number}
    return {
        "orderLineId": order.order_line_id,
        "chargingMode": order.charging_mode,
        "orderAmount": str(order.amount),
        "currency": order.currency,
        "trialFlag": "1" if order.trial else "0",
        "productInfo": [{"productId": order.product.id}],
        **period,
    }
