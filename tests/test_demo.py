"""The demo as a newcomer runs it: what it shows, what it costs, and that it leaves nothing behind."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from domain.order import ProductType
from sandbox.cases import Case, World
from sandbox.scenarios import SCENARIOS, Scenario, package_deployment
from tests.support import heed_interrupts

SECONDS = 60
LOOK_SECONDS = 0.5
BYTES = int(1.5 * 1024**3)


class Watched:
    """A demo under way: its processes, their ports, and the most memory they took together."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.seen: set[psutil.Process] = set()
        self.ports: set[int] = set()
        self.most_bytes = 0
        self.looked_at = 0.0

    def look(self) -> None:
        """Take note of what runs now; a few times a second, for reading every process's memory takes its time."""
        if time.monotonic() - self.looked_at < LOOK_SECONDS:
            return
        self.looked_at = time.monotonic()
        family = [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]
        self.seen.update(family)
        self.most_bytes = max(self.most_bytes, sum(map(memory_of, family)))
        for member in family:
            self.ports.update(listening_ports(member))

    def assert_nothing_left(self) -> None:
        """No process of it lives, no port of it answers."""
        gone, alive = psutil.wait_procs(self.seen, timeout=10)
        assert not alive, (gone, alive)
        for port in self.ports:
            with socket.socket() as probe:
                assert probe.connect_ex(("127.0.0.1", port)) != 0


def memory_of(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0


def listening_ports(process: psutil.Process) -> set[int]:
    try:
        return {one.laddr.port for one in process.net_connections("tcp") if one.status == psutil.CONN_LISTEN}
    except psutil.Error:
        return set()


@contextmanager
def running_demo() -> Iterator[Watched]:
    command = [sys.executable, "-m", "launcher", "demo"]
    with subprocess.Popen(  # noqa: S603 - our own command
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=heed_interrupts,  # noqa: PLW1509 - only a system call, no locks
    ) as process:
        yield Watched(process)


def test_the_demo_shows_every_order_and_leaves_nothing_behind() -> None:
    begin = time.monotonic()
    with running_demo() as demo:
        output = []
        assert demo.process.stdout is not None
        for line in demo.process.stdout:
            output.append(line)
            demo.look()
        demo.process.wait()
    shown = "".join(output)
    assert demo.process.returncode == 0, shown
    assert f"{len(SCENARIOS)} of {len(SCENARIOS)} orders ended as they must" in shown
    for scenario in SCENARIOS:
        assert shown.count(scenario.title) > 2
    assert time.monotonic() - begin < SECONDS
    assert len(demo.ports) >= 5
    assert 0 < demo.most_bytes < BYTES
    demo.assert_nothing_left()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_nothing_behind(number: signal.Signals) -> None:
    with running_demo() as demo:
        assert demo.process.stdout is not None
        for line in demo.process.stdout:
            demo.look()
            if "starts the delivery" in line:
                demo.process.send_signal(number)
                break
        demo.process.stdout.read()
    assert demo.process.returncode == 130
    demo.assert_nothing_left()


async def test_another_outcome_than_the_expected_one_is_told(world: World) -> None:
    case = Case(world, "wrong", ProductType.LICENSE_PACKAGE_DEPLOYMENT)
    wrong = await Scenario("wrong", case.product_type, package_deployment, "refunded").run(case)
    assert wrong is not None
    assert "completed" in wrong
