"""What people and systems can ask of a delivery, and what they have to send with it."""

import hashlib
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import BaseModel, Field, SerializeAsAny, model_validator

from domain.base import Identifier, Instant, Label, Note, Reason, Strict
from domain.bilingual import Bilingual
from domain.files import Attachments
from domain.parties import Role
from domain.proof import Proof
from domain.step import Given


class CommandName(StrEnum):
    """Commands, by the names of their routes and of their Updates in the engine."""

    SUBMIT_REQUEST = "submit-request"
    CONFIRM_REQUEST = "confirm-request"
    REJECT_REQUEST = "reject-request"
    SUBMIT_CODE = "submit-code"
    FINISH_STEP = "finish-step"
    DELIVER = "deliver"
    SHIP = "ship"
    CLAIM_CODE = "claim-code"
    ACTIVATE_CODE = "activate-code"
    UPLOAD_PROOF = "upload-proof"
    PASS_REVIEW = "pass-review"  # noqa: S105 - a command, not a password
    FAIL_REVIEW = "fail-review"
    ACCEPT = "accept"
    REJECT_DELIVERY = "reject-delivery"
    APPEAL = "appeal"
    ANSWER_APPEAL = "answer-appeal"
    WITHDRAW_APPEAL = "withdraw-appeal"
    DECIDE_APPEAL = "decide-appeal"
    AGREE_RULING = "agree-ruling"
    DECLINE_RULING = "decline-ruling"
    REQUEST_REFUND = "request-refund"
    WITHDRAW_REFUND = "withdraw-refund"
    AGREE_REFUND = "agree-refund"
    REFUSE_REFUND = "refuse-refund"
    CONFIRM_NOT_RECEIVED = "confirm-not-received"
    SEND_GOODS_BACK = "send-goods-back"
    TAKE_GOODS_BACK = "take-goods-back"
    REFUSE_GOODS = "refuse-goods"
    RESTART_CALL = "restart-call"


LicenseCode = Annotated[str, Field(min_length=1, max_length=64)]
TrackingNumber = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{4,64}$")]


class Ruling(StrEnum):
    """How the operations manager ends an appeal; also the cause of the step that follows (DOMAIN §2)."""

    RESUME = "resume"
    REWORK = "rework"
    CLOSE = "close"
    REFUND = "refund"


class AppealGround(StrEnum):
    """What an appeal is about; against a silent buyer the seller must show the delivery proof (DOMAIN §2)."""

    SILENT_BUYER = "silent-buyer"
    OTHER = "other"


class Goods(StrEnum):
    """Where the goods are when a hardware refund is asked for (DOMAIN §3)."""

    NOT_RECEIVED = "not-received"
    RECEIVED = "received"


class RefusalGround(StrEnum):
    """Documented grounds for refusing a full refund (DOMAIN §3)."""

    NO_REQUEST_IN_TIME = "no-request-within-a-month"
    MATERIAL_WITHHELD = "material-withheld-for-a-month"
    NEW_DEMANDS = "new-demands"
    OTHER = "other"


class TemplateAnswer(Strict):
    """The buyer's answer to one entry of the product's request template."""

    name: Identifier
    value: Reason


class Body(Strict):
    """The fields of one command; each subclass is one command."""

    command: ClassVar[CommandName]


class SubmitRequest(Body):
    """The buyer's request (提交需求)."""

    command: ClassVar = CommandName.SUBMIT_REQUEST
    text: Reason
    answers: Annotated[tuple[TemplateAnswer, ...], Field(max_length=50)] = ()
    attachments: Attachments = ()


class ConfirmRequest(Body):
    """The seller takes the request on (确认需求)."""

    command: ClassVar = CommandName.CONFIRM_REQUEST
    note: Note = ""


class RejectRequest(Body):
    """The seller hands the request back to be changed (驳回)."""

    command: ClassVar = CommandName.REJECT_REQUEST
    reason: Reason


class SubmitCode(Body):
    """The buyer submits the identification code: typed for hardware, the platform's own otherwise (DOMAIN §1.3)."""

    command: ClassVar = CommandName.SUBMIT_CODE
    code: Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,128}$")] | None = None


class FinishStep(Body):
    """The seller finishes one of the product's own stages (建站类)."""

    command: ClassVar = CommandName.FINISH_STEP
    note: Note = ""
    attachments: Attachments = ()


class Ship(Body):
    """The seller hands the goods to a courier (物流公司, 快递单号, DOMAIN §1.3)."""

    command: ClassVar = CommandName.SHIP
    logistics_company: Label
    tracking_number: TrackingNumber
    note: Note = ""
    attachments: Attachments = ()


class Deliver(Body):
    """The seller says the product is delivered (确认完成)."""

    command: ClassVar = CommandName.DELIVER
    proof: Proof | None = None
    note: Note = ""


class ClaimCode(Body):
    """The buyer takes the authorization code (领取授权码); from here on no refund."""

    command: ClassVar = CommandName.CLAIM_CODE


class ActivateCode(Body):
    """The seller's software activated the code; comes through the license open API."""

    command: ClassVar = CommandName.ACTIVATE_CODE
    license: LicenseCode
    real_effect_time: Instant | None = None


class UploadProof(Body):
    """The seller uploads the delivery proof of an activated code (上传交付证明)."""

    command: ClassVar = CommandName.UPLOAD_PROOF
    proof: Proof


class PassReview(Body):
    """The platform's reviewer finds the proof good (复核通过)."""

    command: ClassVar = CommandName.PASS_REVIEW
    note: Note = ""


class FailReview(Body):
    """The platform's reviewer sends the proof back (复核不通过)."""

    command: ClassVar = CommandName.FAIL_REVIEW
    reason: Reason


class Accept(Body):
    """The buyer agrees that the product arrived (确认验收)."""

    command: ClassVar = CommandName.ACCEPT
    note: Note = ""


class RejectDelivery(Body):
    """The buyer does not accept; the seller delivers again (驳回)."""

    command: ClassVar = CommandName.REJECT_DELIVERY
    reason: Reason


class Appeal(Body):
    """Ask the operations manager to decide (申诉); freezes the order for both sides."""

    command: ClassVar = CommandName.APPEAL
    ground: AppealGround = AppealGround.OTHER
    reason: Reason
    claim: Reason
    attachments: Attachments = ()


class AnswerAppeal(Body):
    """A side adds to the case file of the open appeal."""

    command: ClassVar = CommandName.ANSWER_APPEAL
    text: Reason
    attachments: Attachments = ()


class WithdrawAppeal(Body):
    """Whoever filed the appeal takes it back; the flow goes on."""

    command: ClassVar = CommandName.WITHDRAW_APPEAL
    note: Note = ""


class DecideAppeal(Body):
    """The operations manager decides; a high refund waits for a second manager."""

    command: ClassVar = CommandName.DECIDE_APPEAL
    ruling: Ruling
    reason: Reason
    amount: Annotated[Decimal, Field(gt=0, max_digits=14, decimal_places=2)] | None = Field(
        default=None, description="With refund: how much goes back; all that was paid when left out"
    )


class AgreeRuling(Body):
    """A second operations manager agrees; the decision is carried out."""

    command: ClassVar = CommandName.AGREE_RULING
    note: Note = ""


class DeclineRuling(Body):
    """A second operations manager does not agree; the appeal is decided anew."""

    command: ClassVar = CommandName.DECLINE_RULING
    reason: Reason


class RequestRefund(Body):
    """The buyer asks for a negotiated unsubscription (协商退订)."""

    command: ClassVar = CommandName.REQUEST_REFUND
    amount: Annotated[Decimal, Field(gt=0, max_digits=14, decimal_places=2)]
    reason: Reason
    goods: Goods | None = Field(default=None, description="Hardware: whether the goods have arrived")
    share_contact: bool = Field(default=False, description="The seller may see the buyer's contact")
    attachments: Attachments = ()


class WithdrawRefund(Body):
    """The buyer takes the refund request back (撤回退订)."""

    command: ClassVar = CommandName.WITHDRAW_REFUND


class AgreeRefund(Body):
    """The seller agrees to the refund; goods that arrived are sent back to the address first."""

    command: ClassVar = CommandName.AGREE_REFUND
    note: Note = ""
    attachments: Attachments = ()
    return_address: Annotated[str, Field(min_length=5, max_length=500)] | None = None


class RefuseRefund(Body):
    """The seller refuses the refund; the flow goes on."""

    command: ClassVar = CommandName.REFUSE_REFUND
    reason: Reason
    ground: RefusalGround = RefusalGround.OTHER
    attachments: Attachments = ()


class ConfirmNotReceived(Body):
    """The operations manager confirms that shipped goods never arrived; the buyer may ask for a refund as such."""

    command: ClassVar = CommandName.CONFIRM_NOT_RECEIVED
    reason: Reason


class SendGoodsBack(Body):
    """The buyer hands the goods to a courier back to the seller."""

    command: ClassVar = CommandName.SEND_GOODS_BACK
    logistics_company: Label
    tracking_number: TrackingNumber


class TakeGoodsBack(Body):
    """The seller takes the returned goods back; the refund is carried out."""

    command: ClassVar = CommandName.TAKE_GOODS_BACK
    note: Note = ""


class RefuseGoods(Body):
    """The seller does not take the returned goods; the refund request ends, the buyer may appeal."""

    command: ClassVar = CommandName.REFUSE_GOODS
    reason: Reason
    attachments: Attachments = ()


class RestartCall(Body):
    """Call the seller again after the retry window closed (重新启动)."""

    command: ClassVar = CommandName.RESTART_CALL
    activity: Identifier


class CommandSpec(BaseModel):
    """A command as published: its labels, who may give it, and the shape of its fields."""

    label: Bilingual
    by: frozenset[Role]
    body: type[Body]


def _spec(body: type[Body], zh: str, en: str, *by: Role) -> tuple[CommandName, CommandSpec]:
    return body.command, CommandSpec(label=Bilingual(zh=zh, en=en), by=frozenset(by), body=body)


COMMANDS: dict[CommandName, CommandSpec] = dict(
    (
        _spec(SubmitRequest, "提交需求", "Submit request", Role.BUYER),
        _spec(ConfirmRequest, "确认需求", "Accept request", Role.SELLER),
        _spec(RejectRequest, "驳回需求", "Reject request", Role.SELLER),
        _spec(SubmitCode, "提交识别码", "Submit identification code", Role.BUYER),
        _spec(FinishStep, "完成环节", "Finish service step", Role.SELLER),
        _spec(Deliver, "确认完成", "Deliver service", Role.SELLER),
        _spec(Ship, "发货", "Ship goods", Role.SELLER),
        _spec(ClaimCode, "领取授权码", "Claim authorization code", Role.BUYER),
        _spec(ActivateCode, "激活授权码", "Activate authorization code", Role.SELLER),
        _spec(UploadProof, "上传交付证明", "Upload delivery proof", Role.SELLER),
        _spec(PassReview, "复核通过", "Pass review", Role.REVIEWER),
        _spec(FailReview, "复核不通过", "Fail review", Role.REVIEWER),
        _spec(Accept, "确认验收", "Confirm acceptance", Role.BUYER),
        _spec(RejectDelivery, "驳回交付", "Reject delivery", Role.BUYER),
        _spec(Appeal, "发起申诉", "Initiate appeal", Role.BUYER, Role.SELLER),
        _spec(AnswerAppeal, "申诉答复", "Answer appeal", Role.BUYER, Role.SELLER),
        _spec(WithdrawAppeal, "撤回申诉", "Withdraw appeal", Role.BUYER, Role.SELLER),
        _spec(DecideAppeal, "申诉裁决", "Decide appeal", Role.MANAGER),
        _spec(AgreeRuling, "同意裁决", "Agree to ruling", Role.MANAGER),
        _spec(DeclineRuling, "不同意裁决", "Decline ruling", Role.MANAGER),
        _spec(RequestRefund, "申请退订", "Request refund", Role.BUYER),
        _spec(WithdrawRefund, "撤回退订", "Withdraw refund request", Role.BUYER),
        _spec(AgreeRefund, "同意退订", "Agree to refund", Role.SELLER),
        _spec(RefuseRefund, "拒绝退订", "Refuse refund", Role.SELLER),
        _spec(ConfirmNotReceived, "确认未收到货", "Confirm goods not received", Role.MANAGER),
        _spec(SendGoodsBack, "寄回商品", "Send goods back", Role.BUYER),
        _spec(TakeGoodsBack, "验收退货", "Take goods back", Role.SELLER),
        _spec(RefuseGoods, "拒收退货", "Refuse returned goods", Role.SELLER),
        _spec(RestartCall, "重新启动", "Restart seller call", Role.SELLER, Role.MANAGER),
    )
)


class Command(Given):
    """A command with the party that gave it and the key that makes it happen once."""

    name: CommandName
    body: SerializeAsAny[Body]

    @model_validator(mode="before")
    @classmethod
    def _read_body_by_name(cls, data: object) -> object:
        if isinstance(data, dict) and isinstance(data.get("body"), dict):
            spec = COMMANDS[CommandName(data["name"])]
            return {**data, "body": spec.body.model_validate(data["body"])}
        return data

    @property
    def fingerprint(self) -> str:
        """Tells two commands under one key apart: SHA-256 of name and fields."""
        content = f"{self.name}\n{self.body.model_dump_json()}"
        return hashlib.sha256(content.encode()).hexdigest()
