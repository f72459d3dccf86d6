"""What monitoring compares: the champion's training rows, what was said on past days and of what was bought."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import reduce

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from features.labels import LabelDefinition
from features.spark_known import Known
from models.parameters import TrainingParameters
from models.scorer import Scorer
from models.split import out_of_time
from pipelines.govern import CONFIGURATION, assessment
from pipelines.score import champion, registry
from pipelines.training_rows import labelled
from pool.ledger import Pledge
from runtime.stage import Task
from runtime.workspace import Workspace
from schemas import derived
from schemas.errors import ModelError


@dataclass(frozen=True, slots=True)
class Base:
    """The champion with the rows that it learned from.

    Args:
        version: Its number.
        scorer: It.
        gains: Features that its trees use, each with its share of what they gained.
        rows: Its training rows: borrower_id and features.
        trained_on: As-of day of the training.
    """

    version: str
    scorer: Scorer
    gains: Mapping[str, float]
    rows: pd.DataFrame
    trained_on: date


def base_of(workspace: Workspace) -> Base:
    """Gather the champion's training rows from the snapshots that it was trained on.

    Raises:
        ModelError: There is no champion, or its training run is not in the workspace.
    """
    model = champion(workspace)
    known, told = registry(workspace).version(model.version), assessment(workspace, model.version)
    manifest = workspace.runs.get(known.run_key)
    if manifest is None:
        raise ModelError(
            f"no manifest of training run {known.run_key}",
            f"the run that made model {model.version}, in this workspace",
            "train here, or bring the runs folder of the workspace that trained it",
        )
    days = sorted({date.fromisoformat(name.split()[1]) for name in manifest.identity["inputs"]})
    rows = labelled(workspace, days, known.snapshots)
    rows = rows[rows["is_default"].notna()].reset_index(drop=True)
    who, when = rows["borrower_id"].to_numpy(dtype=object), rows["as_of"].to_numpy().astype("datetime64[D]")
    learned = rows[out_of_time(who, when, configured(workspace, model.version)[1]).training].reset_index(drop=True)
    gains = {row["feature"]: row["gain"] for row in told.features}
    trained_on = date.fromisoformat(manifest.subject["as_of"])
    return Base(model.version, Scorer.from_files(model.files, threads=2), gains, learned, trained_on)


def configured(workspace: Workspace, version: str) -> tuple[LabelDefinition, TrainingParameters]:
    """Read what a version was trained to predict, and how."""
    told = json.loads(registry(workspace).evidence(version)[CONFIGURATION])
    return LabelDefinition.model_validate(told.get("labels") or {}), TrainingParameters.model_validate(
        told.get("training") or {}
    )


def scoring_days(workspace: Workspace, as_of: date, definition: LabelDefinition, most: int) -> list[date]:
    """Give the first scoring day of each month whose whole horizon is over, the latest ones."""
    days = sorted(part["as_of"] for part in workspace.catalog.partitions(derived.RECEIVABLE_TAGS.name))
    first: dict[tuple[int, int], date] = {}
    for day in (each for each in days if definition.is_observed(each, as_of)):
        first.setdefault((day.year, day.month), day)
    return sorted(first.values())[-most:]


def at_risk(states: DataFrame, definition: LabelDefinition) -> DataFrame:
    """Give the receivables that a label is made of: open, and not in default yet."""
    is_good = F.col("is_open") & (F.col("days_past_due") < definition.default_days_past_due)
    return states.where(is_good).select("receivable_id", "as_of")


def drifting_rows(task: Task, base: Base, definition: LabelDefinition, most: int) -> pd.DataFrame:
    """Give the day's rows beside which training rows are laid: of receivables at risk, of borrowers by hash."""
    features, states, tags = (
        task.inputs[name] for name in ("features", derived.RECEIVABLE_STATES.name, derived.RECEIVABLE_TAGS.name)
    )
    share = min(1.0, most / max(features.count(), 1))
    taken = features.where(F.pmod(F.xxhash64("borrower_id"), F.lit(10_000)) < F.lit(int(np.ceil(share * 10_000))))
    rows = taken.select("receivable_id", "as_of", "borrower_id", *base.gains)
    said = tags.select("receivable_id", "as_of", "default_probability")
    keys = ["receivable_id", "as_of"]
    found: pd.DataFrame = rows.join(at_risk(states, definition), keys).join(said, keys).toArrow().to_pandas()
    return found.sort_values("receivable_id", ignore_index=True)


SAID = ("receivable_id", "as_of", "window_ends_on", "kind", "part", "after_days", "default_probability")


def scored(
    task: Task, days: list[tuple[DataFrame, DataFrame]], later: Known, definition: LabelDefinition
) -> list[DataFrame]:
    """Give what was said on past days: by day, and of each receivable when it was first scored by vintage and grade."""
    if not days:
        return []
    keys = ["receivable_id", "as_of"]
    told = reduce(DataFrame.unionByName, (tags.join(at_risk(states, definition), keys) for tags, states in days))
    ends_on = F.date_add("as_of", definition.horizon_days - 1)
    rows = told.select(*keys, "grade", "default_probability", ends_on.alias("window_ends_on"))
    rows = task.hold(rows.withColumn("after_days", F.lit(definition.horizon_days).cast("bigint")), "scored")
    first = rows.groupBy("receivable_id").agg(F.min("as_of").alias("as_of"))
    once = rows.join(first, keys)
    lent = later.receivables().select("receivable_id", F.col("disbursed_on").alias("_lent_on"))
    quarter = F.concat_ws(" Q", F.year("_lent_on").cast("string"), F.quarter("_lent_on").cast("string"))
    return [
        _part(rows, "scoring_day", F.col("as_of").cast("string")),
        _part(once.join(lent, "receivable_id"), "vintage", quarter),
        _part(once, "grade", F.col("grade")),
    ]


def _part(rows: DataFrame, kind: str, part: Column) -> DataFrame:
    return rows.withColumns({"kind": F.lit(kind), "part": part}).select(*SAID)


def bought(task: Task, pledges: list[Pledge], tags: DataFrame, horizon_days: int, mark_days: int) -> list[DataFrame]:
    """Give what was said of receivables when they were bought, once for each age of their cohort that has passed."""
    if not pledges:
        return []
    cohorts = [f"{each.deal} {each.bought_on:%Y-%m}" for each in pledges]
    youngest: dict[str, date] = {}
    for cohort, each in zip(cohorts, pledges, strict=True):
        youngest[cohort] = max(each.bought_on, youngest.get(cohort, each.bought_on))
    ages = {cohort: min((task.as_of - day).days, horizon_days) for cohort, day in youngest.items()}
    marks = [(cohort, mark) for cohort, age in ages.items() for mark in marks_of(age, mark_days)]
    if not marks:
        return []
    held = {"receivable_id": [each.receivable_id for each in pledges], "as_of": [each.bought_on for each in pledges]}
    rows = task.session.createDataFrame(pa.table({**held, "part": cohorts}))
    ahead = task.session.createDataFrame(
        pa.table({"part": [one for one, _ in marks], "after_days": [n for _, n in marks]})
    )
    said = rows.join(tags.select("receivable_id", "as_of", "default_probability"), ["receivable_id", "as_of"])
    ends_on = F.expr("date_add(as_of, cast(after_days as int) - 1)")
    aged = said.join(ahead, "part").withColumns({"window_ends_on": ends_on, "kind": F.lit("pool")})
    return [aged.select(*SAID)]


def marks_of(age: int, every: int) -> list[int]:
    """Give the ages, in days, at which a cohort of that age is looked at: each time it was so much older, and now.

    >>> marks_of(75, 30), marks_of(60, 30), marks_of(0, 30)
    ([30, 60, 75], [30, 60], [])
    """
    return sorted({*range(every, age + 1, every), *([age] if age > 0 else [])})
