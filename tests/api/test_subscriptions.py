"""Subscribers are told of their orders by Standard Webhooks, checked with that project's own verifier."""

import json
import secrets
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from standardwebhooks import Webhook

from domain.parties import Actor, Role
from launcher.stack import Stack
from sandbox.cases import Case, World, proof
from sandbox.client import Json, Party
from tests.support import assert_eventually, assert_problem, log_in

MakeCase = Callable[..., Case]
PATH = "/v1/subscriptions"


class Ear:
    """A buyer of its own, its subscription, and the address that is told."""

    def __init__(self, world: World, stack: Stack, buyer: Party) -> None:
        self.world, self.stack, self.buyer = world, stack, buyer
        self.name = secrets.token_hex(6)
        self.url = f"{stack.layout.sandbox_url}/subscriber/{self.name}"

    async def subscribe(self, url: str | None = None) -> Json:
        answer = await self.buyer.post(PATH, {"url": url or self.url})
        assert answer.status == 201, answer.json_body
        self.id = str(answer.json_body["id"])
        return answer.json_body

    async def heard(self) -> list[Json]:
        return cast("list[Json]", (await self.world.sandbox.get(f"/subscriber/{self.name}")).json())

    async def answer(self, status: int) -> None:
        (await self.world.sandbox.put(f"/subscriber/{self.name}/answer/{status}")).raise_for_status()

    async def notices(self, **filters: object) -> list[Json]:
        answer = await self.buyer.http.get(f"{PATH}/{self.id}/notices", params=cast("dict[str, str]", filters))
        return cast("list[Json]", answer.raise_for_status().json()["items"])

    async def state(self) -> Json:
        (mine,) = [one for one in (await self.buyer.http.get(PATH)).json() if one["id"] == self.id]
        return cast("Json", mine)

    def order(self, make_case: MakeCase) -> Case:
        case = make_case()
        case.changes = {"buyer_id": self.buyer.actor.id}
        return case


@pytest.fixture
async def ear(world: World, stack: Stack) -> AsyncIterator[Ear]:
    made = Ear(world, stack, log_in(stack, Actor(role=Role.BUYER, id=f"buyer-{secrets.token_hex(4)}")))
    yield made
    await made.buyer.http.aclose()


def types(heard: list[Json]) -> list[str]:
    return [str(json.loads(str(one["body"]))["type"]) for one in heard]


def is_signed(heard: Json, secret: str) -> bool:
    try:
        Webhook(secret).verify(str(heard["body"]), cast("dict[str, str]", heard["headers"]))
    except Exception:  # noqa: BLE001 - whatever the verifier says is no
        return False
    return True


async def test_a_subscriber_is_told_each_step_of_its_orders_once_and_signed(ear: Ear, make_case: MakeCase) -> None:
    secret = str((await ear.subscribe())["secret"])
    other, case = make_case(), ear.order(make_case)
    await other.start()
    await case.start()
    await case.give(case.world.seller, "deliver", proof())
    heard = await assert_eventually(ear.heard, lambda heard: len(heard) >= 2)
    assert types(heard) == ["delivery.started", "delivery.deliver"]
    assert all(is_signed(one, secret) for one in heard)
    assert len({str(cast("Json", one["headers"])["webhook-id"]) for one in heard}) == 2
    data = json.loads(str(heard[1]["body"]))["data"]
    assert (data["delivery_id"], data["sequence"], data["stage"]) == (case.id, 2, "buyer-acceptance")
    assert (await ear.notices())[0]["state"] == "delivered"


async def test_after_a_rotation_both_secrets_sign(ear: Ear, make_case: MakeCase) -> None:
    old = str((await ear.subscribe())["secret"])
    new = str((await ear.buyer.post(f"{PATH}/{ear.id}/rotate-secret", {})).json_body["secret"])
    await ear.order(make_case).start()
    (heard,) = await assert_eventually(ear.heard, lambda heard: len(heard) == 1)
    assert new != old
    assert is_signed(heard, old)
    assert is_signed(heard, new)
    assert not is_signed(heard, "whsec_" + "A" * 44)
    assert "whsec_" not in str(await ear.state())


async def test_410_ends_the_subscription(ear: Ear, make_case: MakeCase) -> None:
    await ear.subscribe()
    await ear.answer(410)
    await ear.order(make_case).start()
    state = await assert_eventually(ear.state, lambda state: state["disabled_at"] is not None)
    assert "410" in str(state["disabled_reason"])
    await ear.order(make_case).start()
    assert len(await ear.notices()) == 1
    await ear.answer(204)
    assert (await ear.buyer.post(f"{PATH}/{ear.id}/enable", {})).status == 200
    since = (datetime.now(UTC) - timedelta(minutes=5)).isoformat()
    assert (await ear.buyer.post(f"{PATH}/{ear.id}/replay", {"failed_since": since})).json_body == {"count": 1}
    await assert_eventually(ear.heard, lambda heard: len(heard) == 2)


async def test_a_failing_subscriber_is_told_again_with_growing_waits(ear: Ear, make_case: MakeCase) -> None:
    await ear.subscribe()
    await ear.answer(503)
    await ear.order(make_case).start()
    (notice,) = await assert_eventually(ear.notices, lambda found: bool(found and found[0]["attempts"]))
    (attempt,) = cast("list[Json]", notice["attempts"])
    assert (notice["state"], attempt["succeeded"], str(attempt["answer"])[:8]) == ("pending", False, "HTTP 503")
    wait = datetime.fromisoformat(str(notice["next_due_at"])) - datetime.fromisoformat(str(attempt["at"]))
    assert timedelta(seconds=4) <= wait <= timedelta(seconds=6)
    await ear.answer(204)
    (notice,) = await assert_eventually(ear.notices, lambda found: found[0]["state"] == "delivered")
    first, second = await ear.heard()
    assert cast("Json", first["headers"])["webhook-id"] == cast("Json", second["headers"])["webhook-id"]


@pytest.mark.parametrize("status", [400, 403, 404])
async def test_a_refusal_is_not_repeated_but_can_be_replayed(ear: Ear, make_case: MakeCase, status: int) -> None:
    await ear.subscribe()
    await ear.answer(status)
    await ear.order(make_case).start()
    (notice,) = await assert_eventually(ear.notices, lambda found: bool(found) and found[0]["state"] == "failed")
    assert notice["next_due_at"] is None
    await ear.answer(204)
    assert (await ear.buyer.post(f"{PATH}/{ear.id}/replay", {"notice_id": notice["id"]})).json_body == {"count": 1}
    (notice,) = await assert_eventually(ear.notices, lambda found: found[0]["state"] == "delivered")
    assert len(cast("list[Json]", notice["attempts"])) == 2


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/hook",
        "https://127.0.0.1/hook",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost/hook",
        "http://example.com/hook",
    ],
)
async def test_an_address_inside_is_not_called(ear: Ear, make_case: MakeCase, url: str) -> None:
    await ear.subscribe(url)
    await ear.order(make_case).start()
    (notice,) = await assert_eventually(ear.notices, lambda found: bool(found) and found[0]["state"] == "failed")
    assert "address refused" in str(notice["attempts"])


async def test_nobody_reaches_anothers_subscription(ear: Ear) -> None:
    await ear.subscribe()
    for path in ("rotate-secret", "enable", "replay"):
        body = {"notice_id": 1} if path == "replay" else {}
        assert_problem(await ear.world.buyer.post(f"{PATH}/{ear.id}/{path}", body), 404, "subscription-not-found")
    assert_problem(await ear.world.manager.post(PATH, {"url": ear.url}), 403, "forbidden")
    assert ear.id not in str((await ear.world.buyer.http.get(PATH)).json())


async def test_one_party_has_ten_subscriptions_at_most_and_ended_ones_do_not_count(ear: Ear) -> None:
    for _ in range(10):
        await ear.subscribe()
    assert_problem(await ear.buyer.post(PATH, {"url": ear.url}), 409, "too-many-subscriptions")
    assert (await ear.buyer.http.delete(f"{PATH}/{ear.id}")).json()["disabled_reason"] == "ended by its owner"
    await ear.subscribe()
