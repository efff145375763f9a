"""Every call we make at a seller, member by member, against the documented tables."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from domain.order import ProductType
from sandbox.cases import REQUEST, Case, World, causes, proof
from sandbox.client import Json
from sandbox.life import Life
from tests.contracts.documented import CALLS, SCENES, STATUSES

Body = dict[str, str]
MONTH: Json = {"unit": "month", "number": 1}


class Seller:
    """What a seller got in a life full of everything."""

    def __init__(self) -> None:
        self.bodies: list[Body] = []

    async def remember(self, case: Case, of: str | None = None) -> None:
        self.bodies += cast("list[Body]", (await case.seller_saw(of))["bodies"])

    def got(self, activity: str) -> list[Body]:
        return [body for body in self.bodies if body["activity"] == activity]


async def until_frozen_and_renewed(life: Life, operation: str) -> None:
    grace = timedelta(days=15 if life.case.product_type is ProductType.LICENSE_AUTHORIZATION_CODE else 0)
    await life.pass_end(grace + timedelta(minutes=1))
    await life.until_status("frozen")
    await life.done(operation, "OPLATE", period=MONTH)
    await life.until_told()


async def play_saas(world: World, seller: Seller) -> None:
    case = Case(world, "contract", ProductType.SAAS_SUPERVISED, product={"order_notify": True})
    case.changes = {"trial": True, "period": {"unit": "day", "number": 7}}
    await case.behave(mood="processing", polls=1)
    await case.start()
    await case.pass_time(timedelta(minutes=6))
    await case.until(lambda seen: seen["instance_id"] is not None)
    await case.behave(mood="healthy")
    await case.give(world.buyer, "submit-request", REQUEST)
    await case.give(world.seller, "confirm-request")
    await case.give(world.seller, "deliver", proof())
    await case.give(world.buyer, "accept")
    life = await Life.of(case)
    await until_frozen_and_renewed(life, "convert")
    await life.done("renew", "OP1", period=MONTH)
    await life.done("renew", "OP2", period=MONTH, product_id="P-2002")
    await life.done("cancel-renewal", "OP3", renewal="OP2:OP2-1")
    await life.done("upgrade", "OP4", product_id="P-2003")
    await life.until_told()
    await life.done("release", "OP5")
    await life.until_told()
    await seller.remember(case)


async def play_code(world: World, seller: Seller) -> None:
    case = Case(world, "contract", ProductType.LICENSE_AUTHORIZATION_CODE, changes={"period": MONTH})
    await case.start()
    await case.until(lambda seen: "code-issued" in causes(seen))
    code = str((await world.seller.read(case.id))["license_code"])
    await case.activate(code)
    await case.until_stage("proof-upload")
    await case.give(world.seller, "upload-proof", proof())
    life = await Life.of(case)
    await until_frozen_and_renewed(life, "renew")
    await life.done("renew", "OP1", period=MONTH)
    await life.done("cancel-renewal", "OP2", renewal="OP1:OP1-1")
    await life.until_told()
    await life.done("release", "OP5")
    await life.until_told()
    await seller.remember(case, code)


async def play_license(world: World, seller: Seller) -> None:
    case = Case(world, "contract", ProductType.LICENSE_IDENTIFICATION_CODE, product={"online_license": True})
    await case.start()
    await case.give(world.buyer, "submit-code")
    await case.until_stage("buyer-acceptance")
    await seller.remember(case)


@pytest.fixture(scope="module")
async def seller(world: World) -> Seller:
    made = Seller()
    for play in (play_saas, play_code, play_license):
        await play(world, made)
    return made


@pytest.mark.parametrize("activity", CALLS)
async def test_a_call_has_its_documented_members_and_no_other(seller: Seller, activity: str) -> None:
    documented = CALLS[activity]
    bodies = seller.got(activity)
    assert bodies, "never called"
    for body in bodies:
        # The sandbox notes the order line by itself where the V1 contract names none.
        assert set(body) - ({"orderLineId"} if activity == "getLicense" else set()) <= set(documented)
        for name, member in documented.items():
            value = body.get(name)
            assert value is not None or not member.mandatory, name
            assert value is None or (isinstance(value, str) and 0 < len(value) <= member.length), name


async def test_every_scene_and_status_is_told(seller: Seller) -> None:
    for activity, scenes in SCENES.items():
        assert {body["scene"] for body in seller.got(activity)} == scenes
    for activity in ("updateInstanceStatus", "updateLicenseCodeStatus"):
        assert {body["status"] for body in seller.got(activity)} == STATUSES


async def test_times_are_utc_to_the_second(seller: Seller) -> None:
    for activity in SCENES:
        for body in seller.got(activity):
            assert datetime.strptime(body["expireTime"], "%Y%m%d%H%M%S").replace(tzinfo=UTC) > datetime.now(UTC)


async def test_only_debugging_carries_a_test_flag_and_only_order_notify_says_no(seller: Seller) -> None:
    flagged = {body["activity"]: body["testFlag"] for body in seller.bodies if "testFlag" in body}
    assert flagged == {"orderNotify": "0"}


async def test_a_business_id_differs_on_every_request(seller: Seller) -> None:
    ids = [body["businessId"] for body in seller.bodies if "businessId" in body]
    assert len(set(ids)) == len(ids) > 1


async def test_a_release_names_the_unsubscription_that_asked_for_it(seller: Seller) -> None:
    for activity in ("releaseInstance", "releaseLicenseCode"):
        (body,) = seller.got(activity)
        assert (body["orderId"], body["orderLineId"]) == ("OP5", "OP5-1")


async def test_the_identification_code_travels_as_documented(seller: Seller) -> None:
    (body,) = seller.got("getLicense")
    (extension,) = json.loads(base64.b64decode(body["saasExtendParams"]))
    assert (set(extension), extension["name"]) == ({"name", "value"}, "identificationCode")
    assert extension["value"].startswith("ID")
    assert (body["periodType"], body["periodNumber"]) == ("year", "1")


async def test_a_call_in_the_query_names_its_members_in_their_documented_order(seller: Seller) -> None:
    (body,) = seller.got("getLicense")
    printed = [name for name in CALLS["getLicense"] if name in body and name != "timeStamp"]
    assert list(body) == [*printed, "timeStamp", "orderLineId"]
