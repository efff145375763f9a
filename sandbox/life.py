"""What an order left, on its way: operations come from the purchase system, days pass on the instance's own clock."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import cast

from sandbox.cases import Case, expect, instant
from sandbox.client import Answer, Json

MOMENT = timedelta(minutes=1)


class Life:
    """One instance, or authorization code, of a completed order."""

    def __init__(self, case: Case) -> None:
        """Belong to an order."""
        self.case = case
        self._ahead = timedelta(0)

    @classmethod
    async def of(cls, case: Case) -> "Life":
        """The life of what an order left, once it has begun."""
        life = cls(case)
        await life.until(lambda seen: bool(seen.get("history")))
        return life

    async def read(self) -> Json:
        """The instance as operations read it."""
        answer = await self.case.world.manager.http.get(f"/v1/instances/{self.case.id}")
        return cast("Json", answer.raise_for_status().json())

    async def until(self, holds: Callable[[Json], bool]) -> Json:
        """Wait until the instance reads so."""
        return await self.case.world.manager.wait_for(self.case.id, holds, "instances")

    async def until_status(self, status: str) -> Json:
        """Wait until the instance has a status."""
        seen = await self.until(lambda seen: seen["status"] == status)
        self.case.log(f"instance: {status}")
        return seen

    async def operate(self, operation: str, order_id: str, **fields: object) -> Answer:
        """The purchase system asks for an operation, by an order of its own."""
        body = {"operation": operation, "order_id": order_id, "order_line_id": f"{order_id}-1", **fields}
        return await self.case.world.purchase.post(f"/v1/instances/{self.case.id}/operations", body)

    async def done(self, operation: str, order_id: str, **fields: object) -> Json:
        """An operation that must be taken; its receipt."""
        answer = await self.operate(operation, order_id, **fields)
        expect(answer.status, 200, f"{operation} {answer.json_body}")
        self.case.log(
            f"purchase: {operation} → {answer.json_body['status']}, until {end_of(answer.json_body):%Y-%m-%d}"
        )
        return answer.json_body

    async def query(self) -> Json:
        """The buyer asks for links and usage; what the seller told."""
        answer = await self.case.world.buyer.post(f"/v1/instances/{self.case.id}/query", {})
        expect(answer.status, 200, f"query {answer.json_body}")
        return cast("Json", answer.json_body["report"])

    async def pass_time(self, duration: timedelta) -> None:
        """Let time pass for the instance."""
        self.case.log(f"clock: {duration.days} days pass for the instance")
        await self.case.world.clock.pass_time(f"instance:{self.case.id}", duration)
        self._ahead += duration

    async def pass_end(self, more: timedelta = MOMENT) -> None:
        """Let the instance's end pass, and some time more."""
        now = datetime.now(UTC) + self._ahead
        await self.pass_time(end_of(await self.read()) - now + more)

    async def until_told(self) -> Json:
        """Wait until the seller was told everything."""
        return await self.until(lambda seen: seen["to_be_told"] == [])


def end_of(seen: Json) -> datetime:
    """When the instance ends."""
    return instant(seen["expires_at"])
