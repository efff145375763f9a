"""Appeals and refund requests, carried out by the engine and read by all sides."""

from collections.abc import Callable
from datetime import timedelta
from typing import cast

from domain.order import ProductType
from launcher.stack import Stack
from sandbox.cases import (
    PARCEL,
    REQUEST,
    TOLERANCE,
    Case,
    calls,
    causes,
    file,
    instant,
    offsets,
    parked_calls,
    proof,
    stage_of,
)
from sandbox.client import Json
from sandbox.parties import OTHER_BUYER
from tests.support import assert_problem, log_in

MakeCase = Callable[..., Case]
APPEAL: Json = {"reason": "No answer", "claim": "Close it"}


def ruling(name: str, **more: object) -> Json:
    return {"ruling": name, "reason": "so it is", **more}


def appeal_of(seen: Json, number: int = 1) -> Json:
    return cast("list[Json]", seen["appeals"])[number - 1]


def clocks(seen: Json) -> dict[str, Json]:
    return {str(clock["name"]): clock for clock in cast("list[Json]", seen["clocks"])}


async def test_all_sides_read_the_case_file_the_clocks_and_the_reasons(make_case: MakeCase) -> None:
    case = make_case()
    await case.start()
    receipt = await case.give(case.world.seller, "deliver", proof())
    await case.pass_time(timedelta(days=5))
    await case.give(case.world.seller, "appeal", {**APPEAL, "attachments": [file("letters")]})
    await case.give(case.world.buyer, "answer-appeal", {"text": "I am travelling", "attachments": [file("ticket")]})
    for party in (case.world.seller, case.world.buyer, case.world.manager):
        seen = await party.read(case.id)
        appeal = appeal_of(seen)
        assert appeal["claim"] == "Close it"
        assert cast("list[Json]", appeal["statements"])[0]["text"] == "I am travelling"
        running = clocks(seen)
        left = instant(receipt["deadline"]) - instant(running["acceptance"]["paused_since"])
        assert abs(timedelta(seconds=float(str(running["acceptance"]["remaining_seconds"]))) - left) < TOLERANCE
        assert float(str(running["order"]["remaining_seconds"])) > 0
        assert running["appeal"]["paused_since"] is None
        assert cast("Json", running["appeal"]["next_act"])["act"] == "escalate-appeal"
        assert cast("list[Json]", seen["freezes"])[0]["reason"] == "No answer"
        assert cast("Json", seen["missing"])["en"] == "the operations manager's decision on the appeal"
    await case.give(case.world.seller, "withdraw-appeal")


async def test_a_stranger_has_no_part_in_an_appeal(make_case: MakeCase, stack: Stack) -> None:
    case = make_case()
    await case.start()
    await case.give(case.world.buyer, "appeal", APPEAL)
    stranger = log_in(stack, OTHER_BUYER)
    assert_problem(await stranger.give(case.id, "withdraw-appeal"), 404, "delivery-not-found")
    assert_problem(await case.world.seller.give(case.id, "withdraw-appeal"), 403, "not-your-appeal")
    assert_problem(await case.world.buyer.give(case.id, "decide-appeal", ruling("close")), 403, "forbidden")
    await stranger.http.aclose()


async def test_an_appeal_is_due_at_the_end_of_a_day_of_the_marketplace(make_case: MakeCase) -> None:
    case = make_case()
    await case.start()
    await case.give(case.world.buyer, "appeal", APPEAL)
    appeal = appeal_of(await case.world.buyer.read(case.id))
    due = instant(appeal["due_at"]) + timedelta(hours=8)
    assert (due.hour, due.minute, due.second) == (0, 0, 0)
    assert timedelta(days=3) <= instant(appeal["due_at"]) - instant(appeal["filed_at"]) <= timedelta(days=14)


async def test_close_as_accepted_completes_and_both_sides_are_told(make_case: MakeCase) -> None:
    case = make_case(ProductType.MANUAL_SERVICE)
    await case.start()
    await case.give(case.world.buyer, "submit-request", REQUEST)
    await case.give(case.world.seller, "appeal", APPEAL)
    await case.give(case.world.manager, "decide-appeal", ruling("close"))
    done = await case.until_stage("completed")
    assert causes(done)[-1] == "decide-appeal"
    for party in (case.world.seller, case.world.buyer):
        assert "closed as accepted" in str((await party.read(case.id))["messages"])


async def test_a_ruled_refund_in_part_goes_back_once_and_releases_the_instance_once(make_case: MakeCase) -> None:
    case = make_case(ProductType.SAAS_SUPERVISED)
    await case.start()
    await case.until(lambda seen: seen["instance_id"] is not None)
    await case.give(case.world.buyer, "request-refund", {"amount": "1200.00", "reason": "Bought twice"})
    await case.give(case.world.buyer, "appeal", APPEAL)
    await case.give(case.world.manager, "decide-appeal", ruling("refund", amount="300.00"))
    seen = await case.until_stage("refunded")
    assert cast("list[Json]", seen["refund_requests"])[0]["phase"] == "void"
    await case.until(lambda seen: any(call["succeeded"] for call in calls(seen, "orderStatus")))
    (heard,) = await case.purchase_heard()
    assert cast("Json", heard["status"])["refund_amount"] == "300.00"
    assert await case.effect("released") == 1


async def test_a_silent_manager_is_escalated_and_the_order_still_waits(make_case: MakeCase) -> None:
    case = make_case()
    await case.start()
    await case.give(case.world.buyer, "appeal", APPEAL)
    await case.pass_time(timedelta(days=30))
    seen = await case.until(lambda seen: bool(appeal_of(seen)["is_late"]))
    assert seen["frozen"]
    assert "is late" in str((await case.world.manager.read(case.id))["messages"])
    await case.give(case.world.buyer, "withdraw-appeal")
    await case.give(case.world.seller, "appeal", APPEAL)
    assert appeal_of(await case.world.buyer.read(case.id), 2)["number"] == 2


async def test_an_unsent_return_counts_as_withdrawn_after_10_days(make_case: MakeCase) -> None:
    case = make_case(ProductType.HARDWARE)
    await case.start()
    await case.give(case.world.seller, "ship", PARCEL)
    await case.give(case.world.buyer, "request-refund", {"amount": "9.00", "reason": "Too loud", "goods": "received"})
    await case.pass_time(timedelta(days=3))
    await case.give(case.world.seller, "agree-refund", {"return_address": "1 Dock Road, Guiyang"})
    await case.pass_time(timedelta(days=4))
    await case.give(case.world.seller, "appeal", APPEAL)
    await case.pass_time(timedelta(days=40))
    await case.give(case.world.seller, "withdraw-appeal")
    await case.pass_time(timedelta(days=5))
    assert (await case.world.buyer.read(case.id))["frozen"]
    await case.pass_time(timedelta(days=1, minutes=1))
    seen = await case.until(lambda seen: not seen["frozen"])
    assert causes(seen)[-1] == "drop-return"
    assert stage_of(seen) == "goods-acceptance"


async def test_a_refunded_code_that_the_seller_knows_is_released_once(make_case: MakeCase) -> None:
    case = make_case(ProductType.LICENSE_AUTHORIZATION_CODE)
    await case.start()
    await case.until(lambda seen: "code-issued" in causes(seen))
    code = str((await case.world.seller.read(case.id))["license_code"])
    await case.behave(code, mood="down")
    await case.give(case.world.buyer, "request-refund", {"amount": "5.00", "reason": "Bought twice"})
    await case.give(case.world.seller, "agree-refund")
    await case.until(lambda seen: bool(calls(seen, "releaseLicenseCode")))
    await case.pass_time(timedelta(minutes=7))
    seen = await case.world.seller.read(case.id)
    assert offsets(seen, "releaseLicenseCode", timedelta(minutes=2)) == [0, 1, 2, 3]
    assert await case.effect("released", code) == 0
    await case.behave(code, mood="healthy")
    await case.pass_time(timedelta(minutes=2))
    await case.until_stage("refunded")
    assert await case.effect("released", code) == 1


async def fetching(make_case: MakeCase) -> Case:
    case = make_case(ProductType.LICENSE_IDENTIFICATION_CODE, online_license=True, code_kind="hardware")
    await case.behave(mood="down")
    await case.start()
    answer = await case.world.buyer.give(case.id, "submit-code")
    assert_problem(answer, 422, "code-required")
    await case.give(case.world.buyer, "submit-code", {"code": "HW-4711"})
    await case.until(lambda seen: bool(calls(seen, "getLicense")))
    await case.pass_time(timedelta(hours=3, minutes=2))
    parked = await case.until(lambda seen: parked_calls(seen) == ["getLicense"])
    assert offsets(parked, "getLicense", timedelta(hours=1)) == [0, 1, 2, 3]
    assert "HTTP 503" in str(cast("list[Json]", parked["parked_calls"])[0]["reason"])
    assert stage_of(parked) == "license-delivery"
    return case


async def test_a_license_that_cannot_be_fetched_waits_for_a_restart(make_case: MakeCase) -> None:
    case = await fetching(make_case)
    await case.behave(mood="healthy")
    await case.give(case.world.seller, "restart-call", {"activity": "getLicense"})
    await case.until_stage("buyer-acceptance")
    assert (await case.world.buyer.read(case.id))["license"] == f"LICENSE-{case.line}"
    assert (await case.world.seller.read(case.id))["license"] is None


async def test_a_license_that_cannot_be_fetched_may_be_delivered_by_hand(make_case: MakeCase) -> None:
    case = await fetching(make_case)
    receipt = await case.give(case.world.seller, "deliver", proof())
    assert receipt["stage"] == "buyer-acceptance"
    seen = await case.world.seller.read(case.id)
    assert parked_calls(seen) == []
    assert seen["identification_code"] == "HW-4711"


async def test_a_delivery_by_hand_ends_the_fetching_that_still_goes_on(make_case: MakeCase) -> None:
    case = make_case(ProductType.LICENSE_IDENTIFICATION_CODE, online_license=True)
    await case.behave(mood="down")
    await case.start()
    await case.give(case.world.buyer, "submit-code")
    await case.until(lambda seen: bool(calls(seen, "getLicense")))
    await case.give(case.world.seller, "deliver", proof())
    await case.behave(mood="healthy")
    await case.pass_time(timedelta(hours=4))
    seen = await case.world.seller.read(case.id)
    assert len(calls(seen, "getLicense")) == 1
    assert stage_of(seen) == "buyer-acceptance"
    lacking = await case.world.seller.give(case.id, "upload-proof", {"proof": {}})
    assert lacking.code == "not-legal-now"
    assert "missing" not in lacking.json_body


async def test_a_license_whose_answer_is_not_signed_is_not_taken(make_case: MakeCase) -> None:
    case = make_case(ProductType.LICENSE_IDENTIFICATION_CODE, online_license=True)
    await case.behave(mood="unsigned")
    await case.start()
    await case.give(case.world.buyer, "submit-code")
    seen = await case.until(lambda seen: bool(calls(seen, "getLicense")))
    assert calls(seen, "getLicense")[0]["answer"] == "bodySign is empty"
    parked = await case.until(lambda seen: parked_calls(seen) == ["getLicense"])
    assert cast("list[Json]", parked["parked_calls"])[0]["reason"] == "bodySign is empty"
    await case.behave(mood="healthy")
    await case.give(case.world.seller, "restart-call", {"activity": "getLicense"})
    await case.until_stage("buyer-acceptance")


async def test_an_old_order_is_closed_after_365_days_by_its_invoice(make_case: MakeCase) -> None:
    for invoiced, end in ((True, "completed"), (False, "refunded")):
        case = make_case(acceptance_days="never")
        case.changes["placed_at"] = "2024-01-10T09:00:00+08:00"
        await case.start()
        if invoiced:
            await case.report("invoice-issued")
        await case.pass_time(timedelta(days=366))
        done = await case.until_stage(end)
        assert "close-old" in causes(done)


async def test_a_completed_order_carries_what_settlement_needs(make_case: MakeCase) -> None:
    case = make_case()
    await case.start()
    await case.give(case.world.seller, "deliver", proof())
    await case.give(case.world.buyer, "accept")
    done = await case.until_stage("completed")
    settlement = cast("Json", done["settlement"])
    local = instant(settlement["completed_at"]) + timedelta(hours=8)
    year, month = divmod(local.year * 12 + local.month, 12)
    assert settlement["eligibility_month"] == f"{year:04d}-{month + 1:02d}"
    assert settlement["validity"] == done["validity"]
