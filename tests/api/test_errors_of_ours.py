"""An error of ours: one line for operations, a number for the caller, and nothing for the neighbours to notice."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from launcher.programs import Program, free_port, is_listening
from tests.support import assert_problem, read_answer

MAX_SECONDS = 1.0
"""What a neighbour may wait at the most: mostly 5 ms, but the machine may be busy with other things."""

MAX_LINE = 10_000
SERVE = (
    "import sys; from launcher.main import serve; serve('tests.failing_api:create_app', '127.0.0.1', int(sys.argv[1]))"
)


@pytest.fixture(scope="module")
def failing_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Address and log of an API without database and engine, in a process of its own."""
    port = free_port()
    program = Program(
        name="api",
        command=[sys.executable, "-c", SERVE, str(port)],
        log=tmp_path_factory.mktemp("api") / "api.log",
        is_ready=lambda: is_listening(port),
        environment={
            "DELIVERY_DATABASE_URL": "postgresql+psycopg2://nowhere",
            "DELIVERY_SECRET_KEY": "unused",
            "DELIVERY_PURCHASE_CALLBACK_SECRET": "unused",
        },
    )
    program.start()
    program.wait_until_ready()
    yield f"http://127.0.0.1:{port}", program.log
    program.stop()


@pytest.fixture
async def http(failing_api: tuple[str, Path]) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=failing_api[0], timeout=60, trust_env=False) as client:
        yield client


async def instance_of_failure(http: httpx.AsyncClient) -> str:
    answer = read_answer(await http.get("/fail"))
    assert_problem(answer, 500, "internal-error")
    return str(answer.json_body["instance"])


async def test_a_neighbour_does_not_wait_for_an_error_to_be_told(http: httpx.AsyncClient) -> None:
    async def fail_in_a_row() -> None:
        for _ in range(30):
            await instance_of_failure(http)

    await asyncio.gather(instance_of_failure(http), http.get("/health/live"))
    failing, waits = asyncio.create_task(fail_in_a_row()), []
    while not failing.done():
        begin = time.monotonic()
        assert (await http.get("/health/live")).status_code == 200
        waits.append(time.monotonic() - begin)
    await failing
    assert max(waits) < MAX_SECONDS, sorted(waits)[-3:]


async def test_an_error_is_one_line_with_its_number_and_without_what_was_in_hand(
    http: httpx.AsyncClient, failing_api: tuple[str, Path]
) -> None:
    number, log = await instance_of_failure(http), failing_api[1]
    deadline = time.monotonic() + 10
    while number not in log.read_text():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    lines = log.read_text().splitlines()
    (told,) = (line for line in lines if number in line)
    content = json.loads(told)
    assert (content["event"], content["level"]) == ("unforeseen", "error")
    assert "LookupError: a mistake of ours" in content["exception"]
    assert "_fail" in content["exception"]
    assert "value-of-a-local" not in told
    assert len(told) < MAX_LINE
    assert all(json.loads(line)["event"] == "unforeseen" for line in lines), "the server tells it once more"
