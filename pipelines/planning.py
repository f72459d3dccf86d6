"""Plans: which stages would run for which days, why, and about how many rows they would write."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

from pipelines.daily import depends_of
from pipelines.deals import read_deal
from runtime.foresee import Foreseen, foresee
from runtime.manifest import Manifest
from runtime.stage import INGEST, Stage
from runtime.workspace import Workspace
from schemas.errors import ConfigurationError


def plan_days(workspace: Workspace, days: Iterable[date], deal_name: str, stages: Sequence[Stage]) -> list[Foreseen]:
    """Say of each stage of each day whether it would run, and why; a stage also runs after one that it reads from."""
    history = workspace.runs.all()
    return [one for day in days for one in plan_day(list(_foreseen(workspace, day, deal_name, stages, history)))]


def _foreseen(
    workspace: Workspace, day: date, deal_name: str, stages: Sequence[Stage], history: Sequence[Manifest]
) -> Iterator[Foreseen]:
    deal = read_deal(workspace.settings.folder, deal_name, day) if deal_name else None
    for stage in stages:
        depends = depends_of(workspace, stage, deal)
        if depends is not None:
            yield foresee(stage, workspace, day, deal_name if stage.per_deal else "", depends, history)


def plan_day(foreseen: Sequence[Foreseen]) -> list[Foreseen]:
    """Let a stage run too that reads what an earlier one of the day would write anew."""
    renewed: set[str] = set()
    planned = []
    for one in foreseen:
        waits = sorted({table.name for table in one.stage.reads} & renewed)
        found = one if one.is_due or not waits else replace(one, is_due=True, why=f"after {', '.join(waits)}")
        if found.is_due:
            renewed |= {table.name for table in one.stage.writes}
        planned.append(found)
    return planned


def delivered(history: Iterable[Manifest]) -> list[date]:
    """Give the as-of days that all delivered logs allow: the day after each delivery."""
    names = [name for one in history if one.stage == INGEST for name in one.identity.get("deliveries", {}) if name]
    return [date.fromisoformat(name) + timedelta(days=1) for name in names]


def days_without_logs(workspace: Workspace, as_of: date) -> int:
    """Count the days before an as-of day of which no log was delivered yet: what fell due in them looks unpaid."""
    days = delivered(workspace.runs.all())
    return max(0, (as_of - max(days)).days) if days else 0


def days_between(first: date, last: date, every: int = 1) -> list[date]:
    """Give the days from the first to the last one, both of them included.

    Raises:
        ConfigurationError: The last day lies before the first.
    """
    if last < first:
        raise ConfigurationError(
            f"--from {first} --to {last}", "a first day that is not after the last", "--from, --to"
        )
    return [first + timedelta(days=n) for n in range(0, (last - first).days + 1, every)]
