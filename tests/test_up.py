"""``delivery up`` as a newcomer uses it: paste what it prints, stop it, start it again, and find everything there."""

import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from launcher.programs import DidNotStartError
from launcher.stack import Stack, temporary_folder
from tests.support import heed_interrupts


@contextmanager
def running_up(folder: Path) -> Iterator[str]:
    """The stack in this folder, and what it said when it was ready."""
    command = [sys.executable, "-m", "launcher", "up", "--folder", str(folder)]
    with subprocess.Popen(  # noqa: S603 - our own command
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=heed_interrupts,  # noqa: PLW1509 - only a system call, no locks
    ) as process:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if "Ctrl-C stops" in line:
                break
        try:
            assert "Ctrl-C stops" in said, said
            yield said
        finally:
            process.send_signal(signal.SIGINT)
            rest = process.stdout.read()
            process.wait()
    assert "all stopped" in rest
    assert process.returncode == 130


def run_pasted(said: str) -> list[httpx.Response]:
    """Do what a shell with curl would do with the printed lines, on a machine that may have no curl."""
    tokens = dict(re.findall(r"^([A-Z]+)='(Authorization: .*)'$", said, re.MULTILINE))
    answers = []
    for line in re.findall(r"^curl .*$", said, re.MULTILINE):
        words = shlex.split(re.sub(r"\$([A-Z]+)", lambda found: tokens[found[1]], line))
        headers = dict(words[at + 1].split(": ", 1) for at, word in enumerate(words) if word == "-H")
        body = words[words.index("-d") + 1] if "-d" in words else None
        url = next(word for word in words if word.startswith("http"))
        method = "POST" if "-sX" in words else "GET"
        answers.append(httpx.request(method, url, headers=headers, content=body, timeout=30, trust_env=False))
    return answers


@pytest.fixture
def folder() -> Iterator[Path]:
    with temporary_folder("test") as made:
        yield made


def test_the_printed_commands_work_and_the_data_stays(folder: Path) -> None:
    with running_up(folder) as said:
        answers = run_pasted(said)
        assert [answer.status_code for answer in answers] == [201, 200, 200, 200, 200], [one.text for one in answers]
        delivery_id = answers[0].json()["delivery_id"]
        token = subprocess.run(  # noqa: S603 - our own command
            [
                sys.executable,
                "-m",
                "launcher",
                "token",
                "--role",
                "auditor",
                "--party",
                "a1",
                "--folder",
                str(folder),
            ],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        assert token.count(".") == 2
        with pytest.raises(DidNotStartError, match="already"):
            Stack(folder)
    with running_up(folder) as said:
        again = re.search(r"http\S+/v1/deliveries", said)
        auditor = re.search(r"^AUDITOR='Authorization: (.*)'$", said, re.MULTILINE)
        assert again is not None
        assert auditor is not None
        url = f"{again[0]}/{delivery_id}"
        seen = httpx.get(url, headers={"Authorization": auditor[1]}, timeout=30, trust_env=False).json()
    assert seen["status"] == "completed"
