"""The conformance kit passes a seller that keeps the contract, and names what another one breaks."""

import secrets
import subprocess
import sys
from pathlib import Path
from xml.etree.ElementTree import fromstring

import httpx
import pytest

from conformance.checks import CHECKS, run
from conformance.report import junit, page
from conformance.seller import SellerUnderTest
from launcher.stack import Stack
from sandbox.parties import access_key
from sandbox.production import Mood


def address(stack: Stack, seller_id: str) -> str:
    return f"{stack.layout.sandbox_url}/seller/{seller_id}/production"


def key_of(stack: Stack, seller_id: str) -> str:
    return access_key(stack.layout.secrets.sandbox_secret, seller_id)


def seller_in(stack: Stack, mood: str, **more: object) -> SellerUnderTest:
    """A seller's system of its own that behaves so as a rule."""
    seller_id = f"conf-{secrets.token_hex(4)}"
    url = f"{stack.layout.sandbox_url}/seller/{seller_id}/behaviour"
    httpx.put(url, json={"mood": mood, **more}, trust_env=False).raise_for_status()
    return SellerUnderTest(address(stack, seller_id), key_of(stack, seller_id))


def failures(seller: SellerUnderTest) -> set[str]:
    return {one.name for one in run(seller, poll_seconds=0.01) if not one.passed}


EVERYTHING = {check.name for check in CHECKS}
NEEDS_AN_INSTANCE = {"creates", "creates-once", "keeps-orders-apart", "queries", "replayed-nonce", "releases-twice"}

BROKEN: dict[str, set[str]] = {
    "down": EVERYTHING - {"wrong-signature", "stale-timestamp", "missing-nonce"},
    "forbidding": EVERYTHING - {"wrong-signature", "stale-timestamp", "missing-nonce"},
    "malformed": EVERYTHING - {"wrong-signature", "stale-timestamp", "missing-nonce"},
    "mistyped": EVERYTHING - {"wrong-signature", "stale-timestamp", "missing-nonce"},
    "huge": EVERYTHING - {"wrong-signature", "stale-timestamp", "missing-nonce"},
    "unstorable": EVERYTHING - {"wrong-signature", "stale-timestamp", "missing-nonce"},
    "garbled": EVERYTHING - {"wrong-signature", "stale-timestamp", "missing-nonce"},
    "halved": EVERYTHING - {"wrong-signature", "stale-timestamp", "missing-nonce"},
    "crashing": EVERYTHING - {"wrong-signature", "stale-timestamp", "missing-nonce"},
    "dropping": EVERYTHING - {"wrong-signature", "stale-timestamp", "missing-nonce"},
    "miscoded": NEEDS_AN_INSTANCE | {"unknown-instance"},
    "clockless": NEEDS_AN_INSTANCE | {"unknown-instance"},
    "distrusting": NEEDS_AN_INSTANCE | {"unknown-instance"},
    "fickle": {"creates-once"},
    "trusting": {"wrong-signature"},
    "timeless": {"stale-timestamp"},
    "forgetful": {"missing-nonce", "replayed-nonce"},
    "careless": {"unknown-activity", "missing-field", "long-field"},
    "agreeable": {"unknown-instance"},
    "rigid": {"releases-twice"},
}


@pytest.mark.parametrize("mood", BROKEN)
def test_what_a_seller_breaks_is_named(stack: Stack, mood: str) -> None:
    assert failures(seller_in(stack, mood)) == BROKEN[mood]


@pytest.mark.parametrize("mood", ["healthy", "processing", "unsigned", "missigned"])
def test_a_seller_that_keeps_the_contract_passes(stack: Stack, mood: str) -> None:
    assert failures(seller_in(stack, mood)) == set()


def test_every_mood_is_tried() -> None:
    assert {*BROKEN, "healthy", "processing", "unsigned", "missigned", "slow", "late", "hanging"} == set(Mood)


@pytest.mark.parametrize("mood", ["slow", "late", "hanging"])
def test_a_slow_seller_fails_within_its_five_seconds(stack: Stack, mood: str) -> None:
    reply = seller_in(stack, mood, seconds=5.5).call(
        activity="orderNotify", orderId="1", orderLineId="1-1", testFlag="0"
    )
    assert reply.fault == "no answer within 5 s"


def test_a_wrong_key_is_seen_at_once(stack: Stack) -> None:
    assert failures(SellerUnderTest(address(stack, "seller-1"), "another-key")) >= NEEDS_AN_INSTANCE


def test_a_seller_that_is_not_there_fails_with_a_reason() -> None:
    outcomes = run(SellerUnderTest("http://127.0.0.1:9/production", "key"))
    assert not any(one.passed for one in outcomes)
    assert "ConnectError" in outcomes[0].got


def test_the_reports_say_the_same_and_hostile_answers_stay_text(stack: Stack) -> None:
    outcomes = run(seller_in(stack, "fickle"), poll_seconds=0.01)
    suite = fromstring(junit(outcomes))  # noqa: S314 - our own report
    assert (suite.get("tests"), suite.get("failures")) == (str(len(CHECKS)), "1")
    assert [case.get("name") for case in suite if case.find("failure") is not None] == ["creates-once"]
    shown = page(outcomes)
    assert shown.count("<tr class=fail>") == 1
    hostile = type(outcomes[0])(**{**vars(outcomes[0]), "got": "<script>x</script>"})
    assert "<script>" not in page([hostile])


def test_the_program_writes_both_reports_and_its_exit_code_says_pass_or_fail(stack: Stack, tmp_path: Path) -> None:
    ended = {}
    for seller_id, mood in ((f"conf-{secrets.token_hex(4)}", "healthy"), (f"conf-{secrets.token_hex(4)}", "trusting")):
        url = f"{stack.layout.sandbox_url}/seller/{seller_id}/behaviour"
        httpx.put(url, json={"mood": mood}, trust_env=False).raise_for_status()
        command = [sys.executable, "-m", "launcher", "conformance", "--url", address(stack, seller_id)]
        files = ["--html", str(tmp_path / "report.html"), "--junit", str(tmp_path / "report.xml")]
        key = ["--key", key_of(stack, seller_id)]
        ended[mood] = subprocess.run([*command, *key, *files], capture_output=True, text=True, check=False)  # noqa: S603 - ours
    assert (ended["healthy"].returncode, ended["trusting"].returncode) == (0, 1)
    assert "FAIL" in ended["trusting"].stdout
    assert "wrong-signature" in (tmp_path / "report.xml").read_text()
    assert "Conformance report" in (tmp_path / "report.html").read_text()
