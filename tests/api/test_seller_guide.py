"""The seller guide's snippets are what they say: run against the conformance kit and the open API."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlsplit

import pytest
from starlette.concurrency import run_in_threadpool

from conformance.checks import run
from conformance.seller import SellerUnderTest
from domain.order import ProductType
from launcher.stack import Stack
from sandbox.cases import Case, causes
from sandbox.life import Life
from sandbox.parties import SELLER, access_key

GUIDE = Path(__file__).parent.parent.parent / "docs" / "seller-guide.md"
KEY = "guide-access-key"

MakeCase = Callable[..., Case]
AGO = {"record_time": 0, "begin_time": 2, "end_time": 1}
LATER = ("refreshInstance", "updateInstanceStatus", "upgradeInstance")


def snippet(name: str) -> SimpleNamespace:
    """What a snippet of the guide defines."""
    found = re.search(rf"```python {name}\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert found is not None
    defined: dict[str, object] = {}
    exec(found.group(1), defined)  # noqa: S102 - our own page
    return SimpleNamespace(**defined)


@pytest.fixture
def seller_by_the_guide() -> Iterator[str]:
    verifier, answerer, follower = snippet("verify"), snippet("answer"), snippet("later")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            refused = verifier.verify(KEY, dict(parse_qsl(urlsplit(self.path).query)), body)
            call = json.loads(body)
            act = follower.later if call["activity"] in LATER else answerer.answer
            answer = {"resultCode": refused} if refused else act(call)
            content = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/production"
        server.shutdown()


def test_a_seller_written_by_the_guide_passes_every_case(seller_by_the_guide: str) -> None:
    outcomes = run(SellerUnderTest(seller_by_the_guide, KEY), poll_seconds=0.01)
    assert [one.name for one in outcomes if not one.passed] == []


async def test_a_code_is_activated_as_the_guide_says(make_case: MakeCase) -> None:
    case = make_case(ProductType.LICENSE_AUTHORIZATION_CODE)
    await case.start()
    await case.until(lambda seen: "code-issued" in causes(seen))
    code = str((await case.world.seller.read(case.id))["license_code"])
    (access_key, secret_key), activate = case.world.open_api_keys, snippet("activate").activate
    said = await run_in_threadpool(activate, case.world.api_url, access_key, secret_key, code)
    assert said == "92020000"
    await case.until_stage("proof-upload")


def test_the_signature_is_verified_in_twenty_lines() -> None:
    found = re.search(r"```python verify\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert found is not None
    function = found.group(1)[found.group(1).index("def verify") :]
    assert len(function.strip().splitlines()) <= 20


def test_a_seller_by_the_guide_renews_freezes_and_thaws_once(seller_by_the_guide: str) -> None:
    seller = SellerUnderTest(seller_by_the_guide, KEY)
    renewal = {"activity": "refreshInstance", "scene": "RENEWAL", "orderId": "R1", "orderLineId": "R1-1"}
    freeze = {"activity": "updateInstanceStatus", "instanceId": "i-1", "status": "FREEZE"}
    for call in ({**renewal, "instanceId": "i-1", "expireTime": "20271124000000"}, freeze):
        assert seller.call(None, **call).code == seller.call(None, **call).code == "000000"
    later = snippet("later")
    late = {**renewal, "instanceId": "i-1"}
    later.later({**late, "expireTime": "20271124000000"})
    later.later({**late, "expireTime": "20281124000000"})
    later.later(freeze)
    assert (later.ends, later.frozen) == ({"i-1": "20271124000000"}, {"i-1": True})


async def test_usage_is_pushed_as_the_guide_says(make_case: MakeCase, stack: Stack) -> None:
    case = make_case(ProductType.SAAS_INSTANT)
    case.changes = {"period": None, "charging_mode": "ON_DEMAND"}
    await case.start()
    await Life.of(case)
    now = datetime.now(UTC)
    times = {name: (now - timedelta(hours=ago)).strftime("%Y%m%dT%H%M%SZ") for name, ago in AGO.items()}
    record = {"instance_id": f"i-{case.line}", "id": case.order_id, "usage_value": "1.5", **times}
    key = access_key(stack.layout.secrets.sandbox_secret, SELLER.id)
    push = snippet("push").push_usage
    assert await run_in_threadpool(push, case.world.api_url, key, [record]) == ["000"]
