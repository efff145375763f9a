"""The ``delivery`` program says what is wrong, without a traceback and without secrets."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sandbox.client import open_api_headers


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


NONCE = "50D83FDECAED6CCD8EF597F2A577950527928BA287D04E6036E92B2806FD17DA"
V2_BODY = (
    '{"orderId": "CS2211181819B4LVS", "orderLineId": "CS2211181819B4LVS-000001", "testFlag": "1", "productId": null,'
    ' "activity": "newInstance", "businessId": "87b94795-0603-4e24-8ae5-69420d60e3c8"}'
)
KEY = ("--access-key", "demo-access-key-0001")


def test_sign_shows_every_string_on_the_way_but_not_the_key() -> None:
    given = (*KEY, "--nonce", NONCE, "--timestamp", "1680508066618", "--body", V2_BODY)
    shown = delivery("sign", "v2", *given).stdout.splitlines()
    body_mac = "ecffc419f94382506433d8aeecd4f354d598eb81fdf02bacd2aa73c4b58c9f1b"
    assert shown[shown.index("bodyMac") + 1] == body_mac
    assert shown[shown.index("message") + 1] == f"<access key>{NONCE}1680508066618{body_mac}"
    assert shown[-1] == "A0718C9E7AF310A13EFC0B9F566CC9023410CE9806428754AD0CD7505C9A5F30"
    assert KEY[1] not in "".join(shown)


@pytest.mark.parametrize(
    ("scheme", "options", "signature"),
    [
        (
            "v1",
            ("--access-key", "demo-key", "--url", "https://s/?p1=1&p3=3&p2=2&timeStamp=201706211855321&authToken=x"),
            "Tg8aeAQA1mdv6q+juSeHiHy1qnOBDq0SykBjZxIgESc=",
        ),
        (
            "body",
            ("--access-key", "abcde", "--body", "a=1&b=2"),
            'sign_type="HMAC-SHA256", signature= "4sbEVd9vKZQGPRRr8TyjWery0lZV7tetTnzfX3Gb9Ok="',
        ),
    ],
)
def test_sign_knows_the_other_schemes(scheme: str, options: tuple[str, ...], signature: str) -> None:
    assert delivery("sign", scheme, *options).stdout.splitlines()[-1] == signature


def test_sign_makes_the_signature_the_open_api_takes() -> None:
    headers = open_api_headers(("AK-1", "secret"), "/a/b", b"{}", at=datetime(2026, 11, 22, 12, tzinfo=UTC))
    options = ("--access-key", "AK-1", "--secret-key", "secret", "--url", "https://host/a/b", "--body", "{}")
    more = ("--date", "20261122T120000Z", "--header", "Content-Type: application/json")
    shown = delivery("sign", "apig", *options, *more).stdout
    assert headers["authorization"] in shown.splitlines()


@pytest.mark.parametrize("scheme", ["v2", "v1", "kit", "apig", "usage"])
def test_sign_says_which_option_is_missing(scheme: str) -> None:
    ended = delivery("sign", scheme)
    assert ended.returncode == 2
    assert "--" in ended.stderr
    assert "needs" in ended.stderr


def test_sign_wants_a_json_object() -> None:
    ended = delivery("sign", "v2", *KEY, "--nonce", "n", "--timestamp", "1", "--body", "[]")
    assert "not a JSON object" in ended.stderr
