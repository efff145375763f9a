"""The commands that end a stage, and the restart of a seller call (DOMAIN §1.3, §1.4)."""

from typing import Annotated, ClassVar

from pydantic import Field

from domain.base import Identifier, Instant, Label, Note, Reason, Strict
from domain.delivery.command_spec import Body, CommandName, Legal, TrackingNumber, declare
from domain.errors import ErrorCode
from domain.files import Attachments
from domain.parties import Role
from domain.proof import Proof

LicenseCode = Annotated[str, Field(min_length=1, max_length=64)]


class TemplateAnswer(Strict):
    """The buyer's answer to one entry of the product's request template."""

    name: Identifier
    value: Reason


class SubmitRequest(Body):
    """The buyer's request (提交需求)."""

    spec: ClassVar = declare(
        CommandName.SUBMIT_REQUEST, "提交需求", "Submit request", Role.BUYER, refusals=(ErrorCode.REQUEST_INCOMPLETE,)
    )
    text: Reason
    answers: Annotated[tuple[TemplateAnswer, ...], Field(max_length=50)] = ()
    attachments: Attachments = ()


class ConfirmRequest(Body):
    """The seller takes the request on (确认需求)."""

    spec: ClassVar = declare(CommandName.CONFIRM_REQUEST, "确认需求", "Accept request", Role.SELLER)
    note: Note = ""


class RejectRequest(Body):
    """The seller hands the request back to be changed (驳回)."""

    spec: ClassVar = declare(CommandName.REJECT_REQUEST, "驳回需求", "Reject request", Role.SELLER, prolongs=True)
    reason: Reason


class SubmitCode(Body):
    """The buyer submits the identification code: typed for hardware, the platform's own otherwise (DOMAIN §1.3)."""

    spec: ClassVar = declare(
        CommandName.SUBMIT_CODE,
        "提交识别码",
        "Submit identification code",
        Role.BUYER,
        refusals=(ErrorCode.CODE_REQUIRED,),
    )
    code: Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,128}$")] | None = None


class FinishStep(Body):
    """The seller finishes one of the product's own stages (建站类)."""

    spec: ClassVar = declare(CommandName.FINISH_STEP, "完成环节", "Finish service step", Role.SELLER)
    note: Note = ""
    attachments: Attachments = ()


class Deliver(Body):
    """The seller says the product is delivered (确认完成)."""

    spec: ClassVar = declare(
        CommandName.DELIVER,
        "确认完成",
        "Deliver service",
        Role.SELLER,
        refusals=(ErrorCode.PROOF_INCOMPLETE, ErrorCode.START_TIME_INVALID, ErrorCode.INSTANCE_MISSING),
    )
    proof: Proof | None = None
    note: Note = ""


class Ship(Body):
    """The seller hands the goods to a courier (物流公司, 快递单号, DOMAIN §1.3)."""

    spec: ClassVar = declare(CommandName.SHIP, "发货", "Ship goods", Role.SELLER)
    logistics_company: Label
    tracking_number: TrackingNumber
    note: Note = ""
    attachments: Attachments = ()


class ClaimCode(Body):
    """The buyer takes the authorization code (领取授权码); from here on no refund."""

    spec: ClassVar = declare(CommandName.CLAIM_CODE, "领取授权码", "Claim authorization code", Role.BUYER)


class ActivateCode(Body):
    """The seller's software activated the code; comes through the license open API."""

    spec: ClassVar = declare(
        CommandName.ACTIVATE_CODE,
        "激活授权码",
        "Activate authorization code",
        Role.SELLER,
        refusals=(ErrorCode.WRONG_LICENSE, ErrorCode.START_TIME_INVALID),
    )
    license: LicenseCode
    real_effect_time: Instant | None = None


class UploadProof(Body):
    """The seller uploads the delivery proof of an activated code (上传交付证明)."""

    spec: ClassVar = declare(
        CommandName.UPLOAD_PROOF,
        "上传交付证明",
        "Upload delivery proof",
        Role.SELLER,
        refusals=(ErrorCode.PROOF_INCOMPLETE, ErrorCode.START_TIME_INVALID),
    )
    proof: Proof


class PassReview(Body):
    """The platform's reviewer finds the proof good (复核通过)."""

    spec: ClassVar = declare(CommandName.PASS_REVIEW, "复核通过", "Pass review", Role.REVIEWER)
    note: Note = ""


class FailReview(Body):
    """The platform's reviewer sends the proof back (复核不通过)."""

    spec: ClassVar = declare(CommandName.FAIL_REVIEW, "复核不通过", "Fail review", Role.REVIEWER)
    reason: Reason


class Accept(Body):
    """The buyer agrees that the product arrived (确认验收)."""

    spec: ClassVar = declare(CommandName.ACCEPT, "确认验收", "Confirm acceptance", Role.BUYER)
    note: Note = ""


class RejectDelivery(Body):
    """The buyer does not accept; the seller delivers again (驳回)."""

    spec: ClassVar = declare(CommandName.REJECT_DELIVERY, "驳回交付", "Reject delivery", Role.BUYER, prolongs=True)
    reason: Reason


class RestartCall(Body):
    """Call the seller again after the retry window closed (重新启动)."""

    spec: ClassVar = declare(
        CommandName.RESTART_CALL,
        "重新启动",
        "Restart seller call",
        Role.SELLER,
        Role.MANAGER,
        legal=(Legal.WHILE_CALLING,),
        refusals=(ErrorCode.NOTHING_PARKED,),
    )
    activity: Identifier
