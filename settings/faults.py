"""Named points at which a test may kill a part, to see that nothing is lost there; off unless a folder is named.

A file in the folder of ``DELIVERY_FAULT_FOLDER``, named like the point, arms it: its first line says how many must have
come there, the others are the ids of the processes to kill then (``self``: the one that comes by last). Who comes
earlier waits at the point, so that one kill strikes many orders at the very same place. Production names no folder.
"""

import asyncio
import fcntl
import os
import signal
import time
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from settings import settings

PAUSE_SECONDS = 0.02


class Point(StrEnum):
    """Where a part may be killed."""

    BEFORE_UPDATE = "asker-before-update"
    BEFORE_WRITE = "asker-between-outcome-and-write"
    TASK_DECIDED = "worker-before-the-task-is-stored"
    BEFORE_RECORD = "worker-before-the-record"


def strike(point: Point) -> None:
    """Kill what the point is armed with, when all have come; does nothing where none is armed."""
    for _ in _wait_at(point):
        time.sleep(PAUSE_SECONDS)


async def strike_while_others_go_on(point: Point) -> None:
    """The same for a point on an event loop."""
    for _ in _wait_at(point):
        await asyncio.sleep(PAUSE_SECONDS)


def _wait_at(point: Point) -> Iterator[None]:
    folder = settings().fault_folder
    armed = Path(folder) / point if folder is not None else None
    if armed is None or not armed.exists():
        return
    wanted, *victims = armed.read_text().split()
    arrived = _arrive(armed)
    if arrived > int(wanted):
        return
    if arrived == int(wanted):
        for victim in victims:
            if victim != "self":
                os.kill(int(victim), signal.SIGKILL)
        armed.unlink()
        if "self" in victims:
            os.kill(os.getpid(), signal.SIGKILL)
    while armed.exists():
        yield


def _arrive(armed: Path) -> int:
    """How many have come, with this one."""
    with armed.with_suffix(".arrived").open("a") as book:
        fcntl.flock(book, fcntl.LOCK_EX)
        book.write(".")
        book.flush()
        return book.tell()
