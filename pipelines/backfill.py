"""Backfill: the daily batch over many days, in blocks whose logs are swept in one pass; what stands is skipped."""

from collections.abc import Sequence
from datetime import date

from pipelines.daily import run_days
from pipelines.planning import plan_days
from pipelines.progress import Pace
from runtime.stage import Outcome, Stage
from runtime.workspace import Workspace


def backfill(workspace: Workspace, days: Sequence[date], deal_name: str, stages: Sequence[Stage]) -> list[Outcome]:
    """Run the days of which something is due, oldest first.

    Each stage is published when it is done, so a backfill that was cut goes on where it was: run it again.

    Args:
        workspace: Where.
        days: As-of days.
        deal_name: Name of the deal; empty where no stage needs one.
        stages: The stages of a day.
    """
    due = sorted({one.as_of for one in plan_days(workspace, days, deal_name, stages) if one.is_due})
    size = workspace.operations.days_together
    pace = Pace(len(due), "days")

    def done(outcome: Outcome) -> None:
        if outcome.manifest.stage == stages[-1].name:
            pace.step(outcome.manifest.subject["as_of"])

    return [
        outcome
        for start in range(0, len(due), size)
        for outcome in run_days(workspace, due[start : start + size], deal_name, stages, done)
    ]
