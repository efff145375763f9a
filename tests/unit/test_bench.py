import asyncio
import time

import pytest

from bench.client import HttpClient, UnexpectedAnswerError
from bench.cpu import Reading, cores_of_others, milliseconds_per_order
from bench.load import Order, drive
from bench.report import spread

STEP_SECONDS = 0.02


async def _step() -> None:
    await asyncio.sleep(STEP_SECONDS)


async def test_orders_are_driven_to_their_end_and_late_steps_do_not_count() -> None:
    seconds = 2.5 * STEP_SECONDS
    began = time.perf_counter()
    stretch = await drive(lambda: Order("one", _step, (_step, _step)), clients=2, seconds=seconds)
    assert time.perf_counter() - began >= 3 * STEP_SECONDS
    assert stretch.ids == ["one", "one"]
    assert len(stretch.milliseconds) == 4
    assert stretch.steps_in_time <= 4
    assert stretch.orders_per_second == pytest.approx(stretch.steps_in_time / 3 / seconds)


def test_a_figure_is_told_with_its_range() -> None:
    assert spread([3.0, 1.0, 2.0]) == "2.0 (1.0–3.0)"
    assert spread([3.0]) == "3.0"


def test_cpu_time_is_told_per_order_and_what_is_not_measured_apart() -> None:
    before = Reading({"worker": 1.0, "load": 0.0}, machine=10.0, at=0.0)
    after = Reading({"worker": 3.0, "load": 1.0}, machine=15.0, at=10.0)
    assert milliseconds_per_order(before, after, 4) == {"worker": 500.0, "load": 250.0}
    assert cores_of_others(before, after) == pytest.approx(0.2)


async def test_the_client_leaves_connections_that_the_server_has_closed() -> None:
    connections = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        head = await reader.readuntil(b"\r\n\r\n")
        status = b"409 Conflict" if b"/refused" in head else b"200 OK"
        writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 2\r\n\r\n{}")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        client = HttpClient(server.sockets[0].getsockname()[1])
        assert await client.get("/one") == b"{}"
        await asyncio.sleep(STEP_SECONDS)
        assert await client.get("/two") == b"{}"
        await asyncio.sleep(STEP_SECONDS)
        with pytest.raises(UnexpectedAnswerError, match="409"):
            await client.post("/refused", b"{}", "key")
        assert connections == 3
        await asyncio.sleep(STEP_SECONDS)
