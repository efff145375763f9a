"""How far an order is when the engine is lost, and what must be seen of it then."""

from collections.abc import Awaitable, Callable

from domain.order import ProductType
from sandbox.cases import PARCEL, REQUEST, Case, calls, causes, parked_calls, proof
from sandbox.client import Json

Move = Callable[[Case], Awaitable[object]]
APPEAL: Json = {"reason": "No answer", "claim": "Close it"}
REFUND: Json = {"amount": "10.00", "reason": "Bought twice"}


async def begun(case: Case) -> None:
    await case.start()


async def requested(case: Case) -> None:
    await case.start()
    await case.give(case.world.buyer, "submit-request", REQUEST)


async def delivered(case: Case) -> None:
    await case.start()
    await case.give(case.world.seller, "deliver", proof())


async def sent_back(case: Case) -> None:
    await delivered(case)
    await case.give(case.world.buyer, "reject-delivery", {"reason": "Half is missing"})


async def reworked(case: Case) -> None:
    """A ruling sent it back: what the flow's code needs stands in the ruling, not in its command."""
    await delivered(case)
    await case.give(case.world.buyer, "appeal", APPEAL)
    await case.give(case.world.manager, "decide-appeal", {"ruling": "rework", "reason": "Half is missing"})


async def in_appeal(case: Case) -> None:
    await delivered(case)
    await case.give(case.world.buyer, "appeal", APPEAL)


async def frozen_with_an_event(case: Case) -> None:
    """An event was noted that waits for the end of the freeze: it is no row yet."""
    await case.start()
    await case.give(case.world.buyer, "appeal", APPEAL)
    await case.report("deployment-finished")


async def refund_asked(case: Case) -> None:
    await delivered(case)
    await case.give(case.world.buyer, "request-refund", REFUND)


async def in_review(case: Case) -> None:
    case.changes |= {"seller_category": "joint-operation", "scenario": "base-cloud"}
    await case.start()
    await case.give(case.world.seller, "deliver", proof(None, "base-acceptance-form"))


async def shipped(case: Case) -> None:
    await case.start()
    await case.give(case.world.seller, "ship", PARCEL)
    await case.report("parcel-signed", {"signed_at": case.order()["placed_at"], "recipient_is_buyer": True})
    await case.until(lambda seen: "parcel-signed" in causes(seen))


async def halfway_through_the_steps(case: Case) -> None:
    case.product["service_steps"] = ["Draft", "Design"]
    await requested(case)
    await case.give(case.world.seller, "confirm-request")
    await case.give(case.world.seller, "finish-step")


async def claimed(case: Case) -> None:
    case.changes["placed_at"] = "2024-12-02T09:00:00+08:00"
    await case.start()
    await case.give(case.world.seller, "deliver")
    await case.give(case.world.buyer, "claim-code")


async def activated(case: Case) -> None:
    await case.start()
    code = str((await case.world.seller.read(case.id))["license_code"])
    assert (await case.activate(code)).json_body["error_code"] == "92020000"


async def seller_down(case: Case) -> None:
    """The creation has failed once and waits for its next hour."""
    await case.behave(mood="down")
    await case.start()
    await case.until(lambda seen: bool(calls(seen, "newInstance")))
    await case.behave(mood="healthy")


async def seller_refuses(case: Case) -> None:
    """The creation is parked with its reason until somebody restarts it."""
    await case.behave(mood="forbidding")
    await case.start()
    await case.until(lambda seen: parked_calls(seen) == ["newInstance"])
    await case.behave(mood="healthy")


async def polled(case: Case) -> None:
    await case.behave(mood="processing", polls=2)
    await case.start()
    await case.until(lambda seen: bool(calls(seen, "queryInstance")))


async def fetching(case: Case) -> None:
    case.product["online_license"] = True
    await case.behave(mood="down")
    await case.start()
    await case.give(case.world.buyer, "submit-code")
    await case.until(lambda seen: bool(calls(seen, "getLicense")))
    await case.behave(mood="healthy")


async def being_refunded(case: Case) -> None:
    """The money goes back, the instance is not released yet."""
    await case.start()
    await case.until(lambda seen: seen["instance_id"] is not None)
    await case.behave(mood="down")
    await case.give(case.world.buyer, "request-refund", REFUND)
    await case.give(case.world.seller, "agree-refund")
    await case.until(lambda seen: bool(calls(seen, "releaseInstance")))
    await case.behave(mood="healthy")


WAYS: tuple[tuple[ProductType, Move], ...] = (
    (ProductType.LICENSE_OFFLINE, begun),
    (ProductType.LICENSE_OFFLINE, delivered),
    (ProductType.LICENSE_OFFLINE, sent_back),
    (ProductType.LICENSE_OFFLINE, reworked),
    (ProductType.LICENSE_OFFLINE, in_appeal),
    (ProductType.LICENSE_OFFLINE, refund_asked),
    (ProductType.LICENSE_OFFLINE, in_review),
    (ProductType.LICENSE_PACKAGE_DEPLOYMENT, frozen_with_an_event),
    (ProductType.LICENSE_IDENTIFICATION_CODE, fetching),
    (ProductType.LICENSE_AUTHORIZATION_CODE, claimed),
    (ProductType.LICENSE_AUTHORIZATION_CODE, activated),
    (ProductType.MANUAL_SERVICE, requested),
    (ProductType.MANUAL_SERVICE, halfway_through_the_steps),
    (ProductType.DATA_FILE, begun),
    (ProductType.HARDWARE, shipped),
    (ProductType.APPLICATION_ORCHESTRATION, delivered),
    (ProductType.SAAS_INSTANT, seller_down),
    (ProductType.SAAS_INSTANT, seller_refuses),
    (ProductType.SAAS_SUPERVISED, polled),
    (ProductType.SAAS_SUPERVISED, being_refunded),
)
