"""What ``delivery up`` tells: where everything is, and commands to paste."""

from datetime import UTC, datetime

from rich.console import Console

from launcher.stack import Layout
from sandbox.parties import AUDITOR, BUYER, MANAGER, PURCHASE, REVIEWER, SELLER

_FILE = f'{{"name":"file.pdf","type":"application/pdf","size":1024,"sha256":"{"0" * 64}"}}'
PROOF = (
    f'{{"proof":{{"documents":[{{"kind":"statement-of-work","file":{_FILE}}},'
    f'{{"kind":"acceptance-document","file":{_FILE}}}]}}}}'
)


def welcome(console: Console, layout: Layout) -> None:
    """Print it."""
    number = datetime.now(UTC).strftime("%Y%m%d%H%M%S")
    order, line = f"CS{number}", f"CS{number}-000001"
    delivery = f"{layout.api_url}/v1/deliveries/{order}:{line}"
    body = (
        f'{{"order_id":"{order}","order_line_id":"{line}","seller_id":"{SELLER.id}","buyer_id":"{BUYER.id}",'
        f'"amount":"1200.00","placed_at":"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",'
        '"product":{"id":"P-1","name":"Backup license","type":"license-offline"},'
        '"period":{"unit":"year","number":1}}'
    )
    console.print()
    console.print(f"API docs     {layout.api_url}/docs")
    console.print(f"Temporal UI  {layout.ui_url}")
    console.print(f"Sandbox      {layout.sandbox_url}/docs")
    console.print("\n[bold]Tokens, one per party (paste these first)[/bold]")
    for actor in (PURCHASE, SELLER, BUYER, REVIEWER, MANAGER, AUDITOR):
        _plain(console, f"{actor.role.upper()}='Authorization: Bearer {layout.token(actor)}'")
    console.print("\n[bold]A delivery from start to end[/bold]")
    json_type = "-H 'Content-Type: application/json'"
    for comment, command in (
        (
            "purchase system: an order is paid",
            f"curl -sX POST {layout.api_url}/v1/deliveries -H \"$PURCHASE\" {json_type} -d '{body}'",
        ),
        ("anybody on it: explain the order", f'curl -s {delivery} -H "$BUYER"'),
        (
            "seller: deliver, with proof",
            f"curl -sX POST {delivery}/deliver -H \"$SELLER\" -H 'Idempotency-Key: 1' {json_type} -d '{PROOF}'",
        ),
        ("buyer: accept", f"curl -sX POST {delivery}/accept -H \"$BUYER\" -H 'Idempotency-Key: 1'"),
        (
            "operations: what waits for sellers",
            f'curl -s "{layout.api_url}/v1/deliveries?waiting_on=seller" -H "$MANAGER"',
        ),
    ):
        _plain(console, f"# {comment}")
        _plain(console, command)
    console.print("\nCtrl-C stops all of it; the data stays.")


def _plain(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)
