"""Every way to say no: a code, what happened and what to do now, in Chinese and English."""

from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel

from domain.bilingual import Bilingual


class ErrorCode(StrEnum):
    """Codes of all problems; a client may rely on them."""

    UNAUTHENTICATED = "unauthenticated"
    TOKEN_EXPIRED = "token-expired"  # noqa: S105 - a code, not a password
    FORBIDDEN = "forbidden"
    DELIVERY_NOT_FOUND = "delivery-not-found"
    ROUTE_NOT_FOUND = "route-not-found"
    METHOD_NOT_ALLOWED = "method-not-allowed"
    INVALID_INPUT = "invalid-input"
    BODY_TOO_LARGE = "body-too-large"
    UNSTORABLE = "unstorable"
    IDEMPOTENCY_KEY_REUSED = "idempotency-key-reused"
    ORDER_LINE_CONFLICT = "order-line-conflict"
    NOT_LEGAL_NOW = "not-legal-now"
    FROZEN_BY_APPEAL = "frozen-by-appeal"
    REFUND_PENDING = "refund-pending"
    ORDER_ENDED = "order-ended"
    REQUEST_INCOMPLETE = "request-incomplete"
    CODE_REQUIRED = "code-required"
    PROOF_INCOMPLETE = "proof-incomplete"
    START_TIME_INVALID = "start-time-invalid"
    INSTANCE_MISSING = "instance-missing"
    WRONG_LICENSE = "wrong-license"
    REFUND_BARRED = "refund-barred"
    REFUND_NOT_OFFERED = "refund-not-offered"
    REFUND_OF_TRIAL = "refund-of-trial"
    REFUND_EXPIRED = "refund-expired"
    INVOICE_NOT_RETURNED = "invoice-not-returned"
    FULL_REFUND_BARRED = "full-refund-barred"
    REFUND_TOO_HIGH = "refund-too-high"
    GOODS_UNSPECIFIED = "goods-unspecified"
    GOODS_SHIPPED = "goods-shipped"
    RETURN_ADDRESS_REQUIRED = "return-address-required"
    EVIDENCE_REQUIRED = "evidence-required"
    NOT_YOUR_APPEAL = "not-your-appeal"
    SECOND_MANAGER_NEEDED = "second-manager-needed"
    REWORK_IMPOSSIBLE = "rework-impossible"
    AMOUNT_WITHOUT_REFUND = "amount-without-refund"
    RENEWAL_NOT_SUPERVISED = "renewal-not-supervised"
    RENEWAL_TOO_EARLY = "renewal-too-early"
    OTHER_PROJECT = "other-project"
    INSTANCE_RELEASED = "instance-released"
    RENEWAL_IN_EFFECT = "renewal-in-effect"
    PRODUCT_NOT_FOUND = "product-not-found"
    SUBSCRIPTION_NOT_FOUND = "subscription-not-found"
    TOO_MANY_SUBSCRIPTIONS = "too-many-subscriptions"
    SELLER_DID_NOT_TELL = "seller-did-not-tell"
    NO_INSTANCE = "no-instance"
    NOTHING_PARKED = "nothing-parked"
    TOO_MANY_COMMANDS = "too-many-commands"
    SERVICE_UNAVAILABLE = "service-unavailable"
    INTERNAL_ERROR = "internal-error"


@dataclass(frozen=True)
class ErrorSpec:
    """How a problem is told: what it is, what to do now."""

    title: Bilingual
    action: Bilingual


def _spec(zh: str, en: str, do_zh: str, do_en: str) -> ErrorSpec:
    return ErrorSpec(Bilingual(zh=zh, en=en), Bilingual(zh=do_zh, en=do_en))


ERRORS: dict[ErrorCode, ErrorSpec] = {
    ErrorCode.UNAUTHENTICATED: _spec(
        "没有有效的凭证", "No valid credential was sent",
        "请使用身份提供方签发的令牌", "Send a bearer token issued by the identity provider",
    ),
    ErrorCode.TOKEN_EXPIRED: _spec(
        "令牌已过期", "The token has expired", "请重新获取令牌", "Get a new token and repeat the request",
    ),
    ErrorCode.FORBIDDEN: _spec(
        "您的角色不能执行此操作", "Your role may not do this",
        "请由有权限的一方操作", "Let the party that may do it send the request",
    ),
    ErrorCode.DELIVERY_NOT_FOUND: _spec(
        "没有找到该交付", "There is no such delivery for you",
        "请检查订单号和订单行号", "Check the order id and the order line id",
    ),
    ErrorCode.ROUTE_NOT_FOUND: _spec(
        "没有此地址", "There is nothing at this address",
        "请查阅接口文档 /docs", "See the API documentation at /docs",
    ),
    ErrorCode.METHOD_NOT_ALLOWED: _spec(
        "此地址不支持该方法", "This address does not take that method",
        "请查阅接口文档 /docs", "See the API documentation at /docs",
    ),
    ErrorCode.INVALID_INPUT: _spec(
        "请求内容不正确", "The request is not valid",
        "请按 errors 中的说明修改后重试", "Correct what the errors member names and send it again",
    ),
    ErrorCode.BODY_TOO_LARGE: _spec(
        "请求内容过大", "The request body is too large",
        "请求内容不得超过 512 KiB", "Send at most 512 KiB; files are sent by reference",
    ),
    ErrorCode.UNSTORABLE: _spec(
        "请求内容无法保存", "What was sent cannot be kept on record",
        "订单未受影响，请修改内容后用新的键重试", "The order is unharmed; send other text, under a new key",
    ),
    ErrorCode.IDEMPOTENCY_KEY_REUSED: _spec(
        "该幂等键已用于另一个请求", "This idempotency key was used for another request",
        "请为新的请求使用新的键", "Use a new key for a new request",
    ),
    ErrorCode.ORDER_LINE_CONFLICT: _spec(
        "该订单行已用不同内容创建过交付", "This order line was already started with other contents",
        "请核对订单内容", "Compare the order with the delivery that exists",
    ),
    ErrorCode.NOT_LEGAL_NOW: _spec(
        "当前阶段不能执行此操作", "This cannot be done at the present stage",
        "请查看 allowed 中当前可执行的操作", "The allowed member names what can be done now",
    ),
    ErrorCode.FROZEN_BY_APPEAL: _spec(
        "申诉处理中，流程已冻结", "The order is frozen by an open appeal",
        "请等待运营经理处理申诉", "Wait for the operations manager's decision",
    ),
    ErrorCode.REFUND_PENDING: _spec(
        "退订申请处理中", "A refund request is waiting for an answer",
        "请先处理退订申请", "Answer, withdraw or appeal the refund request first",
    ),
    ErrorCode.ORDER_ENDED: _spec(
        "订单已结束", "The order has ended", "无需再操作", "Nothing more can be done on it",
    ),
    ErrorCode.REQUEST_INCOMPLETE: _spec(
        "需求未按需求模板填写完整", "The request leaves entries of the product's template open",
        "请补充 missing 中列出的内容", "Add what the missing member names",
    ),
    ErrorCode.CODE_REQUIRED: _spec(
        "缺少硬件识别码", "The hardware identification code is missing",
        "请填写设备的识别码", "Enter the code of your device",
    ),
    ErrorCode.PROOF_INCOMPLETE: _spec(
        "交付凭证不完整", "The delivery proof is not complete",
        "请补充 missing 中列出的内容", "Add what the missing member names",
    ),
    ErrorCode.START_TIME_INVALID: _spec(
        "服务实际开通时间不正确", "The actual start time cannot be right",
        "开通时间不得早于下单时间，且不得晚于现在一年以上",
        "It must not lie before the order's placement nor more than a year ahead",
    ),
    ErrorCode.INSTANCE_MISSING: _spec(
        "实例尚未开通", "The instance does not exist yet",
        "请等待商家系统返回实例", "Wait until the seller's system has provided it",
    ),
    ErrorCode.WRONG_LICENSE: _spec(
        "授权码与订单不符", "The code does not belong to this order", "请核对授权码", "Check the code",
    ),
    ErrorCode.REFUND_BARRED: _spec(
        "授权码已领取或激活，不能协商退订", "The code was claimed or activated: no refund can be negotiated",
        "如有争议请发起申诉", "Initiate an appeal if there is a dispute",
    ),
    ErrorCode.REFUND_NOT_OFFERED: _spec(
        "该商品不支持协商退订", "This product offers no negotiated refund",
        "如有争议请发起申诉", "Initiate an appeal if there is a dispute",
    ),
    ErrorCode.REFUND_OF_TRIAL: _spec(
        "试用订单不能退订", "A trial order has no refund", "无需操作", "Let the trial end",
    ),
    ErrorCode.REFUND_EXPIRED: _spec(
        "订单已过有效期，不能退订", "The order is past its validity: no refund",
        "如有争议请发起申诉", "Initiate an appeal if there is a dispute",
    ),
    ErrorCode.INVOICE_NOT_RETURNED: _spec(
        "已开具的发票尚未退回", "The invoice that was issued has not been returned",
        "请先退回发票", "Return the invoice, then ask again",
    ),
    ErrorCode.FULL_REFUND_BARRED: _spec(
        "付款后一个月内未提交需求，不支持全额退款",
        "No request was submitted within a month of payment: no full refund",
        "请与商家协商部分退款", "Agree with the seller on a part and ask for that",
    ),
    ErrorCode.REFUND_TOO_HIGH: _spec(
        "退款金额超过实付金额", "The refund exceeds what was paid",
        "退款金额须大于 0 且不超过实付金额", "Ask for more than 0 and at most the amount paid",
    ),
    ErrorCode.GOODS_UNSPECIFIED: _spec(
        "请说明是否已收到货", "Say whether the goods arrived",
        "请填写 goods：received 或 not-received", "Send goods as received or not-received",
    ),
    ErrorCode.GOODS_SHIPPED: _spec(
        "商家已发货，不能按未收到货退订", "The goods are on their way: no refund as not received",
        "请收货后退货，或联系运营经理确认未收到货", "Send them back on arrival, or ask operations to confirm the loss",
    ),
    ErrorCode.RETURN_ADDRESS_REQUIRED: _spec(
        "缺少寄回地址", "The return address is missing",
        "请填写 return_address", "Send return_address: the buyer sends the goods there",
    ),
    ErrorCode.EVIDENCE_REQUIRED: _spec(
        "以用户不验收为由申诉须附交付凭证", "An appeal against a silent buyer needs the delivery proof",
        "请上传交付凭证作为附件", "Attach the delivery proof",
    ),
    ErrorCode.NOT_YOUR_APPEAL: _spec(
        "只有申诉发起方可以撤回申诉", "Only the side that filed the appeal may withdraw it",
        "请等待处理结果，或提交答复", "Answer it, or wait for the decision",
    ),
    ErrorCode.SECOND_MANAGER_NEEDED: _spec(
        "须由另一位运营经理同意", "Another operations manager has to agree",
        "请由另一位运营经理处理", "Ask a colleague",
    ),
    ErrorCode.REWORK_IMPOSSIBLE: _spec(
        "当前阶段不能退回重新交付", "From this stage the order cannot go back to a delivery",
        "请选择其他裁决", "Choose another ruling",
    ),
    ErrorCode.AMOUNT_WITHOUT_REFUND: _spec(
        "仅退款裁决可填写金额", "An amount belongs to a refund only",
        "请去掉金额或改为退款裁决", "Leave the amount out, or rule a refund",
    ),
    ErrorCode.RENEWAL_NOT_SUPERVISED: _spec(
        "已完成订单的续费不产生服务监管流程", "The renewal of a completed order starts no supervision",
        "请作为续费操作发送到实例", "Send it as the operation renew to the order's instance",
    ),
    ErrorCode.RENEWAL_TOO_EARLY: _spec(
        "原订单尚未完成，不能续费", "The order to be renewed has not been completed",
        "请在原订单验收后续费", "Renew after the order's acceptance",
    ),
    ErrorCode.OTHER_PROJECT: _spec(
        "该订单不属于此项目", "The order belongs to another project",
        "请核对项目编号", "Check the project id",
    ),
    ErrorCode.INSTANCE_RELEASED: _spec(
        "实例已释放", "The instance was released", "如需继续使用请重新购买", "Buy it anew to use it again",
    ),
    ErrorCode.RENEWAL_IN_EFFECT: _spec(
        "只能退最近一次且尚未生效的续费", "Only the latest renewal can be cancelled, before it takes effect",
        "请核对 renewal 中的续费订单行", "Name the latest renewal's order line in the renewal member",
    ),
    ErrorCode.PRODUCT_NOT_FOUND: _spec(
        "没有找到该商品", "There is no such product of yours",
        "商品自首个订单起可见", "Check its id; a product is known from its first order on",
    ),
    ErrorCode.SUBSCRIPTION_NOT_FOUND: _spec(
        "没有找到该订阅", "There is no such subscription of yours",
        "请查看您的订阅列表", "See the list of your subscriptions",
    ),
    ErrorCode.TOO_MANY_SUBSCRIPTIONS: _spec(
        "订阅数量已达上限", "You have as many subscriptions as one party may",
        "请先取消不需要的订阅", "End one that you do not need",
    ),
    ErrorCode.SELLER_DID_NOT_TELL: _spec(
        "商家系统未返回实例信息", "The seller's system did not tell about the instance",
        "请稍后重试，或联系商家", "Try again later, or ask the seller",
    ),
    ErrorCode.NO_INSTANCE: _spec(
        "该订单没有已交付的实例", "This order has no delivered instance",
        "实例在订单完成后产生", "An instance begins with the completion of a SaaS or authorization-code order",
    ),
    ErrorCode.NOTHING_PARKED: _spec(
        "没有正在进行或等待重新启动的该调用", "No such seller call is under way or waits for a restart",
        "请查看订单上的调用记录", "See the order's calls",
    ),
    ErrorCode.TOO_MANY_COMMANDS: _spec(
        "该订单的操作次数已达上限", "This order has taken too many commands",
        "请联系运营经理", "Ask the operations manager",
    ),
    ErrorCode.SERVICE_UNAVAILABLE: _spec(
        "服务暂时不可用", "The service is away for a moment",
        "请稍后用相同的幂等键重试", "Repeat the request with the same key after Retry-After seconds",
    ),
    ErrorCode.INTERNAL_ERROR: _spec(
        "系统内部错误", "Something went wrong on our side",
        "请将 instance 编号告知运营人员", "Tell operations the number in the instance member",
    ),
}  # fmt: skip


class Refusal(BaseModel):
    """Why a command is refused, and what would be legal instead."""

    code: ErrorCode
    allowed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
