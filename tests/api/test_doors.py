"""What cannot be stored is refused at every door, and the order goes on as if nobody had asked."""

import base64
import json
from collections.abc import Callable, Iterator
from urllib.parse import quote

import httpx
import pytest

from domain.delivery.command_spec import Body, CommandName
from domain.events import REPORTED
from domain.order import ProductType
from domain.parties import Actor, Role
from launcher.stack import Stack
from sandbox.cases import PARCEL, Case, World, causes, file, proof
from sandbox.client import Json, Party
from tests.support import assert_problem, log_in, new_case, read_answer
from tests.unit.domain.builders import BODIES

MakeCase = Callable[..., Case]

UNSTORABLE = ("plain\x00text", "plain\ud800text")
BODY_LIMIT = 512 * 1024
GIVEN = [body for body in BODIES if body.spec.name is not CommandName.ACTIVATE_CODE]


def spoilt(content: object, text: str) -> Iterator[object]:
    """Copies of a body, each with the text in place of one of its texts, or as one more name."""
    if isinstance(content, str):
        yield text
    elif isinstance(content, list):
        for place, inner in enumerate(content):
            yield from ([*content[:place], other, *content[place + 1 :]] for other in spoilt(inner, text))
    elif isinstance(content, dict):
        yield {**content, text: "x"}
        for name, inner in content.items():
            yield from ({**content, name: other} for other in spoilt(inner, text))


async def send(party: Party, method: str, path: str, content: object, key: str = "door") -> httpx.Response:
    """Send what a client library would not: half of a surrogate pair travels as its escape."""
    headers = {"Idempotency-Key": key, "content-type": "application/json"}
    return await party.http.request(method, path, content=json.dumps(content), headers=headers)


async def assert_refused(party: Party, method: str, path: str, content: Json) -> None:
    for text in UNSTORABLE:
        for body in spoilt(content, text):
            assert_problem(read_answer(await send(party, method, path, body)), 422, "invalid-input")
    padded = {**content, "padding": "x" * BODY_LIMIT}
    assert_problem(read_answer(await send(party, method, path, padded)), 413, "body-too-large")


@pytest.fixture(scope="module")
async def waiting(world: World) -> Case:
    """An order that waits for its buyer."""
    made = new_case(world)
    await made.start()
    await made.give(made.world.seller, "deliver", proof())
    return made


@pytest.mark.parametrize("body", GIVEN, ids=lambda body: body.spec.name)
async def test_a_command_with_unstorable_text_is_refused(waiting: Case, body: Body) -> None:
    path = f"/v1/deliveries/{waiting.id}/{body.spec.name}"
    await assert_refused(waiting.world.manager, "POST", path, body.model_dump(mode="json"))


@pytest.mark.parametrize("event", REPORTED)
async def test_an_event_with_unstorable_text_is_refused(waiting: Case, event: str) -> None:
    told = {"signed_at": "2026-11-01T00:00:00Z", "recipient_is_buyer": True} if event == "parcel-signed" else {}
    await assert_refused(waiting.world.purchase, "POST", f"/v1/deliveries/{waiting.id}/events/{event}", told)


async def test_an_order_with_unstorable_text_is_refused(make_case: MakeCase) -> None:
    case = make_case(
        service_steps=["Draft"],
        request_template=[{"name": "region", "label": "Region"}],
        delivery_template=[{"name": "manual", "label": "Manual"}],
    )
    await assert_refused(case.world.purchase, "POST", "/v1/deliveries", case.order())


OTHERS: dict[str, tuple[str, str, Json]] = {
    "operation": (
        "POST",
        "/v1/instances/{id}/operations",
        {"operation": "renew", "order_id": "R1", "order_line_id": "R1-1", "period": {"unit": "month", "number": 1}},
    ),
    "restart": ("POST", "/v1/instances/{id}/restart-call", {"activity": "releaseInstance"}),
    "subscription": ("POST", "/v1/subscriptions", {"url": "https://subscriber.example.com/"}),
    "probe cases": (
        "PUT",
        "/v1/products/P-1001/probe-cases",
        {"cases": [{"name": "a", "activity": "newInstance", "fields": {"orderId": "O1"}}]},
    ),
    "batch": ("POST", "/v1/proof-batches", {"project_id": "PR1", "delivery_ids": ["A:B"], **proof()}),
}


@pytest.mark.parametrize("name", OTHERS)
async def test_any_other_body_with_unstorable_text_is_refused(waiting: Case, name: str) -> None:
    method, path, content = OTHERS[name]
    await assert_refused(waiting.world.manager, method, path.format(id=waiting.id), content)


async def doors(party: Party) -> list[tuple[str, str, list[Json]]]:
    """Method, path and parameters of every route, as published."""
    paths: dict[str, dict[str, Json]] = (await party.http.get("/openapi.json")).json()["paths"]
    return [
        (method.upper(), path, route.get("parameters", []))  # type: ignore[misc]
        for path, routes in paths.items()
        for method, route in routes.items()
    ]


async def test_no_path_names_what_cannot_be_stored(waiting: Case) -> None:
    found = {path: method for method, path, _ in await doors(waiting.world.manager) if "{" in path}
    assert len(found) > 40
    for path, method in found.items():
        unstorable = "/".join("%00" if part.startswith("{") else part for part in path.split("/"))
        answer = await send(waiting.world.manager, method, unstorable, {})
        assert_problem(read_answer(answer), 422, "invalid-input")
        oversized = "/".join("x" * 5000 if part.startswith("{") else part for part in path.split("/"))
        answer = await send(waiting.world.manager, method, oversized, {})
        assert 400 <= answer.status_code < 500, path
        assert answer.json()["code"]


async def test_no_filter_asks_for_what_cannot_be_stored(waiting: Case) -> None:
    lists = [(path, one["name"]) for _, path, all_of in await doors(waiting.world.manager) for one in all_of
             if one["in"] == "query"]  # fmt: skip
    assert ("/v1/deliveries", "seller_id") in lists
    for path, name in lists:
        for value in ("\x00", "1\x00", "x" * 5000, "9" * 5000):
            answer = await waiting.world.manager.http.get(f"{path}?{name}={quote(value)}")
            assert_problem(read_answer(answer), 422, "invalid-input")


FAR_EAST = "2026-11-22T09:00:00+23:59"
"""The database knows no zone so far from UTC."""

LONG_AGO = "0001-01-01T00:00:00+23:59"
"""Before the first year, in UTC."""


@pytest.mark.parametrize(
    ("position", "status"),
    [("2026-11-22T09:00:00+00:00 a\x00b", 422), (f"{FAR_EAST} A:B", 200), (f"{LONG_AGO} A:B", 422)],
)
async def test_a_cursor_stands_for_what_the_database_can_look_up(waiting: Case, position: str, status: int) -> None:
    cursor = base64.urlsafe_b64encode(position.encode()).decode()
    for path in ("/v1/deliveries", "/v1/instances"):
        answer = await waiting.world.manager.http.get(path, params={"cursor": cursor})
        assert answer.status_code == status, answer.text


async def test_a_replay_begins_at_a_moment_that_the_database_knows(waiting: Case) -> None:
    subscribed = await waiting.world.buyer.post("/v1/subscriptions", {"url": "https://subscriber.example.com/"})
    path = f"/v1/subscriptions/{subscribed.json_body['id']}"
    for moment, status in ((FAR_EAST, 200), (LONG_AGO, 422)):
        answer = await waiting.world.buyer.post(f"{path}/replay", {"failed_since": moment})
        assert answer.status == status, answer.json_body
    assert (await waiting.world.buyer.http.delete(path)).status_code == 200


async def test_a_number_that_is_none_is_refused(waiting: Case) -> None:
    for amount in (float("nan"), float("inf"), "1E+999999", "1E-999999", 10**4000):
        body = {"amount": amount, "reason": "x"}
        answer = await send(waiting.world.buyer, "POST", f"/v1/deliveries/{waiting.id}/request-refund", body)
        assert_problem(read_answer(answer), 422, "invalid-input")


async def test_the_longest_key_of_the_longest_name_is_a_key(make_case: MakeCase, stack: Stack) -> None:
    case = make_case(ProductType.HARDWARE)
    await case.start()
    await case.give(case.world.seller, "ship", PARCEL)
    manager = log_in(stack, Actor(role=Role.MANAGER, id="m" * 64))
    answer = await manager.give(case.id, "confirm-not-received", {"reason": "x"}, key="k" * 128)
    assert answer.status == 200, answer.json_body
    await manager.http.aclose()


async def test_after_all_refusals_the_order_takes_its_commands_and_ends(waiting: Case) -> None:
    for body in ({"note": "fine\x00"}, {"note": "fine\ud800"}):
        answer = await send(waiting.world.buyer, "POST", f"/v1/deliveries/{waiting.id}/accept", body, key="a")
        assert_problem(read_answer(answer), 422, "invalid-input")
    appeal: Json = {"reason": "x", "claim": "y", "attachments": [file("x")]}
    await waiting.give(waiting.world.buyer, "appeal", appeal)
    await waiting.give(waiting.world.buyer, "withdraw-appeal")
    await waiting.give(waiting.world.buyer, "request-refund", {"amount": "1.00", "reason": "x"})
    await waiting.give(waiting.world.seller, "refuse-refund", {"reason": "x"})
    await waiting.give(waiting.world.buyer, "accept", {"note": "验收通过 👍"})
    assert causes(await waiting.until_stage("completed"))[:2] == ["started", "deliver"]
