"""What the parties are told when something happens (DOMAIN §10)."""

from domain.bilingual import Bilingual
from domain.delivery.clocks import ClockAct
from domain.delivery.command_spec import CommandName
from domain.delivery.grounds import Ruling
from domain.delivery.state import DeliveryState
from domain.events import EventName
from domain.parties import Role
from domain.step import Message

_BUYER = (Role.BUYER,)
_SELLER = (Role.SELLER,)
_MANAGER = (Role.MANAGER,)
_BOTH = (Role.BUYER, Role.SELLER)
_ALL = (*_BOTH, Role.MANAGER)
_PLATFORM = (Role.SELLER, Role.MANAGER)

RULING_LABELS: dict[Ruling, Bilingual] = {
    Ruling.RESUME: Bilingual(zh="流程继续", en="the flow goes on"),
    Ruling.REWORK: Bilingual(zh="退回商家重新交付", en="the seller delivers again"),
    Ruling.CLOSE: Bilingual(zh="视为已验收，订单完成", en="closed as accepted"),
    Ruling.REFUND: Bilingual(zh="退款", en="a refund"),
}

_TOLD: dict[str, tuple[tuple[Role, ...], str, str]] = {
    EventName.STARTED: (_BOTH, "订单 {order} 进入服务监管", "Order {order} is under service supervision"),
    EventName.CODE_ISSUED: (_BOTH, "订单 {order} 的授权码已生成", "The authorization code of order {order} is there"),
    CommandName.SUBMIT_REQUEST: (
        _SELLER,
        "用户提交了订单 {order} 的需求",
        "The buyer submitted the request of order {order}",
    ),
    CommandName.REJECT_REQUEST: (
        _BUYER,
        "商家驳回了订单 {order} 的需求",
        "The seller sent the request of order {order} back",
    ),
    CommandName.SUBMIT_CODE: (
        _SELLER,
        "用户提交了订单 {order} 的识别码",
        "The buyer submitted the code of order {order}",
    ),
    CommandName.SHIP: (_BUYER, "订单 {order} 已发货", "The goods of order {order} are on their way"),
    CommandName.FAIL_REVIEW: (_SELLER, "订单 {order} 复核未通过", "The proof of order {order} did not pass the review"),
    EventName.PARCEL_STALLED: (
        _PLATFORM,
        "订单 {order} 的物流停滞 10 天未签收，系统不会自动验收",
        "The parcel of order {order} has stood still for 10 days, unsigned: the system will not accept by itself",
    ),
    ClockAct.REMIND: (
        _BUYER,
        "请在 {deadline} 前验收订单 {order}，逾期系统将自动验收",
        "Accept or reject order {order} by {deadline}; after that the system accepts it",
    ),
    ClockAct.ACCEPT: (
        _BOTH,
        "订单 {order} 验收期满，系统已自动验收",
        "The acceptance period of order {order} ran out; the system accepted it",
    ),
    ClockAct.REMIND_SELLER: (
        _SELLER,
        "请在 {deadline} 前交付订单 {order}",
        "Deliver order {order} by {deadline}: your own delivery duration ends then",
    ),
    ClockAct.MARK_OVERDUE: (
        _BOTH,
        "订单 {order} 已超过平均交付时长",
        "The delivery of order {order} is overdue",
    ),
    ClockAct.ESCALATE_DELIVERY: (
        _PLATFORM,
        "订单 {order} 交付严重超期，请运营经理跟进",
        "The delivery of order {order} is long overdue; operations follow it up",
    ),
    ClockAct.REMIND_LONG_OPEN: (
        _PLATFORM,
        "订单 {order} 下单满 180 天仍未验收",
        "Order {order} has not been accepted 180 days after it was placed",
    ),
    ClockAct.CLOSE_OLD: (
        _ALL,
        "订单 {order} 服务监管满 365 天，系统自动关闭",
        "Order {order} was under supervision for 365 days; the system closed it",
    ),
    CommandName.ACCEPT: (_SELLER, "用户已验收订单 {order}", "The buyer accepted order {order}"),
    CommandName.REJECT_DELIVERY: (
        _SELLER,
        "用户驳回了订单 {order} 的交付",
        "The buyer rejected the delivery of order {order}",
    ),
    CommandName.APPEAL: (
        _ALL,
        "订单 {order} 有申诉，流程已冻结",
        "An appeal was filed on order {order}; it is frozen",
    ),
    CommandName.ANSWER_APPEAL: (
        _ALL,
        "订单 {order} 的申诉有新的答复",
        "There is an answer in the appeal on order {order}",
    ),
    CommandName.WITHDRAW_APPEAL: (
        _ALL,
        "订单 {order} 的申诉已撤回，流程恢复",
        "The appeal on order {order} was withdrawn; the flow goes on",
    ),
    ClockAct.ESCALATE_APPEAL: (
        _MANAGER,
        "订单 {order} 的申诉已超过处理时限，请立即处理",
        "The appeal on order {order} is late; decide it now",
    ),
    CommandName.DECLINE_RULING: (
        _MANAGER,
        "订单 {order} 的裁决未获同意，请重新裁决",
        "The ruling on order {order} was declined; decide anew",
    ),
    CommandName.REQUEST_REFUND: (_SELLER, "用户申请退订订单 {order}", "The buyer asks for a refund of order {order}"),
    CommandName.WITHDRAW_REFUND: (
        _SELLER,
        "用户撤回了订单 {order} 的退订申请",
        "The buyer withdrew the refund request of order {order}",
    ),
    CommandName.AGREE_REFUND: (_BUYER, "商家同意退订订单 {order}", "The seller agreed to refund order {order}"),
    CommandName.REFUSE_REFUND: (_BUYER, "商家拒绝退订订单 {order}", "The seller refused to refund order {order}"),
    CommandName.SEND_GOODS_BACK: (
        _SELLER,
        "用户已寄回订单 {order} 的商品，请在 {deadline} 前验收",
        "The goods of order {order} are on their way back; check them by {deadline}",
    ),
    CommandName.TAKE_GOODS_BACK: (
        _BUYER,
        "商家已验收订单 {order} 的退货",
        "The seller took the goods of order {order} back",
    ),
    CommandName.REFUSE_GOODS: (
        _BUYER,
        "商家拒收订单 {order} 的退货",
        "The seller did not take the goods of order {order} back; you may appeal",
    ),
    ClockAct.REMIND_REFUND: (
        _BOTH,
        "订单 {order} 的退订申请已等待 10 天，用户可发起申诉",
        "The refund request of order {order} has waited for 10 days; the buyer may appeal",
    ),
    ClockAct.DROP_RETURN: (
        _BOTH,
        "订单 {order} 的商品未在 10 天内寄回，退订申请视为撤回",
        "The goods of order {order} were not sent back within 10 days; the refund request counts as withdrawn",
    ),
    ClockAct.TAKE_RETURN: (
        _BOTH,
        "订单 {order} 的退货 15 天未验收，系统自动验收并退款",
        "The returned goods of order {order} were not checked within 15 days; the system took them and refunds",
    ),
    EventName.INVOICE_REQUESTED: (
        _BOTH,
        "订单 {order} 已申请开票，等待审核的退订申请失效",
        "An invoice was asked for on order {order}; a refund request that waited for an answer has failed",
    ),
    EventName.PROVISIONING_FAILED: (
        _ALL,
        "订单 {order} 开通失败，系统自动退订并全额退款",
        "Provisioning of order {order} failed; it is unsubscribed with a full refund",
    ),
    EventName.SELLER_CALL_PARKED: (
        _PLATFORM,
        "订单 {order} 的接口调用失败，需要重新启动",
        "A seller call of order {order} failed for its whole retry window; restart it",
    ),
    EventName.CANCELLATION_ASKED: (
        _MANAGER,
        "有人在引擎中取消订单 {order}；订单不会因此结束，请确认应如何处理",
        "Somebody cancelled order {order} in the engine; that ends no order: say what it meant",
    ),
    EventName.RECORD_REFUSED: (
        _MANAGER,
        "订单 {order} 有一项内容无法入账，已丢弃，订单不受影响",
        "Something that came in on order {order} could not be recorded and was dropped; the order is unharmed",
    ),
}

PURCHASE_NOT_TOLD = Bilingual(
    zh="下单系统在时限内未收到订单 {order} 的状态",
    en="The purchase system did not take the status of order {order} in time; still trying",
)
"""What operations are told, once, of an end that was not heard in time (DOMAIN §1.2)."""

_RULED = ("订单 {order} 的申诉已裁决：{ruling_zh}", "The appeal on order {order} was decided: {ruling_en}")
_PROPOSED = (
    "订单 {order} 的退款裁决须由第二位运营经理同意",
    "A refund ruled on order {order} waits for a second operations manager",
)
_REMIND_BUYER = (
    "订单 {order} 由他人签收，系统不会自动验收，请提醒用户验收",
    "Somebody else signed for order {order}: the system will not accept by itself, remind the buyer",
)
_SIGNED = (
    "订单 {order} 已签收，请在 {deadline} 前验收",
    "The goods of order {order} were signed for; accept or reject by {deadline}",
)


def _told(cause: str, state: DeliveryState) -> tuple[tuple[Role, ...], str, str] | None:
    """Who is told what of a cause; None for most."""
    appeal = state.appeals[-1] if state.appeals else None
    match cause:
        case CommandName.DECIDE_APPEAL if appeal and appeal.proposal:
            return (_MANAGER, *_PROPOSED)
        case CommandName.DECIDE_APPEAL | CommandName.AGREE_RULING:
            return (_ALL, *_RULED)
        case EventName.CODE_ISSUED if not state.code_is_sent_to_both:
            return None
        case EventName.PARCEL_SIGNED if state.parcel and state.parcel.signed_at:
            return (_BUYER, *_SIGNED) if state.parcel.recipient_is_buyer else (_SELLER, *_REMIND_BUYER)
        case _:
            return _TOLD.get(cause)


def messages_for(cause: str, state: DeliveryState) -> tuple[Message, ...]:
    """Messages that a cause gives rise to."""
    told = _told(cause, state)
    if told is None:
        return ()
    roles, zh, en = told
    decision = state.appeals[-1].decision if state.appeals else None
    ruling = RULING_LABELS[decision.ruling] if decision else Bilingual(zh="", en="")
    text = Bilingual(zh=zh, en=en).fill(
        order=state.order.order_id,
        deadline=f"{state.deadline:%Y-%m-%d %H:%M} UTC" if state.deadline else "–",
        ruling_zh=ruling.zh,
        ruling_en=ruling.en,
    )
    return tuple(Message(to=role, text=text) for role in roles)
