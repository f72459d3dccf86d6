"""Stage `featurize`: every catalogue feature of every open receivable as of a day."""

from collections.abc import Mapping
from functools import partial

from pyspark.sql import DataFrame

from features.catalogue import features_table
from features.spark import AsOf, build_features, swept_before
from features.states import StateConvention
from pipelines.sweep import Sweep
from runtime.stage import Stage, Task
from schemas import derived
from schemas.house import LOG_TABLES

FEATURES = features_table()


def run(task: Task) -> Mapping[str, DataFrame]:
    """Build the features from what was known and had happened before the day."""
    states = task.inputs[derived.RECEIVABLE_STATES.name]
    logs = {table.name: task.inputs[table.name] for table in LOG_TABLES}
    convention = task.settings.section("states", StateConvention)
    zone = task.settings.platform.time_zone
    known = AsOf(logs, states, task.as_of, zone, convention, task.hold)
    sweep: Sweep = task.extras["sweep"]
    return {FEATURES.name: build_features(known, means=partial(swept_before, laid=sweep.frames(task.as_of)))}


FEATURIZE = Stage(
    name="featurize",
    meaning="Every feature of every open receivable",
    reads=(*LOG_TABLES, derived.RECEIVABLE_STATES),
    writes=(FEATURES,),
    run=run,
    sections=("states",),
)
