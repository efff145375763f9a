"""What the parties are told of an instance's life (DOMAIN §10)."""

from domain.bilingual import Bilingual
from domain.events import EventName
from domain.instance.operations import OperationName
from domain.instance.state import InstanceAct, InstanceState
from domain.parties import Role
from domain.step import Message

_BUYER = (Role.BUYER,)
_BOTH = (Role.BUYER, Role.SELLER)
_PLATFORM = (Role.SELLER, Role.MANAGER)

_TOLD: dict[str, tuple[tuple[Role, ...], str, str]] = {
    OperationName.RENEW: (_BOTH, "订单 {order} 已续费至 {end}", "Order {order} was renewed until {end}"),
    OperationName.CANCEL_RENEWAL: (
        _BOTH,
        "订单 {order} 的续费已退订，有效期至 {end}",
        "A renewal of order {order} was cancelled; it ends on {end}",
    ),
    OperationName.CONVERT: (
        _BOTH,
        "订单 {order} 已试用转正，有效期至 {end}",
        "The trial of order {order} became commercial use, until {end}",
    ),
    OperationName.UPGRADE: (_BOTH, "订单 {order} 正在升级", "Order {order} is being upgraded"),
    OperationName.RELEASE: (_BOTH, "订单 {order} 的产品已释放", "The product of order {order} was released"),
    InstanceAct.REMIND: (_BUYER, "订单 {order} 将于 {end} 到期，请及时续费", "Order {order} ends on {end}; renew it"),
    InstanceAct.EXPIRE: (
        _BOTH,
        "订单 {order} 已到期，宽限期内仍可使用",
        "Order {order} has expired; it is usable for its days of grace",
    ),
    InstanceAct.FREEZE: (
        _BOTH,
        "订单 {order} 已冻结，数据保留，续费后恢复",
        "Order {order} is frozen; its data is kept, and a renewal brings it back",
    ),
    InstanceAct.RELEASE: (
        _BOTH,
        "订单 {order} 到期未续费，产品已释放",
        "Order {order} was not renewed; its product was released",
    ),
    EventName.SELLER_CALL_PARKED: (
        _PLATFORM,
        "订单 {order} 的接口调用失败，需要重新启动",
        "A seller call of order {order} failed or was refused; restart it",
    ),
    EventName.SELLER_CALL_GIVEN_UP: (
        (*_BOTH, Role.MANAGER),
        "订单 {order} 的升级失败，升级订单自动退款",
        "The upgrade of order {order} failed; its order is refunded",
    ),
    EventName.CANCELLATION_ASKED: (
        (Role.MANAGER,),
        "有人在引擎中取消订单 {order} 的产品；产品不会因此释放，请确认应如何处理",
        "Somebody cancelled the product of order {order} in the engine; that releases nothing: say what it meant",
    ),
    EventName.RECORD_REFUSED: (
        (Role.MANAGER,),
        "订单 {order} 的产品有一项内容无法入账，已丢弃，产品不受影响",
        "Something that came in on the product of order {order} could not be recorded and was dropped",
    ),
}


def instance_messages(cause: str, state: InstanceState) -> tuple[Message, ...]:
    """Messages that a cause gives rise to."""
    if cause not in _TOLD:
        return ()
    roles, zh, en = _TOLD[cause]
    end = f"{state.expires_at:%Y-%m-%d %H:%M} UTC" if state.expires_at else "–"
    text = Bilingual(zh=zh, en=en).fill(order=state.order.order_id, end=end)
    return tuple(Message(to=role, text=text) for role in roles)
