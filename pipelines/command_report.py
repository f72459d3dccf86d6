"""Commands that write what people read: the pool report, the trustee's purchase report, the disclosure file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.common import AsOf, Common, DealName, command, day, say
from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(help="Write the pool report of a day, or another report.", rich_markup_mode=None)
Out = Annotated[Path | None, typer.Option("--out", help="File to write [reports/ in the workspace].")]
Workbook = Annotated[Path | None, typer.Option("--xlsx", help="Also write the tables as an XLSX workbook.")]
Day = Annotated[str, typer.Option("--as-of", help="Day (YYYY-MM-DD): nothing from its start on is seen.")]


@app.callback(invoke_without_command=True)
@command
def report(
    common: Common, context: typer.Context, as_of: Day = "", deal: DealName = "", out: Out = None, xlsx: Workbook = None
) -> None:
    """Write the pool report of a day: one HTML file that needs nothing else.

    Where the pool holds anything, its life is followed up to the day first (see `poolwright pool watch`).
    """
    if context.invoked_subcommand:
        return
    if not (as_of and deal):
        raise ConfigurationError("no --as-of, or no --deal", "both", "poolwright report --as-of DAY --deal NAME")
    from pipelines.report import write_report
    from pipelines.report_life import follow

    with common.workspace() as space, space.writing():
        follow(space, deal, day(as_of))
        files = write_report(space, day(as_of), deal, out, xlsx)
    say("The report is one file; open it in a browser:")
    _told(common, dict(zip(("report", "workbook"), files, strict=False)))


@app.command()
@command
def esma(common: Common, as_of: AsOf, deal: DealName, out: Out = None) -> None:
    """Write the fields CMRL1 to CMRL36 of ESMA's Annex VI for every exposure, as CSV with no-data codes."""
    from pipelines.report_esma import write_annex

    with common.workspace() as space, space.writing():
        file = write_annex(space, deal, day(as_of), out)
    say("The fields of every exposure are one CSV file:")
    _told(common, {"annex": file})


@app.command()
@command
def purchase(
    common: Common,
    proposal: Annotated[str, typer.Argument(help="Proposal id.")],
    out: Out = None,
    xlsx: Workbook = None,
) -> None:
    """Write the trustee's report of a proposal or purchase: amounts, people, conditions, and every receivable."""
    from pipelines.report_purchase import write_purchase

    with common.workspace() as space:
        files = write_purchase(space, proposal, out, xlsx)
    say("The trustee's report is one file; open it in a browser:")
    _told(common, dict(zip(("purchase", "workbook"), files, strict=False)))


def _told(common: Common, files: dict[str, Path]) -> None:
    told = {name: str(path) for name, path in files.items()}

    def show(console: "Console") -> None:
        for path in told.values():
            console.print(path, soft_wrap=True)

    common.answer(told, show)


def register(parent: typer.Typer) -> None:
    """Hang the group into the command line."""
    parent.add_typer(app, name="report", rich_help_panel="The day")
