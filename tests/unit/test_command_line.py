"""The ``delivery`` program says what is wrong, without a traceback and without secrets."""

import json
import os
import subprocess
import sys
from pathlib import Path


def delivery(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("DELIVERY_", "SANDBOX_"))}
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "launcher", *words], capture_output=True, text=True, check=False, env=clean | environment
    )


def test_help_names_every_command() -> None:
    shown = delivery("--help").stdout
    for command in ("up", "demo", "api", "worker", "migrate", "token"):
        assert f" {command} " in shown


def test_a_missing_setting_is_named() -> None:
    ended = delivery("api")
    assert ended.returncode == 1
    assert "DELIVERY_DATABASE_URL: Field required" in ended.stdout
    assert "Traceback" not in ended.stdout + ended.stderr


def test_a_wrong_setting_is_named_and_no_secret_is_shown() -> None:
    url = "postgresql+psycopg2://delivery:opensesame@nowhere/db"
    ended = delivery("worker", DELIVERY_DATABASE_URL=url, DELIVERY_API_PORT="eighty")
    assert ended.returncode == 1
    assert "DELIVERY_API_PORT" in ended.stdout
    assert "opensesame" not in ended.stdout + ended.stderr


def test_the_sandbox_names_its_own_settings() -> None:
    assert "SANDBOX_SECRET: Field required" in delivery("sandbox").stdout


def test_a_token_without_a_stack_says_how_to_start_one(tmp_path: Path) -> None:
    ended = delivery("token", "--role", "buyer", "--party", "b", "--folder", str(tmp_path))
    assert ended.returncode == 1
    assert "delivery up" in ended.stdout


def test_data_of_an_unreleased_version_is_not_touched(tmp_path: Path) -> None:
    ports = dict.fromkeys(("api", "ui", "sandbox", "engine", "database"), 1)
    names = ("database_password", "secret_key", "purchase_callback_secret", "sandbox_secret")
    layout = {"ports": ports, "secrets": dict.fromkeys(names, "x")}
    (tmp_path / "stack.json").write_text(json.dumps(layout))
    ended = delivery("up", "--folder", str(tmp_path))
    assert ended.returncode == 1
    assert "earlier, unreleased version" in ended.stdout.replace("\n", " ")
    assert json.loads((tmp_path / "stack.json").read_text()) == layout
