"""The main job, scenario by scenario; each is a row of the demo, a test, and a recorded history."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

import httpx

from domain.order import ProductType
from sandbox.cases import (
    PARCEL,
    REQUEST,
    Case,
    NotAsExpectedError,
    calls,
    causes,
    expect,
    expect_close,
    file,
    instant,
    offsets,
    proof,
    stage_of,
)
from sandbox.client import Json, Party
from sandbox.life import Life

REMINDERS = 2


async def activated(case: Case, reader: Party) -> datetime:
    """The seller's software activates the code that a party was shown; tells when."""
    await case.until_stage("code-activation")
    seen = await reader.read(case.id)
    answer = await case.activate(str(seen["license_code"]))
    expect(answer.json_body["error_code"], "92020000", "activation")
    activated = await case.until_stage("proof-upload")
    return instant(cast("Json", activated["stage"])["entered_at"])


async def system_accepted(case: Case, activated_at: datetime) -> None:
    """The order ended by the system's own acceptance, valid from the activation."""
    done = await case.until_stage("completed")
    expect(causes(done)[-1], "system-accepted", "who accepted")
    expect_close(instant(cast("Json", done["validity"])["starts_at"]), activated_at, "validity from activation")


async def code_to_both(case: Case) -> None:
    """The code is sent to seller and buyer at once; activated, proven; the system accepts."""
    case.product["order_notify"] = True
    await case.start()
    await case.until(lambda seen: "code-issued" in causes(seen))
    await case.pass_time(timedelta(days=1))
    activated_at = await activated(case, case.world.seller)
    await case.give(case.world.seller, "upload-proof", proof())
    await system_accepted(case, activated_at)


async def code_claimed_at_once(case: Case) -> None:
    """Joint operation, 赋能云: claimed, activated, proven with three signatures; reviewed; the system accepts."""
    case.changes |= {
        "placed_at": "2025-04-10T09:00:00+08:00",
        "seller_category": "joint-operation",
        "scenario": "enablement-cloud",
    }
    await case.start()
    await case.give(case.world.buyer, "claim-code")
    activated_at = await activated(case, case.world.buyer)
    short = await case.world.seller.give(case.id, "upload-proof", proof())
    expect(short.code, "proof-incomplete", "a proof without signatures")
    case.log(f"seller: upload-proof refused, missing {len(cast('list[str]', short.json_body['missing']))} things")
    whole = proof(None, "user-authorization-screenshot", "resource-order-screenshot")
    signed = {"signed_by": ["seller", "project-team", "buyer"], "resource_order_number": "RO-20250410"}
    await case.give(case.world.seller, "upload-proof", {"proof": {**cast("Json", whole["proof"]), **signed}})
    await case.give(case.world.reviewer, "pass-review")
    await system_accepted(case, activated_at)


async def authorization_code(case: Case) -> None:
    """Delivered, claimed, activated through the open API, proven; the system accepts."""
    case.changes["placed_at"] = "2024-12-02T09:00:00+08:00"
    await case.start()
    await case.give(case.world.seller, "deliver")
    await case.give(case.world.buyer, "claim-code")
    await case.pass_time(timedelta(days=1))
    activated_at = await activated(case, case.world.buyer)
    await case.pass_time(timedelta(days=2))
    await case.give(case.world.seller, "upload-proof", proof())
    await system_accepted(case, activated_at)


async def identification_code(case: Case) -> None:
    """The buyer submits the platform's code; the license is fetched from the seller's system; accepted."""
    case.product["online_license"] = True
    await case.start()
    await case.give(case.world.buyer, "submit-code")
    await case.until_stage("buyer-acceptance")
    seen = await case.world.buyer.read(case.id)
    expect(seen["license"], f"LICENSE-{case.line}", "the license the buyer sees")
    await case.give(case.world.buyer, "accept")
    await case.until_stage("completed")


async def offline_license(case: Case) -> None:
    """Delivered; the buyer stays silent, is reminded twice, and the clock accepts on day 15."""
    await case.start()
    receipt = await case.give(case.world.seller, "deliver", proof())
    expect_close(instant(receipt["deadline"]), instant(receipt["at"]) + timedelta(days=15), "deadline")
    await case.pass_time(timedelta(days=14))
    reminded = await case.until(lambda seen: causes(seen).count("remind") == REMINDERS)
    expect(stage_of(reminded), "buyer-acceptance", "stage on day 14")
    await case.pass_time(timedelta(days=1, minutes=1))
    done = await case.until_stage("completed")
    expect(causes(done)[-1], "auto-accept", "what ended it")
    expect_close(instant(done["ended_at"]), instant(receipt["deadline"]), "completed on day 15")
    expect(cast("Json", done["validity"])["starts_at"], done["ended_at"], "validity from acceptance")


async def package_deployment(case: Case) -> None:
    """Deployed; the buyer confirms."""
    await case.start()
    await case.until_stage("deployment")
    await case.report("deployment-finished")
    await case.until_stage("buyer-acceptance")
    await case.give(case.world.buyer, "accept")
    await case.until_stage("completed")


async def supervised_saas(case: Case) -> None:
    """The seller answers "processing" and is polled; delivered, rejected once, delivered again, accepted."""
    await case.behave(mood="processing", polls=3)
    await case.start()
    await case.give(case.world.buyer, "submit-request", REQUEST)
    await case.give(case.world.seller, "confirm-request")
    await case.until(lambda seen: bool(calls(seen, "queryInstance")))
    await case.refused(case.world.seller, "deliver", "instance-missing", proof())
    await case.pass_time(timedelta(minutes=16))
    provisioned = await case.until(lambda seen: seen["instance_id"] is not None)
    expect(len(calls(provisioned, "queryInstance")), 4, "polls")
    await case.give(case.world.seller, "deliver", proof())
    await case.give(case.world.buyer, "reject-delivery", {"reason": "Single sign-on is missing"})
    started_at = datetime.now(UTC) + timedelta(hours=6)
    await case.give(case.world.seller, "deliver", proof(started_at))
    await case.give(case.world.buyer, "accept")
    done = await case.until_stage("completed")
    expect(instant(cast("Json", done["validity"])["starts_at"]), started_at, "validity from the actual start time")
    expect(await case.effect("created"), 1, "instances created")


async def manual_service(case: Case) -> None:
    """Request rejected and sent again; delivered; an appeal freezes both sides for 4 days; resumed; accepted."""
    await case.start()
    await case.give(case.world.buyer, "submit-request", REQUEST)
    await case.give(case.world.seller, "reject-request", {"reason": "Which region?"})
    await case.give(case.world.buyer, "submit-request", REQUEST)
    await case.give(case.world.seller, "confirm-request")
    receipt = await case.give(case.world.seller, "deliver", proof())
    await case.pass_time(timedelta(days=3))
    await case.give(case.world.buyer, "appeal", {"reason": "Half is missing", "claim": "Deliver all of it"})
    await case.refused(case.world.buyer, "accept", "frozen-by-appeal")
    await case.refused(case.world.seller, "appeal", "frozen-by-appeal", {"reason": "No", "claim": "Close it"})
    await case.give(case.world.seller, "answer-appeal", {"text": "The other half follows today"})
    await case.pass_time(timedelta(days=4))
    frozen = await case.world.manager.read(case.id)
    running = [str(clock["name"]) for clock in cast("list[Json]", frozen["clocks"]) if clock["paused_since"] is None]
    expect([name for name in running if name != "appeal"], [], "clocks that run while frozen")
    ruling: Json = {"ruling": "resume", "reason": "The seller sent the missing half"}
    resumed = await case.give(case.world.manager, "decide-appeal", ruling)
    freeze = cast("list[Json]", (await case.world.manager.read(case.id))["freezes"])[0]
    frozen_for = instant(freeze["ends_at"]) - instant(freeze["starts_at"])
    if frozen_for < timedelta(days=4):
        message = f"frozen for {frozen_for}"
        raise NotAsExpectedError(message)
    expect(instant(resumed["deadline"]) - instant(receipt["deadline"]), frozen_for, "deadline moved by")
    await case.give(case.world.buyer, "accept")
    await case.until_stage("completed")


async def seller_down(case: Case) -> None:
    """The seller's interface stays down for 3 h: unsubscribed, refunded in full."""
    await case.behave(mood="down")
    await case.start()
    await case.until(lambda seen: bool(calls(seen, "newInstance")))
    await case.pass_time(timedelta(hours=3, minutes=2))
    done = await case.until_stage("refunded")
    expect(offsets(done, "newInstance", timedelta(hours=1)), [0, 1, 2, 3], "hours of the attempts")


async def refund(case: Case) -> None:
    """The buyer asks for a refund and the seller agrees: the instance is released, the money goes back."""
    await case.start()
    await case.until(lambda seen: seen["instance_id"] is not None)
    await case.give(case.world.buyer, "submit-request", REQUEST)
    await case.give(case.world.buyer, "request-refund", {"amount": "900.00", "reason": "Bought twice"})
    await case.refused(case.world.seller, "confirm-request", "refund-pending")
    await case.give(case.world.seller, "agree-refund", {"note": "Agreed by phone"})
    await case.until_stage("refunded")
    expect(await case.effect("released"), 1, "instances released")


async def instant_saas(case: Case) -> None:
    """Provisioned and completed at once; then used, frozen at its end, brought back by a renewal, and released."""
    await case.start()
    done = await case.until_stage("completed")
    expect(instant(done["ended_at"]) - instant(done["placed_at"]) < timedelta(minutes=1), True, "at once")
    life = await Life.of(case)
    expect(str((await life.query())["front_end_url"])[:10], "https://i-", "the buyer's link")
    await life.pass_end()
    await life.until_status("frozen")
    await life.done("renew", f"RN{case.order_id}", period={"unit": "month", "number": 1})
    await life.until_told()
    await life.done("release", f"UN{case.order_id}")
    await life.until_status("released")
    await life.until_told()
    effects = [await case.effect(name) for name in ("frozen", "unfrozen", "released")]
    expect(effects, [1, 1, 1], "what the seller did")


async def after_acceptance(case: Case) -> None:
    """Delivered and accepted first; the instance is made then."""
    case.product["provisioning"] = "after-acceptance"
    await case.start()
    await case.give(case.world.buyer, "submit-request", REQUEST)
    await case.give(case.world.seller, "confirm-request")
    await case.give(case.world.seller, "deliver", proof())
    expect(await case.effect("created"), 0, "instances before acceptance")
    await case.give(case.world.buyer, "accept")
    await case.until_stage("completed")
    expect(await case.effect("created"), 1, "instances after acceptance")


async def website_building(case: Case) -> None:
    """The product's own stages one after the other, within the seller's delivery duration; overdue, then accepted."""
    case.product |= {"service_steps": ["Sitemap", "Design draft", "Launch"], "delivery_days": 10}
    await case.start()
    await case.give(case.world.buyer, "submit-request", REQUEST)
    await case.give(case.world.seller, "confirm-request")
    await case.give(case.world.seller, "finish-step", {"note": "Sitemap agreed"})
    await case.pass_time(timedelta(days=10, hours=1))
    late = await case.until(lambda seen: bool(seen["overdue"]))
    expect("remind-seller" in causes(late), True, "the seller was reminded")
    expect(cast("Json", late["missing"])["en"], 'the end of the service step "Design draft"', "what is missing")
    for _ in range(2):
        await case.give(case.world.seller, "finish-step")
    await case.give(case.world.seller, "deliver", proof())
    await case.give(case.world.buyer, "accept")
    done = await case.until_stage("completed")
    expect(cast("Json", done["steps"])["done"], 3, "stages done")


async def hardware(case: Case) -> None:
    """Shipped, signed for by the buyer; nobody acts, and the clock accepts ten days after the sign-off."""
    await case.start()
    await case.give(case.world.seller, "ship", PARCEL)
    await case.pass_time(timedelta(days=20))
    expect(stage_of(await case.world.buyer.read(case.id)), "goods-acceptance", "stage while unsigned")
    signed_at = datetime.now(UTC) + timedelta(days=20)
    await case.report("parcel-signed", {"signed_at": signed_at.isoformat(), "recipient_is_buyer": True})
    await case.until(lambda seen: seen["deadline"] is not None)
    await case.pass_time(timedelta(days=10, minutes=1))
    done = await case.until_stage("completed")
    expect(causes(done)[-1], "auto-accept", "what ended it")
    waited = instant(done["ended_at"]) - instant(cast("Json", done["parcel"])["signed_at"])
    expect(timedelta(days=10) <= waited < timedelta(days=10, minutes=1), True, f"accepted {waited} after the sign-off")


async def hardware_returned(case: Case) -> None:
    """The buyer asks for the money back, sends the goods back; the seller stays silent for 15 days: refunded."""
    await case.start()
    await case.give(case.world.seller, "ship", PARCEL)
    not_received: Json = {"amount": "1200.00", "reason": "Too loud", "goods": "not-received"}
    await case.refused(case.world.buyer, "request-refund", "goods-shipped", not_received)
    await case.give(case.world.buyer, "request-refund", {**not_received, "goods": "received"})
    await case.give(case.world.seller, "agree-refund", {"return_address": "1 Dock Road, Guiyang"})
    await case.pass_time(timedelta(days=9))
    await case.give(case.world.buyer, "send-goods-back", PARCEL)
    await case.pass_time(timedelta(days=15, minutes=1))
    done = await case.until_stage("refunded")
    expect("take-return" in causes(done), True, "the system took the goods back")


async def orchestration(case: Case) -> None:
    """The seller appeals against a silent buyer, the ruling sends the work back; delivered again, accepted."""
    await case.start()
    await case.give(case.world.seller, "deliver", proof())
    appeal: Json = {"ground": "silent-buyer", "reason": "No answer for a week", "claim": "Close it"}
    lacking = await case.world.seller.give(case.id, "appeal", appeal)
    expect(lacking.code, "evidence-required", "an appeal without evidence")
    await case.give(case.world.seller, "appeal", {**appeal, "attachments": [file("delivery-proof")]})
    rework: Json = {"ruling": "rework", "reason": "One flow is missing"}
    receipt = await case.give(case.world.manager, "decide-appeal", rework)
    expect(receipt["stage"], "seller-delivery", "stage after the ruling")
    await case.give(case.world.seller, "deliver", proof())
    await case.give(case.world.buyer, "accept")
    await case.until_stage("completed")


async def data_file(case: Case) -> None:
    """The request answers the product's template, the proof holds the documents of another; accepted."""
    case.product |= {
        "request_template": [{"name": "region", "label": "Region the data is about"}],
        "delivery_template": [{"name": "data-dictionary", "label": "Data dictionary"}],
    }
    await case.start()
    lacking = await case.world.buyer.give(case.id, "submit-request", REQUEST)
    expect(lacking.json_body.get("missing"), ["answers.region"], "what the request lacks")
    answered: Json = {**REQUEST, "answers": [{"name": "region", "value": "Guizhou"}]}
    await case.give(case.world.buyer, "submit-request", answered)
    await case.give(case.world.seller, "confirm-request")
    await case.give(case.world.seller, "deliver", proof(None, "data-dictionary"))
    await case.give(case.world.buyer, "accept")
    await case.until_stage("completed")


async def refund_by_ruling(case: Case) -> None:
    """An appeal is late and escalated; the manager rules a high refund, a second manager agrees: refunded."""
    case.changes["amount"] = "48000.00"
    await case.start()
    await case.give(case.world.buyer, "submit-request", REQUEST)
    await case.give(case.world.buyer, "appeal", {"reason": "The seller is gone", "claim": "All of it back"})
    await case.pass_time(timedelta(days=12))
    late = await case.until(lambda seen: bool(cast("list[Json]", seen["appeals"])[0]["is_late"]))
    expect("escalate-appeal" in causes(late), True, "the late appeal was escalated")
    ruling: Json = {"ruling": "refund", "reason": "Nothing was delivered", "amount": "45000.00"}
    await case.give(case.world.manager, "decide-appeal", ruling)
    alone = await case.world.manager.give(case.id, "agree-ruling")
    expect(alone.code, "second-manager-needed", "the same manager agrees")
    await case.give(case.world.second_manager, "agree-ruling")
    done = await case.until_stage("refunded")
    expect(cast("Json", done["refund"])["amount"], "45000.00", "amount")


@dataclass(frozen=True)
class Scenario:
    """A row of the demo."""

    title: str
    product_type: ProductType
    play: Callable[[Case], Awaitable[None]]
    ends: str

    async def run(self, case: Case) -> str | None:
        """Play it to the end; what was not as expected, or None."""
        begin = time.monotonic()
        try:
            await self.play(case)
            heard = [cast("Json", one["status"]) for one in await self._heard(case)]
            of_order = [str(one["status"]) for one in heard if one["order_id"] == case.order_id]
            expect(of_order, [self.ends], "what the purchase system heard")
        except (NotAsExpectedError, TimeoutError, httpx.HTTPError) as error:
            case.log(f"NOT AS EXPECTED: {error}")
            return str(error)
        case.log(f"{self.ends} as expected ({time.monotonic() - begin:.1f} s)")
        return None

    async def _heard(self, case: Case) -> list[Json]:
        await case.until(lambda seen: any(call["succeeded"] for call in calls(seen, "orderStatus")))
        return await case.purchase_heard()


SCENARIOS = (
    Scenario("License code", ProductType.LICENSE_AUTHORIZATION_CODE, code_to_both, "completed"),
    Scenario("License code 2025", ProductType.LICENSE_AUTHORIZATION_CODE, code_claimed_at_once, "completed"),
    Scenario("License code 2024", ProductType.LICENSE_AUTHORIZATION_CODE, authorization_code, "completed"),
    Scenario("Identification code", ProductType.LICENSE_IDENTIFICATION_CODE, identification_code, "completed"),
    Scenario("License offline", ProductType.LICENSE_OFFLINE, offline_license, "completed"),
    Scenario("Package deployment", ProductType.LICENSE_PACKAGE_DEPLOYMENT, package_deployment, "completed"),
    Scenario("SaaS supervised", ProductType.SAAS_SUPERVISED, supervised_saas, "completed"),
    Scenario("SaaS after accept", ProductType.SAAS_SUPERVISED, after_acceptance, "completed"),
    Scenario("SaaS instant-on", ProductType.SAAS_INSTANT, instant_saas, "completed"),
    Scenario("SaaS, seller down", ProductType.SAAS_SUPERVISED, seller_down, "refunded"),
    Scenario("SaaS, refund", ProductType.SAAS_SUPERVISED, refund, "refunded"),
    Scenario("Manual service", ProductType.MANUAL_SERVICE, manual_service, "completed"),
    Scenario("Website building", ProductType.MANUAL_SERVICE, website_building, "completed"),
    Scenario("Refund by ruling", ProductType.MANUAL_SERVICE, refund_by_ruling, "refunded"),
    Scenario("Hardware", ProductType.HARDWARE, hardware, "completed"),
    Scenario("Hardware, returned", ProductType.HARDWARE, hardware_returned, "refunded"),
    Scenario("Orchestration", ProductType.APPLICATION_ORCHESTRATION, orchestration, "completed"),
    Scenario("Data file", ProductType.DATA_FILE, data_file, "completed"),
)
