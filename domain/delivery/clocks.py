"""The clocks of a delivery: which there are, what each does when, and what stops it (DOMAIN §1.7, §2, §3, §8)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.base import Strict
from domain.bilingual import Bilingual
from domain.parties import Actor


class ClockAct(StrEnum):
    """What a clock does when one of its instants comes."""

    REMIND = "remind"
    ACCEPT = "auto-accept"
    REMIND_SELLER = "remind-seller"
    MARK_OVERDUE = "mark-overdue"
    ESCALATE_DELIVERY = "escalate-delivery"
    REMIND_LONG_OPEN = "remind-long-open"
    CLOSE_OLD = "close-old"
    ESCALATE_APPEAL = "escalate-appeal"
    REMIND_REFUND = "remind-refund"
    DROP_RETURN = "drop-return"
    TAKE_RETURN = "take-return"


REMINDERS = frozenset(
    {
        ClockAct.REMIND,
        ClockAct.REMIND_SELLER,
        ClockAct.REMIND_LONG_OPEN,
        ClockAct.REMIND_REFUND,
        ClockAct.ESCALATE_DELIVERY,
    }
)
"""Acts that only tell somebody; the others decide something or mark somebody late."""


class FreezeKind(StrEnum):
    """Why a delivery stands still."""

    APPEAL = "appeal"
    REFUND_REQUEST = "refund-request"


class Freeze(Strict):
    """A stretch in which the flow stood still: who asked for it, why, from and to."""

    kind: FreezeKind
    author: Actor
    reason: str
    starts_at: datetime
    ends_at: datetime | None = None


class ClockName(StrEnum):
    """The clocks by name."""

    ACCEPTANCE = "acceptance"
    SIGN_OFF = "sign-off"
    DELIVERY = "delivery"
    ORDER = "order"
    APPEAL = "appeal"
    REFUND_ANSWER = "refund-answer"
    GOODS_RETURN = "goods-return"
    RETURN_CHECK = "return-check"


@dataclass(frozen=True)
class ClockSpec:
    """A clock as published: whom it presses, and what stops it."""

    label: Bilingual
    stopped_by: frozenset[FreezeKind]


_FLOW = frozenset(FreezeKind)
_REFUND = frozenset({FreezeKind.APPEAL})

CLOCKS: dict[ClockName, ClockSpec] = {
    ClockName.ACCEPTANCE: ClockSpec(Bilingual(zh="用户验收期", en="Buyer's acceptance period"), _FLOW),
    ClockName.SIGN_OFF: ClockSpec(Bilingual(zh="签收后验收期", en="Acceptance period after sign-off"), _FLOW),
    ClockName.DELIVERY: ClockSpec(Bilingual(zh="平均交付时长", en="Seller's delivery duration"), _FLOW),
    ClockName.ORDER: ClockSpec(Bilingual(zh="订单服务监管时长", en="Age of the order"), _FLOW),
    ClockName.APPEAL: ClockSpec(Bilingual(zh="申诉处理时限", en="Handling time of the appeal"), frozenset()),
    ClockName.REFUND_ANSWER: ClockSpec(
        Bilingual(zh="商家审核退订", en="Seller's answer to the refund request"), _REFUND
    ),
    ClockName.GOODS_RETURN: ClockSpec(Bilingual(zh="用户寄回商品", en="Buyer's return of the goods"), _REFUND),
    ClockName.RETURN_CHECK: ClockSpec(Bilingual(zh="商家验收退货", en="Seller's check of the returned goods"), _REFUND),
}

ACCEPTANCE_REMINDERS = (timedelta(days=7), timedelta(days=2))
"""How long before the acceptance clock ends the buyer is reminded."""

SIGN_OFF = timedelta(days=10)
"""Hardware: a buyer who has not acted so long after sign-off has accepted (DOMAIN §1.7)."""

LONG_OPEN = timedelta(days=180)
"""An order not accepted so long after it was placed is brought to mind (DOMAIN §1.7)."""

OLD_CLOSING = timedelta(days=365)
"""Orders placed before 2024-03-05 are closed after so long (DOMAIN §1.7)."""

APPEAL_WORKING_DAYS = 3
"""Working days of the Chinese calendar in which an appeal is handled (DOMAIN §2)."""

REFUND_ANSWER = timedelta(days=10)
"""A seller silent for so long on a refund request: the buyer may appeal (DOMAIN §3)."""

GOODS_RETURN = timedelta(days=10)
"""The buyer sends goods back within this time, or the refund request counts as withdrawn (DOMAIN §3)."""

RETURN_CHECK = timedelta(days=15)
"""The seller checks returned goods within this time, or the system takes them back and refunds (DOMAIN §3)."""


class Due(Strict):
    """What a clock does, and when."""

    at: datetime
    act: ClockAct


class RunningClock(Strict):
    """A clock that was wound up: what it has yet to do, and since when it stands still."""

    name: ClockName
    started_at: datetime
    acts: tuple[Due, ...]
    paused_since: datetime | None = None

    @classmethod
    def started(cls, name: ClockName, now: datetime, *acts: tuple[datetime, ClockAct]) -> "RunningClock":
        """Start a clock; acts that would lie in the past are left out."""
        due = sorted((Due(at=at, act=act) for at, act in acts if at > now), key=lambda one: one.at)
        return cls(name=name, started_at=now, acts=tuple(due))

    @property
    def deadline(self) -> datetime | None:
        """When the clock decides, or marks somebody late; while paused, when it would have."""
        return next((due.at for due in self.acts if due.act not in REMINDERS), None)

    def without_next(self) -> "RunningClock":
        """The clock after its next act."""
        return self.model_copy(update={"acts": self.acts[1:]})

    def paused(self, now: datetime) -> "RunningClock":
        """The clock standing still from now on, unless it does already."""
        return self if self.paused_since else self.model_copy(update={"paused_since": now})

    def resumed(self, now: datetime) -> "RunningClock":
        """The clock running again; every instant has moved by the time it stood still."""
        if self.paused_since is None:
            return self
        stood = now - self.paused_since
        moved = tuple(Due(at=due.at + stood, act=due.act) for due in self.acts)
        return self.model_copy(update={"acts": moved, "paused_since": None})
