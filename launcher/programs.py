"""Child processes: started, watched, stopped, and never left behind."""

import contextlib
import ctypes
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PR_SET_PDEATHSIG = 1
STOP_SECONDS = 10.0


class DidNotStartError(Exception):
    """A program ended or stayed silent instead of getting ready; the text holds the end of its log."""


LISTENING_PORTS = range(20_000, 32_000)
"""Below those that the system gives to outgoing connections, one of which could take a port before it is used."""

TRIES = 50


def free_port(preferred: int = 0, taken: Collection[int] = ()) -> int:
    """The preferred loopback port if it is free, else any that is not taken."""
    others = random.sample([port for port in LISTENING_PORTS if port not in taken], TRIES)
    for port in [preferred, *others] if preferred else others:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    message = "no free port on 127.0.0.1"
    raise DidNotStartError(message)


def is_listening(port: int) -> bool:
    """Tell whether something accepts connections on the loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _die_with_parent() -> None:
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Program:
    """One child process with its log file."""

    name: str
    command: Sequence[str]
    log: Path
    is_ready: Callable[[], bool]
    environment: Mapping[str, str] = field(default_factory=dict)
    user: int | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    folder: Path | None = None
    process: subprocess.Popen[bytes] | None = None
    log_start: int = 0

    def start(self) -> None:
        """Start it, without waiting for it."""
        self.log_start = self.log.stat().st_size if self.log.exists() else 0
        unprivileged = {"user": self.user, "group": self.user, "extra_groups": []} if self.user is not None else {}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # type: ignore[call-overload]  # noqa: S603 - our own commands
                list(self.command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.environment},
                cwd=self.folder,
                start_new_session=True,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - only a system call, no locks
                **unprivileged,
            )

    def wait_until_ready(self, seconds: float = 60) -> None:
        """Wait for it; raises DidNotStartError."""
        deadline = time.monotonic() + seconds
        while not self.is_ready():
            ended = self.process is None or self.process.poll() is not None
            if ended or time.monotonic() > deadline:
                message = f"{self.name} did not start; its log ends:\n{self.log_tail()}"
                raise DidNotStartError(message)
            time.sleep(0.05)

    def log_tail(self) -> str:
        """The last lines of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-20:])

    def has_said(self, words: str) -> bool:
        """Tell whether its log has these words since it was started last."""
        with self.log.open("rb") as log:
            log.seek(self.log_start)
            return words.encode() in log.read()

    def stop(self) -> None:
        """Ask it to end; insist after ten seconds."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
