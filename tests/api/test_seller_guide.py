"""The seller guide's snippets are what they say: run against the conformance kit and the open API."""

import json
import re
from collections.abc import Callable, Iterator
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
from sandbox.cases import Case, causes

GUIDE = Path(__file__).parent.parent.parent / "docs" / "seller-guide.md"
KEY = "guide-access-key"

MakeCase = Callable[..., Case]


def snippet(name: str) -> SimpleNamespace:
    """What a snippet of the guide defines."""
    found = re.search(rf"```python {name}\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert found is not None
    defined: dict[str, object] = {}
    exec(found.group(1), defined)  # noqa: S102 - our own page
    return SimpleNamespace(**defined)


@pytest.fixture
def seller_by_the_guide() -> Iterator[str]:
    verifier, answerer = snippet("verify"), snippet("answer")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            refused = verifier.verify(KEY, dict(parse_qsl(urlsplit(self.path).query)), body)
            answer = {"resultCode": refused} if refused else answerer.answer(json.loads(body))
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
