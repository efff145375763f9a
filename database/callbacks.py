"""The outbox of what the purchase system is to hear: which is due, what became of an attempt, what is late."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from domain.bilingual import Bilingual

LEASE = timedelta(seconds=30)
"""How long a claimed callback belongs to its claimer; one whose claimer died is due again after it."""

KEPT = timedelta(days=30)
"""How long delivered rows of the outboxes stay; the attempts on the order stay for ever."""


@dataclass(frozen=True)
class ClaimedCallback:
    """What it takes to make one attempt."""

    key: str
    delivery_id: str
    body: bytes
    attempts: int


_CLAIM = text("""
    update callbacks set next_due_at = now() + cast(:lease as interval)
    where key in (
        select key from callbacks as due where next_due_at <= now() and not exists (
            select from callbacks as earlier where earlier.delivery_id = due.delivery_id
                and earlier.delivered_at is null and (earlier.at, earlier.key) < (due.at, due.key)
        )
        order by next_due_at limit :most for update skip locked
    )
    returning key, delivery_id, body, attempts
""")


def claim(connection: Connection, most: int) -> list[ClaimedCallback]:
    """Take what is due; two claimers never get the same, and what happened to one order is told in its order."""
    rows = connection.execute(_CLAIM, {"lease": LEASE, "most": most})
    return [ClaimedCallback(row.key, row.delivery_id, row.body.encode(), row.attempts) for row in rows]


@dataclass(frozen=True)
class CallbackAttempt:
    """One attempt, and when the next is due; None when it succeeded."""

    key: str
    activity: str
    at: datetime
    answer: str
    milliseconds: int
    next_due_at: datetime | None


_FINISH = text("""
    with told as (
        update callbacks set attempts = attempts + 1, next_due_at = cast(:next_due_at as timestamptz),
            delivered_at = case when :succeeded then cast(:at as timestamptz) end,
            report_at = case when :succeeded then null else report_at end
        where key = :key returning delivery_id, key, body
    )
    insert into attempts (delivery_id, call_key, activity, number, at, sent, answer, succeeded, milliseconds,
        next_due_at)
    select delivery_id, key, :activity, (select coalesce(max(number), 0) + 1 from attempts where call_key = :key),
        :at, body, :answer, :succeeded, :milliseconds, cast(:next_due_at as timestamptz)
    from told
""")


def finish(connection: Connection, attempt: CallbackAttempt) -> None:
    """Write an attempt down: it shows on the order, and says when the next is due."""
    connection.execute(_FINISH, asdict(attempt) | {"succeeded": attempt.next_due_at is None})


_REPORT = text("""
    with late as (
        update callbacks set report_at = null
        where key in (select key from callbacks where report_at <= now() and delivered_at is null
            limit :most for update skip locked)
        returning process, sequence, body
    )
    insert into messages (process, sequence, cause, recipient_role, at, text_zh, text_en)
    select process, sequence, 'purchase-not-told', 'manager', now(),
        replace(:zh, '{order}', cast(body as jsonb)->>'order_id'),
        replace(:en, '{order}', cast(body as jsonb)->>'order_id')
    from late on conflict do nothing returning process
""")


def report_late(connection: Connection, told: Bilingual, most: int) -> int:
    """Tell operations, once, of what was not heard in time; how much that was."""
    return len(connection.execute(_REPORT, {"most": most, "zh": told.zh, "en": told.en}).all())


def unheard(connection: Connection, before: datetime) -> Sequence[str]:
    """Keys of what was to be heard before an instant and was not."""
    query = text("select key from callbacks where at < :before and delivered_at is null order by at")
    return connection.scalars(query, {"before": before}).all()


def send_again(connection: Connection, keys: Sequence[str]) -> None:
    """Have these told now, whenever their next attempt was due."""
    query = text("update callbacks set next_due_at = now() where key = any(:keys) and delivered_at is null")
    connection.execute(query, {"keys": list(keys)})


_CLEAN = text("""
    with gone as (
        delete from callbacks where delivered_at < now() - cast(:kept as interval)
    ), old as (
        select id from notices where state = 'delivered' and at < now() - cast(:kept as interval) limit 1000
    ), attempts as (
        delete from notice_attempts where notice_id in (select id from old)
    )
    select id from old
""")


def clean(connection: Connection) -> None:
    """Let rows go that were delivered long ago; what failed stays for its owner to replay."""
    old = list(connection.scalars(_CLEAN, {"kept": KEPT}))
    if old:
        # After the attempts that point to them: the database checks each statement by itself.
        connection.execute(text("delete from notices where id = any(:ids)"), {"ids": old})
