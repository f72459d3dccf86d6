"""Commands that look at proposals, and give and check purchase list files."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines import completion
from pipelines.common import Common, command, pairs, rows, say

if TYPE_CHECKING:
    from rich.console import Console

proposals = typer.Typer(help="Proposed purchases.", no_args_is_help=True, rich_markup_mode=None)
Proposal = Annotated[str, typer.Argument(help="Proposal id.", autocompletion=completion.proposals)]
LISTED = 20
"""So many near-duplicate groups are shown; --json gives all."""
FEW = 6
"""So many receivables of a group are named."""


@proposals.command("list")
@command
def list_proposals(
    common: Common,
    deal: Annotated[str, typer.Option("--deal", help="Only this pool's.", autocompletion=completion.deals)] = "",
) -> None:
    """List the proposals with their states; one whose inputs have changed has expired."""
    from pipelines.proposals import standings

    with common.workspace() as space:
        lines = [one.line for one in standings(space, deal)]
    common.answer(lines, _listing("Proposals", lines))


@proposals.command("show")
@command
def show(common: Common, proposal: Proposal) -> None:
    """Show what a reviewer looks at: totals, risk, limits before and after, near-duplicates, what has changed."""
    from pipelines.proposals import reviewed

    with common.workspace() as space:
        found = reviewed(space, proposal)
    common.answer(found, _shown(found))


@proposals.command("export")
@command
def export(
    common: Common,
    proposal: Proposal,
    out: Annotated[Path, typer.Option("--out", help="File to write.")],
    kind: Annotated[str, typer.Option("--format", help="parquet, csv or xlsx.")] = "parquet",
) -> None:
    """Write the purchase list with its control totals; the same list gives the same bytes."""
    from pipelines.proposals import export_list

    with common.workspace() as space:
        totals = export_list(space, proposal, kind, out)
    say(f"{totals['count']} receivables are in {out}")
    common.answer({**totals, "file": str(out)}, pairs(f"Purchase list {proposal}", totals))


@proposals.command("verify-list")
@command
def verify_list(
    common: Common,
    file: Annotated[Path, typer.Argument(help="A file of `poolwright proposals export`.")],
    alone: Annotated[bool, typer.Option("--alone", help="Without a ledger: the control totals only.")] = False,  # noqa: FBT002 - a flag of the command line
) -> None:
    """Check a purchase list file against its control totals and the ledger's entry; exit 1 where they differ."""
    from pipelines import proposals as looking

    if alone:
        found, problems = looking.verify_list(None, file)
    else:
        with common.workspace() as space:
            found, problems = looking.verify_list(space, file)
    for problem in problems:
        say(f"[yellow]{problem}[/]")
    shown = {"holds": not problems, **found.control, "problems": problems}
    common.answer(shown, pairs(f"Purchase list in {file}", {**shown, "problems": len(problems)}))
    raise typer.Exit(1 if problems else 0)


def _shown(found: dict[str, Any]) -> Callable[["Console"], None]:
    from pool.store_rows import named

    groups = found["near_duplicate_groups"]
    tables = [
        pairs(f"Proposal {found['proposal']}", {name: value for name, value in found.items() if _is_plain(value)}),
        _listing("Said so far", found["words"]),
        _listing("Changed since", [{"what": one} for one in found["changed"]]),
        _listing("Grades", found["grades"]),
        _listing("Limits", found["limits"]),
        _listing(
            "Groups of near-duplicates",
            [
                {
                    **one,
                    "listed": len(one["listed"]),
                    "held": len(one["held"]),
                    "receivables": named(one["receivables"], FEW),
                }
                for one in groups[:LISTED]
            ],
        ),
    ]

    def show(console: "Console") -> None:
        for table in tables:
            table(console)

    return show


def _is_plain(value: object) -> bool:
    return not isinstance(value, list | dict)


def _listing(title: str, lines: list[dict[str, Any]]) -> Callable[["Console"], None]:
    return rows(title, list(lines[0]) if lines else [], [list(line.values()) for line in lines])


def register(app: typer.Typer) -> None:
    """Hang the commands into the command line."""
    app.add_typer(proposals, name="proposals", rich_help_panel="The purchase")
