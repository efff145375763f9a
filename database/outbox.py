"""Notices on their way to subscribers: which are due, what became of an attempt, and sending them again."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from database.models import NoticeAttemptRow, NoticeRow, SubscriptionRow
from database.secrets import seal
from domain.notices import SECRET_OVERLAP, NoticeState
from domain.parties import Actor

LEASE = timedelta(seconds=60)
"""How long a claimed notice belongs to its claimer; one whose claimer died is due again after it."""


@dataclass(frozen=True)
class ClaimedNotice:
    """What it takes to make one attempt; the secrets, sealed, sign, the newest first."""

    id: int
    subscription_id: str
    message_id: str
    url: str
    body: bytes
    attempts: int
    sealed_secrets: tuple[bytes, ...]


def claim(session: Session, busy: Collection[str], most: int) -> list[ClaimedNotice]:
    """Take due notices, one a subscriber and none of a busy one's, so that a slow subscriber holds up itself only."""
    now = datetime.now(UTC)
    first = (
        select(func.min(NoticeRow.id))
        .join(SubscriptionRow)
        .where(NoticeRow.next_due_at <= now, NoticeRow.subscription_id.not_in(busy))
        .where(SubscriptionRow.disabled_at.is_(None))
        .group_by(NoticeRow.subscription_id)
        .limit(most)
    )
    rows = session.scalars(
        select(NoticeRow).where(NoticeRow.id.in_(first), NoticeRow.next_due_at <= now).with_for_update(skip_locked=True)
    ).all()
    claimed = []
    for row in rows:
        row.next_due_at = now + LEASE
        subscription = session.get_one(SubscriptionRow, row.subscription_id)
        claimed.append(
            ClaimedNotice(
                id=row.id,
                subscription_id=row.subscription_id,
                message_id=row.message_id,
                url=subscription.url,
                body=row.body.encode(),
                attempts=row.attempts,
                sealed_secrets=_sealed_secrets(subscription, now),
            )
        )
    return claimed


def _sealed_secrets(subscription: SubscriptionRow, now: datetime) -> tuple[bytes, ...]:
    sealed = [subscription.sealed_secret]
    until = subscription.old_secret_until
    if subscription.sealed_old_secret is not None and until is not None and until > now:
        sealed.append(subscription.sealed_old_secret)
    return tuple(sealed)


def record_attempt(
    session: Session, attempt: NoticeAttemptRow, state: NoticeState, next_due_at: datetime | None
) -> None:
    """Write an attempt down, and what becomes of its notice."""
    notice = session.get_one(NoticeRow, attempt.notice_id, with_for_update=True)
    notice.state, notice.next_due_at = state, next_due_at
    notice.attempts += 1
    session.add(attempt)


def create(session: Session, name: str, owner: Actor, url: str, secret: str) -> SubscriptionRow:
    """Begin to tell an address."""
    row = SubscriptionRow(
        id=name,
        owner_role=owner.role,
        owner_id=owner.id,
        url=url,
        sealed_secret=seal(secret),
        created_at=datetime.now(UTC),
    )
    session.add(row)
    return row


def rotate(row: SubscriptionRow, secret: str) -> None:
    """Sign with a new secret; for a while with the old one too."""
    row.sealed_old_secret, row.old_secret_until = row.sealed_secret, datetime.now(UTC) + SECRET_OVERLAP
    row.sealed_secret = seal(secret)


def enable(row: SubscriptionRow) -> None:
    """Tell an address again."""
    row.disabled_at = row.disabled_reason = None


def disable(session: Session, subscription_id: str, reason: str) -> None:
    """Tell an address no more; what was on its way has failed."""
    row = session.get_one(SubscriptionRow, subscription_id, with_for_update=True)
    row.disabled_at, row.disabled_reason = datetime.now(UTC), reason
    session.execute(
        update(NoticeRow)
        .where(NoticeRow.subscription_id == subscription_id, NoticeRow.next_due_at.is_not(None))
        .values(state=NoticeState.FAILED, next_due_at=None)
    )


def replay(session: Session, subscription_id: str, *, notice_id: int | None, since: datetime | None) -> int:
    """Send one notice again, or all that failed since an instant; tells how many."""
    query = update(NoticeRow).where(NoticeRow.subscription_id == subscription_id)
    if notice_id is not None:
        query = query.where(NoticeRow.id == notice_id)
    else:
        query = query.where(NoticeRow.state == NoticeState.FAILED, NoticeRow.at >= since)
    again = query.values(state=NoticeState.PENDING, attempts=0, next_due_at=datetime.now(UTC))
    return len(session.scalars(again.returning(NoticeRow.id)).all())


def of_owner(session: Session, owner: Actor) -> Sequence[SubscriptionRow]:
    """A party's subscriptions, oldest first."""
    query = select(SubscriptionRow).filter_by(owner_role=owner.role, owner_id=owner.id)
    return session.scalars(query.order_by(SubscriptionRow.created_at, SubscriptionRow.id)).all()


def find(session: Session, name: str, owner: Actor) -> SubscriptionRow | None:
    """One of a party's subscriptions."""
    return session.scalar(select(SubscriptionRow).filter_by(id=name, owner_role=owner.role, owner_id=owner.id))


def notices(
    session: Session, subscription_id: str, state: NoticeState | None, before: int | None, size: int
) -> Sequence[NoticeRow]:
    """One page of a subscription's notices, newest first."""
    query = select(NoticeRow).filter_by(subscription_id=subscription_id)
    if state is not None:
        query = query.where(NoticeRow.state == state)
    if before is not None:
        query = query.where(NoticeRow.id < before)
    return session.scalars(query.order_by(NoticeRow.id.desc()).limit(size)).all()


def attempts(session: Session, notice_ids: Sequence[int]) -> Sequence[NoticeAttemptRow]:
    """The attempts of these notices, in order."""
    query = select(NoticeAttemptRow).where(NoticeAttemptRow.notice_id.in_(notice_ids))
    return session.scalars(query.order_by(NoticeAttemptRow.id)).all()
