"""Orders and commands for the tests of the rules."""

from datetime import UTC, datetime
from decimal import Decimal

from domain.commands import (
    Accept,
    ActivateCode,
    AgreeRefund,
    Appeal,
    Body,
    ClaimCode,
    Command,
    ConfirmRequest,
    Deliver,
    FailReview,
    FileReference,
    PassReview,
    Proof,
    RefuseRefund,
    RejectDelivery,
    RejectRequest,
    RequestRefund,
    RestartCall,
    Resume,
    SubmitRequest,
    UploadProof,
    WithdrawRefund,
)
from domain.order import Order, Product, ProductType, Scenario, SellerCategory
from domain.parties import Actor, Role

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
FILE = FileReference(name="a.pdf", size=1, sha256="0" * 64)
PROOF = Proof(statement_of_work=FILE, acceptance_document=FILE)
LICENSE = "PL1"

ACTORS = {
    Role.SELLER: Actor(role=Role.SELLER, id="seller-1"),
    Role.BUYER: Actor(role=Role.BUYER, id="buyer-1"),
    Role.REVIEWER: Actor(role=Role.REVIEWER, id="reviewer-1"),
    Role.MANAGER: Actor(role=Role.MANAGER, id="manager-1"),
    Role.PURCHASE: Actor(role=Role.PURCHASE, id="purchase-1"),
    Role.AUDITOR: Actor(role=Role.AUDITOR, id="auditor-1"),
}

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
    Appeal(reason="silent", claim="close it"),
    Resume(reason="settled"),
    RequestRefund(amount=Decimal("10.00"), reason="bought twice"),
    WithdrawRefund(),
    AgreeRefund(),
    RefuseRefund(reason="delivered"),
    RestartCall(activity="releaseInstance"),
)


def order(
    product_type: ProductType = ProductType.LICENSE_OFFLINE,
    *,
    acceptance_days: int | None = 15,
    category: SellerCategory = SellerCategory.GENERAL,
    scenario: Scenario = Scenario.NONE,
) -> Order:
    """An order of 1,000.00 between seller-1 and buyer-1."""
    return Order(
        order_id="CS1",
        order_line_id="CS1-000001",
        product=Product(id="P-1", name="Product", type=product_type, acceptance_days=acceptance_days),
        seller_id="seller-1",
        buyer_id="buyer-1",
        seller_category=category,
        scenario=scenario,
        amount=Decimal("1000.00"),
        placed_at=NOW,
    )


def command(body: Body, actor: Actor) -> Command:
    """A command by an actor, under some key."""
    return Command(name=body.command, actor=actor, key="key", body=body)
