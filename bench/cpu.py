"""What processes cost: CPU time, memory, and the sizes of what they keep."""

import contextlib
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

LOAD = "load"


def cpu_seconds(pid: int) -> float:
    """CPU time of a process and of all its children, those that ended included."""
    process = psutil.Process(pid)
    total = 0.0
    for one in (process, *process.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            total += sum(one.cpu_times()[:4])
    return total


def resident_bytes(pid: int) -> int:
    """Memory that a process holds (RSS)."""
    return int(psutil.Process(pid).memory_info().rss)


def file_bytes(path: Path) -> int:
    """Size of a SQLite file with its write-ahead log."""
    files = (path, path.with_name(f"{path.name}-wal"))
    return sum(one.stat().st_size for one in files if one.exists())


@dataclass(frozen=True)
class Reading:
    """CPU seconds so far: of each process by its name, and of the whole machine; and when it was read."""

    processes: Mapping[str, float]
    machine: float
    at: float


@dataclass(frozen=True)
class Meter:
    """Reads the CPU time of named processes; the load's own is among them."""

    pids: Mapping[str, int]

    def read(self) -> Reading:
        """What was spent until now."""
        processes = {name: cpu_seconds(pid) for name, pid in self.pids.items()} | {LOAD: _own_seconds()}
        times = psutil.cpu_times()
        return Reading(processes, times.user + times.nice + times.system + times.steal, time.monotonic())


def _own_seconds() -> float:
    # Not the children's: they are measured by their own names.
    times = os.times()
    return times.user + times.system


def milliseconds_per_order(before: Reading, after: Reading, orders: int) -> dict[str, float]:
    """What each process spent on one order between two readings."""
    spent = {name: after.processes[name] - begin for name, begin in before.processes.items()}
    return {name: seconds * 1000 / orders for name, seconds in spent.items()}


def cores_of_others(before: Reading, after: Reading) -> float:
    """How many cores everything that was not measured kept busy between two readings."""
    measured = sum(after.processes.values()) - sum(before.processes.values())
    return max(0.0, (after.machine - before.machine - measured) / (after.at - before.at))
