import base64
import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from domain.signatures import equal, equal_hex, is_fresh, sign_apig, sign_v2, sign_webhook

NONCE = "50D83FDECAED6CCD8EF597F2A577950527928BA287D04E6036E92B2806FD17DA"
BODY = (
    b'{"activity":"newInstance","businessId":"87b94795-0603-4e24-8ae5-69420d60e3c8",'
    b'"orderId":"CS2211181819B4LVS","orderLineId":"CS2211181819B4LVS-000001","testFlag":"1"}'
)


def test_v2_signature_matches_the_vector() -> None:
    signature = sign_v2("demo-access-key-0001", NONCE, "1680508066618", BODY)
    assert signature == "A0718C9E7AF310A13EFC0B9F566CC9023410CE9806428754AD0CD7505C9A5F30"


@given(st.binary(), st.binary())
def test_v2_signature_depends_on_the_body(first: bytes, second: bytes) -> None:
    same = equal_hex(sign_v2("key", NONCE, "1", first), sign_v2("key", NONCE, "1", second).lower())
    assert same == (first == second)


def test_apig_signature_ignores_the_order_of_query_and_headers() -> None:
    headers = {"X-Sdk-Date": "20261122T190000Z", "Content-Type": "application/json"}
    reverse = dict(reversed(headers.items()))
    first = sign_apig("secret", "post", "/a/b", "x=1&a=2", headers, b"{}")
    assert first == sign_apig("secret", "POST", "/a/b/", "a=2&x=1", reverse, b"{}")


@given(st.sampled_from(["method", "path", "query", "date", "body", "secret"]))
def test_apig_signature_covers_every_part(part: str) -> None:
    parts = {"method": "POST", "path": "/a", "query": "x=1", "date": "20261122T190000Z", "body": "{}", "secret": "s"}

    def sign(of: dict[str, str]) -> str:
        return sign_apig(
            of["secret"], of["method"], of["path"], of["query"], {"x-sdk-date": of["date"]}, of["body"].encode()
        )

    assert not equal(sign(parts), sign({**parts, part: parts[part] + "2"}))


@given(st.text(st.characters(categories=["L", "N"])))
def test_callback_signature_is_accepted_by_an_independent_verifier(word: str) -> None:
    body = json.dumps({"word": word})
    stamp = str(int(datetime.now(UTC).timestamp()))
    signature = sign_webhook("a-secret", "m1", stamp, body.encode())
    headers = {"webhook-id": "m1", "webhook-timestamp": stamp, "webhook-signature": signature}
    verifier = Webhook(base64.b64encode(b"a-secret").decode())
    assert verifier.verify(body, headers) == {"word": word}


@given(st.integers(-200, 200))
def test_a_timestamp_more_than_60_s_off_is_stale(seconds: int) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert is_fresh(now + timedelta(seconds=seconds), now) == (abs(seconds) <= 60)
