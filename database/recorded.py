"""A process as the ledger has it: what the engine needs to start it anew."""

import json

from sqlalchemy import Connection, select, text

from database.ledger import ProcessRef
from database.models import AttemptRow, EventRow
from domain.delivery.state import DeliveryStart
from domain.instance.state import InstanceStart
from domain.process import DELIVERY
from domain.recorded import Ended, Recorded
from domain.step import Effect


class NotOnRecordError(Exception):
    """The ledger has no such process."""


def load(connection: Connection, process: str) -> Recorded:
    """State, how its stages ended, and which calls have succeeded; raises NotOnRecordError."""
    of = ProcessRef(process)
    query = text(f"select sequence, is_open, state from {of.table} where id = :id")  # noqa: S608 - a name of ours
    head = connection.execute(query, {"id": of.id}).one_or_none()
    if head is None:
        raise NotOnRecordError(process)
    return Recorded(
        sequence=head.sequence,
        is_open=head.is_open,
        state=json.dumps(head.state),
        ended=_ended(connection, process, head.sequence),
        finished_calls=_finished_calls(connection, of.id),
    )


def load_start(connection: Connection, process: str) -> DeliveryStart | InstanceStart:
    """What the engine was given when the process began, with what the ledger has of it; raises NotOnRecordError."""
    of = ProcessRef(process)
    query = text(f"select start from {of.table} where id = :id")  # noqa: S608 - a name of ours
    start = connection.execute(query, {"id": of.id}).scalar_one_or_none()
    if start is None:
        raise NotOnRecordError(process)
    model = DeliveryStart if process.partition(":")[0] == DELIVERY else InstanceStart
    return model.model_validate({**start, "recorded": load(connection, process)})


def _ended(connection: Connection, process: str, last: int) -> tuple[Ended, ...]:
    """How the stages ended, up to the row whose state was read: a later one may stand already."""
    query = select(EventRow.source, EventRow.cause, EventRow.effect, EventRow.ruling).filter_by(process=process)
    query = query.where(EventRow.effect != Effect.STAYS, EventRow.sequence <= last).order_by(EventRow.sequence)
    rows = connection.execute(query)
    return tuple(
        Ended.model_validate({"stage": row.source, "cause": row.cause, "effect": row.effect, "ruling": row.ruling})
        for row in rows
    )


def _finished_calls(connection: Connection, delivery_id: str) -> frozenset[str]:
    query = select(AttemptRow.call_key).filter_by(delivery_id=delivery_id, succeeded=True)
    return frozenset(connection.scalars(query))
