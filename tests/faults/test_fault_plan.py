"""Two hundred orders at a seller that misbehaves by plan: each ends as the retry table says, nothing happens twice."""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from itertools import cycle
from pathlib import Path

import httpx
import pytest
from sqlalchemy import create_engine, text

from domain.order import ProductType
from domain.parties import Actor, Role
from launcher.demo import open_world
from launcher.programs import Program, free_port, is_listening
from launcher.stack import Stack, temporary_folder
from sandbox.cases import Case, World, calls, causes, offsets, parked_calls, proof
from sandbox.client import SHORT_LIVED
from sandbox.parties import MANAGER
from sandbox.production import FaultPlan
from sandbox.standalone import behaviour_of
from tests.support import log_in

FAULTY = Actor(role=Role.SELLER, id="seller-faulty")
ABSENT = Actor(role=Role.SELLER, id="seller-absent")
KEY, OPEN_API_KEYS = "fault-plan-access-key", ("AK-faulty", "fault-plan-secret-key")

SEED = 265
ORDERS_AT_ONCE = 16
HOUR, WINDOW = timedelta(hours=1), timedelta(hours=3, minutes=2)


@dataclass(frozen=True)
class Row:
    """How an order whose creation meets a fault ends: what must be waited for, and when the seller was called."""

    ends: str
    passes: timedelta = WINDOW
    attempts: tuple[int, ...] = (0, 1, 2, 3)
    created: int = 0
    reason: str | None = None


GIVEN_UP = Row("refunded")

ROWS: dict[str, Row] = {
    "slow::1": Row("completed", timedelta(0), (0,), 1),
    "late:1:6": Row("completed", HOUR, (0, 1), 1),
    "crashing:2": Row("completed", 2 * HOUR, (0, 1, 2), 1),
    "processing": Row("completed", timedelta(minutes=16), (0,), 1),
    "fickle": Row("completed", timedelta(0), (0,), 1),
    "hanging::6": GIVEN_UP,
    "dropping": GIVEN_UP,
    "down": GIVEN_UP,
    "crashing": GIVEN_UP,
    "malformed": GIVEN_UP,
    "mistyped": GIVEN_UP,
    "huge": GIVEN_UP,
    "miscoded": GIVEN_UP,
    "forbidding": Row("refunded", attempts=(0,), reason="HTTP 403"),
    "distrusting": Row("refunded", attempts=(0,), reason="000001"),
    "clockless": Row("refunded", attempts=(0,), reason="000002"),
}
"""DOMAIN §5.4, §5.7: repeated hourly for three hours, then refunded; what is refused waits, with its reason."""

REFUSING = "refusing connections"
BODY_SIGNS = ("unsigned", "missigned")
SOFTWARE = ("duplicating", "replaying", "clockless software", "activation before claim")

PLAN = FaultPlan(seed=SEED, behaviours=tuple(behaviour_of(text) for text in ROWS))
DEALT = dict(zip(PLAN.behaviours, ROWS, strict=True))


@pytest.fixture(scope="module")
def ports() -> tuple[int, int]:
    """One for the misbehaving seller, and one on which nobody listens."""
    first = free_port()
    return first, free_port(taken=[first])


@pytest.fixture(scope="module")
def besieged(ports: tuple[int, int]) -> Iterator[Stack]:
    allowed = [f'"127.0.0.1:{port}"' for port in ports]
    with temporary_folder("test") as folder:
        running = Stack(folder, settings={"DELIVERY_SELLER_ADDRESS_ALLOW_LIST": f"[{','.join(allowed)}]"})
        running.start()
        with misbehaving_seller(running, ports[0], folder):
            yield running
        running.stop()


class misbehaving_seller:  # noqa: N801 - used as a function
    """``delivery sandbox seller``, as somebody would start it."""

    def __init__(self, stack: Stack, port: int, folder: Path) -> None:
        words = [sys.executable, "-m", "launcher", "sandbox", "seller", "--name", FAULTY.id, "--port", str(port)]
        words += ["--seed", str(SEED), "--api-url", stack.layout.api_url, "--open-api-access-key", OPEN_API_KEYS[0]]
        words += [word for text in ROWS for word in ("--fault", text)]
        self.program = Program(
            name="seller",
            command=words,
            log=folder / "seller.log",
            is_ready=lambda: is_listening(port),
            environment={"SELLER_ACCESS_KEY": KEY, "SELLER_SECRET_KEY": OPEN_API_KEYS[1]},
        )

    def __enter__(self) -> None:
        self.program.start()
        self.program.wait_until_ready()

    def __exit__(self, *_: object) -> None:
        self.program.stop()


@pytest.fixture(scope="module")
async def worlds(besieged: Stack, ports: tuple[int, int]) -> AsyncIterator[tuple[World, World]]:
    """The world with the misbehaving seller, and the one with the seller that is not there."""
    opened = await open_world(besieged.layout, lambda _title, _what: None)
    manager = log_in(besieged, MANAGER)
    for seller, port in ((FAULTY, ports[0]), (ABSENT, ports[1])):
        connection = {
            "production_url": f"http://127.0.0.1:{port}/seller/{seller.id}/production",
            "access_key": KEY,
            "open_api_access_key": f"AK-{seller.id.removeprefix('seller-')}",
            "open_api_secret_key": OPEN_API_KEYS[1],
        }
        answer = await manager.http.put(f"/v1/sellers/{seller.id}/connection", json=connection)
        assert answer.status_code == 200, answer.text
    http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{ports[0]}", limits=SHORT_LIVED, timeout=60, trust_env=False)
    faulty = replace(opened, seller=log_in(besieged, FAULTY), sandbox=http, open_api_keys=OPEN_API_KEYS)
    absent = replace(opened, seller=log_in(besieged, ABSENT))
    yield faulty, absent
    await asyncio.gather(*(party.http.aclose() for party in (*opened.parties, faulty.seller, absent.seller, manager)))
    await asyncio.gather(opened.sandbox.aclose(), http.aclose())


def order(world: World, number: int, product_type: ProductType, **product: object) -> Case:
    return Case(world, "fault plan", product_type, product=dict(product), order_id=f"FP{number:04d}")


async def create(case: Case, row: Row) -> None:
    """An order whose instance is made, or not, as its row says."""
    await case.start()
    seen = await case.until(lambda seen: bool(calls(seen, "newInstance")))
    if row.reason is not None:
        seen = await case.until(lambda seen: parked_calls(seen) == ["newInstance"])
        assert row.reason in str(seen["parked_calls"])
    if row.passes:
        await case.pass_time(row.passes)
    seen = await case.until_stage(row.ends)
    assert offsets(seen, "newInstance", HOUR) == list(row.attempts)
    await told_once(case)


async def told_once(case: Case) -> None:
    """The purchase system took the end, and nothing waits for anybody."""
    seen = await case.until(lambda seen: any(call["succeeded"] for call in calls(seen, "orderStatus")))
    assert sum(bool(call["succeeded"]) for call in calls(seen, "orderStatus")) == 1
    assert (seen["waiting_on"], seen["parked_calls"]) == (None, [])


async def dealt(case: Case) -> str:
    fault = DEALT[PLAN.behaviour(case.line)]
    row = ROWS[fault]
    await create(case, row)
    assert await case.effect("created") == row.created
    assert await case.effect("released") == 0
    return fault


async def refused_connection(case: Case) -> str:
    await create(case, GIVEN_UP)
    return REFUSING


async def badly_signed(case: Case, fault: str) -> str:
    """A license whose answer is not signed as it must be: parked with the reason, fetched again after a restart."""
    await case.behave(mood=fault)
    await case.start()
    await case.give(case.world.buyer, "submit-code")
    seen = await case.until(lambda seen: parked_calls(seen) == ["getLicense"])
    assert "odySign" in str(seen["parked_calls"]) or "Body-Sign" in str(seen["parked_calls"])
    assert len(calls(seen, "getLicense")) == 1
    await case.behave(mood="healthy")
    await case.give(case.world.seller, "restart-call", {"activity": "getLicense"})
    await case.until_stage("buyer-acceptance")
    assert await case.effect("created") == 1
    await case.give(case.world.buyer, "accept")
    await case.until_stage("completed")
    await told_once(case)
    return fault


async def activated(case: Case, fault: str, database_url: str) -> str:
    """A code that the seller's software activates badly: it counts once, and never too early."""
    claims = fault == "activation before claim"
    if claims:
        case.changes = {"placed_at": "2025-04-10T10:00:00+08:00", "seller_category": "joint-operation"}
    await case.start()
    await case.until(lambda seen: "code-issued" in causes(seen))
    reader = case.world.buyer if claims else case.world.seller
    if claims:
        code = await issued(case, database_url)
        assert await software(case, code) == ["92020004"]
        await case.give(reader, "claim-code")
    seen = await reader.read(case.id)
    code = str(seen["license_code"])
    if fault == "clockless software":
        assert await software(case, code, "clockless") == ["APIG.0301"]
    told = fault if fault in {"duplicating", "replaying"} else "none"
    answers = await software(case, code, told)
    assert answers[0] == "92020000"
    assert answers[1:] in ([], ["92020003"], ["APIG.0301"])
    await case.until_stage("proof-upload")
    seen = await case.world.manager.read(case.id)
    assert causes(seen).count("activate-code") == 1
    await case.give(case.world.seller, "upload-proof", proof())
    await case.until_stage("completed")
    await told_once(case)
    return fault


async def issued(case: Case, database_url: str) -> str:
    """The code before anybody was shown it, as a thief would have it."""
    engine = create_engine(database_url)
    with engine.connect() as connection:
        found = connection.execute(text("select seller_key from deliveries where id = :id"), {"id": case.id})
        code = str(found.scalar_one())
    engine.dispose()
    return code


async def software(case: Case, code: str, fault: str = "none") -> list[str]:
    path = f"/seller/{FAULTY.id}/software/activate"
    answer = await case.world.sandbox.post(path, json={"license": code, "fault": fault})
    codes: list[str] = answer.raise_for_status().json()
    return codes


@pytest.mark.timeout(400)
async def test_two_hundred_orders_end_as_the_retry_table_says(besieged: Stack, worlds: tuple[World, World]) -> None:
    faulty, absent = worlds
    few = asyncio.Semaphore(ORDERS_AT_ONCE)
    saas = [order(faulty, number, ProductType.SAAS_INSTANT) for number in range(140)]
    gone = [order(absent, number, ProductType.SAAS_INSTANT) for number in range(140, 150)]
    fetched = [
        order(faulty, number, ProductType.LICENSE_IDENTIFICATION_CODE, online_license=True)
        for number in range(150, 170)
    ]
    codes = [order(faulty, number, ProductType.LICENSE_AUTHORIZATION_CODE) for number in range(170, 200)]
    plays: list[Callable[[], Awaitable[str]]] = [
        *(partial(dealt, case) for case in saas),
        *(partial(refused_connection, case) for case in gone),
        *(partial(badly_signed, case, fault) for case, fault in zip(fetched, cycle(BODY_SIGNS), strict=False)),
        *(
            partial(activated, case, fault, besieged.database_url)
            for case, fault in zip(codes, cycle(SOFTWARE), strict=False)
        ),
    ]

    async def one(play: Callable[[], Awaitable[str]]) -> str:
        async with few:
            return await play()

    faults = Counter(await asyncio.gather(*(one(play) for play in plays)))
    assert set(faults) == {*ROWS, REFUSING, *BODY_SIGNS, *SOFTWARE}
    assert faults.total() == 200
    assert min(faults.values()) >= 5, faults
