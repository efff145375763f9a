"""The published form of flows, stages and permissions: what ``GET /v1/flows`` and ``docs/flows/`` show."""

from datetime import timedelta

from pydantic import BaseModel

from domain.commands import COMMANDS
from domain.flows import FLOWS, Edge, Flow
from domain.order import ProductType
from domain.parties import ROLE_LABELS, Role
from domain.seller_calls import RETRY_WINDOWS, Activity
from domain.stages import ANY_TIME, DURING_APPEAL, DURING_REFUND_REQUEST, Stage
from domain.text import Text


class CommandEntry(BaseModel):
    """A command and who may give it."""

    name: str
    label: Text
    by: tuple[Role, ...]


class ClockEntry(BaseModel):
    """One instant of a stage's clock."""

    days_before_end: float
    act: str


class StageEntry(BaseModel):
    """A stage of a flow."""

    name: str
    label: Text
    waiting_on: Role
    waiting_on_label: Text
    missing: Text
    commands: tuple[str, ...]
    events: tuple[str, ...]
    clock: tuple[ClockEntry, ...]
    needs_proof: bool
    is_end: bool


class StepEntry(BaseModel):
    """A legal step from stage to stage."""

    source: str
    cause: str
    target: str
    only_reviewed: bool | None


class FlowEntry(BaseModel):
    """One product type's flow."""

    product_type: ProductType
    label: Text
    first: str
    stages: tuple[StageEntry, ...]
    steps: tuple[StepEntry, ...]


class RetryEntry(BaseModel):
    """How long a seller call is repeated, and what follows."""

    activity: Activity
    window_minutes: float
    every_minutes: float
    after: str


class Catalog(BaseModel):
    """Everything that is legal, as data."""

    flows: tuple[FlowEntry, ...]
    commands: tuple[CommandEntry, ...]
    any_time: tuple[str, ...]
    during_appeal: tuple[str, ...]
    during_refund_request: tuple[str, ...]
    seller_calls: tuple[RetryEntry, ...]


def _stage(stage: Stage) -> StageEntry:
    clock = (ClockEntry(days_before_end=tick.before_end / timedelta(days=1), act=tick.act) for tick in stage.clock)
    return StageEntry(
        name=stage.name,
        label=stage.label,
        waiting_on=stage.waiting_on,
        waiting_on_label=ROLE_LABELS[stage.waiting_on],
        missing=stage.missing,
        commands=stage.commands,
        events=stage.events,
        clock=tuple(clock),
        needs_proof=stage.needs_proof,
        is_end=stage.is_end,
    )


def _step(edge: Edge) -> StepEntry:
    return StepEntry(
        source=edge.source,
        cause=edge.cause,
        target=edge.target,
        only_reviewed=edge.only_reviewed,
    )


def _flow(flow: Flow) -> FlowEntry:
    return FlowEntry(
        product_type=flow.product_type,
        label=flow.label,
        first=flow.first,
        stages=tuple(_stage(stage) for stage in flow.stages),
        steps=tuple(_step(edge) for edge in flow.edges),
    )


def catalog() -> Catalog:
    """Build the catalog from the tables."""
    minute = timedelta(minutes=1)
    return Catalog(
        flows=tuple(_flow(flow) for flow in FLOWS.values()),
        commands=tuple(
            CommandEntry(name=name, label=spec.label, by=tuple(sorted(spec.by))) for name, spec in COMMANDS.items()
        ),
        any_time=ANY_TIME,
        during_appeal=DURING_APPEAL,
        during_refund_request=DURING_REFUND_REQUEST,
        seller_calls=tuple(
            RetryEntry(
                activity=activity,
                window_minutes=window.window / minute,
                every_minutes=window.every / minute,
                after=window.after,
            )
            for activity, window in RETRY_WINDOWS.items()
        ),
    )
