"""One stack for all tests: real server, real database, real HTTP. Its worker caches nothing, so every step replays."""

from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from launcher.stack import Stack, temporary_folder
from sandbox.cases import Case, World
from tests.support import new_case, opened_world


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, so that no process sits idle at the end while another is in the middle of one."""
    items.sort(key=lambda item: "faults" not in item.path.parts)


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    with temporary_folder("test") as folder:
        running = Stack(folder, settings={"DELIVERY_WORKER_CACHED_WORKFLOWS": "0", "DELIVERY_WORKER_SANDBOX": "true"})
        running.start()
        yield running
        running.stop()
        for program in (running.worker, running.api):
            log = program.log.read_text()
            for sign in (
                "unforeseen",
                "Warning",
                "Failed activation",
                "non-determinis",
                "LedgerConflictError",
                "never retrieved",
            ):
                assert sign not in log, f"{program.name}: {log}"


@pytest.fixture(scope="session")
async def world(stack: Stack) -> AsyncIterator[World]:
    async with opened_world(stack) as opened:
        yield opened


@pytest.fixture
def make_case(world: World) -> Callable[..., Case]:
    return lambda *arguments, **more: new_case(world, *arguments, **more)
