"""Appeals (申诉), refund requests (退订), parcels and invoices: who said what when, and how it ended."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from domain.base import Strict
from domain.delivery.grounds import WAITING_PHASES, AppealGround, Goods, RefundPhase, Ruling
from domain.delivery.stages import StageName
from domain.files import Attachments
from domain.parties import Actor


class Statement(Strict):
    """What a party said, with its files."""

    by: Actor
    at: datetime
    text: str
    attachments: Attachments = ()


class Decision(Strict):
    """The operations manager's word; a high refund counts once a second manager agreed."""

    ruling: Ruling
    amount: Decimal | None
    reason: str
    by: Actor
    at: datetime
    agreed_by: Actor | None = None


class AppealCase(Strict):
    """One appeal, from filing to decision or withdrawal."""

    number: int
    filed_by: Actor
    filed_at: datetime
    stage: StageName
    ground: AppealGround
    reason: str
    claim: str
    attachments: Attachments
    statements: tuple[Statement, ...] = ()
    due_at: datetime | None = None
    is_late: bool = False
    proposal: Decision | None = None
    decision: Decision | None = None
    withdrawn_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Neither decided nor withdrawn."""
        return self.decision is None and self.withdrawn_at is None


class Parcel(Strict):
    """Goods on their way, and what the courier told of them."""

    logistics_company: str
    tracking_number: str
    sent_at: datetime
    signed_at: datetime | None = None
    recipient_is_buyer: bool | None = None
    stalled_at: datetime | None = None


class RefundRequest(Strict):
    """One request for a negotiated unsubscription, from asking to its end."""

    number: int
    asked_at: datetime
    amount: Decimal
    reason: str
    goods: Goods | None
    attachments: Attachments
    phase: RefundPhase = RefundPhase.ASKED
    answer: Statement | None = None
    return_address: str | None = None
    return_parcel: Parcel | None = None

    @property
    def is_open(self) -> bool:
        """Waiting for somebody."""
        return self.phase in WAITING_PHASES


class Refund(Strict):
    """Money that goes back: how much, why, and since when it is owed."""

    amount: Decimal
    reason: str
    agreed_at: datetime


class Invoice(StrEnum):
    """How far the order's invoice is, as the purchase system reports it (DOMAIN §3)."""

    NONE = "none"
    REQUESTED = "requested"
    ISSUED = "issued"
