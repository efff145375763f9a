"""Mock orders (DOMAIN §5.11): a seller tests its order query before anything was sold."""

_PLACED = "20260101000000"
_EXPIRES = "20270101000000"


def _mock(order_id: str, order_type: str, charging_mode: str, **line: object) -> dict[str, object]:
    return {
        "orderId": order_id,
        "orderType": order_type,
        "createTime": _PLACED,
        "orderLine": [
            {
                "orderLineId": f"{order_id}-000001",
                "chargingMode": charging_mode,
                "orderAmount": "100.00",
                "currency": "CNY",
                "trialFlag": "1" if order_type == "TRIAL" else "0",
                "productInfo": [{"productId": "MOCKPRODUCT"}],
                **line,
            }
        ],
        "buyerInfo": {"customerId": "MOCKCUSTOMER"},
    }


def _year(order_id: str, order_type: str) -> dict[str, object]:
    return _mock(order_id, order_type, "PERIOD", periodType="year", periodNumber=1, expireTime=_EXPIRES)


def _month(order_id: str, order_type: str) -> dict[str, object]:
    return _mock(order_id, order_type, "PERIOD", periodType="month", periodNumber=1, expireTime="20260201000000")


_ALL = (
    _year("MOCKPERIODYEARNEW", "NEW"),
    _mock("MOCKONETIMENEW", "NEW", "ONE_TIME"),
    _mock("MOCKONDEMAND", "NEW", "ON_DEMAND"),
    _mock("MOCKONDEMANDPKG", "NEW", "ON_DEMAND_PKG", expireTime=_EXPIRES),
    _mock("MOCKPERIODDAYTRIAL", "TRIAL", "PERIOD", periodType="day", periodNumber=7, expireTime="20260108000000"),
    _month("MOCKMONTYTRIALTOFORMAL", "TRIAL_TO_FORMAL"),
    _month("MOCKMONTYUNSUBSCRIBE", "UNSUBSCRIBE"),
    _month("MOCKMONTYRENEW", "RENEW"),
    _month("MOCKMONTYCHANGE", "CHANGE"),
)

MOCK_ORDERS: dict[str, dict[str, object]] = {str(order["orderId"]): order for order in _ALL}
