"""Commands that schedulers start: the daily batch, and the same over a range of days."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.common import AsOf, Common, DealName, DryRun, day, next_step, rows, say
from pipelines.unattended import scheduled

if TYPE_CHECKING:
    from pipelines.model_views import View
    from runtime.foresee import Foreseen
    from runtime.stage import Outcome
    from runtime.workspace import Workspace

To = Annotated[str, typer.Option("--to", help="Last stage to run: states, reconcile, featurize, score or screen.")]
First = Annotated[str, typer.Option("--from", help="First as-of day (YYYY-MM-DD).")]
Last = Annotated[str, typer.Option("--to", help="Last as-of day (YYYY-MM-DD).")]
Every = Annotated[int, typer.Option("--every", min=1, help="Take each n-th day, counted from the first.")]
Until = Annotated[
    str, typer.Option("--stage", help="Last stage to run: states, reconcile, featurize, score or screen.")
]


@scheduled
def run(
    common: Common,
    as_of: AsOf,
    deal: DealName = "",
    to: To = "",
    dry_run: DryRun = False,  # noqa: FBT002 - a flag of the command line
) -> None:
    """Run the daily batch: states, features, tags and, for a deal, its screening."""
    from pipelines.daily import plan, run_day
    from pipelines.planning import days_without_logs, plan_days

    stages, on = plan(deal, to), day(as_of)
    with common.workspace() as space:
        if missing := days_without_logs(space, on):
            say(
                f"[yellow]The logs end {missing:,} days before {as_of}[/]: what fell due since then looks unpaid. "
                "Is it the day that was meant, and is everything ingested?",
                level="warning",
            )
        if dry_run:
            _planned(common, plan_days(space, [on], deal, stages))
            return
        with space.writing():
            outcomes = run_day(space, on, deal, stages)
        promises = _promises(space, outcomes)
    _outcomes(common, outcomes, promises)
    if deal:
        next_step(f"poolwright propose --as-of {as_of} --deal {deal} --cash AMOUNT --as NAME")


@scheduled
def backfill(
    common: Common,
    first: First,
    last: Last,
    deal: DealName = "",
    every: Every = 1,
    stage: Until = "",
    dry_run: DryRun = False,  # noqa: FBT002 - a flag of the command line
) -> None:
    """Run the daily batch for each day of a range; days that stand are skipped, one that was cut goes on."""
    from pipelines.backfill import backfill as fill
    from pipelines.daily import plan
    from pipelines.planning import days_between, plan_days

    stages = plan(deal, stage)
    days = days_between(day(first, "--from"), day(last, "--to"), every)
    with common.workspace() as space:
        if dry_run:
            _planned(common, plan_days(space, days, deal, stages))
            return
        with space.writing():
            outcomes = fill(space, days, deal, stages)
    made = {one.manifest.subject["as_of"] for one in outcomes if one.fresh}
    say(f"{len(days)} days: {len(made)} brought up to date, {len(days) - len(made)} stood already")
    _outcomes(common, outcomes, lambda _: None)


def _planned(common: Common, planned: "Sequence[Foreseen]") -> None:
    """Show a plan: what would run and why, and what is up to date."""
    names = ["as of", "stage", "would run", "why", "rows, about", "writes"]
    lines = [
        (one.as_of, one.stage.name, one.is_due, one.why, one.rows, ", ".join(table.name for table in one.stage.writes))
        for one in planned
    ]
    due = sum(1 for one in planned if one.is_due)
    title = f"{due} of {len(planned)} stages would run; nothing was run"
    common.answer([dict(zip(names, line, strict=True)) for line in lines], rows(title, names, lines))


def _promises(space: "Workspace", outcomes: "Sequence[Outcome]") -> "View":
    """Lay out the promises across tables of the day that was run, where it came to their check."""
    from pipelines.reconcile import RECONCILE
    from schemas.derived import RECONCILIATIONS

    checked = next((one.manifest.subject for one in outcomes if one.manifest.stage == RECONCILE.name), None)
    if checked is None:
        return lambda _: None
    day_of = day(checked["as_of"])
    found = space.catalog.arrow(RECONCILIATIONS, {"as_of": day_of}).to_pylist()
    lines = [[one[name] for name in ("meaning", "checked_count", "breach_count", "example")] for one in found]
    return rows(f"Promises across tables as of {day_of}", ["promise", "checked", "broken", "for example"], lines)


def _outcomes(common: Common, outcomes: "Sequence[Outcome]", shown: "View") -> None:
    """Give a machine what was run; a person has been told, and is shown what there is to judge."""
    result: list[dict[str, Any]] = [
        {
            "stage": one.manifest.stage,
            "as_of": one.manifest.subject["as_of"],
            "run": one.manifest.run,
            "fresh": one.fresh,
            "seconds": round(one.seconds, 3),
            "rows": {name: output["rows"] for name, output in one.manifest.outputs.items()},
        }
        for one in outcomes
    ]
    common.answer(result, shown)


def register(app: typer.Typer) -> None:
    """Hang the commands into the command line."""
    for function in (run, backfill):
        app.command(rich_help_panel="The day")(function)
