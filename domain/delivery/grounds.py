"""The words in which commands and case files say why, how and how far (DOMAIN §2, §3)."""

from enum import StrEnum


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


class RefundPhase(StrEnum):
    """How far a refund request is; the last four are ends (DOMAIN §3)."""

    ASKED = "asked"
    RETURNING = "returning"
    CHECKING = "checking"
    AGREED = "agreed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    VOID = "void"


WAITING_PHASES = (RefundPhase.ASKED, RefundPhase.RETURNING, RefundPhase.CHECKING)
"""While a refund request waits the flow stands still; a silent or unwilling side is answered by an appeal."""


class RefusalGround(StrEnum):
    """Documented grounds for refusing a full refund (DOMAIN §3)."""

    NO_REQUEST_IN_TIME = "no-request-within-a-month"
    MATERIAL_WITHHELD = "material-withheld-for-a-month"
    NEW_DEMANDS = "new-demands"
    OTHER = "other"
