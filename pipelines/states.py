"""Stage `states`: what is owed on each receivable as of a day, and how late it is."""

from collections.abc import Mapping

from pyspark.sql import DataFrame

from features.spark_states import receivable_states
from features.states import StateConvention
from runtime.stage import Stage, Task
from schemas import derived, events, lending


def run(task: Task) -> Mapping[str, DataFrame]:
    """Compute receivable states from schedule and cash."""
    convention = task.settings.section("states", StateConvention)
    states = receivable_states(task.inputs, task.as_of, task.settings.platform.time_zone, convention, task.hold)
    return {derived.RECEIVABLE_STATES.name: states}


STATES = Stage(
    name="states",
    meaning="What is owed on each receivable and how late it is",
    reads=(
        lending.RECEIVABLES,
        lending.INSTALMENTS,
        lending.REPAYMENTS,
        lending.ADJUSTMENTS,
        lending.REPORTED_STATES,
        events.REFUNDS_DISPUTES,
    ),
    writes=(derived.RECEIVABLE_STATES,),
    run=run,
    sections=("states",),
)
