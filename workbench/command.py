"""The command that opens the workbench."""

import ipaddress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.common import Common, command, say
from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from workbench.desk import Desk

Port = Annotated[int, typer.Option("--port", help="Port to listen on.", min=1, max=65535)]
Host = Annotated[str, typer.Option("--host", help="Address to listen on; any but this machine's own needs TLS.")]
Names = Annotated[list[str] | None, typer.Option("--name", help="Host name by which browsers call; may be repeated.")]
Certificate = Annotated[Path | None, typer.Option("--certificate", help="TLS certificate, PEM.")]
Key = Annotated[Path | None, typer.Option("--key", help="Private key of the certificate, PEM.")]
PORT = 8337


@command
def ui(
    common: Common,
    port: Port = PORT,
    host: Host = "127.0.0.1",
    name: Names = None,
    certificate: Certificate = None,
    key: Key = None,
) -> None:
    """Open the workbench: a local web application to look at a day and decide over its proposals."""
    import uvicorn

    from workbench.app import LOOPBACK, application
    from workbench.desk import Desk
    from workbench.jobs import COMMAND

    is_secure = refuse_bare(host, certificate, key)
    with common.workspace() as space, Desk(space, COMMAND, options_of(common, space.home)) as desk:
        warm(desk)
        say(f"The workbench is at [bold]{'https' if is_secure else 'http'}://{host}:{port}[/]; Ctrl-C ends it")
        uvicorn.run(
            application(desk, (*LOOPBACK, host, *(name or ()))),
            host=host,
            port=port,
            log_level="warning",
            server_header=False,
            ssl_certfile=certificate,
            ssl_keyfile=key,
        )


def warm(desk: "Desk") -> None:
    """Prepare the latest day of every deal and the logs' copies, so that nobody waits; done once, it stands."""
    from workbench import census, quality
    from workbench.evidence import copy_logs
    from workbench.sheet import Place

    say("The workbench is being prepared; the first time that takes a while")
    quality.versions(desk)
    reading, places = desk.book.now(), desk.places()
    for name in sorted({deal for _, deal in places}):
        latest = max(day for day, deal in places if deal == name)
        place = Place(latest, desk.deal(name, latest))
        sheet = desk.sheets.at(place)
        census.census(sheet, reading)
        census.stopped(sheet)
        say(f"{name} as of {place.day} is prepared")
    copy_logs(desk.shelf, desk.copies)


def refuse_bare(host: str, certificate: Path | None, key: Path | None) -> bool:
    """Tell whether the workbench speaks TLS, which it must on any address that others can reach.

    Raises:
        ConfigurationError: It would be reached by others in the clear, or half of the TLS files is missing.
    """
    if (certificate is None) != (key is None):
        raise ConfigurationError("one of --certificate and --key", "both or none", "the command line")
    try:
        is_own = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_own = host == "localhost"
    if certificate is None and not is_own:
        raise ConfigurationError(
            f"--host {host} without TLS", "secrets that cross no network in the clear", "--certificate and --key"
        )
    return certificate is not None


def options_of(common: Common, home: Path) -> tuple[str, ...]:
    """Give the options by which a command in the background sees the same workspace and settings."""
    given = {"--conf": common.conf, "--env": common.env, "--engine": common.engine, "--master": common.master}
    named = [word for option, value in given.items() if value for word in (option, str(value))]
    return ("--home", str(home), *named, *(word for each in common.overrides for word in ("--set", each)))


def register(app: typer.Typer) -> None:
    """Hang the command into the command line."""
    app.command(rich_help_panel="Workspace")(ui)
