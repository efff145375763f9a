"""What the drift sweep reads: open processes in batches, ends without an instance, and how far a ledger is."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from database.ledger import TABLES
from domain.delivery.flows import PRODUCT_TYPES
from domain.order_status import Status

BATCH = 100
"""Processes that are compared at a time: as many names as one visibility query should hold."""


@dataclass(frozen=True)
class OpenProcess:
    """A process that the ledger has open: how far it is, when it last changed, what its clock should do when."""

    process: str
    sequence: int
    changed_at: datetime
    due_at: datetime | None


def batch(connection: Connection, kind: str, after: str, since: datetime | None, until: datetime) -> list[OpenProcess]:
    """The next open processes of a kind that last changed between two instants; None: however long ago."""
    table = TABLES[kind]
    query = text(f"""
        select id, sequence, changed_at, due_at from {table}
        where is_open and id > :after and changed_at <= :until
            and (cast(:since as timestamptz) is null or changed_at > :since)
        order by id limit :most
    """)  # noqa: S608 - a name of ours
    found = connection.execute(query, {"after": after, "since": since, "until": until, "most": BATCH})
    return [OpenProcess(f"{kind}:{row.id}", row.sequence, row.changed_at, row.due_at) for row in found]


def closed(connection: Connection, names: Collection[str]) -> set[str]:
    """Which of these processes the ledger knows to have ended."""
    found: set[str] = set()
    for kind, table in TABLES.items():
        ids = [name.partition(":")[2] for name in names if name.startswith(f"{kind}:")]
        query = text(f"select id from {table} where id = any(:ids) and not is_open")  # noqa: S608 - a name of ours
        found |= {f"{kind}:{name}" for name in connection.scalars(query, {"ids": ids})}
    return found


def without_instance(connection: Connection, until: datetime) -> Sequence[str]:
    """Completed deliveries that should have left something that lives on, and did not."""
    query = text("""
        select id from deliveries
        where status = :completed and product_type = any(:types) and changed_at <= :until
            and not exists (select from instances where instances.id = deliveries.id)
        order by id limit 1000
    """)
    types = [str(one.type) for one in PRODUCT_TYPES.values() if one.leaves is not None]
    return connection.scalars(query, {"completed": Status.COMPLETED, "types": types, "until": until}).all()
