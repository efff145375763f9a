"""Commands: legal or refused, once per key, nothing changed by a refusal."""

import asyncio
from collections.abc import Callable

import pytest

from domain.order import ProductType
from sandbox.cases import Case, causes, file, proof
from sandbox.client import Json
from tests.support import assert_problem, read_answer

MakeCase = Callable[..., Case]


async def test_a_repeated_command_gets_the_same_answer(make_case: MakeCase) -> None:
    case = make_case()
    await case.start()
    delivery = proof()
    first = await case.world.seller.give(case.id, "deliver", delivery, key="once")
    await case.give(case.world.buyer, "accept")
    again = await case.world.seller.give(case.id, "deliver", delivery, key="once")
    assert (first.status, again.status) == (200, 200)
    assert first.json_body == again.json_body
    assert causes(await case.world.buyer.read(case.id)).count("deliver") == 1


async def test_the_same_key_with_another_body_is_refused(make_case: MakeCase) -> None:
    case = make_case()
    await case.start()
    await case.world.seller.give(case.id, "deliver", proof(), key="once")
    assert_problem(await case.world.seller.give(case.id, "deliver", proof(), key="once"), 409, "idempotency-key-reused")
    appeal: Json = {"reason": "x", "claim": "y"}
    assert_problem(await case.world.seller.give(case.id, "appeal", appeal, key="once"), 409, "idempotency-key-reused")


async def test_the_same_command_many_times_at_once_takes_effect_once(make_case: MakeCase) -> None:
    case = make_case()
    await case.start()
    delivery = proof()
    answers = await asyncio.gather(*(case.world.seller.give(case.id, "deliver", delivery, key="k") for _ in range(6)))
    assert {answer.status for answer in answers} == {200}
    assert len({str(answer.json_body) for answer in answers}) == 1


async def test_two_parties_may_choose_the_same_key(make_case: MakeCase) -> None:
    case = make_case()
    await case.start()
    assert (await case.world.seller.give(case.id, "deliver", proof(), key="1")).status == 200
    assert (await case.world.buyer.give(case.id, "accept", key="1")).status == 200


@pytest.mark.parametrize("key", [None, "", "a b", "ключ", "k" * 129])
async def test_a_command_needs_a_usable_key(make_case: MakeCase, key: str | None) -> None:
    case = make_case()
    headers = {} if key is None else {b"Idempotency-Key": key.encode()}
    answer = await case.world.buyer.http.post(f"/v1/deliveries/{case.id}/accept", headers=headers)
    assert_problem(read_answer(answer), 422, "invalid-input")


async def test_an_illegal_command_says_what_is_legal_and_changes_nothing(make_case: MakeCase) -> None:
    case = make_case()
    await case.start()
    await case.until(lambda seen: bool(causes(seen)))
    before = await case.world.buyer.read(case.id)
    answer = await case.world.buyer.give(case.id, "accept")
    assert_problem(answer, 409, "not-legal-now")
    assert answer.json_body["allowed"] == ["appeal", "request-refund"]
    assert await case.world.buyer.read(case.id) == before


async def test_nothing_is_legal_after_the_end(make_case: MakeCase) -> None:
    case = make_case()
    await case.start()
    await case.give(case.world.seller, "deliver", proof())
    await case.give(case.world.buyer, "accept")
    await case.until(lambda seen: any(call["succeeded"] for call in seen["calls"]))  # type: ignore[attr-defined]
    for command, fields in (("accept", {}), ("appeal", {"reason": "x", "claim": "x"})):
        assert_problem(await case.world.buyer.give(case.id, command, fields), 409, "order-ended")


async def test_the_other_sides_commands_are_forbidden(make_case: MakeCase) -> None:
    case = make_case()
    await case.start()
    assert_problem(await case.world.buyer.give(case.id, "deliver", proof()), 403, "forbidden")
    assert_problem(await case.world.seller.give(case.id, "accept"), 403, "forbidden")
    assert_problem(
        await case.world.seller.give(case.id, "decide-appeal", {"ruling": "close", "reason": "x"}),
        403,
        "forbidden",
    )
    answer = await case.world.seller.report(case.id, "deployment-finished")
    assert_problem(answer, 403, "forbidden")


async def test_a_delivery_needs_its_proof(make_case: MakeCase) -> None:
    case = make_case()
    await case.start()
    answer = await case.world.seller.give(case.id, "deliver")
    assert_problem(answer, 422, "proof-incomplete")
    assert answer.json_body["missing"] == ["documents.statement-of-work", "documents.acceptance-document"]
    half = proof()
    del half["proof"]["documents"][1]  # type: ignore[index]
    answer = await case.world.seller.give(case.id, "deliver", half)
    assert_problem(answer, 422, "proof-incomplete")
    assert answer.json_body["missing"] == ["documents.acceptance-document"]


@pytest.mark.parametrize("amount", ["0", "-1", "1200.01", "1e9", "abc"])
async def test_a_refund_is_more_than_nothing_and_at_most_the_price(make_case: MakeCase, amount: str) -> None:
    case = make_case()
    await case.start()
    answer = await case.world.buyer.give(case.id, "request-refund", {"amount": amount, "reason": "x"})
    assert answer.status == 422
    assert answer.code in {"invalid-input", "refund-too-high"}


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"reason": ""},
        {"reason": "x" * 2001, "claim": "x"},
        {"reason": "x", "claim": "x", "attachments": [{**file("x"), "name": "../x.pdf"}]},
        {"reason": "x", "claim": "x", "attachments": [{**file("x"), "name": "x.exe"}]},
        {"reason": "x", "claim": "x", "attachments": [{**file("x"), "type": "text/html", "name": "x.html"}]},
        {"reason": "x", "claim": "x", "attachments": [{**file("x"), "sha256": "abc"}]},
        {"reason": "x", "claim": "x", "attachments": [{**file("x"), "size": 0}]},
    ],
)
async def test_wrong_fields_are_refused(make_case: MakeCase, fields: Json) -> None:
    case = make_case(ProductType.MANUAL_SERVICE)
    await case.start()
    assert_problem(await case.world.buyer.give(case.id, "appeal", fields), 422, "invalid-input")
