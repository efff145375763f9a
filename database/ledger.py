"""Writing: the rows of every kind of process, by one guarded statement.

The ledger is a prefix of what the engine stored (I1): rows come here only inside an update's outcome, an activity's
input or a workflow's result. The guard is the head's sequence: whoever is slower compares the hashes of what stands
with what it carries, and appends the rest, so that two writers of one process never leave two histories.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, text
from sqlalchemy.dialects.postgresql import insert

from database.models import (
    DeliveryRow,
    EventRow,
    InstanceRow,
)
from domain.delivery.state import DeliveryStart
from domain.instance.state import InstanceStart
from domain.notices import listeners
from domain.order import Order
from domain.parties import Role
from domain.process import DELIVERY, INSTANCE, delivery_process
from domain.seller.probing import Sale
from domain.step import Carried, Head, Row
from domain.wire import canonical

FIRST_HASH = "0" * 64
TABLES = {DELIVERY: DeliveryRow.__tablename__, INSTANCE: InstanceRow.__tablename__}
"""Where each kind of process has its head."""

TRIES = 100
"""How often a writer that was overtaken looks again. Each time somebody else has made progress, so with many writers of
one process the last of them is overtaken as often as there are others; the number only ends what cannot be."""


class LedgerConflictError(Exception):
    """Other rows stand where these belong; a bug that must not be hidden."""


@dataclass(frozen=True)
class Tip:
    """The end of a process's ledger: the number and the hash of its last row."""

    sequence: int
    hash: str


@dataclass(frozen=True)
class ProcessRef:
    """A process by its name in the engine, ``kind:id``."""

    name: str

    @property
    def id(self) -> str:
        """Its id in its kind's table."""
        return self.name.partition(":")[2]

    @property
    def table(self) -> str:
        """Its kind's table."""
        return TABLES[self.name.partition(":")[0]]


def order_fingerprint(order: Order) -> str:
    """SHA-256 of the order's canonical JSON; tells two orders under one line apart."""
    return hashlib.sha256(canonical(order.model_dump(mode="json"))).hexdigest()


def register(connection: Connection, start: DeliveryStart, first: Carried) -> bool:
    """Put the start of an order line's delivery on record, in one statement; False when it is there already."""
    order = start.order
    begun = {
        "order_id": order.order_id,
        "order_fingerprint": order_fingerprint(order),
        "product_id": order.product.id,
        "product_type": order.product.type,
        "seller_id": order.seller_id,
        "buyer_id": order.buyer_id,
        "at": start.at,
        "start": start.model_dump_json(exclude={"recorded"}),
        "sale": Sale.ON_SALE,
    }
    of, rows = ProcessRef(delivery_process(order.delivery_id)), _parameters(first, FIRST_HASH)
    return bool(connection.execute(_REGISTER, {"process": of.name, "id": of.id, **begun, **rows}).scalar_one())


def register_instance(connection: Connection, start: InstanceStart) -> None:
    """Make room for an instance's life unless it is there; its rows follow."""
    connection.execute(
        insert(InstanceRow)
        .values(
            id=start.order.delivery_id,
            instance_id=start.instance_id,
            **_empty_head(start.order, start.at, start.model_dump(mode="json", exclude={"recorded"})),
        )
        .on_conflict_do_nothing()
    )


def _empty_head(order: Order, at: datetime, start: dict[str, object]) -> dict[str, object]:
    """A process without a row, on its way to its first."""
    return {
        "seller_id": order.seller_id,
        "buyer_id": order.buyer_id,
        "created_at": at,
        "changed_at": at,
        "sequence": 0,
        "hash": FIRST_HASH,
        "status": "",
        "stage": "",
        "waiting_on": Role.SYSTEM,
        "overdue": False,
        "is_open": True,
        "start": start,
        "state": {},
    }


def append(connection: Connection, process: str, carried: Carried, known: Tip | None = None) -> bool:
    """Append what the ledger lacks of these rows, and bring the process's head up to them.

    ``known`` is where the writer has seen the ledger end; when nobody was faster, one statement is all it takes. What
    stands already is compared and left alone: a repeated write changes nothing. False when all of it stood. Raises
    LedgerConflictError when other rows stand in their place.
    """
    target = ProcessRef(process)
    if not carried.rows:
        return False
    for _ in range(TRIES):
        is_seen = known is not None
        tip, known = known or tip_of(connection, target), None
        rest = [row for row in carried.rows if row.sequence > tip.sequence]
        if len(rest) < len(carried.rows):
            _require_same(connection, target, carried.rows[: len(carried.rows) - len(rest)])
        if not rest:
            return False
        if rest[0].sequence != tip.sequence + 1:
            if is_seen:
                continue  # The process starts at a later row than the asker saw: somebody wrote meanwhile.
            message = f"{process}: {rest[0].sequence} after {tip.sequence}"
            raise LedgerConflictError(message)
        if _append(connection, target, carried.model_copy(update={"rows": tuple(rest)}), tip):
            return True
    message = f"{process}: overtaken {TRIES} times"
    raise LedgerConflictError(message)


def tip_of(connection: Connection, process: ProcessRef) -> Tip:
    """Where a process's ledger ends."""
    query = text(f"select sequence, hash from {process.table} where id = :id")  # noqa: S608 - a name of ours
    found = connection.execute(query, {"id": process.id}).one()
    return Tip(found.sequence, found.hash)


def _require_same(connection: Connection, process: ProcessRef, rows: Sequence[Row]) -> None:
    """Compare rows that stand already with the same ones as carried: their chains must end in the same hash."""
    numbers = (rows[0].sequence - 1, rows[-1].sequence)
    query = select(EventRow.sequence, EventRow.hash).filter_by(process=process.name)
    found = {row.sequence: row.hash for row in connection.execute(query.where(EventRow.sequence.in_(numbers)))}
    chained = found.get(numbers[0], FIRST_HASH)
    for row in rows:
        chained = _chained(chained, row)
    if found.get(numbers[1]) != chained:
        message = f"{process.name}: other rows stand at {rows[0].sequence} to {rows[-1].sequence}"
        raise LedgerConflictError(message)


_NEXT = """
    update {table} set sequence = :last, hash = :hash, status = :status, stage = :stage, waiting_on = :waiting_on,
        due_at = :due_at, overdue = :overdue, is_open = :is_open, seller_key = :seller_key, expires_at = :expires_at,
        state = cast(:state as jsonb), changed_at = now()
    where id = :id and sequence = :known
    returning seller_id
"""

_FIRST = """
    insert into deliveries (id, order_id, order_fingerprint, product_id, product_type, seller_id, buyer_id, created_at,
        changed_at, start, sequence, hash, status, stage, waiting_on, due_at, overdue, is_open, seller_key, expires_at,
        state)
    values (:id, :order_id, :order_fingerprint, :product_id, :product_type, :seller_id, :buyer_id, :at,
        :at, cast(:start as jsonb), :last, :hash, :status, :stage, :waiting_on, :due_at, :overdue, :is_open,
        :seller_key, :expires_at, cast(:state as jsonb))
    on conflict do nothing
    returning seller_id
), product as (
    insert into products (id, seller_id, sale, created_at, cases)
    select :product_id, seller_id, :sale, :at, '[]' from head
    on conflict do nothing
"""
"""A product that is sold is on sale, until operations say otherwise."""

_ROWS = """
with head as ({head}), step as (
    select step.* from head, jsonb_to_recordset(cast(:rows as jsonb)) as step (
        sequence int, at timestamptz, actor_role text, actor_id text, cause text, effect text, source text, target text,
        ruling text, content jsonb, order_id text, key text, receipt jsonb, hash text, notice_id text, notice_type text,
        notice text
    )
), event as (
    insert into events (process, sequence, at, actor_role, actor_id, cause, effect, source, target, ruling, content,
        order_id, key, receipt, hash)
    select :process, sequence, at, actor_role, actor_id, cause, effect, source, target, ruling, content, order_id, key,
        receipt, hash
    from step order by sequence
), message as (
    insert into messages (process, sequence, cause, recipient_role, at, text_zh, text_en)
    select :process, one.sequence, one.cause, one.recipient_role, one.at, one.text_zh, one.text_en
    from head, jsonb_to_recordset(cast(:messages as jsonb)) as one (
        sequence int, cause text, recipient_role text, at timestamptz, text_zh text, text_en text
    )
), notice as (
    insert into notices (subscription_id, message_id, type, at, body, state, attempts, next_due_at)
    select wanted.id, step.notice_id, step.notice_type, step.at, step.notice, 'pending', 0, now()
    from step, subscriptions as wanted, jsonb_to_recordset(cast(:listeners as jsonb)) as listener (role text, id text)
    where wanted.disabled_at is null and wanted.owner_role = listener.role
        and (listener.id is null or wanted.owner_id = listener.id)
    order by step.sequence
), callback as (
    insert into callbacks (key, process, sequence, delivery_id, body, at, attempts, next_due_at, report_at)
    select told.key, :process, told.sequence, told.delivery_id, told.body, told.at, 0, now(), told.report_at
    from head, jsonb_to_recordset(cast(:callbacks as jsonb)) as told (
        key text, sequence int, delivery_id text, body text, at timestamptz, report_at timestamptz
    )
    on conflict do nothing
), done as (
    delete from intents where process = :process and key in (select key from step)
)
select count(*) from head
"""
"""One statement: nothing of a step is ever there without the rest, and no second round trip is waited for."""

_REGISTER = text(_ROWS.format(head=_FIRST))
_STATEMENTS = {table: text(_ROWS.format(head=_NEXT.format(table=table))) for table in TABLES.values()}


def _append(connection: Connection, process: ProcessRef, carried: Carried, tip: Tip) -> bool:
    """Append the rows if the ledger ends there; False when somebody was faster."""
    rows = _parameters(carried, tip.hash)
    values = {"process": process.name, "id": process.id, "known": tip.sequence, **rows}
    return bool(connection.execute(_STATEMENTS[process.table], values).scalar_one())


def _parameters(carried: Carried, hash_before: str) -> dict[str, object]:
    """What the statement takes of rows and of the head after them."""
    steps, chained = [], hash_before
    for row in carried.rows:
        chained = _chained(chained, row)
        steps.append(_step(row, chained))
    return {
        "last": carried.rows[-1].sequence,
        "hash": chained,
        "state": carried.state,
        "rows": json.dumps(steps),
        # Rows of one process concern the same parties.
        "listeners": json.dumps([one.model_dump(mode="json") for one in listeners(carried.rows[0].notice)]),
        "messages": json.dumps([one for row in carried.rows for one in _messages(row)]),
        "callbacks": json.dumps([_callback(row) for row in carried.rows if row.order_status is not None]),
        **_columns(carried.head),
    }


def _columns(head: Head) -> dict[str, object]:
    return dict(head) | {"waiting_on": str(head.waiting_on)}


def _step(row: Row, chained: str) -> dict[str, object]:
    content = json.loads(row.content)
    return {
        "sequence": row.sequence,
        "at": row.at.isoformat(),
        "actor_role": row.actor.role,
        "actor_id": row.actor.id,
        "cause": row.cause,
        "effect": row.effect,
        "source": row.source,
        "target": row.target,
        "ruling": row.ruling,
        "content": content,
        "order_id": content.get("order_id"),
        "key": row.key,
        "receipt": json.loads(row.receipt) if row.receipt else None,
        "hash": chained,
        "notice_id": row.notice.id,
        "notice_type": row.notice.type,
        "notice": row.notice.model_dump_json(exclude={"id"}),
    }


def _messages(row: Row) -> list[dict[str, object]]:
    return [
        {
            "sequence": row.sequence,
            "cause": row.cause,
            "recipient_role": message.to,
            "at": row.at.isoformat(),
            "text_zh": message.text.zh,
            "text_en": message.text.en,
        }
        for message in row.messages
    ]


def _callback(row: Row) -> dict[str, object]:
    told = row.order_status
    assert told is not None  # noqa: S101 - asked for only then
    return {
        "key": told.key,
        "sequence": row.sequence,
        "delivery_id": told.delivery_id,
        "body": told.body,
        "at": told.at.isoformat(),
        "report_at": (row.hear_by or told.at).isoformat(),
    }


def _chained(hash_before: str, row: Row) -> str:
    """SHA-256 over a row and the hash of the row before."""
    covered = {
        "before": hash_before,
        "sequence": row.sequence,
        "at": row.at.isoformat(),
        "actor": row.actor.model_dump(),
        "cause": row.cause,
        "source": row.source,
        "target": row.target,
        "content": json.loads(row.content),
    }
    return hashlib.sha256(canonical(covered)).hexdigest()
