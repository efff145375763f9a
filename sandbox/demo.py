"""Plays the scenarios and shows how each order went."""

import asyncio
import time
from collections.abc import Sequence
from typing import cast

import httpx
from rich.console import Console
from rich.table import Table
from rich.text import Text

from domain.parties import Actor
from launcher.stack import Layout
from sandbox.client import Json, Party
from sandbox.clock import Clock
from sandbox.parties import BUYER, MANAGER, PURCHASE, SELLER, open_api_keys
from sandbox.scenarios import SCENARIOS, Case, World, calls, history, instant

WIDTH = 144


async def play(console: Console, layout: Layout) -> bool:
    """Play every scenario at once; True when all ended as they must."""
    begin = time.monotonic()

    def show(title: str, what: str) -> None:
        console.print(
            f"{time.monotonic() - begin:6.1f} s  {title:<20} {what}", markup=False, highlight=False, soft_wrap=True
        )

    world = await open_world(layout, show)
    cases = [Case(world, scenario.title, scenario.product_type) for scenario in SCENARIOS]
    wrong = await asyncio.gather(*(scenario.run(case) for scenario, case in zip(SCENARIOS, cases, strict=True)))
    seen = await asyncio.gather(*(world.manager.read(case.id) for case in cases))
    heard = await asyncio.gather(*(case.purchase_heard() for case in cases))
    wide = Console(width=max(console.width, WIDTH), file=console.file)
    wide.print(_table(seen, heard, wrong))
    good = sum(one is None for one in wrong)
    console.print(f"{good} of {len(cases)} orders ended as they must, in {time.monotonic() - begin:.1f} s")
    return good == len(cases)


async def open_world(layout: Layout, show: object) -> World:
    """Log everybody in."""

    def party(actor: Actor) -> Party:
        return Party(actor, layout.api_url, layout.token(actor))

    return World(
        purchase=party(PURCHASE),
        seller=party(SELLER),
        buyer=party(BUYER),
        manager=party(MANAGER),
        clock=await Clock.connect(layout.engine_address),
        sandbox=httpx.AsyncClient(base_url=layout.sandbox_url, timeout=40, trust_env=False),
        api_url=layout.api_url,
        open_api_keys=open_api_keys(layout.secrets.sandbox_secret, SELLER.id),
        show=show,  # type: ignore[arg-type]
    )


def _table(seen: Sequence[Json], heard: Sequence[list[Json]], wrong: Sequence[str | None]) -> Table:
    table = Table(title="Eight orders, from paid to completed or refunded (times in UTC)", show_lines=True)
    table.add_column("Order, product type", overflow="fold")
    table.add_column("What happened", overflow="fold", min_width=30)
    table.add_column("Stage: entered → left", no_wrap=True)
    table.add_column("Outcome, validity", overflow="fold", min_width=22)
    table.add_column("Purchase system heard", no_wrap=True)
    for order, told, mistake in zip(seen, heard, wrong, strict=True):
        outcome = Text(_outcome(order))
        if mistake is not None:
            outcome.append(f"\nNOT AS EXPECTED: {mistake}", style="bold red")
        table.add_row(
            f"{order['order_id']}\n{order['product_name']}\n({order['product_type']})",
            _what_happened(order),
            _stages(order),
            outcome,
            "\n".join(_told(one) for one in told) or "nothing",
        )
    return table


def _what_happened(order: Json) -> str:
    lines = []
    for event in history(order):
        actor = cast("Json", event["actor"])
        lines.append(f"{actor['role']}: {event['cause']}")
    for activity in dict.fromkeys(str(call["activity"]) for call in cast("list[Json]", order["calls"])):
        made = calls(order, activity)
        failed = sum(not call["succeeded"] for call in made)
        lines.append(f"call {activity} × {len(made)}" + (f", {failed} without success" if failed else ""))
    return "\n".join(lines)


def _stages(order: Json) -> str:
    entered: list[tuple[str, str]] = []
    for event in history(order):
        if event["source"] != event["target"] or not entered:
            entered.append((str(event["target"]), f"{instant(event['at']):%m-%d %H:%M:%S}"))
    lefts = [at for _, at in entered[1:]]
    lines = [f"{stage}\n  {at} → {left}" for (stage, at), left in zip(entered, lefts, strict=False)]
    return "\n".join([*lines, f"{entered[-1][0]}\n  {entered[-1][1]}"])


def _outcome(order: Json) -> str:
    validity = cast("Json | None", order["validity"])
    refund = cast("Json | None", order["refund"])
    if validity is not None:
        start, end = instant(validity["starts_at"]), instant(validity["ends_at"])
        return f"{order['status']}\nvalid {start:%Y-%m-%d %H:%M}\n   to {end:%Y-%m-%d %H:%M}"
    return f"{order['status']}" + (f"\n{refund['amount']} {order['currency']} back" if refund else "")


def _told(heard: Json) -> str:
    status = cast("Json", heard["status"])
    amount = f" {status['refund_amount']}" if status["refund_amount"] else ""
    return f"{status['status']}{amount}\nat {instant(status['at']):%m-%d %H:%M:%S}\n({heard['times']} ×)"
