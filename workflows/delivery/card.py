"""What an operator sees of a delivery in the Temporal UI: the Markdown card, the search attributes."""

from domain.delivery.clocks import FreezeKind
from domain.delivery.explain import missing, waiting_on
from domain.delivery.state import DeliveryState
from domain.parties import ROLE_LABELS
from workflows.card import parked
from workflows.search_attributes import Shown


def card(state: DeliveryState) -> str:
    """Stage, who must act, until when, what stands in the way."""
    stage = state.current
    freeze = state.open_freeze
    who = ROLE_LABELS[waiting_on(state)]
    lines = [
        f"### {stage.label.en} · {stage.label.zh}",
        "",
        f"- **Order** `{state.order.order_id}` line `{state.order.order_line_id}`",
        f"- **Product** {state.order.product.type}, seller `{state.order.seller_id}`",
        f"- **Since** {state.entered_at:%Y-%m-%d %H:%M:%S} UTC",
    ]
    if not stage.is_end:
        lines.append(f"- **Must act** {who.en} · {who.zh}")
        lines.append(f"- **Missing** {missing(state).en}")
    if state.overdue:
        lines.append("- **Overdue** the seller's own delivery duration is over")
    if state.next_due is not None:
        lines.append(f"- **Next** {state.next_due.act} at {state.next_due.at:%Y-%m-%d %H:%M:%S} UTC")
    if freeze is not None:
        lines.append(
            f"- **Frozen** by {freeze.kind} of the {freeze.author.role} since {freeze.starts_at:%Y-%m-%d %H:%M} UTC"
        )
    lines.extend(parked(state))
    lines.append(f"- **API** `/v1/deliveries/{state.order.delivery_id}`")
    return "\n".join(lines)


def shown(state: DeliveryState) -> Shown:
    """What its search attributes say."""
    freeze, due = state.open_freeze, state.next_due
    return Shown(
        stage=state.stage,
        waiting_on=waiting_on(state),
        due_at=due.at if due else None,
        under_appeal=freeze is not None and freeze.kind is FreezeKind.APPEAL,
        seller_call_failing=bool(state.parked),
        sequence=state.sequence,
    )
