"""The engine is a cache of the ledger: its whole data is deleted, and nothing of the business is lost."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import cast

import pytest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.contrib.pydantic import pydantic_data_converter

from domain.order import ProductType
from launcher.stack import Stack, temporary_folder
from sandbox.cases import PARCEL, REQUEST, Case, World, calls, causes, history, parked_calls, proof, stage_of
from sandbox.client import Json
from sandbox.life import Life
from tests.faults.ways import WAYS, Move, begun, delivered
from tests.support import assert_eventually, drift, opened_world, persist

MONTH: Json = {"unit": "month", "number": 1}
COPIES = 10
ORDERS_AT_ONCE = 12
STEPS = 1500


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with temporary_folder("test") as folder:
        running = Stack(folder)
        running.start()
        yield running
        running.stop()
        for program in (running.worker, running.api):
            assert "unforeseen" not in (log := program.log.read_text()), log[-4000:]


@pytest.fixture
async def world(stack: Stack) -> AsyncIterator[World]:
    async with opened_world(stack) as opened:
        yield opened


async def client_of(stack: Stack) -> Client:
    return await Client.connect(stack.layout.temporal_address, data_converter=pydantic_data_converter)


@dataclass
class Lost:
    """An order of which the engine knew, and how it stood."""

    case: Case
    before: Json = field(default_factory=dict)
    ends: str = "completed"


NEXT: dict[str, tuple[str, str, Json]] = {
    "buyer-request": ("buyer", "submit-request", REQUEST),
    "seller-confirmation": ("seller", "confirm-request", {}),
    "service-step": ("seller", "finish-step", {}),
    "code-submission": ("buyer", "submit-code", {}),
    "shipping": ("seller", "ship", PARCEL),
    "code-delivery": ("seller", "deliver", {}),
    "code-claim": ("buyer", "claim-code", {}),
    "platform-review": ("reviewer", "pass-review", {}),
    "buyer-acceptance": ("buyer", "accept", {}),
    "goods-acceptance": ("buyer", "accept", {}),
}
"""What brings an order on from a stage."""


async def finish(lost: Lost) -> None:
    """Bring an order to its end as its parties would have, had nothing happened."""
    case = lost.case
    for _ in range(20):
        seen = await case.world.manager.read(case.id)
        if stage_of(seen) in {"completed", "refunded"}:
            break
        await step(case, seen)
    seen = await case.until_stage(lost.ends)
    events = [int(str(event["sequence"])) for event in history(seen)]
    assert events == list(range(1, len(events) + 1))
    assert causes(seen)[: len(causes(lost.before))] == causes(lost.before), "nothing that was on record is gone"


async def step(case: Case, seen: Json) -> None:
    """Give the one command, or let the one thing happen, that the order waits for."""
    world, stage = case.world, stage_of(seen)
    if seen["frozen"]:
        request = cast("list[Json]", seen["refund_requests"])
        if request and request[-1]["phase"] == "asked":
            await case.give(world.buyer, "withdraw-refund")
        else:
            await case.give(world.manager, "decide-appeal", {"ruling": "resume", "reason": "Go on"})
    elif stage in NEXT:
        role, command, fields = NEXT[stage]
        await case.give(getattr(world, role), command, fields)
    elif stage == "seller-delivery":
        if case.product_type is ProductType.SAAS_SUPERVISED and seen["instance_id"] is None:
            await case.pass_time(timedelta(minutes=16))
            await case.until(lambda seen: seen["instance_id"] is not None)
        await case.give(world.seller, "deliver", proof(None, "base-acceptance-form"))
    elif stage == "proof-upload":
        await case.give(world.seller, "upload-proof", proof())
    elif stage == "code-activation":
        code = str((await world.buyer.read(case.id))["license_code"])
        assert (await case.activate(code)).json_body["error_code"] == "92020000"
    elif stage == "seller-provisioning" and parked_calls(seen):
        await case.give(world.seller, "restart-call", {"activity": "newInstance"})
    elif stage in {"seller-provisioning", "unsubscribing", "license-delivery", "deployment"}:
        await case.until(lambda seen: stage_of(seen) != stage)
    else:
        raise AssertionError(stage)


async def at_most(few: asyncio.Semaphore, work: Awaitable[object]) -> None:
    async with few:
        await work


@pytest.mark.timeout(400)
async def test_the_engines_whole_data_is_deleted_and_every_order_ends_as_it_would_have(
    stack: Stack, world: World
) -> None:
    orders = [Lost(Case(world, move.__name__, kind)) for kind, move in WAYS for _ in range(COPIES)]
    moves = [move for _, move in WAYS for _ in range(COPIES)]
    few = asyncio.Semaphore(ORDERS_AT_ONCE)
    await asyncio.gather(*(at_most(few, move(one.case)) for move, one in zip(moves, orders, strict=True)))
    lives = await living(world)
    for one in orders:
        one.before = await world.manager.read(one.case.id)
        one.ends = "refunded" if stage_of(one.before) == "unsubscribing" else "completed"
    # Without the workers, whose own sweep would have brought half of them back before anybody typed a command.
    stack.worker.stop()
    await delete_the_engine(stack)
    mended = await drift(stack, "--mend")
    assert mended.returncode == 0, mended.stdout
    stack.worker.start()
    await asyncio.to_thread(stack.worker.wait_until_ready)
    assert f"{len(orders) + len(lives)} lost" in mended.stdout, mended.stdout
    await asyncio.gather(*(at_most(few, finish(one)) for one in orders))
    await asyncio.gather(*(finish_life(life) for life in lives))
    await assert_one_end_each(orders)
    await assert_eventually(lambda: drift(stack), lambda seen: seen.returncode == 0)


async def living(world: World) -> list[Life]:
    """Instances alive: one in peace, one with a renewal that the seller refuses and another behind it."""
    lives = []
    for mood in ("healthy", "forbidding"):
        case = Case(world, "living", ProductType.SAAS_INSTANT, changes={"period": MONTH})
        await case.start()
        await case.until_stage("completed")
        life = await Life.of(case)
        await case.behave(mood=mood)
        await life.done("renew", f"RA{case.order_id}", period=MONTH)
        if mood == "forbidding":
            await life.done("renew", f"RB{case.order_id}", period=MONTH)
            await life.until(lambda seen: bool(seen["parked_calls"]))
        else:
            await life.until_told()
        lives.append(life)
    return lives


async def finish_life(life: Life) -> None:
    """What was parked is restarted, what waited behind it follows, and the end comes at its time."""
    seen = await life.read()
    if seen["parked_calls"]:
        await life.case.behave(mood="healthy")
        path, body = f"/v1/instances/{life.case.id}/restart-call", {"activity": "refreshInstance"}
        assert (await persist(lambda: life.case.world.seller.post(path, body, "k"))).status == 200
    await life.until_told()
    for name in ("RA", "RB")[: causes(seen).count("renew")]:
        assert await life.case.effect(f"refreshInstance RENEWAL {name}{life.case.order_id}") == 1
    await life.done("release", f"UN{life.case.order_id}")
    await life.until_told()
    assert await life.case.effect("released") == 1


async def assert_one_end_each(orders: list[Lost]) -> None:
    for one in orders:
        await one.case.until(lambda seen: any(call["succeeded"] for call in calls(seen, "orderStatus")))
        heard = Counter(str(cast("Json", told["status"])["status"]) for told in await one.case.purchase_heard())
        assert heard == {one.ends: 1}, (one.case.title, heard)
        if one.case.product_type in {ProductType.SAAS_INSTANT, ProductType.SAAS_SUPERVISED}:
            assert await one.case.effect("created") == 1, one.case.title


async def delete_the_engine(stack: Stack) -> None:
    """The data is gone; an empty engine takes its place, and the API finds it by itself."""
    stack.temporal.kill()
    for file in stack.folder.glob("engine.sqlite*"):
        file.unlink()
    stack.temporal.start()
    await asyncio.to_thread(stack.temporal.wait_until_ready)


async def test_a_terminated_order_is_found_and_goes_on(stack: Stack, world: World) -> None:
    case = Case(world, "terminated", ProductType.LICENSE_OFFLINE)
    await delivered(case)
    client = await client_of(stack)
    await client.get_workflow_handle(f"delivery:{case.id}").terminate()
    await assert_eventually(lambda: drift(stack), lambda seen: f"lost  delivery:{case.id}" in seen.stdout)
    assert (await drift(stack, "--mend")).returncode == 0
    await case.pass_time(timedelta(days=15, minutes=1))
    done = await case.until_stage("completed")
    assert causes(done) == ["started", "deliver", "remind", "remind", "auto-accept"]


async def test_the_same_order_handed_over_again_brings_a_lost_one_back(stack: Stack, world: World) -> None:
    case = Case(world, "terminated", ProductType.LICENSE_OFFLINE)
    order = case.order()
    await world.purchase.start(order)
    await case.give(world.seller, "deliver", proof())
    client = await client_of(stack)
    await client.get_workflow_handle(f"delivery:{case.id}").terminate()
    assert (await world.purchase.start(order)).status == 200
    await persist(lambda: world.buyer.give(case.id, "accept", key="accept"))
    await case.until_stage("completed")


@pytest.mark.parametrize("move", [begun, delivered])
async def test_cancel_in_the_temporal_ui_ends_no_order_and_is_asked_about(
    stack: Stack, world: World, move: Move
) -> None:
    case = Case(world, "cancelled", ProductType.LICENSE_OFFLINE)
    await move(case)
    handle = (await client_of(stack)).get_workflow_handle(f"delivery:{case.id}")
    await handle.cancel()
    if move is begun:
        await case.give(world.seller, "deliver", proof())
    seen = await case.until(lambda seen: "cancellation-asked" in causes(seen))
    assert "say what it meant" in str((await world.manager.read(case.id))["messages"])
    assert seen["status"] == "processing"
    await case.give(world.buyer, "accept")
    await case.until_stage("completed")
    assert (await handle.describe()).status is WorkflowExecutionStatus.COMPLETED


async def test_an_order_of_1500_steps_continues_as_new_and_ends(stack: Stack, world: World) -> None:
    case = Case(world, "long", ProductType.LICENSE_OFFLINE)
    await case.start()
    await case.give(world.seller, "deliver", proof())
    handle = (await client_of(stack)).get_workflow_handle(f"delivery:{case.id}")
    first = (await handle.describe()).run_id
    few = asyncio.Semaphore(ORDERS_AT_ONCE)

    async def report() -> None:
        answer = await persist(lambda: world.purchase.report(case.id, "invoice-returned"))
        assert answer.status == 202, answer

    await asyncio.gather(*(at_most(few, report()) for _ in range(STEPS)))
    assert (await handle.describe()).run_id != first, "it has continued as new"
    assert (await persist(lambda: world.buyer.give(case.id, "accept", key="end"))).status == 200
    done = await case.until_stage("completed")
    events = [int(str(event["sequence"])) for event in history(done)]
    assert events == list(range(1, len(events) + 1))
    assert causes(done).count("invoice-returned") >= STEPS
    assert causes(done)[-1] == "accept"
