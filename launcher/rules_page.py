"""``docs/flows/rules.md``: product type × category × track × placement date → flow, review, proof, clocks."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import groupby

from domain.delivery.clocks import LONG_OPEN, SIGN_OFF
from domain.delivery.flows import FLOWS
from domain.delivery.stages import StageName
from domain.delivery.terms import RULE_VERSIONS, Terms, terms_of
from domain.marketplace import MARKETPLACE_ZONE
from domain.order import TRACKED, Order, Product, ProductType, Provisioning, Scenario, SellerCategory
from domain.policy import Policy

BEFORE = date(2022, 1, 1)
"""Stands for every day before the first change."""

Row = tuple[str, str, str, str]
Sold = tuple[SellerCategory, Scenario]


def rules_page(policy: Policy) -> str:
    """The whole page."""
    lines = ["", "# Decision table", ""]
    lines += ["What an order gets, by what is sold, how, on which track, and when it was placed (China time). Decided"]
    lines += ["once, at its start. Products of the kinds below differ only in what they ask for besides: a delivery"]
    lines += ["template adds its documents to the proof, `acceptance_days` replaces the default acceptance clock,"]
    lines += ["`delivery_days` adds the seller's delivery clock."]
    lines += [f"Every order is brought to mind {LONG_OPEN.days} days after it was placed."]
    for title, product in _products():
        lines += ["", f"## {title}", ""]
        lines += [
            "| sold as, track | placed | flow | review | proof | acceptance |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        lines += _rows(product, policy)
    return "\n".join(lines) + "\n"


def _products() -> Iterator[tuple[str, Product]]:
    for kind in ProductType:
        product = Product(id="P", name="P", type=kind)
        yield kind, product
        if kind is ProductType.SAAS_SUPERVISED:
            later = product.model_copy(update={"provisioning": Provisioning.AFTER_ACCEPTANCE})
            yield f"{kind}, provisioned after acceptance", later
        if kind is ProductType.MANUAL_SERVICE:
            yield f"{kind}, with stages of its own", product.model_copy(update={"service_steps": ("Design",)})


def _sold() -> list[Sold]:
    return [
        (category, scenario)
        for category in SellerCategory
        for scenario in Scenario
        if scenario is Scenario.NONE or category in TRACKED
    ]


def _changes(policy: Policy) -> list[date]:
    days = {one.since for one in RULE_VERSIONS if one.since is not None}
    return [BEFORE, *sorted(days | {policy.code_claimed_without_delivery_from, policy.code_sent_to_both_from})]


def _rows(product: Product, policy: Policy) -> list[str]:
    """One line per stretch of days and group of ways to sell that are treated alike."""
    histories: dict[tuple[tuple[str, Row], ...], list[str]] = {}
    for sold in _sold():
        histories.setdefault(_history(product, sold, policy), []).append(_name(sold))
    return [
        f"| {', '.join(names)} | {placed} | {' | '.join(row)} |"
        for history, names in histories.items()
        for placed, row in history
    ]


def _name(sold: Sold) -> str:
    category, scenario = sold
    return str(category) if scenario is Scenario.NONE else f"{category} / {scenario}"


def _history(product: Product, sold: Sold, policy: Policy) -> tuple[tuple[str, Row], ...]:
    days = _changes(policy)
    given = [(day, _row(terms_of(_order(product, sold, day), policy))) for day in days]
    stretches = [(row, [day for day, _ in same]) for row, same in groupby(given, key=lambda one: one[1])]
    starts = [stretch[0] for _, stretch in stretches]
    ends = [start - timedelta(days=1) for start in starts[1:]]
    return tuple(
        (_stretch(start, end), row) for (row, _), start, end in zip(stretches, starts, [*ends, None], strict=True)
    )


def _stretch(start: date, end: date | None) -> str:
    if start == BEFORE:
        return f"to {end}" if end else "any day"
    return f"{start} to {end}" if end else f"from {start}"


def _order(product: Product, sold: Sold, day: date) -> Order:
    return Order(
        order_id="CS1",
        order_line_id="CS1-1",
        product=product,
        seller_id="S",
        buyer_id="B",
        seller_category=sold[0],
        scenario=sold[1],
        amount=Decimal(1),
        placed_at=datetime.combine(day, time(12), MARKETPLACE_ZONE),
    )


def _row(terms: Terms) -> Row:
    flow = FLOWS[terms.flow]
    proof = [*terms.proof.documents, *(f"signed by {who}" for who in terms.proof.signed_by)]
    proof += ["resource order number"] if terms.proof.resource_order_number else []
    return (
        f"[{terms.flow}]({terms.flow}.md)",
        "yes" if terms.reviewed else "no",
        ", ".join(proof) or "–",
        _acceptance(terms, flow.has(StageName.BUYER_ACCEPTANCE), flow.has(StageName.GOODS_ACCEPTANCE))
        + ("; closed after 365 days" if terms.closes_after else ""),
    )


def _acceptance(terms: Terms, by_buyer: bool, by_sign_off: bool) -> str:  # noqa: FBT001 - the two kinds of stages
    if by_sign_off:
        return f"{SIGN_OFF.days} days after sign-off"
    if by_buyer:
        return f"{terms.acceptance_days} days" if terms.acceptance_days else "never by itself"
    return "the system's, at once"
