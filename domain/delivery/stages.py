"""The stages of service supervision: who is waited for, what is missing, which commands end it, which clock runs.

Who may give a command stands with the command (``stage_commands.py``), which stage follows in the flows (``flows.py``);
``GET /v1/flows`` and the diagrams in ``docs/flows/`` are drawn from the three together.
"""

from dataclasses import dataclass
from enum import StrEnum

from domain.bilingual import Bilingual
from domain.delivery.clocks import ClockName
from domain.delivery.command_spec import CommandName
from domain.events import EventName
from domain.parties import Role


class StageName(StrEnum):
    """Stages by name; the last two are ends."""

    BUYER_REQUEST = "buyer-request"
    SELLER_CONFIRMATION = "seller-confirmation"
    SELLER_PROVISIONING = "seller-provisioning"
    SERVICE_STEP = "service-step"
    SELLER_DELIVERY = "seller-delivery"
    CODE_SUBMISSION = "code-submission"
    LICENSE_DELIVERY = "license-delivery"
    SHIPPING = "shipping"
    CODE_DELIVERY = "code-delivery"
    CODE_CLAIM = "code-claim"
    CODE_ACTIVATION = "code-activation"
    PROOF_UPLOAD = "proof-upload"
    DEPLOYMENT = "deployment"
    PLATFORM_REVIEW = "platform-review"
    BUYER_ACCEPTANCE = "buyer-acceptance"
    GOODS_ACCEPTANCE = "goods-acceptance"
    SYSTEM_ACCEPTANCE = "system-acceptance"
    UNSUBSCRIBING = "unsubscribing"
    COMPLETED = "completed"
    REFUNDED = "refunded"


@dataclass(frozen=True)
class Stage:
    """One node of the flow charts."""

    name: StageName
    label: Bilingual
    waiting_on: Role
    missing: Bilingual
    commands: tuple[CommandName, ...] = ()
    events: tuple[EventName, ...] = ()
    clock: ClockName | None = None
    needs_proof: bool = False
    is_end: bool = False


def _stage(  # noqa: PLR0913 - a row of the table below
    name: StageName,
    label: tuple[str, str],
    waiting_on: Role,
    missing: tuple[str, str],
    *,
    commands: tuple[CommandName, ...] = (),
    events: tuple[EventName, ...] = (),
    clock: ClockName | None = None,
    needs_proof: bool = False,
    is_end: bool = False,
) -> Stage:
    return Stage(
        name=name,
        label=Bilingual(zh=label[0], en=label[1]),
        waiting_on=waiting_on,
        missing=Bilingual(zh=missing[0], en=missing[1]),
        commands=commands,
        events=events,
        clock=clock,
        needs_proof=needs_proof,
        is_end=is_end,
    )


_ALL = (
    _stage(
        StageName.BUYER_REQUEST,
        ("用户提交需求", "Buyer submits request"),
        Role.BUYER,
        ("用户的服务需求", "the buyer's service request"),
        commands=(CommandName.SUBMIT_REQUEST,),
    ),
    _stage(
        StageName.SELLER_CONFIRMATION,
        ("商家确认需求", "Seller confirms request"),
        Role.SELLER,
        ("商家对需求的确认或驳回", "the seller's answer to the request"),
        commands=(CommandName.CONFIRM_REQUEST, CommandName.REJECT_REQUEST),
    ),
    _stage(
        StageName.SELLER_PROVISIONING,
        ("商家开通实例", "Seller provisions instance"),
        Role.SYSTEM,
        ("商家系统返回的实例", "the instance from the seller's system"),
        events=(EventName.INSTANCE_PROVISIONED,),
    ),
    _stage(
        StageName.SELLER_DELIVERY,
        ("商家实施服务", "Seller delivers service"),
        Role.SELLER,
        ("服务交付与交付凭证", "the delivery and its proof"),
        commands=(CommandName.DELIVER,),
        clock=ClockName.DELIVERY,
        needs_proof=True,
    ),
    _stage(
        StageName.SERVICE_STEP,
        ("商家实施环节", "Seller works on a service step"),
        Role.SELLER,
        ("当前服务环节的完成", "the end of the present service step"),
        commands=(CommandName.FINISH_STEP,),
        clock=ClockName.DELIVERY,
    ),
    _stage(
        StageName.CODE_SUBMISSION,
        ("用户提交识别码", "Buyer submits identification code"),
        Role.BUYER,
        ("用户提交的识别码", "the identification code"),
        commands=(CommandName.SUBMIT_CODE,),
    ),
    _stage(
        StageName.LICENSE_DELIVERY,
        ("商家实施交付 License", "Seller delivers license"),
        Role.SELLER,
        ("License 及交付凭证", "the license, from the seller's system or by hand with its proof"),
        commands=(CommandName.DELIVER,),
        events=(EventName.LICENSE_FETCHED,),
        clock=ClockName.DELIVERY,
        needs_proof=True,
    ),
    _stage(
        StageName.SHIPPING,
        ("服务商实施服务（发货）", "Seller ships goods"),
        Role.SELLER,
        ("发货与物流单号", "the goods' hand-over to a courier, with its tracking number"),
        commands=(CommandName.SHIP,),
        clock=ClockName.DELIVERY,
    ),
    _stage(
        StageName.CODE_DELIVERY,
        ("商家实施交付", "Seller delivers license"),
        Role.SELLER,
        ("商家的交付确认", "the seller's word that the license is delivered"),
        commands=(CommandName.DELIVER,),
        clock=ClockName.DELIVERY,
    ),
    _stage(
        StageName.CODE_CLAIM,
        ("用户领取授权码", "Buyer claims code"),
        Role.BUYER,
        ("用户领取授权码", "the buyer's claim of the authorization code"),
        commands=(CommandName.CLAIM_CODE,),
    ),
    _stage(
        StageName.CODE_ACTIVATION,
        ("授权码激活", "Code activation"),
        Role.SELLER,
        ("商家通过接口激活授权码", "the activation of the code through the open API"),
        commands=(CommandName.ACTIVATE_CODE,),
    ),
    _stage(
        StageName.PROOF_UPLOAD,
        ("商家上传交付证明", "Seller uploads delivery proof"),
        Role.SELLER,
        ("交付证明", "the delivery proof"),
        commands=(CommandName.UPLOAD_PROOF,),
        needs_proof=True,
    ),
    _stage(
        StageName.DEPLOYMENT,
        ("软件包部署", "Package deployment"),
        Role.BUYER,
        ("软件包部署完成", "the finished deployment of the package"),
        events=(EventName.DEPLOYMENT_FINISHED,),
    ),
    _stage(
        StageName.PLATFORM_REVIEW,
        ("平台复核", "Platform review"),
        Role.REVIEWER,
        ("平台对交付凭证的复核", "the platform's review of the proof"),
        commands=(CommandName.PASS_REVIEW, CommandName.FAIL_REVIEW),
    ),
    _stage(
        StageName.BUYER_ACCEPTANCE,
        ("用户确认验收", "Buyer confirms acceptance"),
        Role.BUYER,
        ("用户的验收或驳回", "the buyer's acceptance or rejection"),
        commands=(CommandName.ACCEPT, CommandName.REJECT_DELIVERY),
        clock=ClockName.ACCEPTANCE,
    ),
    _stage(
        StageName.GOODS_ACCEPTANCE,
        ("用户确认验收（签收后 10 天）", "Buyer confirms acceptance of goods"),
        Role.BUYER,
        ("用户的验收或驳回", "the buyer's acceptance or rejection"),
        commands=(CommandName.ACCEPT, CommandName.REJECT_DELIVERY),
        clock=ClockName.SIGN_OFF,
    ),
    _stage(
        StageName.SYSTEM_ACCEPTANCE,
        ("系统自动验收", "System accepts"),
        Role.SYSTEM,
        ("系统自动验收", "the system's acceptance"),
        events=(EventName.SYSTEM_ACCEPTED,),
    ),
    _stage(
        StageName.UNSUBSCRIBING,
        ("退订处理中", "Carrying out the refund"),
        Role.SYSTEM,
        ("释放实例并通知下单系统退款", "the instance's release and the purchase system's receipt of the refund"),
        events=(EventName.REFUND_CARRIED_OUT,),
    ),
    _stage(
        StageName.COMPLETED,
        ("已完成", "Completed"),
        Role.SYSTEM,
        ("无", "nothing"),
        is_end=True,
    ),
    _stage(
        StageName.REFUNDED,
        ("已退款", "Refunded"),
        Role.SYSTEM,
        ("无", "nothing"),
        is_end=True,
    ),
)

STAGES: dict[StageName, Stage] = {stage.name: stage for stage in _ALL}
