"""The one place that knows how the product's own parts are called and set: everything else uses HTTP."""

import asyncio
import os
from datetime import UTC, datetime

from temporalio.client import Client

from api.delivery import commands
from bench.load import Order
from bench.orders import ACCEPT, DELIVER, delivery_id, offline_license
from database import ledger
from database.session import at_once
from domain.delivery import records
from domain.delivery.command_spec import CommandName
from domain.delivery.commands import Command
from domain.delivery.stage_commands import Accept, Deliver
from domain.delivery.state import DeliveryStart
from domain.delivery.terms import terms_of
from domain.order import Order as DeliveryOrder
from domain.policy import Policy
from domain.proof import Proof
from gateway import starting
from gateway.connection import connect
from launcher.stack import Stack
from sandbox.cases import proof
from sandbox.parties import BUYER, PURCHASE, SELLER
from settings import settings

STICKY_SETTING: str | None = "DELIVERY_WORKER_STICKY_SECONDS"
"""Sets the seconds that a task waits for the worker that has its workflow in memory; None: the product has no such."""


async def client_of(stack: Stack) -> Client:
    """A client of the engine as the API has it; this process takes on the stack's settings."""
    os.environ.update(stack.environment)
    settings.cache_clear()
    return await connect()


def sticky_settings(seconds: float) -> dict[str, str]:
    """What a stack is started with for a sticky timeout."""
    return {STICKY_SETTING: str(seconds)} if STICKY_SETTING else {}


def workflow_id(name: str) -> str:
    """The workflow of a delivery."""
    return f"delivery:{name}"


def life_id(name: str) -> str:
    """The workflow of what a delivery left."""
    return f"instance:{name}"


def order_by_updates(client: Client) -> Order:
    """An offline license with everything but the HTTP API between the parties and the engine."""
    sent = offline_license()
    order = DeliveryOrder.model_validate(sent)
    body = Deliver(proof=Proof.model_validate(proof()["proof"]))
    deliver = Command(name=CommandName.DELIVER, actor=SELLER, key=DELIVER, body=body)
    accept = Command(name=CommandName.ACCEPT, actor=BUYER, key=ACCEPT, body=Accept())

    begun = DeliveryStart(order=order, terms=terms_of(order, Policy()), at=datetime.now(UTC))

    def register() -> None:
        at_once(lambda connection: ledger.register(connection, begun, records.started(begun, PURCHASE)))

    async def start() -> None:
        await asyncio.to_thread(register)
        await starting.start(client, begun)

    return Order(
        delivery_id(sent),
        start,
        (
            lambda: commands.give(client, order.delivery_id, deliver),
            lambda: commands.give(client, order.delivery_id, accept),
        ),
    )
