"""The pages in ``docs/flows/``: one per flow, drawn from the tables of stages and flows; and the decision table."""

from domain.bilingual import Bilingual
from domain.delivery.catalog import Catalog, FlowEntry, StageEntry, StepEntry, catalog
from domain.policy import Policy
from launcher.rules_page import rules_page

NOTICE = "<!-- Made by `make docs` from the tables in domain/. -->\n"


def pages() -> dict[str, str]:
    """Every page by its file name."""
    published = catalog(Policy())
    made = {f"{flow.name}.md": _flow_page(flow) for flow in published.flows}
    return {"README.md": _overview(published), "rules.md": NOTICE + rules_page(Policy()), **made}


def _title(label: Bilingual) -> str:
    return f"{label.en} · {label.zh}"


def _overview(published: Catalog) -> str:
    lines = [NOTICE, "# Flows", "", "How each product type gets from paid to completed or refunded.", ""]
    lines += [f"- [{_title(flow.label)}]({flow.name}.md)" for flow in published.flows]
    lines += ["", "Which order gets which flow, review, proof and clocks: [the decision table](rules.md)."]
    lines += [
        "",
        "## Versions of the rules",
        "",
        "An order follows the rules of the day it was placed (China time).",
        "",
    ]
    lines += ["| version | placed from | change |", "| --- | --- | --- |"]
    lines += [f"| {one.number} | {one.since or 'ever'} | {_title(one.change)} |" for one in published.rule_versions]
    lines += ["", "## Commands", "", "| command | by | |", "| --- | --- | --- |"]
    lines += [f"| `{one.name}` | {', '.join(one.by)} | {_title(one.label)} |" for one in published.commands]
    lines += ["", "At every stage until the end: " + _names(published.any_time) + "."]
    lines += ["While an appeal is open: " + _names(published.during_appeal) + "."]
    lines += ["While a refund by ruling waits for a second manager: " + _names(published.during_ruling) + "."]
    lines += [
        f"While a refund request is {phase}: {_names(names)}." for phase, names in published.during_refund.items()
    ]
    lines += ["", "## Events", "", "Reported by platform systems.", ""]
    lines += [f"- `{one.name}`: {_title(one.label)}" for one in published.events]
    lines += ["", "## Clocks", "", "A clock that a freeze stops keeps the time it had left.", ""]
    lines += ["| clock | | stopped by |", "| --- | --- | --- |"]
    lines += [f"| {one.name} | {_title(one.label)} | {', '.join(one.stopped_by) or '–'} |" for one in published.clocks]
    lines += ["", "## Calls to the seller", "", "| call | tried for | every | then |", "| --- | --- | --- | --- |"]
    lines += [
        f"| `{one.activity}` | {one.window_minutes:g} min | {one.every_minutes:g} min | {one.after} |"
        for one in published.seller_calls
    ]
    return "\n".join(lines) + "\n"


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _flow_page(flow: FlowEntry) -> str:
    lines = [NOTICE, f"# {_title(flow.label)}", "", "```mermaid", "stateDiagram-v2"]
    lines += [f'    state "{_title(stage.label)}" as {_node(stage.name)}' for stage in flow.stages]
    lines += [f"    [*] --> {_node(flow.first)}"]
    lines += [f"    {_node(step.source)} --> {_node(step.target)}: {_cause(step)}" for step in flow.steps]
    lines += ["    unsubscribing --> refunded: refund-carried-out"]
    lines += [f"    {_node(stage.name)} --> [*]" for stage in flow.stages if stage.is_end]
    lines += ["```", ""]
    lines += ["From any stage, a refund that is agreed or ruled, or a failed provisioning, leads to `unsubscribing`;"]
    lines += ["the ruling that closes an order as accepted leads to `completed`.", ""]
    lines += ["| stage | must act | missing | commands and events | clock |", "| --- | --- | --- | --- | --- |"]
    lines += [_row(stage) for stage in flow.stages]
    lines += ["", "Commands legal at every stage, and during a freeze: see [the overview](README.md#commands)."]
    return "\n".join(lines) + "\n"


def _node(name: str) -> str:
    return name.replace("-", "_")


def _cause(step: StepEntry) -> str:
    return f"{step.cause} ({step.when})" if step.when else step.cause


def _row(stage: StageEntry) -> str:
    does = _names((*stage.commands, *stage.events)) or "–"
    proof = " (with proof)" if stage.needs_proof else ""
    actor = _title(stage.waiting_on_label)
    return f"| {_title(stage.label)} | {actor} | {_title(stage.missing)} | {does}{proof} | {stage.clock or '–'} |"
