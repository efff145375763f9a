"""The ledger refuses a row for good: what came in is refused or dropped, and the order is unharmed (I6)."""

import secrets
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import cast

import pytest
from sqlalchemy import create_engine, text

from domain.order import ProductType
from launcher.stack import Stack
from sandbox.cases import Case, calls, causes, parked_calls, proof
from sandbox.client import Json
from sandbox.life import Life
from tests.support import assert_problem

MakeCase = Callable[..., Case]
POISON = "poison-of-the-ledger"


@pytest.fixture(autouse=True)
def refusing_ledger(stack: Stack) -> Iterator[None]:
    """No text that passes the doors is refused any more; so the database is taught to refuse one."""
    engine = create_engine(stack.database_url)
    with engine.begin() as connection:
        condition = f"content::text not like '%{POISON}%' and content::text not like '%i-CSPOISON%'"
        connection.execute(text(f"alter table events add constraint refusing check ({condition}) not valid"))
    yield
    with engine.begin() as connection:
        connection.execute(text("alter table events drop constraint refusing"))
    engine.dispose()


async def test_a_command_that_cannot_be_kept_is_refused_and_the_order_goes_on(make_case: MakeCase) -> None:
    case = make_case()
    await case.start()
    await case.give(case.world.seller, "deliver", proof())
    for number in range(3):
        answer = await case.world.buyer.give(case.id, "reject-delivery", {"reason": POISON}, key=f"{number}")
        assert_problem(answer, 422, "unstorable")
    appeal: Json = {"reason": POISON, "claim": "x"}
    assert_problem(await case.world.buyer.give(case.id, "appeal", appeal), 422, "unstorable")
    seen = await case.world.buyer.read(case.id)
    assert causes(seen) == ["started", "deliver"]
    assert not seen["frozen"], "an appeal that was refused freezes nothing"
    await case.give(case.world.buyer, "request-refund", {"amount": "1.00", "reason": "x"})
    await case.give(case.world.buyer, "withdraw-refund")
    await case.pass_time(timedelta(days=15, minutes=1))
    done = await case.until_stage("completed")
    assert causes(done)[-1] == "auto-accept"


async def test_an_operation_that_cannot_be_kept_is_refused_and_the_instance_lives_on(make_case: MakeCase) -> None:
    case = make_case(ProductType.SAAS_INSTANT)
    case.changes["period"] = {"unit": "month", "number": 1}
    await case.start()
    await case.until_stage("completed")
    life = await Life.of(case)
    assert_problem(await life.operate("upgrade", "UP1", product_id=POISON), 422, "unstorable")
    assert (await life.read())["to_be_told"] == []
    await life.done("release", "UN1")
    await life.until_told()


async def test_an_answer_that_cannot_be_kept_is_dropped_and_its_call_parked(make_case: MakeCase) -> None:
    case = make_case(ProductType.SAAS_SUPERVISED)
    case.order_id = f"CSPOISON{secrets.token_hex(4).upper()}"
    await case.start()
    seen = await case.until(lambda seen: "record-refused" in causes(seen))
    assert parked_calls(seen) == ["newInstance"]
    assert "could not keep" in str(cast("list[Json]", seen["parked_calls"])[0]["reason"])
    assert "could not be recorded" in str((await case.world.manager.read(case.id))["messages"])
    assert len(calls(seen, "newInstance")) == 1, "it is not called again and again"
    await case.give(case.world.buyer, "submit-request", {"text": "Two clusters"})
    await case.give(case.world.buyer, "request-refund", {"amount": "1.00", "reason": "x"})
    await case.give(case.world.seller, "agree-refund")
    assert (await case.world.manager.read(case.id))["stage"] != "completed"
