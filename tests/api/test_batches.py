"""One proof for many orders of one project: per order, done or why not."""

from collections.abc import Callable
from typing import cast

import pytest

from domain.order import ProductType
from sandbox.cases import Case, causes, proof, stage_of
from sandbox.client import Answer, Json, Party
from tests.support import assert_problem, read_answer

MakeCase = Callable[..., Case]


async def upload(party: Party, cases: list[Case], key: str = "batch", project: str = "PRJ-1", **more: object) -> Answer:
    body = {"project_id": project, "delivery_ids": [case.id for case in cases], **PROOF, **more}
    return read_answer(await party.http.post("/v1/proof-batches", json=body, headers={"Idempotency-Key": key}))


PROOF = proof()


@pytest.fixture
def make_project(make_case: MakeCase) -> MakeCase:
    def make(*arguments: object, **more: object) -> Case:
        case = make_case(*arguments, **more)
        case.changes["project_id"] = "PRJ-1"
        return case

    return make


def results(answer: Answer) -> list[Json]:
    return cast("list[Json]", answer.json_body["results"])


async def test_every_order_that_waits_for_the_proof_is_delivered(make_project: MakeCase) -> None:
    cases = [make_project() for _ in range(12)]
    for case in cases:
        await case.start()
    answer = await upload(cases[0].world.seller, cases)
    assert (answer.status, answer.json_body["done"], answer.json_body["failed"]) == (200, 12, 0)
    assert [result["delivery_id"] for result in results(answer)] == [case.id for case in cases]
    for case in cases:
        assert stage_of(await case.world.buyer.read(case.id)) == "buyer-acceptance"


async def test_each_order_that_cannot_be_says_why(make_project: MakeCase, make_case: MakeCase) -> None:
    fine, early, foreign, unknown = make_project(), make_project(ProductType.DATA_FILE), make_case(), make_case()
    strict = make_project(delivery_template=[{"name": "manual", "label": "Manual"}])
    for case in (fine, early, foreign, strict):
        await case.start()
    answer = await upload(fine.world.seller, [fine, early, foreign, unknown, strict])
    problems = [cast("Json", result["problem"] or {}) for result in results(answer)]
    assert [problem.get("code") for problem in problems] == [
        None, "not-legal-now", "other-project", "delivery-not-found", "proof-incomplete",
    ]  # fmt: skip
    assert problems[-1]["missing"] == ["documents.manual"]
    assert all(problem.get("action_zh") for problem in problems[1:])


async def test_repeated_under_its_key_it_changes_nothing_and_goes_on_with_the_rest(make_project: MakeCase) -> None:
    first, second = make_project(), make_project()
    await first.start()
    once = await upload(first.world.seller, [first, second])
    await first.give(first.world.buyer, "accept")
    await second.start()
    again = await upload(first.world.seller, [first, second])
    assert [result["done"] for result in results(once)] == [True, False]
    assert [result["done"] for result in results(again)] == [True, True]
    assert results(again)[0]["receipt"] == results(once)[0]["receipt"]


async def test_an_activated_code_takes_the_proof_too(make_project: MakeCase) -> None:
    case = make_project(ProductType.LICENSE_AUTHORIZATION_CODE)
    await case.start()
    await case.until(lambda seen: "code-issued" in causes(seen))
    seller_sees = await case.world.seller.read(case.id)
    await case.activate(str(seller_sees["license_code"]))
    answer = await upload(case.world.seller, [case])
    assert answer.json_body["done"] == 1


async def test_only_sellers_upload_and_only_for_their_own_orders(make_project: MakeCase) -> None:
    case = make_project()
    await case.start()
    assert_problem(await upload(case.world.buyer, [case]), 403, "forbidden")
    assert_problem(await upload(case.world.seller, []), 422, "invalid-input")
    assert_problem(await upload(case.world.seller, [case] * 101), 422, "invalid-input")
