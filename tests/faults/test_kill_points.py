"""Parts are killed at the exact points where a command could be lost or done twice; nothing is, whoever comes next."""

import asyncio
import json
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import cast

import httpx
import pytest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError, RPCStatusCode

from domain.order import ProductType
from launcher.programs import Program, free_port, is_listening
from launcher.stack import ROOT, Stack, temporary_folder
from sandbox.cases import Case, World, causes, history, proof, stage_of
from sandbox.client import Answer, Json
from sandbox.life import Life
from settings.faults import Point
from tests.support import assert_eventually, opened_world, persist

MONTH: Json = {"unit": "month", "number": 1}
SECONDS = 90


@dataclass
class Armed:
    """A stack with fault points, a second API beside the first, and the folder in which points are armed."""

    stack: Stack
    second_api: Program
    second_url: str
    folder: Path

    def arm(self, point: Point, victim: str, comers: int) -> None:
        """Have the victim killed when so many have come to the point."""
        self.folder.joinpath(f"{point}.arrived").unlink(missing_ok=True)
        self.folder.joinpath(point).write_text(f"{comers}\n{self._pid(victim)}\n")

    def disarm(self) -> None:
        """Let everybody pass again."""
        for file in self.folder.iterdir():
            file.unlink()

    def _pid(self, victim: str) -> str:
        process = self.program(victim).process
        assert process is not None
        return "self" if victim == "api" else str(process.pid)

    def program(self, victim: str) -> Program:
        """A part of the stack by name."""
        return cast("Program", getattr(self.stack, victim))


@pytest.fixture(scope="module")
def armed() -> Iterator[Armed]:
    with temporary_folder("test") as folder:
        faults = folder / "faults"
        faults.mkdir()
        settings = {
            "DELIVERY_FAULT_FOLDER": str(faults),
            "DELIVERY_TEMPORAL_TIMEOUT_SECONDS": "4",
            "DELIVERY_COLLECT_AFTER_SECONDS": "5",
        }
        stack = Stack(folder, settings=settings)
        port = free_port(taken=dict(stack.layout.ports).values())
        second = Program(
            name="second api",
            command=stack.api.command,
            log=stack.logs / "second-api.log",
            is_ready=lambda: is_listening(port),
            environment={**stack.environment, "DELIVERY_API_PORT": str(port)},
            folder=ROOT,
        )
        stack.start()
        second.start()
        second.wait_until_ready()
        yield Armed(stack, second, f"http://127.0.0.1:{port}", faults)
        second.stop()
        stack.stop()


@pytest.fixture
async def world(armed: Armed) -> AsyncIterator[World]:
    async with opened_world(armed.stack) as opened:
        yield opened


class Struck:
    """A process that is struck in the middle of a command: what the command is, and what comes after it."""

    def __init__(self, case: Case) -> None:
        self.case = case

    async def prepare(self) -> None:
        """Bring it to where the command is legal."""
        await self.case.start()

    async def command(self) -> Answer:
        """The command that is struck; again and again under one key."""
        return await self.case.world.seller.give(self.case.id, "deliver", DELIVERY, key="struck")

    async def another(self) -> Answer:
        """Another party's command, legal whether the struck one was decided or not."""
        appeal = {"reason": "No answer", "claim": "Close it"}
        return await self.case.world.buyer.give(self.case.id, "appeal", appeal, key="another")

    async def pass_time(self) -> None:
        """The clock acts, if it has something to do."""
        await self.case.pass_time(timedelta(days=9))

    async def read(self) -> Json:
        """What is on record."""
        return await self.case.world.manager.read(self.case.id)

    @property
    def process(self) -> str:
        """Its name in the engine."""
        return f"delivery:{self.case.id}"

    @property
    def cause(self) -> str:
        """The row of the command."""
        return "deliver"


DELIVERY = proof()


class StruckInstance(Struck):
    """The same for what lives on."""

    async def prepare(self) -> None:
        """Have an instance."""
        self.case.changes["period"] = MONTH
        await self.case.start()
        await self.case.until_stage("completed")
        self.life = await Life.of(self.case)

    async def command(self) -> Answer:
        """A renewal; its order line is its key."""
        return await self.life.operate("renew", f"RN{self.case.order_id}", period=MONTH)

    async def another(self) -> Answer:
        """An upgrade."""
        return await self.life.operate("upgrade", f"UP{self.case.order_id}", product_id="P-2002")

    async def pass_time(self) -> None:
        """A reminder, if it was not renewed."""
        await self.life.pass_time(timedelta(days=17))

    async def read(self) -> Json:
        """What is on record."""
        return await self.life.read()

    @property
    def process(self) -> str:
        """Its name in the engine."""
        return f"instance:{self.case.id}"

    @property
    def cause(self) -> str:
        """The row of the command."""
        return "renew"


async def the_same_again(struck: Struck) -> None:
    assert (await persist(struck.command)).status == 200


async def another_command(struck: Struck) -> None:
    assert (await persist(struck.another)).status == 200


async def the_clock(struck: Struck) -> None:
    await struck.pass_time()


async def nobody(_: Struck) -> None:
    return


FOLLOWERS: tuple[Callable[[Struck], Awaitable[None]], ...] = (the_same_again, another_command, the_clock, nobody)

STRIKES = [
    (Point.BEFORE_UPDATE, "api"),
    (Point.BEFORE_WRITE, "api"),
    (Point.BEFORE_WRITE, "temporal"),
    (Point.BEFORE_WRITE, "worker"),
    (Point.BEFORE_WRITE, "postgres"),
    (Point.TASK_DECIDED, "worker"),
    (Point.TASK_DECIDED, "temporal"),
]


@pytest.mark.parametrize(("point", "victim"), STRIKES)
async def test_a_part_killed_at_a_point_loses_nothing_and_nothing_happens_twice(
    armed: Armed, world: World, point: Point, victim: str
) -> None:
    struck: list[Struck] = [Struck(Case(world, "struck", ProductType.LICENSE_OFFLINE)) for _ in FOLLOWERS]
    struck += [StruckInstance(Case(world, "struck", ProductType.SAAS_INSTANT)) for _ in FOLLOWERS]
    ear = await subscribe(world, armed)
    await asyncio.gather(*(one.prepare() for one in struck))
    armed.arm(point, victim, len(struck))
    answers = await asyncio.gather(*(one.command() for one in struck), return_exceptions=True)
    program = armed.program(victim)
    assert program.process is not None
    assert await asyncio.to_thread(program.process.wait, 10) == -9, "nobody was killed: the point was not reached"
    armed.disarm()
    program.start()
    await asyncio.to_thread(program.wait_until_ready)
    followers = [*FOLLOWERS, *FOLLOWERS]
    await asyncio.gather(*(follow(one) for follow, one in zip(followers, struck, strict=True)))
    client = await Client.connect(armed.stack.layout.temporal_address, data_converter=pydantic_data_converter)
    for one, answer in zip(struck, answers, strict=True):
        await assert_sound(client, one, answer)
        await assert_told_once(world, ear, one)


async def subscribe(world: World, armed: Armed) -> str:
    """The purchase system listens to every step of every order; tells the address's name."""
    name = secrets.token_hex(6)
    url = f"{armed.stack.layout.sandbox_url}/subscriber/{name}"
    assert (await world.purchase.post("/v1/subscriptions", {"url": url})).status == 201
    return name


async def assert_told_once(world: World, ear: str, struck: Struck) -> None:
    """A subscriber hears of the struck step under one id, as often as it is on record."""
    kind = struck.process.partition(":")[0]
    count = causes(await struck.read()).count(struck.cause)

    async def ids() -> set[str]:
        heard = cast("list[Json]", (await world.sandbox.get(f"/subscriber/{ear}")).json())
        told = [(json.loads(str(one["body"])), cast("Json", one["headers"])) for one in heard]
        return {
            str(headers["webhook-id"])
            for notice, headers in told
            if (notice["type"], notice["data"]["delivery_id"]) == (f"{kind}.{struck.cause}", struck.case.id)
        }

    await assert_eventually(ids, lambda seen: len(seen) == count)


async def assert_sound(client: Client, struck: Struck, answer: Answer | BaseException) -> None:
    """Ledger and engine agree without anybody asking; the late caller gets the first answer; one effect each."""

    async def both() -> tuple[int, list[int]]:
        rows = [int(str(event["sequence"])) for event in history(await struck.read())]
        return await decided(client, struck.process, len(rows)), rows

    engine, rows = await assert_eventually(both, lambda seen: seen[0] == len(seen[1]))
    assert rows == list(range(1, engine + 1)), "the ledger is a prefix of the engine, without gaps"
    seen = await struck.read()
    count = causes(seen).count(struck.cause)
    assert count <= 1, causes(seen)
    if isinstance(answer, Answer) and answer.status == 200:
        assert count == 1, "what was answered is on record"
    late, later = await persist(struck.command), await persist(struck.command)
    if count == 1:
        assert late.status == later.status == 200, (late, causes(seen))
        assert late.json_body == later.json_body
        assert late.json_body["sequence"] == causes(seen).index(struck.cause) + 1
    assert causes(await struck.read()).count(struck.cause) <= 1
    await assert_one_effect(struck)


async def decided(client: Client, process: str, otherwise: int) -> int:
    """How far the engine is; one whose first task is still delayed has decided nothing."""
    try:
        number: int = await client.get_workflow_handle(process).query("sequence", result_type=int)
    except RPCError as error:
        if error.status is not RPCStatusCode.FAILED_PRECONDITION:
            raise
        return otherwise
    return number


async def assert_one_effect(struck: Struck) -> None:
    """The seller was told once of what was decided; the purchase system heard of each end once."""
    if isinstance(struck, StruckInstance):
        await struck.life.until_told()
        renewals = await struck.case.effect(f"refreshInstance RENEWAL RN{struck.case.order_id}")
        assert renewals == causes(await struck.read()).count("renew")
    heard = [str(cast("Json", one["status"])["order_id"]) for one in await struck.case.purchase_heard()]
    assert len(heard) == len(set(heard))


async def test_two_api_processes_take_one_partys_commands_once(armed: Armed, world: World) -> None:
    case = Case(world, "two", ProductType.LICENSE_OFFLINE)
    await case.start()
    second = httpx.AsyncClient(base_url=armed.second_url, headers=world.seller.http.headers, timeout=40)
    path, key = f"/v1/deliveries/{case.id}/deliver", {"Idempotency-Key": "both"}

    async def give(http: httpx.AsyncClient) -> httpx.Response:
        return await http.post(path, json=DELIVERY, headers=key)

    answers = await asyncio.gather(*(give(http) for http in (world.seller.http, second) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert causes(await world.manager.read(case.id)) == ["started", "deliver"]
    await second.aclose()


async def test_two_api_processes_racing_commands_leave_one_history(armed: Armed, world: World) -> None:
    case = Case(world, "two", ProductType.LICENSE_OFFLINE)
    await case.start()
    await case.give(world.seller, "deliver", DELIVERY)
    second = httpx.AsyncClient(base_url=armed.second_url, headers=world.buyer.http.headers, timeout=40)
    path = f"/v1/deliveries/{case.id}"

    async def appeal(http: httpx.AsyncClient, number: int) -> int:
        fields = {"reason": f"{number}", "claim": "x"}
        headers = {"Idempotency-Key": f"appeal-{number}"}
        filed = (await http.post(f"{path}/appeal", json=fields, headers=headers)).status_code
        headers = {"Idempotency-Key": f"withdraw-{number}"}
        await http.post(f"{path}/withdraw-appeal", json={}, headers=headers)
        return filed

    clients = (world.buyer.http, second)
    answers = await asyncio.gather(*(appeal(clients[number % 2], number) for number in range(20)))
    seen = await world.manager.read(case.id)
    assert [event["sequence"] for event in history(seen)] == list(range(1, len(history(seen)) + 1))
    assert causes(seen).count("appeal") == answers.count(200) >= 1
    assert stage_of(seen) == "buyer-acceptance"
    await second.aclose()


async def test_a_row_that_nobody_asked_for_survives_its_writer(armed: Armed, world: World) -> None:
    case = Case(world, "struck", ProductType.LICENSE_OFFLINE, {"acceptance_days": 3})
    await case.start()
    await case.give(world.seller, "deliver", DELIVERY)
    worker = armed.stack.worker
    assert worker.process is not None
    armed.arm(Point.BEFORE_RECORD, "worker", 1)
    passing = asyncio.create_task(case.pass_time(timedelta(days=3, minutes=1)))
    assert await asyncio.to_thread(worker.process.wait, 20) == -9
    armed.disarm()
    await asyncio.to_thread(bring_back, worker)
    await passing
    done = await case.until_stage("completed")
    assert causes(done) == ["started", "deliver", "remind", "auto-accept"]
    await case.until(lambda seen: any(call["succeeded"] for call in cast("list[Json]", seen["calls"])))
    assert len(await case.purchase_heard()) == 1


def bring_back(program: Program) -> None:
    program.start()
    program.wait_until_ready()


def test_the_points_are_off_where_no_folder_is_named() -> None:
    assert "DELIVERY_FAULT_FOLDER" not in os.environ
