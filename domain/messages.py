"""What the parties are told when something happens (DOMAIN §10)."""

from domain.commands import CommandName, EventName
from domain.parties import Role
from domain.records import Message
from domain.stages import ClockAct
from domain.state import State
from domain.text import Text

_BOTH = (Role.BUYER, Role.SELLER)

_TOLD: dict[str, tuple[tuple[Role, ...], str, str]] = {
    EventName.STARTED: (_BOTH, "订单 {order} 进入服务监管", "Order {order} is under service supervision"),
    ClockAct.REMIND: (
        (Role.BUYER,),
        "请在 {deadline} 前验收订单 {order}，逾期系统将自动验收",
        "Accept or reject order {order} by {deadline}; after that the system accepts it",
    ),
    ClockAct.ACCEPT: (
        _BOTH,
        "订单 {order} 验收期满，系统已自动验收",
        "The acceptance period of order {order} ran out; the system accepted it",
    ),
    CommandName.ACCEPT: ((Role.SELLER,), "用户已验收订单 {order}", "The buyer accepted order {order}"),
    CommandName.REJECT_DELIVERY: (
        (Role.SELLER,),
        "用户驳回了订单 {order} 的交付",
        "The buyer rejected the delivery of order {order}",
    ),
    CommandName.APPEAL: (
        (*_BOTH, Role.MANAGER),
        "订单 {order} 有申诉，流程已冻结",
        "An appeal was filed on order {order}; it is frozen",
    ),
    CommandName.RESUME: (
        _BOTH,
        "订单 {order} 的申诉已处理，流程恢复",
        "The appeal on order {order} was decided; the flow goes on",
    ),
    CommandName.REQUEST_REFUND: (
        (Role.SELLER,),
        "用户申请退订订单 {order}",
        "The buyer asks for a refund of order {order}",
    ),
    CommandName.AGREE_REFUND: (
        (Role.BUYER,),
        "商家同意退订订单 {order}",
        "The seller agreed to refund order {order}",
    ),
    CommandName.REFUSE_REFUND: (
        (Role.BUYER,),
        "商家拒绝退订订单 {order}",
        "The seller refused to refund order {order}",
    ),
    EventName.PROVISIONING_FAILED: (
        (*_BOTH, Role.MANAGER),
        "订单 {order} 开通失败，系统自动退订并全额退款",
        "Provisioning of order {order} failed; it is unsubscribed with a full refund",
    ),
    EventName.SELLER_CALL_PARKED: (
        (Role.SELLER, Role.MANAGER),
        "订单 {order} 的接口调用失败，需要重新启动",
        "A seller call of order {order} failed for its whole retry window; restart it",
    ),
    EventName.PURCHASE_NOT_TOLD: (
        (Role.MANAGER,),
        "下单系统在时限内未收到订单 {order} 的状态",
        "The purchase system did not take the status of order {order} in time; still trying",
    ),
}


def messages_for(cause: str, state: State) -> tuple[Message, ...]:
    """Messages that a cause gives rise to; none for most."""
    if cause not in _TOLD:
        return ()
    roles, zh, en = _TOLD[cause]
    deadline = f"{state.deadline:%Y-%m-%d %H:%M} UTC" if state.deadline else ""
    text = Text(zh=zh, en=en).fill(order=state.order.order_id, deadline=deadline)
    return tuple(Message(to=role, text=text) for role in roles)
