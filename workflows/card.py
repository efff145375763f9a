"""The Markdown card an operator sees in the Temporal UI, and the line above it."""

from domain.call_book import CallBook
from domain.explain import missing, waiting_on
from domain.instances import STATUS_LABELS, InstanceState
from domain.order import Order
from domain.parties import ROLE_LABELS
from domain.state import State


def summary(order: Order) -> str:
    """One line that names the delivery: type, order, seller."""
    return f"{order.product.type} · {order.order_id} · {order.seller_id}"


def card(state: State) -> str:
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
    lines.extend(_parked(state))
    lines.append(f"- **API** `/v1/deliveries/{state.order.delivery_id}`")
    return "\n".join(lines)


def _parked(book: CallBook) -> list[str]:
    return [f"- **Seller call waits for a restart** `{call.activity}`: {call.reason[:200]}" for call in book.parked]


def instance_card(state: InstanceState) -> str:
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
    lines += [*_parked(state), f"- **API** `/v1/instances/{state.order.delivery_id}`"]
    return "\n".join(lines)
