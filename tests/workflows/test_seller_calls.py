"""Calls to the seller that are refused, restarted, or given up."""

from collections.abc import Callable
from datetime import timedelta
from typing import cast

import pytest

from domain.order import ProductType
from sandbox.cases import Case, calls, causes, parked_calls
from sandbox.client import Json
from tests.support import assert_problem

MakeCase = Callable[..., Case]
NEW_INSTANCE: Json = {"activity": "newInstance"}


async def refusing(make_case: MakeCase, mood: str) -> Case:
    case = make_case(ProductType.SAAS_SUPERVISED)
    await case.behave(mood=mood)
    await case.start()
    await case.until(lambda seen: parked_calls(seen) == ["newInstance"])
    return case


@pytest.mark.parametrize(("mood", "reason"), [("forbidding", "HTTP 403"), ("distrusting", "000001")])
async def test_a_refused_call_is_parked_with_its_reason_and_not_repeated(
    make_case: MakeCase, mood: str, reason: str
) -> None:
    case = await refusing(make_case, mood)
    await case.pass_time(timedelta(hours=2))
    seen = await case.world.seller.read(case.id)
    assert len(calls(seen, "newInstance")) == 1
    assert calls(seen, "newInstance")[0]["next_due_at"] is None
    (parked,) = cast("list[Json]", seen["parked_calls"])
    assert reason in str(parked["reason"])
    await case.behave(mood="healthy")
    await case.give(case.world.seller, "restart-call", NEW_INSTANCE)
    done = await case.until(lambda seen: seen["instance_id"] is not None)
    assert parked_calls(done) == []
    assert await case.effect("created") == 1


async def test_a_refused_creation_that_nobody_restarts_is_refunded_when_its_window_closes(make_case: MakeCase) -> None:
    case = await refusing(make_case, "forbidding")
    await case.pass_time(timedelta(hours=3, minutes=2))
    done = await case.until_stage("refunded")
    assert len(calls(done, "newInstance")) == 1
    assert "provisioning-failed" in causes(done)


async def test_a_restart_within_the_window_takes_effect_at_once_and_is_on_record(make_case: MakeCase) -> None:
    case = make_case(ProductType.SAAS_SUPERVISED)
    await case.behave(mood="down")
    await case.start()
    await case.until(lambda seen: len(calls(seen, "newInstance")) == 1)
    await case.behave(mood="healthy")
    await case.give(case.world.manager, "restart-call", NEW_INSTANCE)
    seen = await case.until(lambda seen: seen["instance_id"] is not None)
    assert "restart-call" in causes(seen)
    assert [call["succeeded"] for call in calls(seen, "newInstance")] == [False, True]


async def test_a_restart_does_not_lengthen_the_window_of_a_creation(make_case: MakeCase) -> None:
    case = make_case(ProductType.SAAS_SUPERVISED)
    await case.behave(mood="down")
    await case.start()
    await case.until(lambda seen: bool(calls(seen, "newInstance")))
    await case.pass_time(timedelta(hours=2, minutes=30))
    await case.give(case.world.seller, "restart-call", NEW_INSTANCE)
    await case.pass_time(timedelta(minutes=33))
    await case.until_stage("refunded")


async def test_only_a_call_that_is_under_way_can_be_restarted(make_case: MakeCase) -> None:
    case = make_case(ProductType.SAAS_SUPERVISED)
    await case.start()
    await case.until(lambda seen: seen["instance_id"] is not None)
    assert_problem(await case.world.seller.give(case.id, "restart-call", NEW_INSTANCE), 409, "nothing-parked")
    assert_problem(await case.world.buyer.give(case.id, "restart-call", NEW_INSTANCE), 403, "forbidden")
