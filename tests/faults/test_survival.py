"""Parts are killed in the middle of the work and brought back: every order ends right, nothing happens twice."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import httpx
import pytest
from temporalio.client import Client

from domain.order import ProductType
from launcher.programs import Program
from launcher.stack import Stack, temporary_folder
from sandbox.cases import REQUEST, Case, World, causes, file, history, proof, stage_of
from sandbox.client import Json, Party, pauses
from tests.support import assert_problem, new_case, opened_world, persist

PATIENCE_SECONDS = 120
OUTAGE_SECONDS = 60


@pytest.fixture(scope="module")
def fragile() -> Iterator[Stack]:
    with temporary_folder("test") as folder:
        running = Stack(folder, settings={"DELIVERY_TEMPORAL_TIMEOUT_SECONDS": "5"})
        running.start()
        yield running
        running.stop()


@pytest.fixture
async def fragile_world(fragile: Stack) -> AsyncIterator[World]:
    async with opened_world(fragile) as opened:
        yield opened


@dataclass
class Progress:
    """Counts what was acknowledged, so that a fault can strike in the middle."""

    done: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def step(self) -> None:
        self.done += 1
        self.changed.set()

    async def reaches(self, number: int) -> None:
        while self.done < number:
            self.changed.clear()
            await self.changed.wait()


class Journey:
    """One order driven to its end by parties who do not give up."""

    def __init__(self, case: Case, progress: Progress) -> None:
        self.case = case
        self.progress = progress

    async def start(self) -> None:
        order = self.case.order()
        answer = await persist(lambda: self.case.world.purchase.start(order))
        assert answer.status in {200, 201}, answer
        self.progress.step()

    async def give(self, party: Party, command: str, fields: Mapping[str, object] | None = None) -> None:
        answer = await persist(lambda: party.give(self.case.id, command, fields, key=command))
        assert answer.status == 200, answer
        self.progress.step()

    async def reach(self, holds: Callable[[Json], bool]) -> Json:
        """What is seen once it holds; while a part is away nothing is seen."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            for pause in pauses():
                with suppress(httpx.HTTPError):
                    if holds(seen := await self.case.world.manager.read(self.case.id)):
                        return seen
                await asyncio.sleep(pause)
        raise AssertionError("pauses have no end")


async def offline_license(journey: Journey) -> str:
    await journey.start()
    await journey.give(journey.case.world.seller, "deliver", proof())
    await journey.give(journey.case.world.buyer, "accept")
    return "completed"


async def manual_service(journey: Journey) -> str:
    world = journey.case.world
    await journey.start()
    await journey.give(world.buyer, "submit-request", REQUEST)
    await journey.give(world.seller, "confirm-request")
    await journey.give(world.seller, "deliver", proof())
    await journey.give(world.buyer, "appeal", {"reason": "x", "claim": "y"})
    await journey.give(world.manager, "decide-appeal", {"ruling": "resume", "reason": "z"})
    await journey.give(world.buyer, "accept")
    return "completed"


async def instant_saas(journey: Journey) -> str:
    await journey.start()
    return "completed"


async def refunded_saas(journey: Journey) -> str:
    world = journey.case.world
    await journey.start()
    await journey.give(world.buyer, "submit-request", REQUEST)
    await journey.reach(lambda seen: seen["instance_id"] is not None)
    await journey.give(world.buyer, "request-refund", {"amount": "10.00", "reason": "x"})
    await journey.give(world.seller, "agree-refund")
    return "refunded"


COPIES_IN_FLIGHT = 13
"""Of each kind: 52 orders."""

MAX_EVENTS = {
    ProductType.LICENSE_OFFLINE: 45,
    ProductType.MANUAL_SERVICE: 100,
    ProductType.SAAS_INSTANT: 45,
    ProductType.SAAS_SUPERVISED: 100,
}
"""What an outage may cost an order: an attempt of an activity costs no event, a repeated command none either."""

KINDS = (
    (ProductType.LICENSE_OFFLINE, offline_license),
    (ProductType.MANUAL_SERVICE, manual_service),
    (ProductType.SAAS_INSTANT, instant_saas),
    (ProductType.SAAS_SUPERVISED, refunded_saas),
)


async def travel(journey: Journey, drive: Callable[[Journey], Awaitable[str]]) -> None:
    end = await drive(journey)
    seen = await journey.reach(lambda seen: stage_of(seen) == end and told(seen))
    await assert_nothing_twice_nothing_missing(journey.case, seen)


def told(seen: Json) -> bool:
    return any(call["activity"] == "orderStatus" and call["succeeded"] for call in seen["calls"])  # type: ignore[attr-defined]


async def assert_nothing_twice_nothing_missing(case: Case, seen: Json) -> None:
    events = history(seen)
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    steps = causes(seen)
    assert len(steps) == len(set(steps)), "every step of these journeys happens once"
    provisioned = case.product_type in {ProductType.SAAS_INSTANT, ProductType.SAAS_SUPERVISED}
    assert await case.effect("created") == int(provisioned)
    assert await case.effect("released") == int(case.product_type is ProductType.SAAS_SUPERVISED)
    assert len(await case.purchase_heard()) == 1


async def all_arrive(world: World, copies: int, strike: Callable[[Progress], Awaitable[None]]) -> list[Case]:
    progress = Progress()
    journeys = [
        (Journey(Case(world, "fault", product_type), progress), drive)
        for product_type, drive in KINDS
        for _ in range(copies)
    ]
    await asyncio.gather(strike(progress), *(travel(journey, drive) for journey, drive in journeys))
    return [journey.case for journey, _ in journeys]


async def bring_back(program: Program) -> None:
    program.start()
    await asyncio.to_thread(program.wait_until_ready)


@pytest.mark.parametrize("victim", ["worker", "temporal", "postgres", "api"])
async def test_a_killed_part_comes_back_and_every_order_ends_right(
    fragile: Stack, fragile_world: World, victim: str
) -> None:
    program: Program = getattr(fragile, victim)

    async def strike(progress: Progress) -> None:
        await progress.reaches(12)
        program.kill()
        await bring_back(program)

    await all_arrive(fragile_world, 4, strike)


async def test_an_outage_of_the_database_for_60_s_fails_no_order(fragile: Stack, fragile_world: World) -> None:
    order_in_between = Case(fragile_world, "fault", ProductType.LICENSE_OFFLINE)

    async def strike(progress: Progress) -> None:
        await progress.reaches(60)
        fragile.postgres.kill()
        order = order_in_between.order()
        assert_problem(await fragile_world.purchase.start(order), 503, "service-unavailable")
        await asyncio.sleep(OUTAGE_SECONDS)
        await bring_back(fragile.postgres)

    cases = await all_arrive(fragile_world, COPIES_IN_FLIGHT, strike)
    client = await Client.connect(fragile.layout.temporal_address)
    for case in cases:
        events = len((await client.get_workflow_handle(f"delivery:{case.id}").fetch_history()).events)
        assert events <= MAX_EVENTS[case.product_type], (case.product_type, events)


async def test_an_absent_engine_is_503_with_retry_after_and_the_order_starts_when_it_is_back(
    fragile: Stack, fragile_world: World
) -> None:
    case = Case(fragile_world, "fault", ProductType.LICENSE_OFFLINE)
    order = case.order()
    fragile.temporal.kill()
    answer = await fragile_world.purchase.http.post("/v1/deliveries", json=order)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert (await fragile_world.purchase.http.get("/health/ready")).status_code == 503
    assert (await fragile_world.purchase.http.get("/health/live")).status_code == 200
    await bring_back(fragile.temporal)
    assert (await persist(lambda: fragile_world.purchase.start(order))).status == 200
    await persist(lambda: fragile_world.seller.give(case.id, "deliver", proof(), key="deliver"))


async def test_a_stopped_worker_leaves_commands_to_be_repeated(fragile: Stack, fragile_world: World) -> None:
    case = Case(fragile_world, "fault", ProductType.LICENSE_OFFLINE)
    await case.start()
    await case.until(lambda seen: causes(seen) == ["started"])
    fragile.worker.stop()
    delivery = proof()
    answer = await fragile_world.seller.give(case.id, "deliver", delivery, key="deliver")
    assert_problem(answer, 503, "service-unavailable")
    await bring_back(fragile.worker)
    again = await persist(lambda: fragile_world.seller.give(case.id, "deliver", delivery, key="deliver"))
    assert again.status == 200
    assert causes(await fragile_world.manager.read(case.id)) == ["started", "deliver"]


async def test_a_worker_killed_during_a_seller_call_does_not_cost_the_order_an_hour(
    fragile: Stack, fragile_world: World
) -> None:
    case = Case(fragile_world, "fault", ProductType.SAAS_INSTANT)
    await case.behave(mood="slow", seconds=4)
    await case.start()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (await case.seller_saw())["calls"]:  # noqa: ASYNC110 - polls another process
            await asyncio.sleep(0.1)
    fragile.worker.kill()
    await bring_back(fragile.worker)
    await Journey(case, Progress()).reach(lambda seen: stage_of(seen) == "completed" and told(seen))
    assert await case.effect("created") == 1


async def test_an_order_that_grows_too_large_is_not_prolonged_and_still_ends(fragile_world: World) -> None:
    case = new_case(fragile_world)
    await case.start()
    await case.give(case.world.seller, "deliver", proof())
    huge = {"reason": "理" * 2000, "claim": "由" * 2000, "attachments": [file("x" * 200) for _ in range(20)]}
    for _ in range(80):
        answer = await case.world.buyer.give(case.id, "appeal", huge)
        if answer.status != 200:
            break
        await case.give(case.world.buyer, "withdraw-appeal")
    assert_problem(answer, 409, "too-many-commands")
    await case.give(case.world.buyer, "accept")
    await case.until_stage("completed")
