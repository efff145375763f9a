"""What an operator sees of an instance in the Temporal UI: the Markdown card, the search attributes."""

from domain.instance.state import STATUS_LABELS, InstanceState
from workflows.card import parked
from workflows.search_attributes import Shown


def card(state: InstanceState) -> str:
    """Status, end, what the clock does next, what the seller is still to be told."""
    label, due = STATUS_LABELS[state.status], state.next_due
    lines = [
        f"### {label.en} · {label.zh}",
        "",
        f"- **Order** `{state.order.order_id}` line `{state.order.order_line_id}`",
        f"- **Product** `{state.product_id}`, seller `{state.order.seller_id}`",
    ]
    if state.expires_at is not None:
        lines.append(f"- **Ends** {state.expires_at:%Y-%m-%d %H:%M:%S} UTC")
    if due is not None:
        lines.append(f"- **Next** {due.act} at {due.at:%Y-%m-%d %H:%M:%S} UTC")
    if state.calls:
        lines.append(f"- **To be told to the seller** {', '.join(call.activity for call in state.calls)}")
    lines += [*parked(state), f"- **API** `/v1/instances/{state.order.delivery_id}`"]
    return "\n".join(lines)


def shown(state: InstanceState) -> Shown:
    """What its search attributes say."""
    due = state.next_due
    return Shown(
        stage=f"instance-{state.status}",
        waiting_on=state.waiting_on,
        due_at=due.at if due else None,
        under_appeal=False,
        seller_call_failing=bool(state.parked),
        sequence=state.sequence,
    )
