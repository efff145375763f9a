"""The ``delivery`` program: every process and every errand of the orchestrator."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Annotated

import httpx
import typer
import uvicorn
from pydantic import ValidationError
from rich.console import Console

from domain.parties import Actor, Role
from launcher import sandbox
from launcher.loading import loading
from launcher.logs import as_lines
from launcher.programs import DidNotStartError
from launcher.signing import MissingOptionError, Request, Scheme, trace
from launcher.stack import Stack, environment_of, read_layout, temporary_folder

DATA_FOLDER = Path(".delivery")

app = typer.Typer(
    help="Service supervision of a cloud marketplace: from a paid order to an accepted or refunded delivery.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(sandbox.app, name="sandbox")
console = Console()


KEEP_ALIVE_SECONDS = 30
"""How long an idle connection stays open. Longer than common clients keep theirs (httpx 5 s, uvicorn's default too):
whoever closes first must be the client, or it sends its next request into a connection that is just being closed."""


def serve(application: str, host: str, port: int) -> None:
    """Serve what a function makes, until told to stop; the server's own log is part of the process's."""
    with as_lines():
        uvicorn.run(
            application,
            factory=True,
            host=host,
            port=port,
            log_level="warning",
            log_config=None,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
        )


@app.command()
def up(folder: Annotated[Path, typer.Option(help="Where the data stays between runs.")] = DATA_FOLDER) -> None:
    """Run the whole stack here, with the sandbox's parties, until Ctrl-C."""
    from launcher.welcome import welcome  # noqa: PLC0415 - only this command needs it

    stack = Stack(folder.resolve(), preferred_ports=True)
    try:
        stack.start(report=lambda line: console.print(f"[dim]{line}[/dim]"))
        welcome(console, stack.layout)
        while True:
            for program in stack.programs:
                if program.process is not None and program.process.poll() is not None:
                    message = f"{program.name} ended; its log ends:\n{program.log_tail()}"
                    raise DidNotStartError(message)
            time.sleep(1)
    finally:
        stack.stop()
        console.print("[dim]all stopped[/dim]")


@app.command()
def demo() -> None:
    """Play the main job once on a stack of its own, show it as a table, and leave nothing behind."""
    from launcher.demo import play  # noqa: PLC0415 - only this command needs it

    with temporary_folder("demo") as folder:
        stack = Stack(folder)
        try:
            stack.start(report=lambda line: console.print(f"[dim]{line}[/dim]"))
            all_as_expected = asyncio.run(play(console, stack.layout))
        finally:
            stack.stop()
    raise typer.Exit(0 if all_as_expected else 1)


@app.command()
def api() -> None:
    """Serve the HTTP API."""
    with loading():
        import api.app  # noqa: PLC0415, F401 - only this command needs it
        from settings import settings  # noqa: PLC0415 - read when the environment is complete

    serve("api.app:create_app", settings().api_host, settings().api_port)


@app.command()
def worker() -> None:
    """Run workflows and activities."""
    with loading():
        from workers.main import run  # noqa: PLC0415 - only this command needs it

    with as_lines():
        asyncio.run(run())


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    from database.migrate import upgrade  # noqa: PLC0415 - only this command needs it

    upgrade()


@app.command()
def drift(
    *,
    mend: Annotated[bool, typer.Option("--mend", help="Wake, resume, write and tell again what is found.")] = False,
    folder: Annotated[
        Path | None, typer.Option(help="The running stack's folder; left out, the settings in the environment count.")
    ] = None,
) -> None:
    """Compare ledger, engine and what the purchase system was told; the exit code says agreed or mended (0), or not."""
    with loading():
        from launcher.drift import run  # noqa: PLC0415 - read when the environment is complete

    if folder is not None:
        os.environ.update(environment_of(folder.resolve()))
    raise typer.Exit(0 if asyncio.run(run(console, mend=mend)) else 1)


@app.command()
def flows(folder: Annotated[Path, typer.Argument(help="Where to write.")] = Path("docs/flows")) -> None:
    """Write the pages of all flows, drawn from the tables of stages and flows."""
    from launcher.flow_pages import pages  # noqa: PLC0415 - only this command needs it

    folder.mkdir(parents=True, exist_ok=True)
    for name, page in pages().items():
        (folder / name).write_text(page)


@app.command()
def token(
    role: Annotated[Role, typer.Option(help="Side to act for.")],
    party: Annotated[str, typer.Option(help="Party id, such as seller-1.")],
    folder: Annotated[Path, typer.Option(help="The running stack's folder.")] = DATA_FOLDER,
) -> None:
    """Print a token of the sandbox's identity provider for a party; the stack must be up."""
    layout = read_layout(folder.resolve())
    if layout is None:
        message = f"no stack in {folder}: start one with `delivery up`"
        raise DidNotStartError(message)
    try:
        typer.echo(layout.token(Actor(role=role, id=party)))
    except httpx.HTTPError as error:
        message = f"the stack in {folder} does not answer: start it with `delivery up`"
        raise DidNotStartError(message) from error


@app.command()
def sign(  # noqa: PLR0913 - one option a part of a request
    scheme: Annotated[Scheme, typer.Argument(help="Which signature.")],
    access_key: Annotated[str, typer.Option(help="The shared key; with apig the public access key.")] = "",
    secret_key: Annotated[str, typer.Option(help="apig: the secret key.")] = "",
    method: Annotated[str, typer.Option(help="apig: the HTTP method.")] = "POST",
    url: Annotated[str, typer.Option(help="apig: the address; v1: the address with its query.")] = "",
    header: Annotated[list[str] | None, typer.Option(help="apig: a signed header, Name: value.")] = None,
    body: Annotated[str, typer.Option(help="The body; v2 and usage sort its keys first.")] = "",
    date: Annotated[str, typer.Option(help="apig: X-Sdk-Date, such as 20261122T120000Z.")] = "",
    nonce: Annotated[str, typer.Option(help="v2, kit, usage: the nonce.")] = "",
    timestamp: Annotated[str, typer.Option(help="v2, kit, usage, v1: the timestamp as sent.")] = "",
) -> None:
    """Print a signature and every string on the way to it: the debugger for "signature wrong"."""
    parts = (line.partition(":") for line in header or [])
    headers = {name.strip(): value.strip() for name, _, value in parts}
    asked = Request(access_key, secret_key, method, url, headers, body, date, nonce, timestamp)
    try:
        steps = trace(scheme, asked).steps
    except MissingOptionError as error:
        raise typer.BadParameter(f"{scheme} needs {error}") from error
    except ValueError as error:
        raise typer.BadParameter("the body is not a JSON object", param_hint="--body") from error
    for name, value in steps:
        console.print(f"[bold]{name}[/bold]")
        console.print(value, markup=False, highlight=False, soft_wrap=True)


@app.command()
def conformance(
    url: Annotated[str, typer.Option(help="The seller's production address.")],
    key: Annotated[str, typer.Option(help="The shared access key.", envvar="CONFORMANCE_KEY")],
    html: Annotated[Path | None, typer.Option(help="Write the report as a page.")] = None,
    junit: Annotated[Path | None, typer.Option(help="Write the report as JUnit XML.")] = None,
) -> None:
    """Try a seller's own endpoint in debugging mode, as a reviewer would; the exit code says pass (0) or fail (1)."""
    from conformance import checks, report  # noqa: PLC0415 - only this command needs it
    from conformance.seller import SellerUnderTest  # noqa: PLC0415 - only this command needs it

    outcomes = checks.run(SellerUnderTest(url, key))
    console.print(report.table(outcomes))
    for file, write in ((html, report.page), (junit, report.junit)):
        if file is not None:
            file.write_text(write(outcomes))
    raise typer.Exit(0 if all(one.passed for one in outcomes) else 1)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Run a command and leave at once: the Temporal client can abort the interpreter's own exit."""
    signal.signal(signal.SIGTERM, _interrupt)
    code = 1
    try:
        app()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except DidNotStartError as error:
        console.print(str(error), style="red", markup=False)
    except ValidationError as error:
        for wrong in error.errors():
            name = "_".join((error.title.removesuffix("Settings") or "delivery", *map(str, wrong["loc"])))
            console.print(f"{name.upper()}: {wrong['msg']}", style="red", markup=False)
    except KeyboardInterrupt:
        code = 130
    except Exception:  # noqa: BLE001 - the last place that can show it
        console.print_exception()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
