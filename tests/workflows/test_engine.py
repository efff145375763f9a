"""What the engine promises every flow, seen through the API."""

import asyncio
import hashlib
import json
from collections.abc import Callable
from datetime import timedelta

import httpx
from sqlalchemy import create_engine, text

from domain.order import ProductType
from launcher.stack import Stack
from sandbox.cases import (
    REQUEST,
    TOLERANCE,
    Case,
    calls,
    causes,
    history,
    instant,
    offsets,
    parked_calls,
    proof,
    stage_of,
)
from sandbox.client import Json
from tests.support import assert_problem

MakeCase = Callable[..., Case]
APPEAL: Json = {"reason": "No answer", "claim": "Close it"}
GO_ON: Json = {"ruling": "resume", "reason": "Go on"}


async def delivered(case: Case) -> Json:
    await case.start()
    return await case.give(case.world.seller, "deliver", proof())


async def test_a_never_accepting_product_waits_for_the_buyer(make_case: MakeCase) -> None:
    case = make_case(acceptance_days="never")
    receipt = await delivered(case)
    assert receipt["deadline"] is None
    await case.pass_time(timedelta(days=400))
    seen = await case.until(lambda seen: causes(seen)[-1] == "remind-long-open")
    assert stage_of(seen) == "buyer-acceptance"
    await case.give(case.world.buyer, "accept")


async def test_each_redelivery_winds_the_clock_up_again(make_case: MakeCase) -> None:
    case = make_case()
    first = await delivered(case)
    await case.pass_time(timedelta(days=14))
    await case.give(case.world.buyer, "reject-delivery", {"reason": "Half is missing"})
    second = await case.give(case.world.seller, "deliver", proof())
    assert instant(second["deadline"]) - instant(first["deadline"]) >= timedelta(days=14)


async def test_no_reminder_and_no_acceptance_while_frozen(make_case: MakeCase) -> None:
    case = make_case()
    await delivered(case)
    await case.give(case.world.seller, "appeal", APPEAL)
    await case.pass_time(timedelta(days=60))
    frozen = await case.world.manager.read(case.id)
    assert causes(frozen) == ["started", "deliver", "appeal", "escalate-appeal"]
    await case.give(case.world.manager, "decide-appeal", GO_ON)
    await case.pass_time(timedelta(days=15, minutes=1))
    done = await case.until_stage("completed")
    assert causes(done)[-3:] == ["remind", "remind", "auto-accept"]


async def test_an_event_during_a_freeze_waits_for_the_thaw(make_case: MakeCase) -> None:
    case = make_case(ProductType.LICENSE_PACKAGE_DEPLOYMENT)
    await case.start()
    await case.give(case.world.buyer, "appeal", APPEAL)
    await case.world.purchase.report(case.id, "deployment-finished")
    receipt = await case.give(case.world.manager, "decide-appeal", GO_ON)
    assert receipt["stage"] == "deployment"
    await case.until_stage("buyer-acceptance")


async def test_a_fact_during_a_freeze_is_noted_at_once(make_case: MakeCase) -> None:
    case = make_case()
    await delivered(case)
    await case.give(case.world.buyer, "appeal", APPEAL)
    await case.report("invoice-issued")
    await case.until(lambda seen: seen["invoice"] == "issued")


async def test_an_event_without_meaning_changes_nothing_but_is_on_record(make_case: MakeCase) -> None:
    case = make_case()
    await delivered(case)
    await case.world.purchase.report(case.id, "deployment-finished")
    seen = await case.until(lambda seen: causes(seen)[-1] == "deployment-finished")
    assert stage_of(seen) == "buyer-acceptance"


async def test_a_refund_request_stands_the_flow_still_until_it_is_withdrawn(make_case: MakeCase) -> None:
    case = make_case()
    first = await delivered(case)
    await case.give(case.world.buyer, "request-refund", {"amount": "1.00", "reason": "Changed my mind"})
    await case.pass_time(timedelta(days=20))
    receipt = await case.give(case.world.buyer, "withdraw-refund")
    assert instant(receipt["deadline"]) - instant(first["deadline"]) >= timedelta(days=20)
    await case.give(case.world.buyer, "accept")


async def test_a_claimed_code_bars_the_refund(make_case: MakeCase) -> None:
    case = make_case(ProductType.LICENSE_AUTHORIZATION_CODE)
    case.changes["placed_at"] = "2024-12-02T09:00:00+08:00"
    await case.start()
    await case.give(case.world.seller, "deliver")
    await case.give(case.world.buyer, "claim-code")
    await case.refused(case.world.buyer, "request-refund", "refund-barred", {"amount": "1.00", "reason": "No"})


async def test_a_reviewed_order_goes_to_the_reviewer_first(make_case: MakeCase) -> None:
    case = make_case()
    reviewer = case.world.reviewer
    case.changes |= {"seller_category": "joint-operation", "scenario": "base-cloud"}
    await case.start()
    form = proof(None, "base-acceptance-form")
    assert (await case.give(case.world.seller, "deliver", form))["stage"] == "platform-review"
    await case.refused(case.world.buyer, "accept", "not-legal-now")
    assert (await case.give(reviewer, "fail-review", {"reason": "Not signed"}))["stage"] == "seller-delivery"
    await case.give(case.world.seller, "deliver", form)
    assert (await case.give(reviewer, "pass-review"))["stage"] == "buyer-acceptance"


async def test_many_buttons_pressed_at_once_take_effect_once(make_case: MakeCase) -> None:
    case = make_case()
    await delivered(case)
    buyer = case.world.buyer
    answers = await asyncio.gather(
        *(buyer.give(case.id, "accept") for _ in range(3)),
        *(buyer.give(case.id, "reject-delivery", {"reason": "No"}) for _ in range(3)),
    )
    assert sorted(answer.status for answer in answers).count(200) == 1
    seen = await buyer.read(case.id)
    assert sum(cause in {"accept", "reject-delivery"} for cause in causes(seen)) == 1


async def test_a_parked_release_waits_for_a_restart_and_the_refund_does_not(make_case: MakeCase) -> None:
    case = make_case(ProductType.SAAS_SUPERVISED)
    await case.start()
    await case.until(lambda seen: seen["instance_id"] is not None)
    await case.behave(mood="down")
    await case.give(case.world.buyer, "request-refund", {"amount": "5.00", "reason": "Bought twice"})
    await case.give(case.world.seller, "agree-refund")
    await case.until(lambda seen: bool(calls(seen, "orderStatus")))
    await case.pass_time(timedelta(hours=1, minutes=5))
    parked = await case.until(lambda seen: parked_calls(seen) == ["releaseInstance"])
    assert offsets(parked, "releaseInstance", timedelta(minutes=10)) == [0, 1, 2, 3, 4, 5, 6]
    await case.behave(mood="healthy")
    await case.give(case.world.seller, "restart-call", {"activity": "releaseInstance"})
    await case.until_stage("refunded")
    assert await case.effect("released") == 1


async def test_a_refund_while_the_instance_is_being_made_releases_it(make_case: MakeCase) -> None:
    case = make_case(ProductType.SAAS_SUPERVISED)
    await case.behave(mood="processing", polls=1)
    await case.start()
    await case.until(lambda seen: bool(calls(seen, "queryInstance")))
    await case.give(case.world.buyer, "request-refund", {"amount": "5.00", "reason": "Bought twice"})
    await case.give(case.world.seller, "agree-refund")
    await case.pass_time(timedelta(minutes=6))
    await case.until_stage("refunded")
    assert await case.effect("created") == await case.effect("released") == 1


NOT_TOLD = "did not take the status"


def pass_hours_in_the_outbox(stack: Stack, delivery_id: str, hours: int) -> None:
    """The outbox runs by the world's clock, which nobody can move: so its instants are moved instead."""
    engine = create_engine(stack.database_url)
    with engine.begin() as connection:
        change = text("""
            update callbacks set next_due_at = next_due_at - cast(:by as interval),
                report_at = report_at - cast(:by as interval)
            where delivery_id = :id
        """)
        connection.execute(change, {"by": timedelta(hours=hours), "id": delivery_id})
    engine.dispose()


async def test_a_purchase_system_that_hears_nothing_for_3_hours_is_reported_and_told_later(
    make_case: MakeCase, stack: Stack
) -> None:
    case = make_case()
    path = f"/purchase/orders/{case.id}/refusing"
    (await case.world.sandbox.put(path)).raise_for_status()
    await delivered(case)
    await case.give(case.world.buyer, "accept")
    await case.until(lambda seen: bool(calls(seen, "orderStatus")))
    pass_hours_in_the_outbox(stack, case.id, 3)
    late = await case.world.manager.wait_for(case.id, lambda seen: NOT_TOLD in json.dumps(seen["messages"]))
    assert stage_of(late) == "completed"
    pass_hours_in_the_outbox(stack, case.id, 3)
    (await case.world.sandbox.delete(path)).raise_for_status()
    await case.until(lambda seen: any(call["succeeded"] for call in calls(seen, "orderStatus")))
    seen = await case.world.manager.read(case.id)
    assert json.dumps(seen["messages"]).count(NOT_TOLD) == 1
    assert len(await case.purchase_heard()) == 1


async def test_a_slow_seller_is_given_5_seconds(make_case: MakeCase) -> None:
    case = make_case(ProductType.SAAS_INSTANT)
    await case.behave(mood="slow", seconds=6)
    await case.start()
    seen = await case.until(lambda seen: bool(calls(seen, "newInstance")))
    attempt = calls(seen, "newInstance")[0]
    assert attempt["answer"] == "no answer within 5 s"
    assert instant(attempt["next_due_at"]) - instant(attempt["at"]) == timedelta(hours=1)
    await case.behave(mood="healthy")
    await case.pass_time(timedelta(hours=1, seconds=30))
    await case.until_stage("completed")
    assert await case.effect("created") == 1


async def test_a_password_in_a_sellers_answer_is_not_written_down(make_case: MakeCase) -> None:
    case = make_case(ProductType.SAAS_INSTANT)
    await case.behave(mood="processing", polls=1)
    await case.start()
    await case.until(lambda seen: bool(calls(seen, "queryInstance")))
    await case.pass_time(timedelta(minutes=6))
    await case.until_stage("completed")
    seen = json.dumps(await case.world.manager.read(case.id))
    assert "frontEndUrl" in seen
    assert "opensesame" not in seen


async def test_the_history_is_a_chain_of_hashes(make_case: MakeCase) -> None:
    case = make_case()
    await delivered(case)
    await case.give(case.world.buyer, "accept")
    before = "0" * 64
    for event in history(await case.world.manager.read(case.id)):
        at = instant(event["at"]).isoformat()
        names = ("sequence", "actor", "cause", "source", "target", "content")
        covered = {**{name: event[name] for name in names}, "at": at, "before": before}
        text = json.dumps(covered, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        before = hashlib.sha256(text.encode()).hexdigest()
        assert event["hash"] == before


async def test_an_actual_start_before_the_order_is_refused(make_case: MakeCase) -> None:
    case = make_case()
    await case.start()
    early = instant(case.order()["placed_at"]) - timedelta(days=2)
    answer = await case.world.seller.give(case.id, "deliver", proof(early))
    assert_problem(answer, 422, "start-time-invalid")


async def test_the_clock_is_shown_to_the_second_it_acts(make_case: MakeCase) -> None:
    case = make_case(acceptance_days=3)
    receipt = await delivered(case)
    await case.pass_time(timedelta(days=3, minutes=1))
    done = await case.until_stage("completed")
    assert abs(instant(done["ended_at"]) - instant(receipt["deadline"])) <= TOLERANCE


async def test_request_and_confirmation_go_in_circles_until_agreed(make_case: MakeCase) -> None:
    case = make_case(ProductType.MANUAL_SERVICE)
    await case.start()
    for _ in range(3):
        await case.give(case.world.buyer, "submit-request", REQUEST)
        await case.give(case.world.seller, "reject-request", {"reason": "Unclear"})
    await case.give(case.world.buyer, "submit-request", REQUEST)
    assert (await case.give(case.world.seller, "confirm-request"))["stage"] == "seller-delivery"


async def test_the_engine_is_found_by_search_attributes(make_case: MakeCase, stack: Stack) -> None:
    case = make_case()
    await delivered(case)
    await case.give(case.world.seller, "appeal", APPEAL)
    query = (
        f"OrderId = '{case.order_id}' AND UnderAppeal = true AND WaitingOn = 'manager' AND Stage = 'buyer-acceptance'"
    )
    url = f"{stack.layout.ui_url}/api/v1/namespaces/default/workflows"

    async def found() -> int:
        async with httpx.AsyncClient(trust_env=False) as http:
            return len((await http.get(url, params={"query": query})).json().get("executions", []))

    async with asyncio.timeout(10):
        while await found() != 1:  # noqa: ASYNC110 - polls another process
            await asyncio.sleep(0.1)
