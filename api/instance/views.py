"""What readers of an instance see."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, Field, TypeAdapter

from api.delivery.views import MessageView, message_view
from database.models import EventRow, InstanceReportRow, InstanceRow, Json, MessageRow
from database.secrets import unseal
from domain.bilingual import Bilingual
from domain.instance.operations import OperationName
from domain.instance.records import instance_from
from domain.instance.rules import operations
from domain.instance.state import STATUS_LABELS, InstanceDue, InstanceKind, InstanceState, InstanceStatus, Renewal
from domain.parties import Actor, Role
from domain.seller.calls import CallName
from domain.seller.instance_reports import Access, InstanceUsage
from domain.seller.open_calls import ParkedCall


class InstanceSummary(BaseModel):
    """An instance in a list."""

    delivery_id: str
    seller_id: str
    buyer_id: str
    product_id: str
    kind: InstanceKind
    instance_id: str | None
    status: InstanceStatus
    label: Bilingual
    trial: bool
    since: datetime
    expires_at: datetime | None
    next_act: InstanceDue | None = Field(description="What the clock does next, and when")
    to_be_told: tuple[CallName, ...] = Field(description="Calls that the seller is still to get, in order")
    parked_calls: tuple[ParkedCall, ...] = Field(description="Calls that wait for a restart, and why")


class ReportView(BaseModel):
    """What the seller last told of the instance."""

    at: datetime
    front_end_url: str | None
    admin_url: str | None
    access: Access | None = Field(description="Name, password and memo; shown to the buyer")
    usage: tuple[InstanceUsage, ...]


class InstanceEventView(BaseModel):
    """One step of the history."""

    sequence: int
    at: datetime
    actor: Actor
    cause: str
    content: Json
    hash: str


class InstanceView(InstanceSummary):
    """An instance with all that happened."""

    allowed_operations: tuple[OperationName, ...] = Field(description="Operations that the caller could ask for now")
    renewals: tuple[Renewal, ...]
    report: ReportView | None = Field(description="Links and usage, as the seller last told them")
    history: tuple[InstanceEventView, ...]
    messages: tuple[MessageView, ...]


def instance_state(row: InstanceRow) -> InstanceState:
    """The instance's state as the ledger has it."""
    return instance_from(row.state, row.start["order"], row.start["policy"])


def instance_summary(row: InstanceRow) -> InstanceSummary:
    """An instance for a list."""
    state = instance_state(row)
    return InstanceSummary(
        delivery_id=row.id,
        seller_id=row.seller_id,
        buyer_id=row.buyer_id,
        product_id=state.product_id,
        kind=state.kind,
        instance_id=state.instance_id,
        status=state.status,
        label=STATUS_LABELS[state.status],
        trial=state.trial,
        since=state.since,
        expires_at=state.expires_at,
        next_act=state.next_due,
        to_be_told=tuple(call.activity for call in state.calls),
        parked_calls=state.parked,
    )


def instance_detail(
    row: InstanceRow,
    reader: Actor,
    events: Sequence[EventRow],
    messages: Sequence[MessageRow],
    report: InstanceReportRow | None,
) -> InstanceView:
    """An instance with all that happened, as this reader may see it."""
    state = instance_state(row)
    is_party = reader.role in {Role.BUYER, Role.SELLER}
    return InstanceView(
        **dict(instance_summary(row)),
        allowed_operations=operations(state, reader.role),
        renewals=tuple(state.renewals),
        report=_report(report, reader) if report else None,
        history=tuple(_event(event) for event in events),
        messages=tuple(message_view(one) for one in messages if not is_party or one.recipient_role == reader.role),
    )


_USAGE = TypeAdapter(tuple[InstanceUsage, ...])


def _report(row: InstanceReportRow, reader: Actor) -> ReportView:
    is_shown = reader.role is Role.BUYER and row.sealed_access is not None
    return ReportView(
        at=row.at,
        front_end_url=row.front_end_url,
        admin_url=row.admin_url,
        access=Access.model_validate_json(unseal(row.sealed_access)) if is_shown and row.sealed_access else None,
        usage=_USAGE.validate_python(row.usage),
    )


def _event(row: EventRow) -> InstanceEventView:
    return InstanceEventView(
        sequence=row.sequence,
        at=row.at,
        actor=Actor(role=Role(row.actor_role), id=row.actor_id),
        cause=row.cause,
        content=row.content,
        hash=row.hash,
    )
