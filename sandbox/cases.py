"""One order on its way: its parties act through the public HTTP API, days pass on the engine's clock."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast

import httpx

from domain.order import ProductType
from sandbox.client import Answer, Json, Party, activate_license, open_api
from sandbox.clock import Clock

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


def parked_calls(seen: Json) -> list[str]:
    """The calls that wait for a restart."""
    return [str(call["activity"]) for call in cast("list[Json]", seen["parked_calls"])]


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
    reviewer: Party
    manager: Party
    second_manager: Party
    clock: Clock
    sandbox: httpx.AsyncClient
    api_url: str
    open_api_keys: tuple[str, str]
    show: Callable[[str, str], None]

    @property
    def parties(self) -> tuple[Party, ...]:
        """Everybody who is logged in."""
        return (self.purchase, self.seller, self.buyer, self.reviewer, self.manager, self.second_manager)


@dataclass
class Case:
    """One order on its way through a scenario."""

    world: World
    title: str
    product_type: ProductType
    product: Json = field(default_factory=dict)
    changes: Json = field(default_factory=dict)
    code: str = ""
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
            **self.changes,
        }

    async def start(self) -> None:
        """The purchase system starts the delivery."""
        answer = await self.world.purchase.start(self.order())
        expect(answer.status, 201, "start")
        self.log("purchase system starts the delivery")

    async def give(self, party: Party, command: str, fields: Json | None = None) -> Json:
        """A party gives a command, which must be taken; returns its receipt."""
        answer = await party.give(self.id, command, fields)
        expect(answer.status, 200, f"{command} {answer.json_body}")
        self.log(f"{party.actor.role}: {command} → {answer.json_body['stage']}")
        return answer.json_body

    async def refused(self, party: Party, command: str, code: str, fields: Json | None = None) -> None:
        """A party gives a command, which must be refused."""
        answer = await party.give(self.id, command, fields)
        expect((answer.status, answer.code), (409, code), command)
        self.log(f"{party.actor.role}: {command} refused: {answer.json_body['title']}")

    async def report(self, event: str, told: Json | None = None) -> None:
        """A platform system reports an event."""
        answer = await self.world.purchase.report(self.id, event, told)
        expect(answer.status, 202, event)
        self.log(f"platform: {event}")

    async def pass_time(self, duration: timedelta) -> None:
        """Let time pass for this order."""
        self.log(f"clock: {duration} pass")
        await self.world.clock.pass_time(f"delivery:{self.id}", duration)

    async def until(self, holds: Callable[[Json], bool]) -> Json:
        """Wait until the order reads so."""
        return await self.world.purchase.wait_for(self.id, holds)

    async def until_stage(self, stage: str) -> Json:
        """Wait until the order is at a stage."""
        return await self.until(lambda seen: stage_of(seen) == stage)

    async def behave(self, of: str | None = None, **behaviour: object) -> None:
        """Tell the seller's system how to behave for this order, or for its license."""
        path = f"/seller/{self.world.seller.actor.id}/orders/{of or self.line}/behaviour"
        (await self.world.sandbox.put(path, json=behaviour)).raise_for_status()

    async def seller_saw(self, of: str | None = None) -> Json:
        """What the seller's system saw of this order, or of its license."""
        answer = await self.world.sandbox.get(f"/seller/{self.world.seller.actor.id}/orders/{of or self.line}")
        return cast("Json", answer.raise_for_status().json())

    async def effect(self, name: str, of: str | None = None) -> int:
        """How often something took effect at the seller."""
        return int(cast("dict[str, int]", (await self.seller_saw(of))["effects"]).get(name, 0))

    async def purchase_heard(self) -> list[Json]:
        """What the purchase system heard of this order."""
        answer = await self.world.sandbox.get(f"/purchase/orders/{self.id}")
        return cast("list[Json]", answer.raise_for_status().json())

    async def open_api(self, call: str, fields: Json) -> Json:
        """What the seller's software is answered by the open API."""
        return (await open_api(self.world.api_url, self.world.open_api_keys, call, fields)).json_body

    async def activate(self, license_code: str) -> Answer:
        """The seller's software activates a code through the open API."""
        answer = await activate_license(self.world.api_url, self.world.open_api_keys, {"license": license_code})
        self.log(f"seller's software: license/activate → {answer.json_body.get('error_msg')}")
        return answer

    def log(self, what: str) -> None:
        """Show progress."""
        self.world.show(self.title, what)


def file(name: str) -> Json:
    """A file, by reference."""
    return {"name": f"{name}.pdf", "type": "application/pdf", "size": 20480, "sha256": secrets.token_hex(32)}


def proof(actual_start_at: datetime | None = None, *more: str) -> Json:
    """A delivery proof with its two mandatory documents, and the further ones named."""
    kinds = ("statement-of-work", "acceptance-document", *more)
    start = {"actual_start_at": actual_start_at.isoformat()} if actual_start_at else {}
    return {"proof": {"documents": [{"kind": kind, "file": file(kind)} for kind in kinds], **start}}


REQUEST: Json = {"text": "Two clusters in Guiyang, single sign-on, 50 users"}

PARCEL: Json = {"logistics_company": "SF Express", "tracking_number": "SF1002003004"}
