"""No text that the database cannot keep is a value of the domain."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from types import UnionType
from typing import Annotated, Union, get_args, get_origin

import pytest
from pydantic import BaseModel, ValidationError

from domain.base import storable
from domain.delivery.commands import COMMANDS
from domain.events import REPORTED
from domain.instance.operations import CancelRenewal, Convert, Release, Renew, RestartInstanceCall, Upgrade
from domain.order import Order
from domain.seller.instance_reports import AppInfo, UsageInfo
from domain.seller.probing import ProbeCase
from tests.unit.domain.builders import BODIES

UNSTORABLE = ("plain\x00text.pdf", "plain\ud800text.pdf", "plain\udffftext.pdf")

MODELS: tuple[type[BaseModel], ...] = (
    *COMMANDS.values(),
    *(spec.report for spec in REPORTED.values()),
    Order, Renew, CancelRenewal, Convert, Upgrade, Release, RestartInstanceCall, ProbeCase, AppInfo, UsageInfo,
)  # fmt: skip

Fill = Callable[[object], object]


def texts(annotation: object) -> Iterator[tuple[str, Fill]]:
    """Where a type takes text: its path, and what puts a text there."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation is str:
        yield "", lambda text: text
    elif origin is Annotated:
        yield from texts(arguments[0])
    elif origin in {Union, UnionType}:
        yield from chain.from_iterable(texts(one) for one in arguments)
    elif origin in {tuple, list}:
        yield from within("[]", arguments[0], lambda inner: [inner])
    elif origin is dict:
        yield from within("{name}", arguments[0], lambda inner: {inner: "a"})
        yield from within("{}", arguments[1], lambda inner: {"a": inner})
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, field in annotation.model_fields.items():
            yield from within(f".{name}", field.annotation, partial(member, field.alias or name))


def within(path: str, annotation: object, wrap: Fill) -> Iterator[tuple[str, Fill]]:
    return ((f"{path}{rest}", lambda text, fill=fill: wrap(fill(text))) for rest, fill in texts(annotation))  # type: ignore[misc]


def member(name: str, value: object) -> dict[str, object]:
    return {name: value}


PLACES = {f"{model.__name__}{path}": (model, fill) for model in MODELS for path, fill in texts(model)}


def complaints(model: type[BaseModel], content: object) -> list[str]:
    """What is wrong with a content, besides what it lacks."""
    with pytest.raises(ValidationError) as refused:
        model.model_validate(content)
    return [error["msg"] for error in refused.value.errors() if error["type"] != "missing"]


def test_the_walk_finds_the_texts_that_people_write() -> None:
    assert {
        "Accept.note",
        "Appeal.reason",
        "Appeal.attachments[].name",
        "SubmitRequest.answers[].value",
        "Deliver.proof.documents[].file.name",
        "AgreeRefund.return_address",
        "Order.product.name",
        "Order.product.service_steps[]",
        "Order.product.request_template[].label",
        "ProbeCase.fields{}",
        "AppInfo.memo",
    } <= set(PLACES)


@pytest.mark.parametrize("text", UNSTORABLE, ids=ascii)
@pytest.mark.parametrize("place", PLACES)
def test_no_member_takes_text_that_cannot_be_stored(place: str, text: str) -> None:
    model, fill = PLACES[place]
    assert complaints(model, fill(text))


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.spec.name)
def test_every_other_text_is_taken_as_it_is(body: BaseModel) -> None:
    assert type(body).model_validate(body.model_dump(mode="json")) == body


@pytest.mark.parametrize("text", ["", "验收通过 👍", "a\nb\ttab", "\u0001\u001f\ufffe\uffff\U0010ffff"])
def test_text_that_can_be_stored_stays_as_it_is(text: str) -> None:
    assert storable(text) == text


def test_what_cannot_be_stored_is_marked_where_it_was() -> None:
    assert storable("a\x00b\ud83dc\udc00d") == "a\ufffdb\ufffdc\ufffdd"
