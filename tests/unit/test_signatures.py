import base64
import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from domain.seller.signatures import (
    canonical_json,
    equal,
    equal_hex,
    has_signed_body,
    is_fresh,
    sign_apig,
    sign_body,
    sign_v1,
    sign_v2,
    sign_webhook,
    trace_kit,
    trace_usage,
    trace_v2,
)

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
    signature = sign_webhook(b"a-secret", "m1", stamp, body.encode())
    headers = {"webhook-id": "m1", "webhook-timestamp": stamp, "webhook-signature": signature}
    verifier = Webhook(base64.b64encode(b"a-secret").decode())
    assert verifier.verify(body, headers) == {"word": word}


@given(st.integers(-200, 200))
def test_a_timestamp_more_than_60_s_off_is_stale(seconds: int) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert is_fresh(now + timedelta(seconds=seconds), now) == (abs(seconds) <= 60)


def test_v2_intermediate_strings_match_the_vector() -> None:
    steps = dict(trace_v2("demo-access-key-0001", NONCE, "1680508066618", BODY).steps)
    assert steps["bodyMac"] == "ecffc419f94382506433d8aeecd4f354d598eb81fdf02bacd2aa73c4b58c9f1b"


def test_v1_token_matches_the_vector() -> None:
    parameters = {"p3": "3", "p1": "1", "p2": "2", "timeStamp": "201706211855321"}
    assert sign_v1("demo-key", "201706211855321", parameters) == "Tg8aeAQA1mdv6q+juSeHiHy1qnOBDq0SykBjZxIgESc="


def test_a_signed_body_matches_the_vector() -> None:
    header = sign_body("abcde", b"a=1&b=2")
    assert header == 'sign_type="HMAC-SHA256", signature= "4sbEVd9vKZQGPRRr8TyjWery0lZV7tetTnzfX3Gb9Ok="'
    assert has_signed_body("abcde", header, b"a=1&b=2")


@given(st.binary(max_size=20), st.binary(max_size=20))
def test_a_signed_body_is_that_body(first: bytes, second: bytes) -> None:
    assert has_signed_body("key", sign_body("key", first), second) == (first == second)


def test_a_signed_body_needs_its_quotes_and_the_right_key() -> None:
    header = sign_body("key", b"{}")
    assert not has_signed_body("key", header.replace('"', ""), b"{}")
    assert not has_signed_body("other", header, b"{}")
    assert not has_signed_body("key", "", b"{}")


def test_the_usage_signature_does_not_depend_on_the_order_of_keys() -> None:
    first = trace_usage("key", "1", "n", b'{"b":1,"a":[]}').signature
    assert first == trace_usage("key", "1", "n", b'{ "a": [], "b": 1 }').signature


def test_the_kit_signs_the_body_as_it_is() -> None:
    assert trace_kit("k", "n", "1", b"{}").signature != trace_kit("k", "n", "1", b"{ }").signature


def test_canonical_json_drops_nulls_and_sorts() -> None:
    assert canonical_json('{"b": "é", "a": null, "c": 1}'.encode()) == '{"b":"é","c":1}'.encode()
