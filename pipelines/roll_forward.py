"""Stage `roll_forward`: how unpaid principal moved between two days, every movement named, beside what was reported."""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise

from pyspark.sql import DataFrame

from features.spark_roll_forward import roll_forward
from pipelines.progress import told
from pipelines.states import STATES
from runtime.stage import Outcome, Stage, Task, execute
from runtime.workspace import Workspace
from schemas import derived, lending


def run(task: Task) -> Mapping[str, DataFrame]:
    """Compare the states of the day with those of the earlier day that `extras` names."""
    after = task.inputs[derived.RECEIVABLE_STATES.name]
    before, opened_on = task.extras["before"], task.extras["opened_on"]
    zone = task.settings.platform.time_zone
    return {derived.ROLL_FORWARDS.name: roll_forward(before, after, task.inputs, opened_on, task.as_of, zone)}


ROLL_FORWARD = Stage(
    name="roll_forward",
    meaning="How unpaid principal moved since an earlier day",
    reads=(derived.RECEIVABLE_STATES, lending.REPORTED_STATES),
    writes=(derived.ROLL_FORWARDS,),
    run=run,
)


def roll(workspace: Workspace, days: Sequence[date]) -> list[Outcome]:
    """Compute the states of every day, and the movements from each to the next."""
    for day in days:
        told(execute(STATES, workspace, day))
    outcomes = []
    for earlier, day in pairwise(days):
        before = workspace.catalog.read(workspace.session, derived.RECEIVABLE_STATES, {"as_of": earlier})
        depends = {"before": workspace.catalog.fingerprint(derived.RECEIVABLE_STATES.name, {"as_of": earlier})}
        extras = {"before": before, "opened_on": earlier}
        outcomes.append(told(execute(ROLL_FORWARD, workspace, day, extras=extras, depends=depends)))
    return outcomes


def series(workspace: Workspace, days: Sequence[date]) -> list[dict[str, object]]:
    """Give the published roll-forwards of a series of days, oldest first."""
    rows = workspace.catalog.arrow(derived.ROLL_FORWARDS).sort_by("as_of").to_pylist()
    return [row for row in rows if row["as_of"] in set(days[1:])]
