"""The commands of appeals and refund requests: they leave the stage as it is (DOMAIN §2, §3)."""

from decimal import Decimal
from typing import Annotated, ClassVar

from pydantic import Field

from domain.base import Label, Note, Reason
from domain.delivery.command_spec import Body, CommandName, Legal, TrackingNumber, declare
from domain.delivery.grounds import AppealGround, Goods, RefundPhase, RefusalGround, Ruling
from domain.errors import ErrorCode
from domain.files import Attachments
from domain.parties import Role


class Appeal(Body):
    """Ask the operations manager to decide (申诉); freezes the order for both sides."""

    spec: ClassVar = declare(
        CommandName.APPEAL,
        "发起申诉",
        "Initiate appeal",
        Role.BUYER,
        Role.SELLER,
        legal=(Legal.ANY_TIME, RefundPhase.ASKED, RefundPhase.RETURNING, RefundPhase.CHECKING),
        refusals=(ErrorCode.EVIDENCE_REQUIRED,),
        prolongs=True,
    )
    ground: AppealGround = AppealGround.OTHER
    reason: Reason
    claim: Reason
    attachments: Attachments = ()


class AnswerAppeal(Body):
    """A side adds to the case file of the open appeal."""

    spec: ClassVar = declare(
        CommandName.ANSWER_APPEAL,
        "申诉答复",
        "Answer appeal",
        Role.BUYER,
        Role.SELLER,
        legal=(Legal.DURING_APPEAL,),
        prolongs=True,
    )
    text: Reason
    attachments: Attachments = ()


class WithdrawAppeal(Body):
    """Whoever filed the appeal takes it back; the flow goes on."""

    spec: ClassVar = declare(
        CommandName.WITHDRAW_APPEAL,
        "撤回申诉",
        "Withdraw appeal",
        Role.BUYER,
        Role.SELLER,
        legal=(Legal.DURING_APPEAL,),
        refusals=(ErrorCode.NOT_YOUR_APPEAL,),
    )
    note: Note = ""


class DecideAppeal(Body):
    """The operations manager decides; a high refund waits for a second manager."""

    spec: ClassVar = declare(
        CommandName.DECIDE_APPEAL,
        "申诉裁决",
        "Decide appeal",
        Role.MANAGER,
        legal=(Legal.DURING_APPEAL,),
        refusals=(
            ErrorCode.REFUND_TOO_HIGH,
            ErrorCode.AMOUNT_WITHOUT_REFUND,
            ErrorCode.REWORK_IMPOSSIBLE,
            ErrorCode.INSTANCE_MISSING,
        ),
    )
    ruling: Ruling
    reason: Reason
    amount: Annotated[Decimal, Field(gt=0, max_digits=14, decimal_places=2)] | None = Field(
        default=None, description="With refund: how much goes back; all that was paid when left out"
    )


class AgreeRuling(Body):
    """A second operations manager agrees; the decision is carried out."""

    spec: ClassVar = declare(
        CommandName.AGREE_RULING,
        "同意裁决",
        "Agree to ruling",
        Role.MANAGER,
        legal=(Legal.DURING_RULING,),
        refusals=(ErrorCode.SECOND_MANAGER_NEEDED,),
    )
    note: Note = ""


class DeclineRuling(Body):
    """A second operations manager does not agree; the appeal is decided anew."""

    spec: ClassVar = declare(
        CommandName.DECLINE_RULING, "不同意裁决", "Decline ruling", Role.MANAGER, legal=(Legal.DURING_RULING,)
    )
    reason: Reason


class RequestRefund(Body):
    """The buyer asks for a negotiated unsubscription (协商退订)."""

    spec: ClassVar = declare(
        CommandName.REQUEST_REFUND,
        "申请退订",
        "Request refund",
        Role.BUYER,
        legal=(Legal.ANY_TIME,),
        refusals=(
            ErrorCode.REFUND_NOT_OFFERED,
            ErrorCode.REFUND_OF_TRIAL,
            ErrorCode.REFUND_BARRED,
            ErrorCode.REFUND_EXPIRED,
            ErrorCode.REFUND_TOO_HIGH,
            ErrorCode.FULL_REFUND_BARRED,
            ErrorCode.INVOICE_NOT_RETURNED,
            ErrorCode.GOODS_UNSPECIFIED,
            ErrorCode.GOODS_SHIPPED,
        ),
        prolongs=True,
    )
    amount: Annotated[Decimal, Field(gt=0, max_digits=14, decimal_places=2)]
    reason: Reason
    goods: Goods | None = Field(default=None, description="Hardware: whether the goods have arrived")
    attachments: Attachments = ()


class WithdrawRefund(Body):
    """The buyer takes the refund request back (撤回退订)."""

    spec: ClassVar = declare(
        CommandName.WITHDRAW_REFUND,
        "撤回退订",
        "Withdraw refund request",
        Role.BUYER,
        legal=(RefundPhase.ASKED, RefundPhase.RETURNING),
    )


class AgreeRefund(Body):
    """The seller agrees to the refund; goods that arrived are sent back to the address first."""

    spec: ClassVar = declare(
        CommandName.AGREE_REFUND,
        "同意退订",
        "Agree to refund",
        Role.SELLER,
        legal=(RefundPhase.ASKED,),
        refusals=(ErrorCode.RETURN_ADDRESS_REQUIRED,),
    )
    note: Note = ""
    attachments: Attachments = ()
    return_address: Annotated[str, Field(min_length=5, max_length=500)] | None = None


class RefuseRefund(Body):
    """The seller refuses the refund; the flow goes on."""

    spec: ClassVar = declare(
        CommandName.REFUSE_REFUND, "拒绝退订", "Refuse refund", Role.SELLER, legal=(RefundPhase.ASKED,)
    )
    reason: Reason
    ground: RefusalGround = RefusalGround.OTHER
    attachments: Attachments = ()


class ConfirmNotReceived(Body):
    """The operations manager confirms that shipped goods never arrived; the buyer may ask for a refund as such."""

    spec: ClassVar = declare(
        CommandName.CONFIRM_NOT_RECEIVED,
        "确认未收到货",
        "Confirm goods not received",
        Role.MANAGER,
        legal=(Legal.WHILE_SHIPPED,),
    )
    reason: Reason


class SendGoodsBack(Body):
    """The buyer hands the goods to a courier back to the seller."""

    spec: ClassVar = declare(
        CommandName.SEND_GOODS_BACK, "寄回商品", "Send goods back", Role.BUYER, legal=(RefundPhase.RETURNING,)
    )
    logistics_company: Label
    tracking_number: TrackingNumber


class TakeGoodsBack(Body):
    """The seller takes the returned goods back; the refund is carried out."""

    spec: ClassVar = declare(
        CommandName.TAKE_GOODS_BACK, "验收退货", "Take goods back", Role.SELLER, legal=(RefundPhase.CHECKING,)
    )
    note: Note = ""


class RefuseGoods(Body):
    """The seller does not take the returned goods; the refund request ends, the buyer may appeal."""

    spec: ClassVar = declare(
        CommandName.REFUSE_GOODS, "拒收退货", "Refuse returned goods", Role.SELLER, legal=(RefundPhase.CHECKING,)
    )
    reason: Reason
    attachments: Attachments = ()
