"""``python -m bench``: every measurement, or one of them, as Markdown."""

import os
import sys
import traceback
from typing import Annotated

import typer

from bench import compare, events, growth, kill, report

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, invoke_without_command=True)

Clients = Annotated[str, typer.Option(help="Numbers of clients, comma-separated.")]
Parked = Annotated[str, typer.Option(help="Numbers of parked orders, rising, comma-separated.")]
Sticky = Annotated[str, typer.Option(help="Sticky timeouts in seconds, comma-separated; 0 is as built.")]
Rounds = Annotated[int, typer.Option(min=1, help="Rounds; figures are their median and range.")]
Seconds = Annotated[float, typer.Option(min=1, help="Length of one timed stretch.")]

CLIENTS, PARKED, STICKY, ROUNDS, SECONDS = "1,10,25", "0,2000,10000", "0,2", 5, 8.0


def _whole(text: str) -> tuple[int, ...]:
    return tuple(int(one) for one in text.split(","))


def _parts(text: str) -> tuple[float, ...]:
    return tuple(float(one) for one in text.split(","))


@app.callback()
def everything(  # noqa: PLR0913 - one option a measure
    context: typer.Context,
    clients: Clients = CLIENTS,
    parked: Parked = PARKED,
    sticky: Sticky = STICKY,
    rounds: Rounds = ROUNDS,
    seconds: Seconds = SECONDS,
) -> None:
    """Measure everything, in about half an hour; or one thing, by its sub-command."""
    if context.invoked_subcommand is not None:
        return
    report.heading()
    compare.run(compare.Plan(_whole(clients), rounds, seconds))
    events.run()
    growth.run(growth.Plan(_whole(parked), rounds, seconds))
    kill.run(kill.Plan(_parts(sticky), rounds))


@app.command("compare")
def compare_only(clients: Clients = CLIENTS, rounds: Rounds = ROUNDS, seconds: Seconds = SECONDS) -> None:
    """Orders a second, waits and CPU time, beside the floor, plain PostgreSQL and DBOS."""
    report.heading()
    compare.run(compare.Plan(_whole(clients), rounds, seconds))


@app.command("events")
def events_only() -> None:
    """Engine events of the floor and of each demo order."""
    report.heading()
    events.run()


@app.command("growth")
def growth_only(parked: Parked = PARKED, rounds: Rounds = ROUNDS, seconds: Seconds = SECONDS) -> None:
    """Orders a second beside parked ones, and what a parked one takes."""
    report.heading()
    growth.run(growth.Plan(_whole(parked), rounds, seconds))


@app.command("kill")
def kill_only(sticky: Sticky = STICKY, rounds: Rounds = ROUNDS) -> None:
    """The wait for a command after its worker was killed."""
    report.heading()
    kill.run(kill.Plan(_parts(sticky), rounds))


def main() -> None:
    """Run a command and leave at once: the Temporal client can abort the interpreter's own exit."""
    code = 1
    try:
        app()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except Exception:  # noqa: BLE001 - the last place that can show it
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


main()
