"""Commands that bring data in: simulate a platform, check a source, ingest raw logs."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines import completion
from pipelines.common import Common, DryRun, command, day, next_step, rows, say
from pipelines.unattended import scheduled

if TYPE_CHECKING:
    from rich.console import Console

Source = Annotated[
    str,
    typer.Option("--source", help="Name of a document in conf/sources.", autocompletion=completion.sources),
]
From = Annotated[Path, typer.Option("--from", help="Folder with the platform's raw files.")]
KnownOn = Annotated[
    str, typer.Option("--known-on", help="Day on which a source without delivery days was handed over.")
]
Until = Annotated[str, typer.Option("--until", help="Leave deliveries of this day and later for another time.")]
Again = Annotated[bool, typer.Option("--again", help="Publish anew what was published before.")]

sources = typer.Typer(
    help="Source mappings: from a platform's raw files to the canonical tables.", no_args_is_help=True
)


def simulate(
    out: Annotated[Path, typer.Option("--out", help="Folder for the raw files.")],
    borrowers: Annotated[int, typer.Option(min=50, help="How many borrowers.")] = 8000,
    days: Annotated[int, typer.Option(min=30, help="How many days of history.")] = 600,
    seed: Annotated[int, typer.Option(help="The same seed gives the same files.")] = 7,
    first_day: Annotated[str, typer.Option("--first-day", help="First day of the history.")] = "2024-01-01",
) -> None:
    """Write the raw logs of a lending platform whose true default probabilities are known."""
    from pipelines.progress import bar
    from simulate.platform import simulate as play

    with bar("simulate") as move:
        summary = play(out, borrowers, days, seed, day(first_day, "--first-day"), move)
    say(f"Raw logs of {borrowers:,} borrowers over {days:,} days are in {out}")
    held = f"{summary.orders:,} orders, {summary.receivables:,} receivables, {sum(summary.rows.values()):,} rows"
    broken = sum(sum(faults.values()) for faults in summary.broken.values())
    say(f"{held} in {summary.files:,} files; {broken:,} rows are broken on purpose")


@scheduled
def ingest(
    common: Common,
    source: Source,
    folder: From,
    known_on: KnownOn = "",
    until: Until = "",
    again: Again = False,  # noqa: FBT002 - a flag of the command line
    dry_run: DryRun = False,  # noqa: FBT002 - a flag of the command line
) -> None:
    """Bring raw logs into the canonical tables; every row read is published, quarantined or accounted for."""
    from pipelines.ingest import ingest as bring
    from pipelines.ingest import load_source, planned

    mapping = load_source(common.settings().folder, source)
    known = day(known_on, "--known-on") if known_on else None
    last = day(until, "--until") if until else None
    with common.workspace() as space:
        if dry_run:
            names = ["batch", "would publish", "why", "files", "rows, about"]
            lines = planned(space, mapping, folder, known, last, again=again)
            title = "What an ingest would do; nothing was read into tables"
            common.answer([dict(zip(names, line, strict=True)) for line in lines], rows(title, names, lines))
            return
        with space.writing():
            done = bring(space, mapping, folder, known_on=known, until=last, again=again)
    for batch in done.batches:
        say(f"{batch.name}: {batch.reason}, {batch.file_count:,} files" + ("" if batch.due else "; nothing to do"))
    common.answer({"tables": done.tables}, _accounted(source, done.tables))
    next_step("poolwright train --as-of DATE --as NAME; where a model scores: poolwright run --as-of DATE --deal DEAL")


COUNTS = ["table", "read", "filtered", "merged", "published", "quarantined"]


def _accounted(source: str, tables: dict[str, dict[str, Any]]) -> Callable[["Console"], None]:
    lines = [[name, *(counts[column] for column in COUNTS[1:])] for name, counts in tables.items()]
    codes = [(name, code, many) for name, counts in tables.items() for code, many in counts["codes"].items()]

    def show(console: "Console") -> None:
        rows(f"Rows of {source}", COUNTS, lines)(console)
        if codes:
            rows("In quarantine", ["table", "code", "rows"], codes)(console)

    return show


@sources.command("check")
@command
def check(
    common: Common,
    name: Annotated[str, typer.Argument(help="Name of a document in conf/sources.", autocompletion=completion.sources)],
    folder: From,
    known_on: KnownOn = "",
) -> None:
    """Tell what of a platform's raw files does not fit the mapping, with columns and sample rows."""
    from pipelines.ingest import check as look
    from pipelines.ingest import load_source

    mapping = load_source(common.settings().folder, name)
    with common.workspace() as space:
        findings = look(space, mapping, folder, day(known_on, "--known-on") if known_on else None)
    common.answer(findings, _unfit(name, findings))
    raise typer.Exit(1 if findings else 0)


def _unfit(source: str, findings: list[dict[str, Any]]) -> Callable[["Console"], None]:
    lines = [(one["table"], one["code"], one["column"], one["count"]) for one in findings]

    def show(console: "Console") -> None:
        rows(f"What does not fit {source}", ["table", "code", "column", "rows"], lines)(console)
        for one in findings:
            of = f" {one['column']}" if one["column"] else ""
            console.print(f"\n{one['table']} {one['code']}{of}, for example", markup=False, highlight=False)
            for sample in one["samples"]:
                line = f"  {sample['file']} row {sample['row']}: {sample['raw']}"
                console.print(line, markup=False, highlight=False, soft_wrap=True)

    return show


@sources.command("list")
@command
def list_sources(common: Common) -> None:
    """List the source mappings."""
    found = sorted(path.stem for path in (common.settings().folder / "sources").glob("*.yaml"))
    common.answer(found, rows("Sources", ["name"], [[name] for name in found]))


def register(app: typer.Typer) -> None:
    """Hang the commands into the command line."""
    app.command(rich_help_panel="Data")(simulate)
    app.command(rich_help_panel="Data")(ingest)
    app.add_typer(sources, name="sources", rich_help_panel="Data")
