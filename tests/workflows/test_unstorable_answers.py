"""A seller that answers what cannot be stored has failed a call, and spoils nothing else."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from domain.order import ProductType
from launcher.stack import Stack
from sandbox.cases import REQUEST, Case, calls, causes, parked_calls, proof
from sandbox.client import Json
from sandbox.life import Life
from tests.support import assert_problem
from workflows.instance.query import UsageRound

MakeCase = Callable[..., Case]

HOUR, WINDOW = timedelta(hours=1), timedelta(hours=3, minutes=2)
MOODS = {"unstorable": "not as documented", "garbled": "HTTP 500", "halved": "not as documented"}


async def failing(make_case: MakeCase, mood: str, product_type: ProductType, **product: object) -> Case:
    case = make_case(product_type, **product)
    await case.behave(mood=mood)
    await case.start()
    return case


async def tried(case: Case, activity: str, times: int) -> list[Json]:
    return calls(await case.until(lambda seen: len(calls(seen, activity)) >= times), activity)


@pytest.mark.parametrize("mood", MOODS)
async def test_every_attempt_is_on_record_and_the_order_goes_its_way(make_case: MakeCase, mood: str) -> None:
    case = await failing(make_case, mood, ProductType.SAAS_SUPERVISED)
    (first,) = await tried(case, "newInstance", 1)
    assert (first["succeeded"], MOODS[mood] in str(first["answer"])) == (False, True), first
    assert first["next_due_at"] is not None
    await case.pass_time(HOUR)
    await tried(case, "newInstance", 2)
    await case.give(case.world.buyer, "appeal", {"reason": "Nothing came", "claim": "Deliver it"})
    await case.give(case.world.buyer, "withdraw-appeal")
    await case.behave(mood="healthy")
    await case.give(case.world.seller, "restart-call", {"activity": "newInstance"})
    await case.until(lambda seen: seen["instance_id"] == f"i-{case.line}")
    await case.give(case.world.buyer, "submit-request", REQUEST)
    await case.give(case.world.seller, "confirm-request")
    await case.give(case.world.seller, "deliver", proof())
    await case.give(case.world.buyer, "accept")
    await case.until_stage("completed")
    assert await case.effect("created") == 1


async def test_a_creation_that_never_answers_as_documented_is_refunded(make_case: MakeCase) -> None:
    case = await failing(make_case, "unstorable", ProductType.SAAS_SUPERVISED)
    await tried(case, "newInstance", 1)
    await case.pass_time(WINDOW)
    assert "provisioning-failed" in causes(await case.until_stage("refunded"))


async def test_a_license_that_cannot_be_stored_is_parked_and_delivered_after_a_restart(make_case: MakeCase) -> None:
    case = await failing(make_case, "unstorable", ProductType.LICENSE_IDENTIFICATION_CODE, online_license=True)
    await case.give(case.world.buyer, "submit-code")
    await tried(case, "getLicense", 1)
    await case.pass_time(WINDOW)
    seen = await case.until(lambda seen: parked_calls(seen) == ["getLicense"])
    assert "not as documented" in str(seen["parked_calls"])
    await case.behave(mood="healthy")
    await case.give(case.world.seller, "restart-call", {"activity": "getLicense"})
    await case.until_stage("buyer-acceptance")
    await case.give(case.world.buyer, "accept")
    seen = await case.until_stage("completed")
    assert (await case.world.buyer.read(case.id))["license"] == f"LICENSE-{case.line}"


async def test_links_that_cannot_be_stored_are_not_kept_and_the_others_of_a_batch_are(
    make_case: MakeCase, stack: Stack
) -> None:
    lives = []
    for _ in range(2):
        case = make_case(ProductType.SAAS_INSTANT)
        await case.start()
        await case.until_stage("completed")
        lives.append(await Life.of(case))
    spoilt, healthy = lives
    await spoilt.case.behave(mood="unstorable")
    answer = await spoilt.case.world.buyer.post(f"/v1/instances/{spoilt.case.id}/query", {})
    assert_problem(answer, 502, "seller-did-not-tell")
    client = await Client.connect(stack.layout.temporal_address, data_converter=pydantic_data_converter)
    await client.execute_workflow(UsageRound.run, id=f"usage-{spoilt.case.id}", task_queue="deliveries")
    tries = calls(await spoilt.case.world.seller.read(spoilt.case.id), "queryInstance")
    assert ["not as documented" in str(call["answer"]) for call in tries] == [True, True]
    assert (await spoilt.read())["report"] is None
    assert (await healthy.read())["report"] is not None
    await spoilt.done("release", "UN1")
