"""Stage `drift`: what each purchase brought in beside what the first one did, each on the day of its cut-off."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from features.spark_cut import visible
from models.stability import Bins, Shift, shift
from pipelines.pool_life import given, held_frame, rows_frame
from pipelines.progress import told
from pipelines.states import STATES
from pool.tenures import Tenure
from runtime.stage import Outcome, Stage, Task, execute
from runtime.workspace import Workspace
from schemas import derived, lending
from schemas.after_purchase import BATCH_DRIFTS

TRAITS = MappingProxyType(
    {name: name for name in ("default_probability", "annual_rate", "remaining_periods")} | {"region": "region_code"}
)
"""What is compared, and the column that tells it."""
SHOWN = ("index", "low", "high", "noise", "effect_size")
Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Batch:
    """What one purchase brought in, as it stood on its cut-off: a row a receivable."""

    purchase_id: str
    bought_on: date
    rows: pd.DataFrame


def run(task: Task) -> Mapping[str, DataFrame]:
    """Measure each trait of every later purchase against the first, where either is known."""
    first, *later = _batches(task)
    pairs = [(batch, trait) for batch in later for trait in TRAITS]
    rows = [_row(first, batch, trait) for batch, trait in pairs if _is_known(trait, first, batch)]
    return {BATCH_DRIFTS.name: rows_frame(task, BATCH_DRIFTS, rows)}


def _is_known(trait: str, *batches: Batch) -> bool:
    return any(batch.rows[TRAITS[trait]].notna().any() for batch in batches)


def _batches(task: Task) -> list[Batch]:
    """Gather the purchases in order of their cut-off; those of one day in order of their id."""
    held: Sequence[Tenure] = task.extras["tenures"]
    frame = task.hold(held_frame(task.session, held, task.as_of), "held")
    names = sorted({(one.pledge.bought_on, one.pledge.purchase_id) for one in held})
    rows = {cut: _on(task, frame.where(F.col("bought_on") == F.lit(cut)), cut) for cut in {day for day, _ in names}}
    return [Batch(name, day, rows[day][rows[day]["purchase_id"] == name]) for day, name in names]


def _on(task: Task, bought: DataFrame, cut: date) -> pd.DataFrame:
    tags, states = task.extras["days"][cut]
    contracts = visible(task.inputs["receivables"], lending.RECEIVABLES, cut, task.settings.platform.time_zone)
    rows = bought.select("purchase_id", "receivable_id", "bought_units")
    rows = rows.join(contracts.select("receivable_id", "borrower_id", "region_code", "annual_rate"), "receivable_id")
    left = states.select("receivable_id", F.col("remaining_period_count").cast("double").alias("remaining_periods"))
    said = tags.select("receivable_id", "default_probability")
    rows = rows.join(left, "receivable_id", "left").join(said, "receivable_id", "left")
    rows = rows.withColumn("annual_rate", F.col("annual_rate").cast("double"))
    found: pd.DataFrame = rows.toArrow().to_pandas()
    return found.sort_values("receivable_id", ignore_index=True)


def _row(first: Batch, batch: Batch, trait: str) -> dict[str, Any]:
    names = (first.rows["borrower_id"].to_numpy(dtype=object), batch.rows["borrower_id"].to_numpy(dtype=object))
    moved, means = _measured(first.rows, batch.rows, trait, names)
    measures = {name: value for name, value in asdict(moved).items() if name in SHOWN}
    return {
        "purchase_id": batch.purchase_id,
        "trait": trait,
        "bought_on": batch.bought_on,
        "first_count": len(first.rows),
        "batch_count": len(batch.rows),
        "first_mean": means[0],
        "batch_mean": means[1],
        "stability_index": measures.pop("index"),
        **measures,
    }


def _measured(
    first: pd.DataFrame, batch: pd.DataFrame, trait: str, names: tuple[NDArray[np.generic], NDArray[np.generic]]
) -> tuple[Shift, tuple[float | None, float | None]]:
    if trait == "region":
        places = {
            code: place
            for place, code in enumerate(sorted({*first["region_code"].dropna(), *batch["region_code"].dropna()}))
        }
        before, after = (rows["region_code"].map(places).to_numpy(dtype=np.float64) for rows in (first, batch))
        bins = Bins(tuple(place - 0.5 for place in range(1, len(places))))
        return shift(before, after, names, bins), (None, None)
    before, after = (rows[trait].to_numpy(dtype=np.float64) for rows in (first, batch))
    return shift(before, after, names), (_mean(before, first), _mean(after, batch))


def _mean(values: Reals, rows: pd.DataFrame) -> float | None:
    weight, known = rows["bought_units"].to_numpy(dtype=np.float64), np.isfinite(values)
    return float(np.average(values[known], weights=weight[known])) if weight[known].sum() > 0 else None


DRIFT = Stage(
    name="drift",
    meaning="What each purchase brought in beside what the first one did",
    reads=(lending.RECEIVABLES,),
    writes=(BATCH_DRIFTS,),
    run=run,
    per_deal=True,
)


def drift(workspace: Workspace, deal: str, as_of: date) -> Outcome:
    """Compare each purchase of a pool up to a day with its first one."""
    extras, depends = given(workspace, deal, as_of)
    held: list[Tenure] = extras["tenures"]  # type: ignore[assignment]
    days = sorted({one.pledge.bought_on for one in held})
    for day in days:
        told(execute(STATES, workspace, day))
    tables = (derived.RECEIVABLE_TAGS, derived.RECEIVABLE_STATES)
    frames = {
        day: tuple(workspace.catalog.read(workspace.session, table, {"as_of": day}) for table in tables) for day in days
    }
    prints = {
        f"{table.name} {day}": workspace.catalog.fingerprint(table.name, {"as_of": day})
        for table in tables
        for day in days
    }
    return told(execute(DRIFT, workspace, as_of, deal, {**extras, "days": frames}, {**depends, **prints}))
