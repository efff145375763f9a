"""The pages in ``docs/flows/``: one per product type, drawn from the tables of stages and flows."""

from domain.catalog import Catalog, FlowEntry, StageEntry, StepEntry, catalog
from domain.text import Text

NOTICE = "<!-- Made by `make docs` from domain/stages.py and domain/flows.py. -->\n"


def pages() -> dict[str, str]:
    """Every page by its file name."""
    published = catalog()
    made = {f"{flow.product_type}.md": _flow_page(flow) for flow in published.flows}
    return {"README.md": _overview(published), **made}


def _title(label: Text) -> str:
    return f"{label.en} · {label.zh}"


def _overview(published: Catalog) -> str:
    lines = [NOTICE, "# Flows", "", "How each product type gets from paid to completed or refunded.", ""]
    lines += [f"- [{_title(flow.label)}]({flow.product_type}.md)" for flow in published.flows]
    lines += ["", "## Commands", "", "| command | by | |", "| --- | --- | --- |"]
    lines += [f"| `{one.name}` | {', '.join(one.by)} | {_title(one.label)} |" for one in published.commands]
    lines += ["", "At every stage until the end: " + _names(published.any_time) + "."]
    lines += [
        "While an appeal is open, both sides are frozen and no clock runs: " + _names(published.during_appeal) + "."
    ]
    lines += ["While a refund request waits, no clock runs: " + _names(published.during_refund_request) + "."]
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
    lines += ["```", "", "A refund agreed at any stage, or a failed provisioning, leads to `unsubscribing`.", ""]
    lines += ["| stage | must act | missing | commands and events | clock |", "| --- | --- | --- | --- | --- |"]
    lines += [_row(stage) for stage in flow.stages]
    lines += ["", "Commands legal at every stage, and during a freeze: see [the overview](README.md#commands)."]
    return "\n".join(lines) + "\n"


def _node(name: str) -> str:
    return name.replace("-", "_")


def _cause(step: StepEntry) -> str:
    review = {True: " (reviewed orders)", False: " (orders without review)", None: ""}
    return f"{step.cause}{review[step.only_reviewed]}"


def _row(stage: StageEntry) -> str:
    does = _names((*stage.commands, *stage.events)) or "–"
    clock = ", ".join(f"{tick.act} {tick.days_before_end:g} days before the end" for tick in stage.clock)
    clock = clock.replace("auto-accept 0 days before the end", "auto-accept at the end") or "–"
    proof = " (with proof)" if stage.needs_proof else ""
    actor = _title(stage.waiting_on_label)
    return f"| {_title(stage.label)} | {actor} | {_title(stage.missing)} | {does}{proof} | {clock} |"
