"""What a command is: its name, who may give it when, why it may be refused, and the fields it has to bring."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from domain.base import Strict
from domain.bilingual import Bilingual
from domain.delivery.grounds import RefundPhase
from domain.errors import ErrorCode
from domain.parties import Role


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


TrackingNumber = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{4,64}$")]


class Legal(StrEnum):
    """When a command is legal; while a refund request waits, its phase says so (DOMAIN §2, §3)."""

    AT_ITS_STAGE = "at the stages that list it, which it ends"
    ANY_TIME = "until the order ends or is being refunded"
    DURING_APPEAL = "while an appeal is open: both sides are frozen but for the case file"
    DURING_RULING = "while a high refund by ruling waits for a second operations manager"
    WHILE_SHIPPED = "while goods are on their way"
    WHILE_CALLING = "while a seller call is under way, or waits for a restart"


@dataclass(frozen=True)
class CommandSpec:
    """What is said of a command once: its labels, who may give it when, and why it alone may be refused.

    A command that prolongs could keep an order going in circles: a full order does not take it any more.
    """

    name: CommandName
    label: Bilingual
    by: tuple[Role, ...]
    legal: tuple[Legal | RefundPhase, ...]
    refusals: tuple[ErrorCode, ...]
    prolongs: bool

    @property
    def ends_stage(self) -> bool:
        """Whether it ends the stage at which it is given; others change something and leave the stage."""
        return Legal.AT_ITS_STAGE in self.legal


def declare(  # noqa: PLR0913 - a row of what follows
    name: CommandName,
    zh: str,
    en: str,
    *by: Role,
    legal: tuple[Legal | RefundPhase, ...] = (Legal.AT_ITS_STAGE,),
    refusals: tuple[ErrorCode, ...] = (),
    prolongs: bool = False,
) -> CommandSpec:
    """A command's declaration; by default it ends the stage at which it is given."""
    return CommandSpec(name, Bilingual(zh=zh, en=en), by, legal, refusals, prolongs)


class Body(Strict):
    """The fields of one command; each subclass is one command, declared by its ``spec``."""

    spec: ClassVar[CommandSpec]
