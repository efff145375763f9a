"""``python -m bench.fairness``: how much one seller's hanging system slows the calls to another's, in one run."""

import asyncio
import os
import secrets
import statistics
from datetime import UTC, datetime, timedelta

import httpx

from bench.report import say
from launcher.stack import Layout, Stack, temporary_folder
from sandbox.cases import calls, history, instant
from sandbox.client import Json, Party
from sandbox.parties import BUYER, OTHER_SELLER, PURCHASE, SELLER

ORDERS = 100
CLIENTS = 4
ROUNDS = 3
OTHERS_PER_SECOND = 4
SETTLE_SECONDS = 7


def order(seller_id: str) -> Json:
    """An instant-on order: one call to its seller."""
    order_id = f"F{secrets.token_hex(8)}"
    return {
        "order_id": order_id,
        "order_line_id": f"{order_id}-000001",
        "product": {"id": "P-1", "name": "Fairness", "type": "saas-instant"},
        "seller_id": seller_id,
        "buyer_id": BUYER.id,
        "amount": "1.00",
        "placed_at": datetime.now(UTC).isoformat(),
    }


async def milliseconds(purchase: Party, seller_id: str) -> float:
    """From an order's start to its seller's answer."""
    started = order(seller_id)
    await purchase.start(started)
    delivery_id = f"{started['order_id']}:{started['order_line_id']}"
    seen = await purchase.wait_for(delivery_id, lambda seen: bool(calls(seen, "newInstance")))
    call = calls(seen, "newInstance")[0]
    answered = instant(call["at"]) + timedelta(milliseconds=float(str(call["milliseconds"])))
    return (answered - instant(history(seen)[0]["at"])) / timedelta(milliseconds=1)


async def drive(purchase: Party) -> list[float]:
    """The healthy seller's orders, each client one after the other."""
    waiting = iter(range(ORDERS))

    async def client() -> list[float]:
        return [await milliseconds(purchase, SELLER.id) for _ in waiting]

    found = await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return [one for mine in found for one in mine]


async def load(purchase: Party) -> None:
    """Start orders of the other seller, for ever."""
    while True:
        await purchase.start(order(OTHER_SELLER.id))
        await asyncio.sleep(1 / OTHERS_PER_SECOND)


def p99(taken: list[float]) -> float:
    """Milliseconds that 99 of 100 calls stayed within."""
    return statistics.quantiles(taken, n=100, method="inclusive")[98]


async def one_round(purchase: Party, layout: Layout, mood: str) -> list[float]:
    """The healthy seller's orders, beside as many of another seller that behaves so."""
    url = f"{layout.sandbox_url}/seller/{OTHER_SELLER.id}/behaviour"
    async with httpx.AsyncClient(trust_env=False) as http:
        (await http.put(url, json={"mood": mood, "seconds": 5.5})).raise_for_status()
    beside = asyncio.create_task(load(purchase))
    await asyncio.sleep(SETTLE_SECONDS)
    taken = await drive(purchase)
    beside.cancel()
    await asyncio.sleep(SETTLE_SECONDS)
    return taken


async def measure(layout: Layout) -> None:
    """Take turns: beside a healthy seller, and beside a hanging one; the load is the same."""
    purchase = Party(PURCHASE, layout.api_url, layout.token(PURCHASE))
    await drive(purchase)
    rounds: dict[str, list[list[float]]] = {"healthy": [], "slow": []}
    for _ in range(ROUNDS):
        for mood, found in rounds.items():
            found.append(await one_round(purchase, layout, mood))
    say("| the other seller | p50 ms | p99 ms |")
    say("| --- | --- | --- |")
    tails = {mood: statistics.median(p99(taken) for taken in found) for mood, found in rounds.items()}
    for mood, found in rounds.items():
        middle = statistics.median(statistics.median(taken) for taken in found)
        say(f"| {'healthy' if mood == 'healthy' else 'hanging'} | {middle:.0f} | {tails[mood]:.0f} |")
    ratio = tails["slow"] / tails["healthy"]
    say(f"\np99 beside a hanging ÷ a healthy one: {ratio:.2f} ({ROUNDS} rounds, {ORDERS} orders)")
    await purchase.http.aclose()


def main() -> None:
    """Run it on a stack of its own."""
    with temporary_folder("bench") as folder:
        stack = Stack(folder)
        stack.start()
        try:
            asyncio.run(measure(stack.layout))
        finally:
            stack.stop()
    os._exit(0)


if __name__ == "__main__":
    main()
