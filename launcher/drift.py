"""``delivery drift``: ledger against engine against what the purchase system was told, shown and mended."""

from collections import Counter

from rich.console import Console
from rich.table import Table

from gateway import drift
from gateway.connection import connect
from gateway.drift import EXPLAINED, MENDED, Drift, DriftKind

SHOWN = 50
"""Rows that a person reads; the counts below them tell of all."""


async def run(console: Console, *, mend: bool) -> bool:
    """Look at everything, show what has come apart, mend it if asked; tell whether all is as it must be."""
    client = await connect()
    found = [one async for one in drift.find(client)]
    counts = Counter(one.kind for one in found)
    if not found:
        console.print("ledger, engine and purchase system agree")
        return True
    failed = 0
    if mend:
        for one in found:
            try:
                await drift.mend(client, one)
            except Exception as error:  # noqa: BLE001 - one that cannot be mended must not keep the others
                failed += 1
                console.print(f"{one.name}: {type(error).__name__}: {error}", style="red", markup=False)
    console.print(_table(found))
    for kind, count in sorted(counts.items()):
        console.print(f"{count} {kind}: {EXPLAINED[kind]}" + (f"; {MENDED[kind]}" if mend else ""), markup=False)
    if mend:
        console.print(f"{len(found) - failed} mended, {failed} failed")
        return failed == 0
    console.print("mend them with: delivery drift --mend")
    return False


def _table(found: list[Drift]) -> Table:
    table = Table("kind", "name", box=None)
    order = list(DriftKind)
    for one in sorted(found, key=lambda one: (order.index(one.kind), one.name))[:SHOWN]:
        table.add_row(one.kind, one.name)
    if len(found) > SHOWN:
        table.add_row("…", f"and {len(found) - SHOWN} more")
    return table
