"""Each way in which ledger, engine and purchase system can come apart: it is listed, explained, and mended."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import cast

import pytest
from sqlalchemy import create_engine, text
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import WorkflowIDReusePolicy
from temporalio.contrib.pydantic import pydantic_data_converter

from domain.delivery.command_spec import CommandName
from domain.delivery.commands import Command
from domain.delivery.stage_commands import Deliver
from domain.delivery.state import DeliveryStart
from domain.order import ProductType
from domain.proof import Proof
from domain.recorded import Recorded
from domain.step import Ask, Outcome
from launcher.stack import Stack, temporary_folder
from sandbox.cases import Case, World, calls, causes, proof
from sandbox.life import Life
from tests.support import assert_eventually, drift, opened_world
from workflows.registry import WORKFLOWS


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with temporary_folder("test") as folder:
        running = Stack(folder)
        running.start()
        yield running
        running.stop()


@pytest.fixture
async def world(stack: Stack) -> AsyncIterator[World]:
    async with opened_world(stack) as opened:
        yield opened


@pytest.fixture
async def client(stack: Stack) -> Client:
    return await Client.connect(stack.layout.temporal_address, data_converter=pydantic_data_converter)


@pytest.fixture
def case(world: World) -> Case:
    return Case(world, "drift", ProductType.LICENSE_OFFLINE)


def sql(stack: Stack, statement: str, **values: object) -> list[object]:
    engine = create_engine(stack.database_url)
    with engine.begin() as connection:
        done = connection.execute(text(statement), values)
        found: list[object] = [tuple(row) for row in done] if done.returns_rows else []
    engine.dispose()
    return found


async def assert_found_and_mended(stack: Stack, kind: str, name: str) -> None:
    mended = await drift(stack, "--mend")
    assert f"{kind}  {name}" in mended.stdout, mended.stdout
    assert f"1 {kind}: " in mended.stdout, "it is explained"
    assert (mended.returncode, "1 mended, 0 failed" in mended.stdout) == (0, True), mended.stdout
    agreed = await assert_eventually(lambda: drift(stack), lambda seen: seen.returncode == 0)
    assert "agree" in agreed.stdout


async def start_with(client: Client, start: DeliveryStart, recorded: Recorded) -> None:
    """Run a process that believes the ledger to be where it was earlier."""
    await client.start_workflow(
        WORKFLOWS[start.order.product.type].run,  # type: ignore[attr-defined]
        start.model_copy(update={"recorded": recorded}),
        id=f"delivery:{start.order.delivery_id}",
        task_queue="deliveries",
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
    )


def recorded_now(stack: Stack, case: Case) -> tuple[DeliveryStart, Recorded]:
    query = "select start::text, sequence, state::text from deliveries where id = :id"
    (row,) = sql(stack, query, id=case.id)
    start, sequence, state = cast("tuple[str, int, str]", row)
    return DeliveryStart.model_validate_json(start), Recorded(sequence=sequence, is_open=True, state=state)


async def test_a_lost_process_is_started_from_the_ledger(stack: Stack, client: Client, case: Case) -> None:
    await case.start()
    await client.get_workflow_handle(f"delivery:{case.id}").terminate()
    await assert_found_and_mended(stack, "lost", f"delivery:{case.id}")
    await case.give(case.world.seller, "deliver", proof())


async def test_rows_that_nobody_wrote_are_written(stack: Stack, client: Client, case: Case) -> None:
    await case.start()
    body = Deliver(proof=Proof.model_validate(proof()["proof"]))
    deliver = Command(name=CommandName.DELIVER, actor=case.world.seller.actor, key="k", body=body)
    handle = client.get_workflow_handle(f"delivery:{case.id}")
    await handle.execute_update("deliver", Ask(asked=deliver, known=1), id="k", result_type=Outcome)
    assert causes(await case.world.seller.read(case.id)) == ["started"]
    await assert_found_and_mended(stack, "unwritten", f"delivery:{case.id}")
    assert causes(await case.world.seller.read(case.id)) == ["started", "deliver"]


async def test_a_process_behind_its_ledger_starts_anew_from_it(stack: Stack, client: Client, case: Case) -> None:
    await case.start()
    start, early = recorded_now(stack, case)
    await case.give(case.world.seller, "deliver", proof())
    await client.get_workflow_handle(f"delivery:{case.id}").terminate()
    await start_with(client, start, early)
    await assert_found_and_mended(stack, "behind", f"delivery:{case.id}")
    await case.give(case.world.buyer, "accept")
    assert causes(await case.until_stage("completed")) == ["started", "deliver", "accept"]


async def test_an_asker_that_knows_more_than_the_process_has_it_start_anew(
    stack: Stack, client: Client, case: Case
) -> None:
    await case.start()
    start, early = recorded_now(stack, case)
    await case.give(case.world.seller, "deliver", proof())
    await client.get_workflow_handle(f"delivery:{case.id}").terminate()
    await start_with(client, start, early)
    await case.give(case.world.buyer, "accept")
    assert causes(await case.until_stage("completed")) == ["started", "deliver", "accept"]


async def test_a_process_that_runs_after_its_end_ends(stack: Stack, client: Client, case: Case) -> None:
    await case.start()
    start, early = recorded_now(stack, case)
    await case.give(case.world.seller, "deliver", proof())
    await case.give(case.world.buyer, "accept")
    handle = client.get_workflow_handle(f"delivery:{case.id}")
    await handle.result()
    await start_with(client, start, early)
    await assert_found_and_mended(stack, "undead", f"delivery:{case.id}")
    assert (await handle.describe()).status is WorkflowExecutionStatus.COMPLETED
    assert causes(await case.world.seller.read(case.id)) == ["started", "deliver", "accept"]
    assert len(await case.purchase_heard()) == 1


async def test_a_missed_clock_is_found_and_the_process_woken(stack: Stack, case: Case) -> None:
    await case.start()
    await case.give(case.world.seller, "deliver", proof())
    sql(stack, "update deliveries set due_at = now() - interval '1 hour' where id = :id", id=case.id)
    listed = await drift(stack)
    assert listed.returncode == 1, "what is only listed is not mended"
    assert f"overdue  delivery:{case.id}" in listed.stdout
    assert (await drift(stack, "--mend")).returncode == 0
    await case.give(case.world.buyer, "accept")
    assert (await drift(stack)).returncode == 0


async def test_an_instance_that_was_never_begun_is_begun(stack: Stack, case: Case) -> None:
    await case.start()
    await case.give(case.world.seller, "deliver", proof())
    await case.give(case.world.buyer, "accept")
    change = """
        update deliveries set product_type = 'saas-instant',
            start = jsonb_set(start, '{order,product,type}', '"saas-instant"'),
            state = jsonb_set(state, '{instance_id}', '"i-forgotten"')
        where id = :id
    """
    sql(stack, change, id=case.id)
    await assert_found_and_mended(stack, "no-instance", case.id)
    assert (await (await Life.of(case)).read())["instance_id"] == "i-forgotten"


async def test_a_command_that_was_cut_off_is_collected(stack: Stack, case: Case) -> None:
    await case.start()
    stack.worker.stop()
    insert = "insert into intents (process, key, at) values (:process, 'cut', now() - interval '1 hour')"
    sql(stack, insert, process=f"delivery:{case.id}")
    await assert_found_and_mended(stack, "unfinished", f"delivery:{case.id}")
    stack.worker.start()
    await asyncio.to_thread(stack.worker.wait_until_ready)


async def test_what_was_not_heard_is_told_again_at_once(stack: Stack, case: Case) -> None:
    path = f"/purchase/orders/{case.id}/refusing"
    (await case.world.sandbox.put(path)).raise_for_status()
    await case.start()
    await case.give(case.world.seller, "deliver", proof())
    await case.give(case.world.buyer, "accept")
    await case.until(lambda seen: bool(calls(seen, "orderStatus")))
    back = "update callbacks set at = at - interval '4 hours', next_due_at = now() + interval '9 minutes' where {}"
    sql(stack, back.format("delivery_id = :id"), id=case.id)
    (await case.world.sandbox.delete(path)).raise_for_status()
    await assert_found_and_mended(stack, "unheard", f"{case.id}:completed:1")
    assert len(await case.purchase_heard()) == 1


async def test_a_sweep_of_the_workers_brings_a_lost_order_back_by_itself(
    stack: Stack, client: Client, case: Case
) -> None:
    await case.start()
    handle = client.get_workflow_handle(f"delivery:{case.id}")
    await handle.terminate()
    sql(stack, "update deliveries set changed_at = now() - interval '1 minute' where id = :id", id=case.id)
    stack.worker.stop()
    stack.worker.start()  # Its first sweep is at once.
    await asyncio.to_thread(stack.worker.wait_until_ready)

    async def status() -> WorkflowExecutionStatus | None:
        return (await handle.describe()).status

    await assert_eventually(status, lambda seen: seen is WorkflowExecutionStatus.RUNNING)
    await case.pass_time(timedelta(days=1))
    await case.give(case.world.seller, "deliver", proof())
