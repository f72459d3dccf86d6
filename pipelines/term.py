"""The term structure in training: what became of the receivables of the observation days, month by month."""

from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame
from scipy.special import logit

from features.labels import LabelDefinition
from features.spark_exits import exits
from features.spark_known import Known
from models.fit import TrainedModel
from models.hazard import Ends, fit_term
from models.term import PERIOD_DAYS, STANDING, TERM_FILE, standing_of
from runtime.stage import Task
from runtime.workspace import Workspace
from schemas.house import LOG_TABLES

KEYS = ["receivable_id", "as_of"]


def with_term(workspace: Workspace, trained: TrainedModel, rows: pd.DataFrame, until: date) -> dict[str, str]:
    """Give the model's texts with the term structure beside them.

    It learns from what the model said of receivables that it had not seen, and from what became of them by all that was
    known at the start of `until`.

    Args:
        workspace: Where the logs are.
        trained: The model with its held-out predictions.
        rows: The training frame, with the features of `models.term.STANDING`.
        until: As-of day of the training.
    """
    said = pd.concat([trained.out_of_fold, trained.out_of_time], ignore_index=True)
    known = said[[*KEYS, "default_probability"]].merge(rows[[*KEYS, *STANDING]], on=KEYS, validate="one_to_one")
    told = ends(workspace, known, until)
    definition = workspace.settings.section("labels", LabelDefinition)
    standing = standing_of(known, logit(known["default_probability"].to_numpy()))
    model = fit_term(standing, told, definition.horizon_days, definition.default_days_past_due)
    return {**trained.files, TERM_FILE: model.to_text()}


def ends(workspace: Workspace, rows: pd.DataFrame, until: date) -> Ends:
    """Say what became of receivables after their as-of days, by what was known at the start of `until`; in order."""
    definition = workspace.settings.section("labels", LabelDefinition)
    with workspace.scratch(f"term-{until}") as scratch:
        session = workspace.session
        logs = {table.name: workspace.catalog.read(session, table) for table in LOG_TABLES}
        task = Task(session, workspace.settings, until, "", logs, {}, scratch)
        later = Known(logs, until, workspace.settings.platform.time_zone, definition.convention, task.hold)
        spans: DataFrame = session.createDataFrame(pa.Table.from_pandas(rows[KEYS], preserve_index=False))
        found = exits(task.hold(spans, "spans"), later, definition).toArrow().to_pandas()
    return _counted(rows[KEYS].merge(found, on=KEYS, how="left", validate="one_to_one"), until)


def _counted(found: pd.DataFrame, until: date) -> Ends:
    """Count days as months from the as-of day on, the first being 1; 0 for what did not happen."""
    begun = pd.to_datetime(found["as_of"])
    months = [
        (pd.to_datetime(found[name]) - begun).dt.days // PERIOD_DAYS + 1 for name in ("defaulted_on", "paid_off_on")
    ]
    default, payoff = (each.fillna(0).to_numpy().astype(np.int64) for each in months)
    seen = ((pd.Timestamp(until) - begun).dt.days // PERIOD_DAYS).to_numpy().astype(np.int64)
    return Ends(default, payoff, seen)
