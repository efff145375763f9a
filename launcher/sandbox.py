"""``delivery sandbox``: the sandbox of the embedded stack, or one misbehaving seller as a program of its own."""

from typing import Annotated

import typer
import uvicorn

app = typer.Typer(help="Serve the sandbox's parties to try the orchestrator with.", invoke_without_command=True)


@app.callback()
def everybody(context: typer.Context) -> None:
    """Serve the sandbox: identity provider, sellers and purchase system to try the orchestrator with."""
    if context.invoked_subcommand is not None:
        return
    from sandbox.parties import sandbox_settings  # noqa: PLC0415 - only this command needs it

    host, _, port = sandbox_settings().url.removeprefix("http://").partition(":")
    uvicorn.run("sandbox.app:app", host=host, port=int(port), log_level="warning")


@app.command()
def seller(  # noqa: PLR0913 - one option a part of the seller
    access_key: Annotated[str, typer.Option(help="The key shared with the marketplace.", envvar="SELLER_ACCESS_KEY")],
    name: Annotated[str, typer.Option(help="The seller's id.")] = "seller-1",
    port: Annotated[int, typer.Option(help="Loopback port; its address is …/seller/NAME/production.")] = 8091,
    fault: Annotated[
        list[str] | None,
        typer.Option(help="A behaviour orders may meet: mood[:times[:seconds]], such as late:1:6; repeat for more."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Deals the behaviours out to orders, the same way every time.")] = 0,
    api_url: Annotated[str, typer.Option(help="Where its software finds the open API.")] = "",
    open_api_access_key: Annotated[str, typer.Option(help="Its open-API access key.")] = "",
    open_api_secret_key: Annotated[str, typer.Option(help="Its secret key.", envvar="SELLER_SECRET_KEY")] = "",
) -> None:
    """Serve one seller that misbehaves by plan; it records what it saw."""
    from sandbox.production import FaultPlan  # noqa: PLC0415 - only this command needs it
    from sandbox.software import Software  # noqa: PLC0415 - only this command needs it
    from sandbox.standalone import behaviour_of, create_seller  # noqa: PLC0415 - only this command needs it

    try:
        behaviours = tuple(behaviour_of(text) for text in fault or ["healthy"])
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--fault") from error
    software = Software(api_url, (open_api_access_key, open_api_secret_key)) if api_url else None
    plan = FaultPlan(seed=seed, behaviours=behaviours)
    uvicorn.run(create_seller(name, access_key, plan, software), host="127.0.0.1", port=port, log_level="warning")
