"""Intents: what is on its way into a process, from before the engine is asked until its row is written (I4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, text

from database.ledger import TABLES, ProcessRef, Tip
from database.models import IntentRow, Json
from domain.parties import Actor, Role

MAX_ID = 140
"""Characters of the longest id a process can have; a longer one is nobody's, and would not fit the columns."""


@dataclass(frozen=True)
class Known:
    """What an asker learns before it asks: how far the ledger is, and the receipt if the key has one already."""

    tip: Tip
    is_open: bool
    receipt: Json | None


_PREPARE = """
with head as (
    select sequence, hash, is_open from {table}
    where id = :id and (cast(:seller_id as text) is null or seller_id = :seller_id)
        and (cast(:buyer_id as text) is null or buyer_id = :buyer_id)
), given as (
    select receipt from events where process = :process and key = :key
), intent as (
    insert into intents (process, key, at, event)
    select :process, :key, clock_timestamp(), cast(:event as jsonb) from head
    where is_open and not exists (select from given)
    on conflict (process, key) do update set at = excluded.at
)
select sequence, hash, is_open, (select receipt from given) as receipt from head
"""

_STATEMENTS = {table: text(_PREPARE.format(table=table)) for table in TABLES.values()}


def prepare(
    connection: Connection, process: ProcessRef, key: str, caller: Actor, event: str | None = None
) -> Known | None:
    """Before the engine is asked: look the key up, tell how far the ledger is, and leave an intent.

    One statement: the intent is there before the engine can know of the command. None for a process that is not there
    for the caller; a process that has ended gets no intent.
    """
    if len(process.id) > MAX_ID:
        return None
    found = connection.execute(
        _STATEMENTS[process.table],
        {
            "process": process.name,
            "id": process.id,
            "key": key,
            "seller_id": caller.id if caller.role is Role.SELLER else None,
            "buyer_id": caller.id if caller.role is Role.BUYER else None,
            "event": event,
        },
    ).one_or_none()
    return Known(Tip(found.sequence, found.hash), found.is_open, found.receipt) if found else None


def forget(connection: Connection, process: str, key: str) -> None:
    """Nothing is on its way under this key: it was refused, or never came in."""
    connection.execute(delete(IntentRow).filter_by(process=process, key=key))


@dataclass(frozen=True)
class Intent:
    """An intent that its asker has not seen to the end; with an event, the event that was reported."""

    process: str
    key: str
    event: Json | None


_CLAIM = text("""
    update intents set looked_at = now()
    where (process, key) in (
        select process, key from intents
        where at < now() - cast(:age as interval)
            and (looked_at is null or looked_at < now() - cast(:lease as interval))
            and (cast(:process as text) is null or process = :process)
        order by looked_at nulls first, at limit :most for update skip locked
    )
    returning process, key, event
""")

LEASE = timedelta(seconds=10)
"""How long a claimed intent is left to its claimer; a pending one is looked at again after it."""


def claim(
    connection: Connection, age: timedelta, most: int, process: str | None = None, lease: timedelta = LEASE
) -> Sequence[Intent]:
    """Take intents that are older than any asker waits; of one process, if it is named."""
    found = connection.execute(_CLAIM, {"age": age, "lease": lease, "most": most, "process": process})
    return [Intent(row.process, row.key, row.event) for row in found]


def forget_if_ended(connection: Connection, intent: Intent) -> None:
    """Nothing comes of an event that reaches a process after its end."""
    of = ProcessRef(intent.process)
    query = text(f"""
        delete from intents where process = :process and key = :key
            and exists (select from {of.table} where id = :id and not is_open)
    """)  # noqa: S608 - a name of ours
    connection.execute(query, {"process": of.name, "key": intent.key, "id": of.id})


def older_than(connection: Connection, before: datetime) -> Sequence[str]:
    """Processes with something on its way since before an instant; an event may wait for the end of a freeze."""
    query = select(IntentRow.process).where(IntentRow.at < before, IntentRow.event.is_(None)).distinct()
    return connection.scalars(query.order_by(IntentRow.process)).all()
