"""The command that watches the model that scores."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.common import AsOf, Common, day, rows, say
from pipelines.unattended import scheduled

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from pipelines.monitor import Monitored

SHOWN = 10
Out = Annotated[Path | None, typer.Option("--out", help="HTML file [WORKSPACE/reports/monitoring-DAY.html].")]


@scheduled
def monitor(common: Common, as_of: AsOf, out: Out = None) -> None:
    """Compare a day with what the champion learned from, and what was said with what came to pass; exit 1 on a stop."""
    from pipelines.hooks import tell_alarms
    from pipelines.monitor import monitor as look
    from pipelines.monitor_page import write_page

    with common.workspace() as space, space.writing():
        found = look(space, day(as_of))
        page = write_page(space, day(as_of), found, out)
    if found.outcome.fresh:
        tell_alarms(common, as_of, found.alarms)
    say(f"The page is one file; open it in a browser:\n{page}")
    tables = {"alarms": found.alarms, "drifts": found.drifts, "agreements": found.agreements}
    common.answer({**tables, "page": str(page)}, _view(found))
    raise typer.Exit(1 if found.must_stop else 0)


def _view(found: "Monitored") -> "Callable[[Console], None]":
    told = [(one["severity"], one["code"], one["subject"], one["found"]) for one in found.alarms]
    views = (
        rows("Alarms", ["severity", "code", "subject", "found"], told),
        rows(
            "Drift since training, the score first", ["subject", "index", "from", "to", "noise", "gain"], _drifts(found)
        ),
        rows(
            "Predicted and realised defaults",
            ["what", "part", "days", "rows", "predicted", "realised", "from", "to"],
            _agreements(found),
        ),
    )

    def show(console: "Console") -> None:
        for view in views:
            view(console)

    return show


def _drifts(found: "Monitored") -> list[tuple[Any, ...]]:
    names = ("subject", "stability_index", "low", "high", "noise", "gain_share")
    return [tuple(one[name] for name in names) for one in found.drifts[:SHOWN]]


def _agreements(found: "Monitored") -> list[tuple[Any, ...]]:
    return [
        (
            one["kind"],
            one["part"],
            f"{one['after_days']} of {one['horizon_days']}",
            one["row_count"],
            one["expected_defaults"] / one["row_count"],
            one["default_count"] / one["row_count"],
            one["low_share"],
            one["high_share"],
        )
        for one in found.agreements
    ]


def register(app: typer.Typer) -> None:
    """Hang the command into the command line."""
    app.command(rich_help_panel="Model")(monitor)
