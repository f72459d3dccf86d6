"""Stage `label`: what became of each receivable in the performance window after a day."""

from collections.abc import Mapping

from pyspark.sql import DataFrame

from features.labels import LabelDefinition
from features.spark_labels import label_receivables
from runtime.stage import Stage, Task
from schemas import derived
from schemas.house import LOG_TABLES


def run(task: Task) -> Mapping[str, DataFrame]:
    """Label the receivables with what is known up to `extras["data_until"]`; null while the window is open."""
    definition = task.settings.section("labels", LabelDefinition)
    zone = task.settings.platform.time_zone
    labels = label_receivables(task.inputs, task.as_of, task.extras["data_until"], zone, definition, task.hold)
    return {derived.LABELS.name: labels}


LABEL = Stage(
    name="label",
    meaning="What became of each receivable afterwards",
    reads=LOG_TABLES,
    writes=(derived.LABELS,),
    run=run,
    sections=("labels", "states"),
)
