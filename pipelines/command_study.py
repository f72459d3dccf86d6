"""The command that helps to choose what counts as default."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.common import AsOf, Common, command, day, rows, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from features.study_tables import Study

CURVE_MONTHS = (3, 6, 9, 12, 18)
Out = Annotated[Path | None, typer.Option("--out", help="HTML file [WORKSPACE/reports/label-study-DAY.html].")]

app = typer.Typer(help="Study what counts as default.", no_args_is_help=True)


@app.callback()
def labels() -> None:
    """Study what counts as default."""


@app.command()
@command
def study(common: Common, as_of: AsOf, out: Out = None) -> None:
    """Show vintage curves, roll rates, and what each choice of bad days, horizon, band and counting would change."""
    from dataclasses import asdict

    from pipelines.study import study_labels
    from pipelines.study_page import write_page

    with common.workspace() as space:
        found = study_labels(space, day(as_of))
        page = write_page(space, day(as_of), found, out)
    say(f"The page is one file; open it in a browser:\n{page}")
    common.answer({**asdict(found), "page": str(page)}, _view(found))


def _view(found: "Study") -> "Callable[[Console], None]":
    def show(console: "Console") -> None:
        for view in (_choices(found), _vintages(found), _rolls(found)):
            view(console)

    return show


def _choices(found: "Study") -> "Callable[[Console], None]":
    names = {
        "counting": "counting",
        "bad_days": "bad from",
        "horizon_days": "horizon",
        "indeterminate_from_days": "band from",
        "receivable_count": "receivables",
        "bad_share": "bad",
        "indeterminate_share": "between",
        "bad_cured_share": "bad: cured",
        "bad_written_off_share": "bad: written off",
        "indeterminate_bad_later_share": "between: bad later",
        "good_bad_later_share": "good: bad later",
        "flat_after_months": "flat after, months",
    }
    lines = [[one[name] for name in names] for one in found.choices]
    return rows("What each choice makes of the receivables, the label's own first", list(names.values()), lines)


def _vintages(found: "Study") -> "Callable[[Console], None]":
    at: dict[str, dict[int, Any]] = {}
    counts = {one["vintage"]: one["receivable_count"] for one in found.vintages}
    for one in found.vintages:
        at.setdefault(one["vintage"], {})[one["month"]] = one["bad_share"]
    lines = [[name, counts[name], *(points.get(month) for month in CURVE_MONTHS)] for name, points in at.items()]
    heads = ["vintage", "receivables", *(f"{month} months" for month in CURVE_MONTHS)]
    return rows("Share bad by months on book", heads, lines)


def _rolls(found: "Study") -> "Callable[[Console], None]":
    heads = ["from", "months", *(found.rolls[0]["to"] if found.rolls else ()), "worse later"]
    lines = [[one["bucket"], one["move_count"], *one["to"].values(), one["worse_share"]] for one in found.rolls]
    return rows("Where receivables stood a month later", heads, lines)


def register(parent: typer.Typer) -> None:
    """Hang the group into the command line."""
    parent.add_typer(app, name="labels", rich_help_panel="Model")
