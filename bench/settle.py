"""What is waited for after a timed stretch, before anybody else has a turn: the last orders' own ends."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from bench.client import HttpClient
from launcher.stack import Stack

SETTLE_SECONDS = 0.3
LAST_ORDERS = 25
HEARD_SECONDS = 60.0
HEARD_EVERY_SECONDS = 0.05

Settle = Callable[[Sequence[str]], Awaitable[None]]


async def soon(_ids: Sequence[str]) -> None:
    """Long enough for what follows the last answer: a workflow's own end."""
    await asyncio.sleep(SETTLE_SECONDS)


def until_heard(stack: Stack) -> Settle:
    """Wait until the purchase system heard of the last orders: their callbacks belong to their cost."""
    sandbox = HttpClient(stack.layout.ports.sandbox)

    async def settle(ids: Sequence[str]) -> None:
        async with asyncio.timeout(HEARD_SECONDS):
            for name in ids[-LAST_ORDERS:]:
                while True:
                    if await sandbox.get(f"/purchase/orders/{name}") != b"[]":
                        break
                    await asyncio.sleep(HEARD_EVERY_SECONDS)

    return settle
