"""The published form of flows, stages and permissions: what ``GET /v1/flows`` and ``docs/flows/`` show."""

from datetime import date, timedelta

from pydantic import BaseModel

from domain.bilingual import Bilingual
from domain.delivery.clocks import CLOCKS
from domain.delivery.command_spec import Legal
from domain.delivery.commands import COMMANDS, legal_while
from domain.delivery.flows import PRODUCT_TYPES, Edge, Flow
from domain.delivery.grounds import WAITING_PHASES
from domain.delivery.stages import Stage
from domain.delivery.terms import RULE_VERSIONS, RuleVersion
from domain.events import REPORTED
from domain.order import ProductType, Scenario
from domain.parties import ROLE_LABELS, Role
from domain.policy import Policy
from domain.seller.calls import CallName, retry_window


class CommandEntry(BaseModel):
    """A command and who may give it."""

    name: str
    label: Bilingual
    by: tuple[Role, ...]


class EventEntry(BaseModel):
    """An event that platform systems report."""

    name: str
    label: Bilingual


class ClockEntry(BaseModel):
    """A clock, and which freezes stop it."""

    name: str
    label: Bilingual
    stopped_by: tuple[str, ...]


class StageEntry(BaseModel):
    """A stage of a flow."""

    name: str
    label: Bilingual
    waiting_on: Role
    waiting_on_label: Bilingual
    missing: Bilingual
    commands: tuple[str, ...]
    events: tuple[str, ...]
    clock: str | None
    needs_proof: bool
    is_end: bool


class StepEntry(BaseModel):
    """A legal step from stage to stage."""

    source: str
    cause: str
    target: str
    when: str | None


class FlowEntry(BaseModel):
    """One way from paid to completed."""

    name: str
    product_type: ProductType
    label: Bilingual
    first: str
    stages: tuple[StageEntry, ...]
    steps: tuple[StepEntry, ...]


class RuleVersionEntry(BaseModel):
    """The rules of orders placed from a day on."""

    number: int
    since: date | None
    reviews_all_joint_operation: bool
    reviewed_scenarios: tuple[Scenario, ...]
    closes_after_365_days: bool
    mandatory_documents: tuple[str, ...]
    change: Bilingual


class RetryEntry(BaseModel):
    """How long a seller call is repeated, and what follows."""

    activity: CallName
    window_minutes: float
    every_minutes: float
    after: str


class Catalog(BaseModel):
    """Everything that is legal, as data."""

    flows: tuple[FlowEntry, ...]
    rule_versions: tuple[RuleVersionEntry, ...]
    policy: Policy
    commands: tuple[CommandEntry, ...]
    events: tuple[EventEntry, ...]
    clocks: tuple[ClockEntry, ...]
    any_time: tuple[str, ...]
    during_appeal: tuple[str, ...]
    during_ruling: tuple[str, ...]
    during_refund: dict[str, tuple[str, ...]]
    seller_calls: tuple[RetryEntry, ...]


def _stage(stage: Stage) -> StageEntry:
    return StageEntry(
        name=stage.name,
        label=stage.label,
        waiting_on=stage.waiting_on,
        waiting_on_label=ROLE_LABELS[stage.waiting_on],
        missing=stage.missing,
        commands=stage.commands,
        events=stage.events,
        clock=stage.clock,
        needs_proof=stage.needs_proof,
        is_end=stage.is_end,
    )


def _step(edge: Edge) -> StepEntry:
    return StepEntry(
        source=edge.source,
        cause=edge.cause,
        target=edge.target,
        when=edge.when,
    )


def _flow(product_type: ProductType, flow: Flow) -> FlowEntry:
    return FlowEntry(
        name=flow.name,
        product_type=product_type,
        label=flow.label,
        first=flow.first,
        stages=tuple(_stage(stage) for stage in flow.stages),
        steps=tuple(_step(edge) for edge in flow.edges),
    )


def _rule_version(version: RuleVersion) -> RuleVersionEntry:
    return RuleVersionEntry(
        number=version.number,
        since=version.since,
        reviews_all_joint_operation=version.reviews_all,
        reviewed_scenarios=version.reviewed_scenarios,
        closes_after_365_days=version.closes_old,
        mandatory_documents=version.mandatory_documents,
        change=version.change,
    )


def _retry(activity: CallName, policy: Policy) -> RetryEntry:
    window, minute = retry_window(activity, policy), timedelta(minutes=1)
    return RetryEntry(
        activity=activity,
        window_minutes=window.window / minute,
        every_minutes=window.every / minute,
        after=window.after,
    )


def catalog(policy: Policy) -> Catalog:
    """Build the catalog from the tables, under this policy."""
    return Catalog(
        flows=tuple(_flow(one.type, flow) for one in PRODUCT_TYPES.values() for flow in one.flows),
        rule_versions=tuple(_rule_version(version) for version in RULE_VERSIONS),
        policy=policy,
        commands=tuple(
            CommandEntry(name=name, label=body.spec.label, by=tuple(sorted(body.spec.by)))
            for name, body in COMMANDS.items()
        ),
        events=tuple(EventEntry(name=name, label=spec.label) for name, spec in REPORTED.items()),
        clocks=tuple(
            ClockEntry(name=name, label=spec.label, stopped_by=tuple(sorted(spec.stopped_by)))
            for name, spec in CLOCKS.items()
        ),
        any_time=legal_while(Legal.ANY_TIME),
        during_appeal=legal_while(Legal.DURING_APPEAL),
        during_ruling=legal_while(Legal.DURING_RULING),
        during_refund={phase: legal_while(phase) for phase in WAITING_PHASES},
        seller_calls=tuple(_retry(activity, policy) for activity in CallName),
    )
