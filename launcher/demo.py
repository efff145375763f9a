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
from sandbox.cases import Case, World, calls, history, instant
from sandbox.client import SHORT_LIVED, Json, Party
from sandbox.clock import Clock
from sandbox.parties import BUYER, MANAGER, PURCHASE, REVIEWER, SECOND_MANAGER, SELLER, open_api_keys
from sandbox.scenarios import SCENARIOS

WIDTH = 80


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
    lives = await asyncio.gather(*(_life(world, case) for case in cases))
    for order, told, life in zip(seen, heard, lives, strict=True):
        console.print(_story(order, told, life))
    console.print(_summary(seen, heard, wrong))
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
        reviewer=party(REVIEWER),
        manager=party(MANAGER),
        second_manager=party(SECOND_MANAGER),
        clock=await Clock.connect(layout.temporal_address),
        sandbox=httpx.AsyncClient(base_url=layout.sandbox_url, limits=SHORT_LIVED, timeout=40, trust_env=False),
        api_url=layout.api_url,
        open_api_keys=open_api_keys(layout.secrets.sandbox_secret, SELLER.id),
        show=show,  # type: ignore[arg-type]
    )


async def _life(world: World, case: Case) -> Json | None:
    """What the order left, if it left something that lives on."""
    answer = await world.manager.http.get(f"/v1/instances/{case.id}")
    return cast("Json", answer.json()) if answer.is_success else None


def _story(order: Json, told: list[Json], life: Json | None) -> Table:
    """One order, whole; narrow enough for any terminal."""
    table = Table(title=f"{order['product_name']} · {order['order_id']}", title_justify="left", width=WIDTH)
    terms = cast("Json", order["terms"])
    table.add_column("product, flow", style="dim")
    table.add_column(f"{order['product_type']}, {terms['flow']}, rules {terms['rule_version']}")
    for name, value in (
        ("what happened", _what_happened(order)),
        ("stage entered → left", _stages(order)),
        ("outcome, validity", _outcome(order)),
        ("purchase system heard", "\n".join(_told(one) for one in told) or "nothing"),
    ):
        table.add_row(name, value)
    if life is not None:
        steps = [f"{instant(event['at']):%Y-%m-%d %H:%M}  {_step(event)}" for event in history(life)]
        table.add_row("lives on", "\n".join([*steps, f"{life['status']}, ends {instant(life['expires_at']):%Y-%m-%d}"]))
    return table


def _summary(seen: Sequence[Json], heard: Sequence[list[Json]], wrong: Sequence[str | None]) -> Table:
    """One line an order."""
    table = Table(title=f"{len(seen)} orders (times in UTC; told: what the purchase system heard)", width=WIDTH)
    for heading in ("order", "outcome", "valid from", "valid to"):
        table.add_column(heading, no_wrap=True)
    table.add_column("told", no_wrap=True)
    table.add_column("ok", overflow="fold")
    for order, told, mistake in zip(seen, heard, wrong, strict=True):
        validity = cast("Json | None", order["validity"]) or {}
        dates = [f"{instant(validity[end]):%Y-%m-%d}" if end in validity else "–" for end in ("starts_at", "ends_at")]
        statuses = ", ".join(
            str(status["status"]) for status in _statuses(told) if status["order_id"] == order["order_id"]
        )
        verdict = Text("yes", style="green") if mistake is None else Text(f"NO: {mistake}", style="bold red")
        table.add_row(str(order["product_name"]), str(order["status"]), *dates, statuses or "nothing", verdict)
    return table


def _what_happened(order: Json) -> str:
    lines = []
    for event in history(order):
        actor = cast("Json", event["actor"])
        lines.append(f"{_time(event['at'])}  {actor['role']}: {event['cause']}")
    for activity in dict.fromkeys(str(call["activity"]) for call in cast("list[Json]", order["calls"])):
        made = calls(order, activity)
        failed = sum(not call["succeeded"] for call in made)
        lines.append(f"called {activity} × {len(made)}" + (f", {failed} without success" if failed else ""))
    return "\n".join(lines)


def _stages(order: Json) -> str:
    entered = [(str(event["target"]), _time(event["at"])) for event in _stage_changes(order)]
    lefts = [at for _, at in entered[1:]]
    lines = [f"{at} → {left}  {stage}" for (stage, at), left in zip(entered, lefts, strict=False)]
    return "\n".join([*lines, f"{entered[-1][1]}                   {entered[-1][0]}"])


def _stage_changes(order: Json) -> list[Json]:
    first, *rest = history(order)
    return [first, *(event for event in rest if event["source"] != event["target"])]


def _time(moment: object) -> str:
    return f"{instant(moment):%m-%d %H:%M:%S}"


def _outcome(order: Json) -> str:
    validity = cast("Json | None", order["validity"])
    refund = cast("Json | None", order["refund"])
    if validity is not None:
        start, end = instant(validity["starts_at"]), instant(validity["ends_at"])
        return f"{order['status']}, valid {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}"
    return f"{order['status']}" + (f", {refund['amount']} {order['currency']} back" if refund else "")


def _step(event: Json) -> str:
    called = cast("Json", event["content"]).get("activity")
    return f"{event['cause']} {called}" if called else str(event["cause"])


def _statuses(told: list[Json]) -> list[Json]:
    return [cast("Json", one["status"]) for one in told]


def _told(heard: Json) -> str:
    status = cast("Json", heard["status"])
    amount = f" {status['refund_amount']}" if status["refund_amount"] else ""
    return f"{status['order_id']} {status['status']}{amount} at {_time(status['at'])}, {heard['times']} ×"
