"""The main job, scenario by scenario: each party acts through the public HTTP API, days pass on the engine's clock."""

import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast

import httpx

from domain.order import ProductType
from sandbox.client import Answer, Json, Party, activate_license
from sandbox.clock import Clock

REMINDERS = 2

TOLERANCE = timedelta(seconds=5)
"""Timers fire up to a second or so late, and reading the clock takes a moment too."""


class NotAsExpectedError(Exception):
    """A scenario went another way than it must; the text says where."""


def expect(actual: object, wanted: object, what: str) -> None:
    """Raise NotAsExpectedError unless both are the same."""
    if actual != wanted:
        message = f"{what}: {actual!r} instead of {wanted!r}"
        raise NotAsExpectedError(message)


def expect_close(actual: datetime, wanted: datetime, what: str) -> None:
    """Raise NotAsExpectedError unless both instants are the same within the tolerance."""
    if abs(actual - wanted) > TOLERANCE:
        message = f"{what}: {actual} instead of {wanted}"
        raise NotAsExpectedError(message)


def instant(value: object) -> datetime:
    """Read an instant of the API."""
    return datetime.fromisoformat(str(value))


def stage_of(seen: Json) -> str:
    """The present stage's name."""
    return str(cast("Json", seen["stage"])["name"])


def history(seen: Json) -> list[Json]:
    """The steps so far, in order."""
    return cast("list[Json]", seen["history"])


def causes(seen: Json) -> list[str]:
    """What moved the delivery, in order."""
    return [str(event["cause"]) for event in history(seen)]


def calls(seen: Json, activity: str) -> list[Json]:
    """The attempts of one call, in order."""
    return [call for call in cast("list[Json]", seen["calls"]) if call["activity"] == activity]


def offsets(seen: Json, activity: str, every: timedelta) -> list[int]:
    """When a call was tried, in intervals since the first time.

    An attempt may run twice at one instant: the engine's time skipping sometimes hands it out again at once.
    """
    tried = [instant(call["at"]) for call in calls(seen, activity)]
    return sorted({round((at - tried[0]) / every) for at in tried})


@dataclass
class World:
    """Everybody who takes part, the clock, and where progress is shown."""

    purchase: Party
    seller: Party
    buyer: Party
    manager: Party
    clock: Clock
    sandbox: httpx.AsyncClient
    api_url: str
    open_api_keys: tuple[str, str]
    show: Callable[[str, str], None]


@dataclass
class Case:
    """One order on its way through a scenario."""

    world: World
    title: str
    product_type: ProductType
    product: Json = field(default_factory=dict)
    order_id: str = field(default_factory=lambda: f"CS{secrets.token_hex(5).upper()}")

    @property
    def line(self) -> str:
        """The order line's id."""
        return f"{self.order_id}-000001"

    @property
    def id(self) -> str:
        """The delivery's id."""
        return f"{self.order_id}:{self.line}"

    def order(self) -> Json:
        """The order as the purchase system sends it."""
        return {
            "order_id": self.order_id,
            "order_line_id": self.line,
            "product": {"id": "P-1001", "name": self.title, "type": self.product_type, **self.product},
            "seller_id": self.world.seller.actor.id,
            "buyer_id": self.world.buyer.actor.id,
            "amount": "1200.00",
            "period": {"unit": "year", "number": 1},
            "placed_at": datetime.now(UTC).isoformat(),
        }

    async def start(self) -> None:
        """The purchase system starts the delivery."""
        answer = await self.world.purchase.start(self.order())
        expect(answer.status, 201, "start")
        self.tell("purchase system starts the delivery")

    async def give(self, party: Party, command: str, fields: Json | None = None) -> Json:
        """A party gives a command, which must be taken; returns its receipt."""
        answer = await party.give(self.id, command, fields)
        expect(answer.status, 200, f"{command} {answer.json_body}")
        self.tell(f"{party.actor.role}: {command} → {answer.json_body['stage']}")
        return answer.json_body

    async def refused(self, party: Party, command: str, code: str, fields: Json | None = None) -> None:
        """A party gives a command, which must be refused."""
        answer = await party.give(self.id, command, fields)
        expect((answer.status, answer.code), (409, code), command)
        self.tell(f"{party.actor.role}: {command} refused: {answer.json_body['title']}")

    async def pass_time(self, duration: timedelta) -> None:
        """Let time pass for this order."""
        self.tell(f"clock: {duration} pass")
        await self.world.clock.pass_time(self.id, duration)

    async def until(self, holds: Callable[[Json], bool]) -> Json:
        """Wait until the order reads so."""
        return await self.world.purchase.wait_for(self.id, holds)

    async def until_stage(self, stage: str) -> Json:
        """Wait until the order is at a stage."""
        return await self.until(lambda seen: stage_of(seen) == stage)

    async def behave(self, **behaviour: object) -> None:
        """Tell the seller's system how to behave for this order."""
        path = f"/seller/{self.world.seller.actor.id}/orders/{self.line}/behaviour"
        (await self.world.sandbox.put(path, json=behaviour)).raise_for_status()

    async def seller_saw(self) -> Json:
        """What the seller's system saw of this order."""
        answer = await self.world.sandbox.get(f"/seller/{self.world.seller.actor.id}/orders/{self.line}")
        return cast("Json", answer.raise_for_status().json())

    async def purchase_heard(self) -> list[Json]:
        """What the purchase system heard of this order."""
        answer = await self.world.sandbox.get(f"/purchase/orders/{self.id}")
        return cast("list[Json]", answer.raise_for_status().json())

    async def activate(self, license_code: str) -> Answer:
        """The seller's software activates a code through the open API."""
        answer = await activate_license(self.world.api_url, self.world.open_api_keys, {"license": license_code})
        self.tell(f"seller's software: license/activate → {answer.json_body.get('error_msg')}")
        return answer

    def tell(self, what: str) -> None:
        """Show progress."""
        self.world.show(self.title, what)


def proof(actual_start_at: datetime | None = None) -> Json:
    """A delivery proof with its two mandatory documents."""
    files = {
        name: {"name": f"{name}.pdf", "size": 20480, "sha256": secrets.token_hex(32)}
        for name in ("statement_of_work", "acceptance_document")
    }
    start = {"actual_start_at": actual_start_at.isoformat()} if actual_start_at else {}
    return {"proof": {**files, **start}}


REQUEST: Json = {"text": "Two clusters in Guiyang, single sign-on, 50 users"}


async def authorization_code(case: Case) -> None:
    """Delivered, claimed, activated through the open API, proven; the system accepts."""
    case.product["order_notify"] = True
    await case.start()
    await case.until_stage("code-delivery")
    await case.give(case.world.seller, "deliver")
    await case.give(case.world.buyer, "claim-code")
    await case.pass_time(timedelta(days=1))
    claimed = await case.world.buyer.read(case.id)
    answer = await case.activate(str(claimed["license_code"]))
    expect(answer.json_body["error_code"], "92020000", "activation")
    activated = await case.until_stage("proof-upload")
    activated_at = instant(cast("Json", activated["stage"])["entered_at"])
    await case.pass_time(timedelta(days=2))
    await case.give(case.world.seller, "upload-proof", proof())
    done = await case.until_stage("completed")
    expect(causes(done)[-1], "system-accepted", "who accepted")
    expect_close(instant(cast("Json", done["validity"])["starts_at"]), activated_at, "validity from activation")


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
    answer = await case.world.purchase.report(case.id, "deployment-finished")
    expect(answer.status, 202, "deployment-finished")
    case.tell("platform: deployment finished")
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
    expect((await case.seller_saw())["created"], 1, "instances created")


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
    await case.pass_time(timedelta(days=4))
    frozen = await case.world.manager.read(case.id)
    expect(frozen["next_act"], None, "clock while frozen")
    resumed = await case.give(case.world.manager, "resume", {"reason": "The seller sent the missing half"})
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
    expect((await case.seller_saw())["released"], 1, "instances released")


async def instant_saas(case: Case) -> None:
    """Provisioned and completed at once."""
    await case.start()
    done = await case.until_stage("completed")
    expect(instant(done["ended_at"]) - instant(done["placed_at"]) < timedelta(minutes=1), True, "at once")


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
            heard = [str(cast("Json", one["status"])["status"]) for one in await self._heard(case)]
            expect(heard, [self.ends], "what the purchase system heard")
        except (NotAsExpectedError, TimeoutError, httpx.HTTPError) as error:
            case.tell(f"NOT AS EXPECTED: {error}")
            return str(error)
        case.tell(f"{self.ends} as expected ({time.monotonic() - begin:.1f} s)")
        return None

    async def _heard(self, case: Case) -> list[Json]:
        await case.until(lambda seen: any(call["succeeded"] for call in calls(seen, "orderStatus")))
        return await case.purchase_heard()


SCENARIOS = (
    Scenario("License code", ProductType.LICENSE_AUTHORIZATION_CODE, authorization_code, "completed"),
    Scenario("License offline", ProductType.LICENSE_OFFLINE, offline_license, "completed"),
    Scenario("Package deployment", ProductType.LICENSE_PACKAGE_DEPLOYMENT, package_deployment, "completed"),
    Scenario("SaaS supervised", ProductType.SAAS_SUPERVISED, supervised_saas, "completed"),
    Scenario("Manual service", ProductType.MANUAL_SERVICE, manual_service, "completed"),
    Scenario("SaaS, seller down", ProductType.SAAS_SUPERVISED, seller_down, "refunded"),
    Scenario("SaaS, refund", ProductType.SAAS_SUPERVISED, refund, "refunded"),
    Scenario("SaaS instant-on", ProductType.SAAS_INSTANT, instant_saas, "completed"),
)
