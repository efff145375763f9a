"""Orders and commands for the tests of the rules."""

from datetime import UTC, datetime
from decimal import Decimal

from domain.delivery.case_commands import (
    AgreeRefund,
    AgreeRuling,
    AnswerAppeal,
    Appeal,
    ConfirmNotReceived,
    DecideAppeal,
    DeclineRuling,
    RefuseGoods,
    RefuseRefund,
    RequestRefund,
    SendGoodsBack,
    TakeGoodsBack,
    WithdrawAppeal,
    WithdrawRefund,
)
from domain.delivery.command_spec import Body
from domain.delivery.commands import Command
from domain.delivery.grounds import AppealGround, Goods, Ruling
from domain.delivery.stage_commands import (
    Accept,
    ActivateCode,
    ClaimCode,
    ConfirmRequest,
    Deliver,
    FailReview,
    FinishStep,
    PassReview,
    RejectDelivery,
    RejectRequest,
    RestartCall,
    Ship,
    SubmitCode,
    SubmitRequest,
    UploadProof,
)
from domain.delivery.state import DeliveryState
from domain.delivery.terms import terms_of
from domain.files import FileReference, FileType
from domain.order import Order, Product, ProductType
from domain.parties import Actor, Role
from domain.policy import Policy
from domain.proof import Document, DocumentKind, Proof, Signatory

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
FILE = FileReference(name="a.pdf", type=FileType.PDF, size=1, sha256="0" * 64)
PROOF = Proof(
    documents=tuple(Document(kind=kind, file=FILE) for kind in DocumentKind),
    signed_by=tuple(Signatory),
    resource_order_number="RO-1",
)
LICENSE = "PL1"

ACTORS = {
    Role.SELLER: Actor(role=Role.SELLER, id="seller-1"),
    Role.BUYER: Actor(role=Role.BUYER, id="buyer-1"),
    Role.REVIEWER: Actor(role=Role.REVIEWER, id="reviewer-1"),
    Role.MANAGER: Actor(role=Role.MANAGER, id="manager-1"),
    Role.PURCHASE: Actor(role=Role.PURCHASE, id="purchase-1"),
    Role.AUDITOR: Actor(role=Role.AUDITOR, id="auditor-1"),
}

SECOND_MANAGER = Actor(role=Role.MANAGER, id="manager-2")

BODIES: tuple[Body, ...] = (
    SubmitRequest(text="two clusters"),
    ConfirmRequest(),
    RejectRequest(reason="which region?"),
    Deliver(proof=PROOF),
    ClaimCode(),
    ActivateCode(license=LICENSE),
    UploadProof(proof=PROOF),
    PassReview(),
    FailReview(reason="not signed"),
    Accept(),
    RejectDelivery(reason="half is missing"),
    SubmitCode(code="HW-1"),
    FinishStep(),
    Ship(logistics_company="SF", tracking_number="SF100200"),
    Appeal(reason="half is missing", claim="deliver it"),
    Appeal(ground=AppealGround.SILENT_BUYER, reason="silent", claim="close it", attachments=(FILE,)),
    AnswerAppeal(text="it was delivered"),
    WithdrawAppeal(),
    DecideAppeal(ruling=Ruling.RESUME, reason="go on"),
    DecideAppeal(ruling=Ruling.REWORK, reason="half is missing"),
    DecideAppeal(ruling=Ruling.CLOSE, reason="it was delivered"),
    DecideAppeal(ruling=Ruling.REFUND, reason="it never came"),
    DecideAppeal(ruling=Ruling.REFUND, reason="half of it came", amount=Decimal("400.00")),
    AgreeRuling(),
    DeclineRuling(reason="too much"),
    RequestRefund(amount=Decimal("10.00"), reason="bought twice", goods=Goods.RECEIVED),
    RequestRefund(amount=Decimal("1000.00"), reason="never came", goods=Goods.NOT_RECEIVED),
    WithdrawRefund(),
    AgreeRefund(return_address="1 Dock Road, Guiyang"),
    RefuseRefund(reason="delivered"),
    ConfirmNotReceived(reason="the courier lost it"),
    SendGoodsBack(logistics_company="SF", tracking_number="SF100201"),
    TakeGoodsBack(),
    RefuseGoods(reason="scratched"),
    RestartCall(activity="releaseInstance"),
)


def order(product_type: ProductType = ProductType.LICENSE_OFFLINE, **changes: object) -> Order:
    """An order of 1,000.00 between seller-1 and buyer-1; changes go to the product where it has such a member."""
    of_product = {name: changes.pop(name) for name in list(changes) if name in Product.model_fields}
    return Order.model_validate(
        {
            "order_id": "CS1",
            "order_line_id": "CS1-000001",
            "product": {"id": "P-1", "name": "Product", "type": product_type, **of_product},
            "seller_id": "seller-1",
            "buyer_id": "buyer-1",
            "amount": Decimal("1000.00"),
            "placed_at": NOW,
            **changes,
        }
    )


def begun(
    product_type: ProductType = ProductType.LICENSE_OFFLINE, policy: Policy | None = None, **changes: object
) -> DeliveryState:
    """A delivery at its first stage."""
    of = order(product_type, **changes)
    return DeliveryState.begin(of, terms_of(of, policy or Policy()), NOW)


def command(body: Body, actor: Actor) -> Command:
    """A command by an actor, under some key."""
    return Command(name=body.spec.name, actor=actor, key="key", body=body)
