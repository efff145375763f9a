"""``make bench``: the offline-license path against the bare engine, in one run on one stack, as Markdown."""

import asyncio
import os
import secrets
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

from temporalio.client import Client
from workers.client import connect

from api import engine
from bench.bare import TASK_QUEUE, BareOrder
from bench.load import Order, Result, drive
from bench.report import say
from database import ledger
from database.session import transaction
from domain.commands import Accept, Command, CommandName, Deliver
from domain.files import FileReference, FileType
from domain.order import Order as DeliveryOrder
from domain.order import Product, ProductType
from domain.policy import Policy
from domain.proof import Document, DocumentKind, Proof
from domain.state import State
from domain.terms import terms_of
from launcher.programs import Program
from launcher.stack import ROOT, Stack, temporary_folder
from sandbox.cases import Case, World, proof
from sandbox.demo import open_world
from sandbox.parties import BUYER, PURCHASE, SELLER
from sandbox.scenarios import SCENARIOS
from settings import settings
from workflows.registry import workflow_id

CLIENTS = (1, 10, 25)
ORDERS = {1: 30, 10: 100, 25: 150}
ROUNDS = 3


def bare_order(client: Client) -> Order:
    """An order of the bare engine."""
    name = f"bare:{uuid4()}"
    handle = client.get_workflow_handle(name)

    async def start() -> None:
        await client.start_workflow(BareOrder.run, id=name, task_queue=TASK_QUEUE)

    async def step() -> None:
        await handle.execute_update(BareOrder.step)

    return Order(start, (step, step), handle.result)


def offline_license() -> DeliveryOrder:
    """An order line of its own."""
    order_id = f"B{secrets.token_hex(8)}"
    return DeliveryOrder(
        order_id=order_id,
        order_line_id=f"{order_id}-1",
        product=Product(id="P-1", name="Bench", type=ProductType.LICENSE_OFFLINE),
        seller_id=SELLER.id,
        buyer_id=BUYER.id,
        amount=Decimal("1.00"),
        placed_at=datetime.now(UTC),
    )


def delivery_by_updates(client: Client) -> Order:
    """An offline license with everything but the HTTP API between the parties and the engine."""
    order = offline_license()
    file = FileReference(name="a.pdf", type=FileType.PDF, size=1, sha256="0" * 64)
    kinds = (DocumentKind.STATEMENT_OF_WORK, DocumentKind.ACCEPTANCE_DOCUMENT)
    body = Deliver(proof=Proof(documents=tuple(Document(kind=kind, file=file) for kind in kinds)))
    deliver = Command(name=CommandName.DELIVER, actor=SELLER, key="deliver", body=body)
    accept = Command(name=CommandName.ACCEPT, actor=BUYER, key="accept", body=Accept())

    def register() -> State:
        with transaction() as session, session.begin():
            _, row = ledger.register(session, order, terms_of(order, Policy()), PURCHASE)
            return State.model_validate(row.state)

    async def start() -> None:
        await engine.start(client, await asyncio.to_thread(register))

    return Order(
        start,
        (lambda: engine.give(client, order, deliver), lambda: engine.give(client, order, accept)),
        client.get_workflow_handle(workflow_id(order)).result,
    )


def delivery_over_http(world: World, client: Client) -> Order:
    """An offline license, as the parties drive it: over HTTP, with tokens, into the ledger."""
    order = offline_license()

    async def start() -> None:
        answer = await world.purchase.start(order.model_dump(mode="json"))
        assert answer.status == 201, answer  # noqa: PLR2004, S101 - a failed start would spoil the figures

    async def deliver() -> None:
        answer = await world.seller.give(order.delivery_id, "deliver", proof())
        assert answer.status == 200, answer  # noqa: PLR2004, S101

    async def accept() -> None:
        answer = await world.buyer.give(order.delivery_id, "accept")
        assert answer.status == 200, answer  # noqa: PLR2004, S101

    return Order(start, (deliver, accept), client.get_workflow_handle(workflow_id(order)).result)


async def compare(world: World, client: Client) -> None:
    """Measure both, in turns, and print a row for every number of clients."""
    kinds: dict[str, Callable[[], Order]] = {
        "bare engine": lambda: bare_order(client),
        "offline license by Updates": lambda: delivery_by_updates(client),
        "offline license over HTTP": lambda: delivery_over_http(world, client),
    }
    for make in kinds.values():
        await drive(make, 20, 5)
    say("| clients | variant | orders/s | command p50 ms | command p99 ms | orders/s ÷ bare |")
    say("| --- | --- | --- | --- | --- | --- |")
    for clients in CLIENTS:
        results: dict[str, list[Result]] = {kind: [] for kind in kinds}
        for _ in range(ROUNDS):
            for kind, make in kinds.items():
                results[kind].append(await drive(make, ORDERS[clients], clients))
        best = {
            kind: sorted(found, key=lambda one: one.orders_per_second)[ROUNDS // 2] for kind, found in results.items()
        }
        floor = best["bare engine"].orders_per_second
        for kind, result in best.items():
            say(
                f"| {clients} | {kind} | {result.orders_per_second:.1f} | {result.percentile(50):.0f} |"
                f" {result.percentile(99):.0f} | {result.orders_per_second / floor:.2f} |"
            )


async def count_events(world: World, client: Client) -> None:
    """Print the engine events of one order of each kind."""
    bare = bare_order(client)
    await bare.start()
    for command in bare.commands:
        await command()
    await bare.end()
    page = [one async for one in client.list_workflows("WorkflowType = 'BareOrder'", limit=1)]
    floor = len((await client.get_workflow_handle(page[0].id).fetch_history()).events)
    plain = delivery_over_http(world, client)
    await plain.start()
    for command in plain.commands:
        await command()
    await plain.end()
    page = [one async for one in client.list_workflows("WorkflowType = 'OfflineLicenseDelivery'", limit=1)]
    ours = len((await client.get_workflow_handle(page[0].id).fetch_history()).events)
    say("\n| order | engine events |\n| --- | --- |")
    say(f"| bare engine, two human steps | {floor} |")
    say(f"| offline license, the same two steps | {ours} ({ours / floor:.1f} × bare) |")
    for scenario in SCENARIOS:
        case = Case(world, scenario.title, scenario.product_type)
        wrong = await scenario.run(case)
        if wrong is not None:
            raise RuntimeError(wrong)
        handle = client.get_workflow_handle(f"delivery:{case.id}")
        await handle.result()
        say(f"| demo: {scenario.title} | {len((await handle.fetch_history()).events)} |")


async def measure(stack: Stack) -> None:
    """Run everything on the stack."""
    world = await open_world(stack.layout, lambda _title, _what: None)
    client = await connect()
    await compare(world, client)
    await count_events(world, client)


def main() -> None:
    """Start a stack and the bare worker, measure, stop."""
    with temporary_folder("bench") as folder:
        stack = Stack(folder)
        bare_worker = Program(
            name="bare worker",
            command=[sys.executable, "-m", "bench.bare"],
            log=stack.logs / "bare.log",
            is_ready=lambda: bare_worker.has_said("worker ready"),
            environment=stack.environment,
            folder=ROOT,
        )
        os.environ.update(stack.environment)
        settings.cache_clear()
        try:
            stack.start()
            bare_worker.start()
            bare_worker.wait_until_ready()
            asyncio.run(measure(stack))
        finally:
            bare_worker.stop()
            stack.stop()
    sys.stdout.flush()
    os._exit(0)


main()
