"""Engine events of one order: the floor's, ours with the same steps, and each of the demo's."""

import asyncio

from temporalio.client import Client, WorkflowHistory
from temporalio.service import RPCError, RPCStatusCode

from bench import product, report
from bench.load import Order
from bench.orders import Parties, floor_order
from bench.rig import floor_worker, running, running_stack
from launcher.demo import open_world
from launcher.stack import Stack
from sandbox.cases import Case, World
from sandbox.scenarios import SCENARIOS


async def drive_to_end(client: Client, order: Order, workflow_id: str) -> int:
    """Drive one order; how many events it left."""
    await order.start()
    for command in order.commands:
        await command()
    return len((await ended(client, workflow_id)).events)


async def ended(client: Client, workflow_id: str) -> WorkflowHistory:
    """The history of a workflow that has ended or is about to."""
    handle = client.get_workflow_handle(workflow_id)
    await handle.result()
    return await handle.fetch_history()


async def of_scenarios(world: World, client: Client) -> None:
    """Play each scenario and print its events, and those of what it left, as far as its life went."""
    for scenario in SCENARIOS:
        case = Case(world, scenario.title, scenario.product_type)
        wrong = await scenario.run(case)
        if wrong is not None:
            raise RuntimeError(f"{scenario.title}: {wrong}")
        events = len((await ended(client, product.workflow_id(case.id))).events)
        report.row([f"demo: {scenario.title}", str(events), await of_life(client, case)])


async def of_life(client: Client, case: Case) -> str:
    """The events so far of what an order left; nothing, if it left nothing that lives on."""
    try:
        history = await client.get_workflow_handle(product.life_id(case.id)).fetch_history()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return ""
    return str(len(history.events))


async def measure(stack: Stack) -> None:
    """Count and print."""
    bare = await Client.connect(stack.layout.temporal_address)
    client = await product.client_of(stack)
    report.table(["order", "engine events", "its instance's, so far"])
    order = floor_order(bare)
    floor = await drive_to_end(bare, order, order.id)
    report.row(["floor: start and two commands", str(floor), ""])
    parties = Parties.with_tokens(stack.layout)
    order = parties.order()
    ours = await drive_to_end(client, order, product.workflow_id(order.id))
    report.row(["offline license, the same steps", f"{ours} ({ours / floor:.1f} × floor)", ""])
    await of_scenarios(await open_world(stack.layout, lambda _title, _what: None), client)
    parties.close()


def run() -> None:
    """Start a stack and the floor's worker, count, stop."""
    with running_stack() as stack, running(floor_worker(stack.layout.temporal_address, stack.logs)):
        asyncio.run(measure(stack))
