"""What every kind of process shows the operator in the Temporal UI: the line above its card, calls that wait."""

from domain.order import Order
from domain.seller.open_calls import CallBook


def summary(order: Order) -> str:
    """One line that names the delivery: type, order, seller."""
    return f"{order.product.type} · {order.order_id} · {order.seller_id}"


def parked(book: CallBook) -> list[str]:
    """Lines of the card for the calls that wait for a restart."""
    return [f"- **Seller call waits for a restart** `{call.activity}`: {call.reason[:200]}" for call in book.parked]
