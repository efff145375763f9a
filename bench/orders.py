"""The orders that are driven: an offline license over HTTP, by its parties, and the floor's."""

import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from temporalio.client import Client

from bench.client import HttpClient
from bench.floor import BareOrder
from bench.floor_worker import TASK_QUEUE
from bench.load import Order
from launcher.stack import Layout
from sandbox.cases import proof
from sandbox.client import Json
from sandbox.parties import BUYER, PURCHASE, SELLER

DELIVER = "deliver"
ACCEPT = "accept"


def offline_license() -> Json:
    """An order line of its own, as the purchase system hands it over."""
    order_id = f"B{secrets.token_hex(8)}"
    return {
        "order_id": order_id,
        "order_line_id": f"{order_id}-1",
        "product": {"id": "P-1", "name": "Bench", "type": "license-offline"},
        "seller_id": SELLER.id,
        "buyer_id": BUYER.id,
        "amount": "1.00",
        "placed_at": datetime.now(UTC).isoformat(),
    }


def delivery_id(order: Json) -> str:
    """The delivery's name: order and line."""
    return f"{order['order_id']}:{order['order_line_id']}"


@dataclass(frozen=True)
class Parties:
    """Who drives an order over HTTP, and where its deliveries are."""

    purchase: HttpClient
    seller: HttpClient
    buyer: HttpClient
    path: str

    @classmethod
    def with_tokens(cls, layout: Layout) -> "Parties":
        """The product's parties, each with its token."""
        purchase, seller, buyer = (
            HttpClient(layout.ports.api, {"Authorization": f"Bearer {layout.token(actor)}"})
            for actor in (PURCHASE, SELLER, BUYER)
        )
        return cls(purchase, seller, buyer, "/v1/deliveries")

    @classmethod
    def without_tokens(cls, port: int) -> "Parties":
        """The parties of an application that asks nobody who they are."""
        anybody = HttpClient(port)
        return cls(anybody, anybody, anybody, "/deliveries")

    def order(self) -> Order:
        """An order as they drive it: started, delivered, accepted."""
        order = offline_license()
        name = delivery_id(order)
        return Order(
            name,
            lambda: self.purchase.post(self.path, json.dumps(order).encode()),
            (
                lambda: self.seller.post(f"{self.path}/{name}/{DELIVER}", json.dumps(proof()).encode(), DELIVER),
                lambda: self.buyer.post(f"{self.path}/{name}/{ACCEPT}", b"{}", ACCEPT),
            ),
        )

    def close(self) -> None:
        """Hang up."""
        for party in (self.purchase, self.seller, self.buyer):
            party.close()


def floor_order(client: Client) -> Order:
    """An order of the bare engine; the client is one without our data converter."""
    name = f"floor:{uuid4()}"
    handle = client.get_workflow_handle(name)

    async def start() -> None:
        await client.start_workflow(BareOrder.run, id=name, task_queue=TASK_QUEUE)

    async def step() -> None:
        await handle.execute_update(BareOrder.step)

    return Order(name, start, (step, step))
