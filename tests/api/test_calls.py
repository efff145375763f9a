"""Every attempt of every call, for the seller and for operations."""

from collections.abc import Callable
from typing import cast

import pytest

from domain.order import ProductType
from launcher.stack import Stack
from sandbox.cases import Case, calls
from sandbox.client import Answer, Json, Party
from sandbox.parties import AUDITOR, OTHER_SELLER
from tests.support import assert_problem, log_in, read_answer

MakeCase = Callable[..., Case]


async def listed(party: Party, **query: str) -> Answer:
    return read_answer(await party.http.get("/v1/calls", params=query))


def items(answer: Answer) -> list[Json]:
    return cast("list[Json]", answer.json_body["items"])


@pytest.fixture
async def case(make_case: MakeCase) -> Case:
    made = make_case(ProductType.SAAS_SUPERVISED, order_notify=True)
    await made.behave(mood="processing", polls=9)
    await made.start()
    await made.until(lambda seen: bool(calls(seen, "queryInstance")) and bool(calls(seen, "orderNotify")))
    return made


async def test_the_seller_sees_what_was_sent_and_what_came_back(case: Case) -> None:
    seen = items(await listed(case.world.seller, order_id=case.order_id))
    by_activity = {str(one["activity"]): one for one in seen}
    assert set(by_activity) == {"newInstance", "queryInstance", "orderNotify"}
    assert case.order_id in str(by_activity["newInstance"]["sent"])
    assert "000004" in str(by_activity["newInstance"]["answer"])
    assert by_activity["queryInstance"]["next_due_at"] is not None
    assert {one["delivery_id"] for one in seen} == {case.id}


async def test_calls_are_filtered_by_activity_and_result(case: Case) -> None:
    failed = items(await listed(case.world.manager, order_id=case.order_id, succeeded="false"))
    assert [one["activity"] for one in failed] == ["queryInstance"]
    polls = items(await listed(case.world.manager, order_id=case.order_id, activity="newInstance"))
    assert [one["succeeded"] for one in polls] == [True]


async def test_pages_follow_each_other_without_gap(case: Case) -> None:
    whole = items(await listed(case.world.seller, order_id=case.order_id))
    paged, cursor = [], ""
    for _ in whole:
        more = {"cursor": cursor} if cursor else {}
        answer = await listed(case.world.seller, order_id=case.order_id, limit="1", **more)
        paged += items(answer)
        cursor = str(answer.json_body["next_cursor"])
    assert paged == whole
    assert cursor == "None"


async def test_nobody_sees_another_sellers_calls(case: Case, stack: Stack) -> None:
    stranger, auditor = log_in(stack, OTHER_SELLER), log_in(stack, AUDITOR)
    assert items(await listed(stranger, order_id=case.order_id)) == []
    assert items(await listed(auditor, order_id=case.order_id)) != []
    assert_problem(await listed(case.world.buyer), 403, "forbidden")
    for party in (stranger, auditor):
        await party.http.aclose()


@pytest.mark.parametrize("query", [{"cursor": "x"}, {"cursor": "1" * 19}, {"activity": "orderStatus"}, {"limit": "0"}])
async def test_a_wrong_query_is_refused(case: Case, query: dict[str, str]) -> None:
    assert_problem(await listed(case.world.seller, **query), 422, "invalid-input")
