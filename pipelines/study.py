"""The study of the label in a workspace: its own logs as known at the start of a day, gathered and told."""

from datetime import date

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from features.labels import LabelDefinition
from features.spark_known import Known
from features.study import NEVER, Book, StudyParameters
from features.study_tables import Study, study
from runtime.stage import Task
from runtime.workspace import Workspace
from schemas.errors import ModelError
from schemas.house import LOG_TABLES

EPOCH = date(1970, 1, 1)
BUCKETS = 1_000_000
"""Ids are sampled in so many parts."""


def study_labels(workspace: Workspace, as_of: date) -> Study:
    """Study the label on what was known at the start of a day.

    Raises:
        ModelError: No receivable with a schedule was known.
    """
    settings = workspace.settings
    parameters = settings.section("label_study", StudyParameters)
    definition = settings.section("labels", LabelDefinition)
    with workspace.scratch(f"label-study-{as_of}") as scratch:
        logs = {table.name: workspace.catalog.read(workspace.session, table) for table in LOG_TABLES}
        task = Task(workspace.session, settings, as_of, "", logs, {}, scratch)
        known = Known(logs, as_of, settings.platform.time_zone, definition.convention, task.hold)
        book = gather(known, parameters.most_receivables)
    if not len(book.loans):
        raise ModelError(f"no receivable with a schedule was known on {as_of}", "at least one", "ingest more history")
    return study(book, definition, parameters)


def gather(known: Known, most: int) -> Book:
    """Bring in what was known: receivables that were paid out and have a schedule, at most about so many.

    Those without a schedule, of which only the servicer's reports speak, are left out.
    """
    ids = known.settlements().select("receivable_id").distinct()
    lent_on = F.coalesce("disbursed_on", "originated_on").alias("lent_on")
    lent = known.receivables().select("receivable_id", lent_on).join(ids, "receivable_id")
    lent = lent.where(F.col("lent_on") < F.lit(known.day))
    count = lent.count()
    if count > most:
        part = F.pmod(F.xxhash64("receivable_id"), F.lit(BUCKETS))
        lent = lent.where(part < F.lit(most * BUCKETS // count))
    losses = known.movements().where(F.col("kind").isin(*known.convention.writing_off_kinds))
    lost = losses.groupBy("receivable_id").agg(F.min("moved_on").alias("written_off_on"))
    loans = _frame(lent.join(known.payoffs(), "receivable_id", "left").join(lost, "receivable_id", "left"))
    loans = loans.sort_values(["lent_on", "receivable_id"], ignore_index=True)
    chosen = lent.select("receivable_id")
    lines = known.settlements().join(chosen, "receivable_id").select("receivable_id", "due_on", "settled_on")
    covering = known.movements().where("cover_units > 0").join(chosen, "receivable_id")
    payments = covering.select("receivable_id", F.col("moved_on").alias("paid_on")).distinct()
    place = pd.Series(loans.index, index=loans["receivable_id"])
    return Book((known.day - EPOCH).days, loans, *(_placed(_frame(part), place) for part in (lines, payments)))


def _frame(rows: DataFrame) -> pd.DataFrame:
    """Bring rows in, days as numbers since 1970."""
    found: pd.DataFrame = rows.toArrow().to_pandas(date_as_object=False)
    for name in found.columns:
        if name.endswith("_on"):
            days = found[name].to_numpy(dtype="datetime64[D]")
            found[name] = np.where(np.isnat(days), NEVER, days.astype(np.int64))
    return found


def _placed(rows: pd.DataFrame, place: pd.Series) -> pd.DataFrame:
    return rows.assign(loan=rows["receivable_id"].map(place).to_numpy(dtype=np.int64)).drop(columns="receivable_id")
