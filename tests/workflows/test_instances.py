"""What was delivered lives on: renewed, expired, frozen, brought back, released; the seller is told each time."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from pydantic import ValidationError
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from activities.instance.queries import batched
from domain.order import ProductType
from domain.seller.instance_reports import MAX_QUERIED, QueryBatch
from launcher.stack import Stack
from sandbox.cases import Case, World, calls, causes, expect_close, instant, proof
from sandbox.client import Json, query_order
from sandbox.life import Life, end_of
from tests.support import assert_problem
from workflows.instance.query import UsageRound

MakeCase = Callable[..., Case]
MONTH: Json = {"unit": "month", "number": 1}


async def all_told(life: Life, *activities: str) -> list[Json]:
    """Everything the seller was to be told is told, by these calls; what they said, in order."""
    of = life.case.code if life.case.product_type is ProductType.LICENSE_AUTHORIZATION_CODE else None
    await life.until_told()
    bodies = cast("list[Json]", (await life.case.seller_saw(of))["bodies"])
    later = [body for body in bodies if body["activity"] not in {"newInstance", "queryInstance"}]
    assert [body["activity"] for body in later] == list(activities)
    return later


async def living(make_case: MakeCase, product_type: ProductType = ProductType.SAAS_INSTANT, **changes: object) -> Life:
    case = make_case(product_type)
    case.changes = {"period": MONTH, **changes}
    await case.start()
    if product_type is ProductType.LICENSE_AUTHORIZATION_CODE:
        await case.until(lambda seen: "code-issued" in causes(seen))
        case.code = str((await case.world.seller.read(case.id))["license_code"])
        assert (await case.activate(case.code)).json_body["error_code"] == "92020000"
        await case.until_stage("proof-upload")
        await case.give(case.world.seller, "upload-proof", proof())
    await case.until_stage("completed")
    return await Life.of(case)


def wire(moment: datetime) -> str:
    return moment.strftime("%Y%m%d%H%M%S")


async def statuses(life: Life) -> list[str]:
    heard = [cast("Json", one["status"]) for one in await life.case.purchase_heard()]
    return [f"{one['order_id']} {one['status']}" for one in heard]


async def test_an_instance_expires_is_frozen_for_15_days_and_released(make_case: MakeCase) -> None:
    life = await living(make_case)
    born = await life.read()
    assert born["status"] == "active"
    assert cast("Json", born["next_act"])["act"] == "remind-expiry"
    await life.pass_end(timedelta(minutes=1))
    frozen = await life.until_status("frozen")
    assert instant(cast("Json", frozen["next_act"])["at"]) - end_of(frozen) == timedelta(days=15)
    assert await all_told(life, "updateInstanceStatus") == [
        {"activity": "updateInstanceStatus", "instanceId": f"i-{life.case.line}", "status": "FREEZE"}
    ]
    await life.pass_time(timedelta(days=15))
    await life.until_status("released")
    told = await all_told(life, "updateInstanceStatus", "releaseInstance")
    assert told[-1] == {"activity": "releaseInstance", "instanceId": f"i-{life.case.line}"}
    assert await life.case.effect("frozen") == await life.case.effect("released") == 1
    assert causes(await life.read()).count("remind-expiry") == 4
    assert_problem(await life.operate("renew", "RN1", period=MONTH), 409, "instance-released")


async def test_a_renewal_prolongs_and_brings_a_frozen_instance_back(make_case: MakeCase) -> None:
    life = await living(make_case)
    born = await life.read()
    renewed = await life.done("renew", "RN1", period=MONTH)
    assert timedelta(days=28) <= end_of(renewed) - end_of(born) <= timedelta(days=31)
    await life.pass_end(timedelta(days=2))
    await life.until_status("frozen")
    again = await life.done("renew", "RN2", period=MONTH, product_id="P-2002")
    assert again["status"] == "active"
    first, _, second, third = await all_told(
        life, "refreshInstance", "updateInstanceStatus", "refreshInstance", "updateInstanceStatus"
    )
    assert first == {
        "activity": "refreshInstance",
        "scene": "RENEWAL",
        "orderId": "RN1",
        "orderLineId": "RN1-1",
        "instanceId": f"i-{life.case.line}",
        "expireTime": wire(end_of(renewed)),
    }
    assert (second["scene"], second["productId"], second["expireTime"]) == (
        "RENEWAL_CHANGE", "P-2002", wire(end_of(again)),
    )  # fmt: skip
    assert third["status"] == "UNFREEZE"
    await life.case.world.manager.wait_for(life.case.id, lambda seen: len(calls(seen, "orderStatus")) == 3)
    assert (await statuses(life))[1:] == ["RN1 completed", "RN2 completed"]


async def test_the_same_order_line_renews_once(make_case: MakeCase) -> None:
    life = await living(make_case)
    first = await life.done("renew", "RN1", period=MONTH)
    assert await life.done("renew", "RN1", period=MONTH) == first
    assert_problem(await life.operate("renew", "RN1", period={"unit": "year", "number": 1}), 409, "order-line-conflict")
    assert len(cast("list[Json]", (await life.read())["renewals"])) == 1


async def test_the_order_of_an_operation_can_be_queried_by_the_seller(make_case: MakeCase) -> None:
    life = await living(make_case)
    renewed, name = await life.done("renew", "RN1", period=MONTH), f"UP{life.case.order_id}"
    await life.done("upgrade", name, product_id="P-2002")
    url, keys = life.case.world.api_url, life.case.world.open_api_keys
    info = cast("Json", (await query_order(url, keys, orderId=name)).json_body["orderInfo"])
    (line,) = cast("list[Json]", info["orderLine"])
    assert (info["orderType"], line["orderLineId"], line["productInfo"]) == (
        "CHANGE", f"{name}-1", [{"productId": "P-2002"}],
    )  # fmt: skip
    info = cast("Json", (await query_order(url, keys, orderId=life.case.order_id)).json_body["orderInfo"])
    (line,) = cast("list[Json]", info["orderLine"])
    assert line["expireTime"] == wire(end_of(renewed))
    assert (await query_order(url, keys, orderId=name, orderLineId="another")).status == 403


async def test_only_the_latest_renewal_is_cancelled_and_only_before_it_takes_effect(make_case: MakeCase) -> None:
    life = await living(make_case)
    born = await life.read()
    await life.done("renew", "RN1", period=MONTH)
    await life.done("renew", "RN2", period=MONTH)
    refused = await life.operate("cancel-renewal", "UN1", renewal="RN1:RN1-1")
    assert_problem(refused, 409, "renewal-in-effect")
    await life.done("cancel-renewal", "UN2", renewal="RN2:RN2-1")
    last = (await all_told(life, "refreshInstance", "refreshInstance", "refreshInstance"))[-1]
    assert (last["scene"], last["orderId"]) == ("UNSUBSCRIBE_RENEWAL_PERIOD", "UN2")
    await life.pass_time(end_of(born) - datetime.now(UTC) + timedelta(minutes=5))
    refused = await life.operate("cancel-renewal", "UN3", renewal="RN1:RN1-1")
    assert_problem(refused, 409, "renewal-in-effect")


async def test_a_trial_is_reminded_of_its_end_and_becomes_commercial(make_case: MakeCase) -> None:
    life = await living(make_case, trial=True, period={"unit": "day", "number": 7})
    born = await life.read()
    assert_problem(await life.operate("renew", "RN1", period=MONTH), 409, "not-legal-now")
    expect_close(end_of(born), instant(born["since"]) + timedelta(days=7), "end of the trial")
    reminder = instant(cast("Json", born["next_act"])["at"])
    assert (reminder.hour, reminder.minute) == (2, 0)  # ten o'clock in Beijing
    await life.pass_time(timedelta(days=7, minutes=1))
    await life.until_status("frozen")
    formal = await life.done("convert", "TF1", period=MONTH)
    assert formal["status"] == "active"
    _, refreshed, thawed = await all_told(life, "updateInstanceStatus", "refreshInstance", "updateInstanceStatus")
    assert (refreshed["scene"], refreshed["expireTime"]) == ("TRIAL_TO_FORMAL", wire(end_of(formal)))
    assert thawed["status"] == "UNFREEZE"
    assert "ends on" in str((await life.read())["messages"])


async def test_an_upgrade_that_fails_for_three_hours_is_refunded(make_case: MakeCase) -> None:
    life = await living(make_case)
    await life.case.behave(mood="down")
    await life.done("upgrade", "UP1", product_id="P-2002")
    assert_problem(await life.operate("upgrade", "UP2", product_id="P-2003"), 409, "not-legal-now")
    await life.pass_time(timedelta(hours=3, minutes=2))
    seen = await life.until(lambda seen: seen["to_be_told"] == [])
    assert seen["product_id"] == "P-1001"
    await life.case.behave(mood="healthy")
    await life.done("upgrade", "UP3", product_id="P-2003")
    seen = await life.until(lambda seen: seen["product_id"] == "P-2003")
    await life.case.world.manager.wait_for(life.case.id, lambda seen: len(calls(seen, "orderStatus")) == 3)
    assert (await statuses(life))[1:] == ["UP1 refunded", "UP3 completed"]
    assert await life.case.effect("upgradeInstance  UP3") == 1
    assert await life.case.effect("upgradeInstance  UP1") == 0


async def test_calls_go_out_in_order_and_a_refused_one_waits_for_its_restart(make_case: MakeCase) -> None:
    life = await living(make_case)
    await life.case.behave(mood="forbidding")
    await life.done("renew", "RN1", period=MONTH)
    await life.done("renew", "RN2", period=MONTH)
    seen = await life.until(lambda seen: bool(seen["parked_calls"]))
    assert "HTTP 403" in str(seen["parked_calls"])
    assert seen["to_be_told"] == ["refreshInstance", "refreshInstance"]
    await life.case.behave(mood="healthy")
    path, body = f"/v1/instances/{life.case.id}/restart-call", {"activity": "refreshInstance"}
    assert_problem(await life.case.world.buyer.post(path, body, "k"), 403, "forbidden")
    assert (await life.case.world.seller.post(path, body, "k")).status == 200
    told = await all_told(life, "refreshInstance", "refreshInstance", "refreshInstance")
    assert [one["orderId"] for one in told] == ["RN1", "RN1", "RN2"]
    assert_problem(await life.case.world.seller.post(path, body, "other"), 409, "nothing-parked")


async def test_a_release_makes_what_waits_pointless(make_case: MakeCase) -> None:
    life = await living(make_case)
    await life.case.behave(mood="forbidding")
    await life.done("renew", "RN1", period=MONTH)
    await life.until(lambda seen: bool(seen["parked_calls"]))
    await life.case.behave(mood="healthy")
    await life.done("release", "UN1")
    told = await all_told(life, "refreshInstance", "releaseInstance")
    assert (told[-1]["orderId"], told[-1]["orderLineId"]) == ("UN1", "UN1-1")
    seen = await life.read()
    assert (seen["status"], seen["parked_calls"], seen["next_act"]) == ("released", [], None)


async def test_an_authorization_code_has_days_of_grace_before_it_is_frozen(make_case: MakeCase) -> None:
    life = await living(make_case, ProductType.LICENSE_AUTHORIZATION_CODE)
    await life.done("renew", "RN1", period=MONTH)
    renewed = await life.read()
    lives = await life.case.open_api("v1/license/heartbeat", {"license": life.case.code})
    assert cast("Json", lives["data"])["expire_time"] == wire(end_of(renewed))
    await life.pass_end(timedelta(minutes=5))
    assert (await life.until_status("expired"))["to_be_told"] == []
    await life.pass_time(timedelta(days=15))
    await life.until_status("frozen")
    await life.pass_time(timedelta(days=15))
    await life.until_status("released")
    code = life.case.code
    lives = await life.case.open_api("v1/license/heartbeat", {"license": code})
    assert cast("Json", lives["data"])["status"] == "RELEASED"
    refreshed, frozen, released = await all_told(
        life, "refreshLicenseCode", "updateLicenseCodeStatus", "releaseLicenseCode"
    )
    assert refreshed["license"] == frozen["license"] == released["license"] == code
    assert (refreshed["scene"], frozen["status"]) == ("RENEWAL", "FREEZE")
    assert set(released) == {"activity", "license"}


@pytest.mark.parametrize("product_type", [ProductType.LICENSE_OFFLINE, ProductType.MANUAL_SERVICE])
async def test_what_leaves_no_instance_has_none(make_case: MakeCase, product_type: ProductType) -> None:
    case = make_case(product_type)
    await case.start()
    answer = await case.world.purchase.post(
        f"/v1/instances/{case.id}/operations",
        {"operation": "release", "order_id": "UN1", "order_line_id": "UN1-1"},
    )
    assert_problem(answer, 404, "no-instance")


async def test_the_buyer_sees_links_and_usage_and_nobody_else_the_password(make_case: MakeCase) -> None:
    life = await living(make_case)
    world, path = life.case.world, f"/v1/instances/{life.case.id}/query"
    seen = (await world.buyer.post(path, {})).json_body
    report = cast("Json", seen["report"])
    assert str(report["front_end_url"]).startswith("https://i-")
    assert cast("Json", report["access"])["password"] == "opensesame"
    (usage,) = cast("list[Json]", report["usage"])
    assert (usage["usage_value"], str(usage["dashboard_url"])[-6:]) == ("12.5000", "/usage")
    other = cast("Json", (await world.manager.post(path, {})).json_body["report"])
    assert other["access"] is None
    assert len(calls(await world.seller.read(life.case.id), "queryInstance")) == 1
    assert "opensesame" not in str(await world.seller.read(life.case.id))


async def test_a_seller_that_does_not_tell_is_named_as_the_reason(make_case: MakeCase) -> None:
    life = await living(make_case)
    await life.case.behave(mood="down")
    answer = await life.case.world.buyer.post(f"/v1/instances/{life.case.id}/query", {})
    assert_problem(answer, 502, "seller-did-not-tell")
    assert "HTTP 503" in str(answer.json_body["detail"])


async def test_once_a_day_sellers_are_asked_in_batches_and_each_order_keeps_its_own(
    make_case: MakeCase, stack: Stack
) -> None:
    lives = [await living(make_case) for _ in range(3)]
    client = await Client.connect(stack.layout.temporal_address, data_converter=pydantic_data_converter)
    made = await client.execute_workflow(UsageRound.run, id=f"usage-{lives[0].case.id}", task_queue="deliveries")
    assert made >= 1
    for life in lives:
        seen = await life.read()
        assert f"i-{life.case.line}".lower() in str(seen["report"])
        (call,) = calls(await life.case.world.seller.read(life.case.id), "queryInstance")
        others = [other.case.order_id for other in lives if other is not life]
        assert (call["succeeded"], any(other in str(call) for other in others)) == (True, False)


async def test_a_batch_names_a_hundred_instances_at_most() -> None:
    names = {f"i-{number}": f"D{number}" for number in range(250)}
    assert [len(batch) for batch in batched(names.items(), MAX_QUERIED)] == [100, 100, 50]
    with pytest.raises(ValidationError):
        QueryBatch(key="k", seller_id="s", deliveries=dict.fromkeys(list(names)[:101], "d"))


@dataclass
class LongNamed(Case):
    """An order whose ids are as long as ids may be; its seller names the instance by its line and two letters."""

    order_id: str = field(default_factory=lambda: secrets.token_hex(32))

    @property
    def line(self) -> str:
        return self.order_id[:62]


async def test_the_longest_names_fit_into_every_record(world: World, stack: Stack) -> None:
    case = LongNamed(world, "test", ProductType.SAAS_INSTANT)
    case.changes = {"period": MONTH}
    await case.start()
    await case.until_stage("completed")
    life = await Life.of(case)
    answer = await life.case.world.purchase.post(
        f"/v1/instances/{case.id}/operations",
        {"operation": "renew", "order_id": "R" * 64, "order_line_id": case.order_id, "period": MONTH},
    )
    assert answer.status == 200, answer.json_body
    await case.world.manager.wait_for(case.id, lambda seen: len(calls(seen, "orderStatus")) == 2)
    client = await Client.connect(stack.layout.temporal_address, data_converter=pydantic_data_converter)
    await client.execute_workflow(UsageRound.run, id=f"usage-{case.id}", task_queue="deliveries")
    assert len(calls(await case.world.seller.read(case.id), "queryInstance")) == 1
