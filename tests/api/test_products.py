"""Products: their counters, and probing that freezes trading and unfreezes it."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from domain.order import ProductType
from domain.parties import Actor, Role
from domain.seller.probing import Round
from launcher.stack import Stack
from sandbox.cases import Case, World
from sandbox.client import Json
from sandbox.parties import OTHER_SELLER
from tests.support import assert_eventually, assert_problem, log_in
from workers.schedules import PROBING, USAGE
from workflows.seller.probing import Probing

MakeCase = Callable[..., Case]
CREATE: Json = {
    "name": "create", "activity": "newInstance",
    "fields": {"orderId": "DEBUG1", "orderLineId": "DEBUG1-1", "businessId": "b-1"},
}  # fmt: skip


class Sold:
    """A product of its own, with a first order."""

    def __init__(self, case: Case) -> None:
        self.world = case.world
        self.id = f"P-{secrets.token_hex(5)}"
        self.case = case
        case.product = {"id": self.id}

    @property
    def path(self) -> str:
        return f"/v1/products/{self.id}"

    async def read(self) -> Json:
        return cast("Json", (await self.world.seller.http.get(self.path)).raise_for_status().json())

    async def save(self, *cases: Json) -> None:
        # A case of one product must not meet another's behaviour at the seller.
        mine = [{**case, "fields": _of_line(cast("Json", case["fields"]), self.id)} for case in cases]
        answer = await self.world.seller.http.put(f"{self.path}/probe-cases", json={"cases": mine})
        assert answer.status_code == 200, answer.text

    async def behave(self, mood: str) -> None:
        await self.case.behave(self.id, mood=mood)


def _of_line(fields: Json, line: str) -> Json:
    return {**fields, "orderLineId": line} if "orderLineId" in fields else fields


async def sold(make_case: MakeCase, product_type: ProductType = ProductType.LICENSE_OFFLINE) -> Sold:
    made = Sold(make_case(product_type))
    await made.case.start()
    return made


async def run_round(stack: Stack, at: datetime) -> int:
    client = await Client.connect(stack.layout.temporal_address, data_converter=pydantic_data_converter)
    return await client.execute_workflow(
        Probing.run, Round(at=at), id=f"round-{secrets.token_hex(6)}", task_queue="deliveries"
    )


async def test_a_product_is_known_from_its_first_order_on(make_case: MakeCase) -> None:
    product = await sold(make_case)
    seen = await product.read()
    assert (seen["sale"], seen["trading_frozen_since"], seen["failed_orders"]) == ("on-sale", None, 0)


async def test_five_failing_days_freeze_trading_and_a_repair_unfreezes_it(
    make_case: MakeCase, stack: Stack, world: World
) -> None:
    product = await sold(make_case)
    ear = f"ear-{secrets.token_hex(4)}"
    url = f"{stack.layout.sandbox_url}/subscriber/{ear}"
    subscription = (await world.seller.post("/v1/subscriptions", {"url": url})).json_body["id"]
    await product.save(CREATE)
    await product.behave("down")
    first = datetime.now(UTC) - timedelta(days=10)
    for day in range(4):
        assert await run_round(stack, first + timedelta(days=day)) >= 1
    assert (await product.read())["trading_frozen_since"] is None
    await run_round(stack, first + timedelta(days=4))
    seen = await product.read()
    assert (seen["trading_frozen_since"] is not None, seen["failing_days"]) == (True, 5)
    await product.behave("healthy")
    answer = await world.seller.post(f"{product.path}/probe", {})
    assert answer.json_body["trading_frozen_since"] is None
    causes = [event["cause"] for event in cast("list[Json]", (await product.read())["history"])]
    assert causes == ["trading-frozen", "trading-unfrozen"]

    async def told() -> list[str]:
        heard = (await world.sandbox.get(f"/subscriber/{ear}")).json()
        return [one["body"] for one in heard if product.id in one["body"]]

    told_of = await assert_eventually(told, lambda told: len(told) == 2)
    assert "product.trading-frozen" in told_of[0]
    assert "product.trading-unfrozen" in told_of[1]
    await world.seller.http.delete(f"/v1/subscriptions/{subscription}")


async def test_a_probe_is_sent_in_debugging_mode_and_shows_what_came_back(make_case: MakeCase, world: World) -> None:
    product = await sold(make_case)
    unknown: Json = {"name": "unknown", "activity": "queryInstance", "fields": {"instanceId": "nowhere"}}
    await product.save(CREATE, unknown)
    seen = (await world.seller.post(f"{product.path}/probe", {})).json_body
    (probe,) = cast("list[Json]", seen["probes"])
    results = cast("list[Json]", probe["results"])
    assert [(one["name"], one["passed"]) for one in results] == [("create", True), ("unknown", False)]
    assert "000003" in str(results[1]["answer"])
    assert (probe["passed"], seen["failed_probes"]) == (False, 1)
    (body,) = cast("list[Json]", (await product.case.seller_saw(product.id))["bodies"])
    assert body["testFlag"] == "1"


async def test_only_products_on_sale_are_probed(make_case: MakeCase, stack: Stack, world: World) -> None:
    product = await sold(make_case)
    await product.save(CREATE)
    for sale in ("suspended", "delisted"):
        changed = await world.manager.http.put(f"{product.path}/sale", json={"sale": sale})
        assert changed.json()["sale"] == sale
        await run_round(stack, datetime.now(UTC))
    assert (await product.read())["probes"] == []
    await world.manager.http.put(f"{product.path}/sale", json={"sale": "on-sale"})
    await run_round(stack, datetime.now(UTC))
    assert len(cast("list[Json]", (await product.read())["probes"])) == 1


async def test_more_than_five_failed_orders_of_a_month_are_flagged(make_case: MakeCase) -> None:
    product = await sold(make_case, ProductType.SAAS_INSTANT)
    for number in range(6):
        case = make_case(ProductType.SAAS_INSTANT)
        case.product = {"id": product.id}
        await case.behave(mood="forbidding")
        await case.start()
        await case.until(lambda seen: bool(seen["parked_calls"]))
        await case.pass_time(timedelta(hours=3, minutes=2))
        await case.until_stage("refunded")
        seen = await product.read()
        assert (seen["failed_orders"], seen["flagged"]) == (number + 1, number + 1 > 5)


@pytest.mark.parametrize(("name", "times"), [(PROBING, {"01:30", "07:30"}), (USAGE, {"20:30"})])
async def test_the_engine_probes_twice_and_asks_for_usage_once_a_day(stack: Stack, name: str, times: set[str]) -> None:
    client = await Client.connect(stack.layout.temporal_address)
    described = await client.get_schedule_handle(name).describe()
    nexts = [at.astimezone(UTC).strftime("%H:%M") for at in described.info.next_action_times[:4]]
    assert set(nexts) == times


async def test_a_product_is_its_sellers(make_case: MakeCase, stack: Stack, world: World) -> None:
    product = await sold(make_case)
    other = log_in(stack, Actor(role=Role.SELLER, id=OTHER_SELLER.id))
    for read in (other.http.get(product.path), other.http.put(f"{product.path}/probe-cases", json={"cases": []})):
        assert (await read).json()["code"] == "product-not-found"
    assert_problem(await other.post(f"{product.path}/probe", {}), 404, "product-not-found")
    answer = await world.seller.http.put(f"{product.path}/sale", json={"sale": "delisted"})
    assert answer.json()["code"] == "forbidden"
    assert product.id not in str((await other.http.get("/v1/products?limit=200")).json())
    await other.http.aclose()


async def test_a_test_case_of_an_unknown_call_is_refused(make_case: MakeCase, world: World) -> None:
    product = await sold(make_case)
    wrong = {"cases": [{"name": "x", "activity": "getLicense", "fields": {}}]}
    answer = await world.seller.http.put(f"{product.path}/probe-cases", json=wrong)
    assert answer.json()["code"] == "invalid-input"
