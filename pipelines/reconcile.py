"""Stage `reconcile`: promises across tables, each checked and reported by name."""

from collections.abc import Mapping

from pyspark.sql import DataFrame

from features.spark_reconcile import reconcile
from runtime.stage import Stage, Task
from schemas import derived
from schemas.house import LOG_TABLES


def run(task: Task) -> Mapping[str, DataFrame]:
    """Check the promises on what was known before the day."""
    states = task.inputs[derived.RECEIVABLE_STATES.name]
    rows = reconcile(task.inputs, states, task.as_of, task.settings.platform.time_zone)
    return {derived.RECONCILIATIONS.name: rows}


RECONCILE = Stage(
    name="reconcile",
    meaning="Promises across tables, reported by name",
    reads=(*LOG_TABLES, derived.RECEIVABLE_STATES),
    writes=(derived.RECONCILIATIONS,),
    run=run,
)
