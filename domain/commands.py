"""What people and systems can ask of a delivery, and what they have to send with it."""

import hashlib
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import BaseModel, Field, SerializeAsAny, model_validator

from domain.order import Identifier, Instant, Strict
from domain.parties import Actor, Role
from domain.text import Text


class CommandName(StrEnum):
    """Commands, by the names of their routes and of their Updates in the engine."""

    SUBMIT_REQUEST = "submit-request"
    CONFIRM_REQUEST = "confirm-request"
    REJECT_REQUEST = "reject-request"
    DELIVER = "deliver"
    CLAIM_CODE = "claim-code"
    ACTIVATE_CODE = "activate-code"
    UPLOAD_PROOF = "upload-proof"
    PASS_REVIEW = "pass-review"  # noqa: S105 - a command, not a password
    FAIL_REVIEW = "fail-review"
    ACCEPT = "accept"
    REJECT_DELIVERY = "reject-delivery"
    APPEAL = "appeal"
    RESUME = "resume"
    REQUEST_REFUND = "request-refund"
    WITHDRAW_REFUND = "withdraw-refund"
    AGREE_REFUND = "agree-refund"
    REFUSE_REFUND = "refuse-refund"
    RESTART_CALL = "restart-call"


class EventName(StrEnum):
    """Things that happened in the world or in the platform itself."""

    STARTED = "started"
    INSTANCE_PROVISIONED = "instance-provisioned"
    PROVISIONING_FAILED = "provisioning-failed"
    DEPLOYMENT_FINISHED = "deployment-finished"
    SELLER_CALL_PARKED = "seller-call-parked"
    SYSTEM_ACCEPTED = "system-accepted"
    REFUND_CARRIED_OUT = "refund-carried-out"
    PURCHASE_NOT_TOLD = "purchase-not-told"


Reason = Annotated[str, Field(min_length=1, max_length=2000)]
Note = Annotated[str, Field(max_length=2000)]
LicenseCode = Annotated[str, Field(min_length=1, max_length=64)]


class FileReference(Strict):
    """A file kept elsewhere, named so that its content can be proven."""

    name: Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^/\\\x00-\x1f]+$")]
    size: Annotated[int, Field(gt=0, le=10 * 1024**3, description="bytes")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


Attachments = Annotated[tuple[FileReference, ...], Field(max_length=20)]


class Proof(Strict):
    """Delivery proof (交付凭证); statement of work and acceptance document are both mandatory (DOMAIN §1.6)."""

    statement_of_work: FileReference
    acceptance_document: FileReference
    actual_start_at: Instant | None = Field(
        default=None, description="Actual service start time; validity starts here when given."
    )
    others: Attachments = ()


class Body(Strict):
    """The fields of one command; each subclass is one command."""

    command: ClassVar[CommandName]


class SubmitRequest(Body):
    """The buyer's request (提交需求)."""

    command: ClassVar = CommandName.SUBMIT_REQUEST
    text: Reason
    attachments: Attachments = ()


class ConfirmRequest(Body):
    """The seller takes the request on (确认需求)."""

    command: ClassVar = CommandName.CONFIRM_REQUEST
    note: Note = ""


class RejectRequest(Body):
    """The seller hands the request back to be changed (驳回)."""

    command: ClassVar = CommandName.REJECT_REQUEST
    reason: Reason


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
    reason: Reason
    claim: Reason
    attachments: Attachments = ()


class Resume(Body):
    """The operations manager ends the appeal; the flow goes on."""

    command: ClassVar = CommandName.RESUME
    reason: Reason


class RequestRefund(Body):
    """The buyer asks for a negotiated unsubscription (协商退订)."""

    command: ClassVar = CommandName.REQUEST_REFUND
    amount: Annotated[Decimal, Field(gt=0, max_digits=14, decimal_places=2)]
    reason: Reason


class WithdrawRefund(Body):
    """The buyer takes the refund request back (撤回退订)."""

    command: ClassVar = CommandName.WITHDRAW_REFUND


class AgreeRefund(Body):
    """The seller agrees to the refund."""

    command: ClassVar = CommandName.AGREE_REFUND
    note: Note = ""


class RefuseRefund(Body):
    """The seller refuses the refund; the flow goes on."""

    command: ClassVar = CommandName.REFUSE_REFUND
    reason: Reason


class RestartCall(Body):
    """Call the seller again after the retry window closed (重新启动)."""

    command: ClassVar = CommandName.RESTART_CALL
    activity: Identifier


class CommandSpec(BaseModel):
    """A command as published: its labels, who may give it, and the shape of its fields."""

    label: Text
    by: frozenset[Role]
    body: type[Body]


def _spec(body: type[Body], zh: str, en: str, *by: Role) -> tuple[CommandName, CommandSpec]:
    return body.command, CommandSpec(label=Text(zh=zh, en=en), by=frozenset(by), body=body)


COMMANDS: dict[CommandName, CommandSpec] = dict(
    (
        _spec(SubmitRequest, "提交需求", "Submit request", Role.BUYER),
        _spec(ConfirmRequest, "确认需求", "Accept request", Role.SELLER),
        _spec(RejectRequest, "驳回需求", "Reject request", Role.SELLER),
        _spec(Deliver, "确认完成", "Deliver service", Role.SELLER),
        _spec(ClaimCode, "领取授权码", "Claim authorization code", Role.BUYER),
        _spec(ActivateCode, "激活授权码", "Activate authorization code", Role.SELLER),
        _spec(UploadProof, "上传交付证明", "Upload delivery proof", Role.SELLER),
        _spec(PassReview, "复核通过", "Pass review", Role.REVIEWER),
        _spec(FailReview, "复核不通过", "Fail review", Role.REVIEWER),
        _spec(Accept, "确认验收", "Confirm acceptance", Role.BUYER),
        _spec(RejectDelivery, "驳回交付", "Reject delivery", Role.BUYER),
        _spec(Appeal, "发起申诉", "Initiate appeal", Role.BUYER, Role.SELLER),
        _spec(Resume, "恢复流程", "Resume after appeal", Role.MANAGER),
        _spec(RequestRefund, "申请退订", "Request refund", Role.BUYER),
        _spec(WithdrawRefund, "撤回退订", "Withdraw refund request", Role.BUYER),
        _spec(AgreeRefund, "同意退订", "Agree to refund", Role.SELLER),
        _spec(RefuseRefund, "拒绝退订", "Refuse refund", Role.SELLER),
        _spec(RestartCall, "重新启动", "Restart seller call", Role.SELLER, Role.MANAGER),
    )
)


class Command(Strict):
    """A command with the party that gave it and the key that makes it happen once."""

    name: CommandName
    actor: Actor
    key: Annotated[str, Field(min_length=1, max_length=200)]
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


class Event(Strict):
    """Something that happened; the delivery takes note and never refuses it."""

    name: EventName
    actor: Actor
    instance_id: str | None = None
    activity: str | None = None
    detail: str | None = None
