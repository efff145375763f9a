import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.seller.masking import MASK, mask
from domain.seller.calls import CALLS, SECRET_MEMBERS

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
)


@given(plain)
def test_what_holds_no_secret_stays_as_it_is(content: object) -> None:
    assert json.loads(mask(json.dumps(content))) == content


@given(st.sampled_from(sorted(SECRET_MEMBERS)), st.integers(0, 5))
def test_a_secret_is_hidden_however_deep(member: str, depth: int) -> None:
    content: object = {member: "s3cret", "other": 1}
    for _ in range(depth):
        content = {"info": [content]}
    masked = mask(json.dumps(content))
    assert "s3cret" not in masked
    assert MASK in masked


@pytest.mark.parametrize(
    ("activity", "member"), [(activity, member) for activity, call in CALLS.items() for member in sorted(call.secrets)]
)
def test_whatever_a_call_declares_secret_is_hidden(activity: str, member: str) -> None:
    masked = json.loads(mask(json.dumps({"activity": activity, member: "s3cret", "info": [{member: "s3cret"}]})))
    assert masked == {"activity": activity, member: MASK, "info": [{member: MASK}]}


def test_what_lets_somebody_in_and_what_was_bought_are_secret() -> None:
    assert {"password", "userName", "clientSecret", "authToken", "license"} == SECRET_MEMBERS


@pytest.mark.parametrize("depth", [900, 60_000])
def test_what_is_nested_too_deeply_to_be_looked_through_is_hidden(depth: int) -> None:
    assert mask('{"info":' * depth + '{"password":"s3cret"}' + "}" * depth) == MASK


def test_text_that_is_no_json_passes() -> None:
    assert mask("<html>busy</html>") == "<html>busy</html>"
