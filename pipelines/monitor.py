"""Stage `monitor`: does the champion still see what it learned from, and did what was said come to pass?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial, reduce
from typing import Any

import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from features.spark_known import Known
from features.spark_labels import outcomes
from models.matrix import matrix
from models.monitoring import SCORE, Agreement, Alarm, Drift, MonitoringParameters, Watched, alarms
from models.stability import Shift, feature_shifts, shift
from pipelines.daily import plan, run_day
from pipelines.deals import all_pledges
from pipelines.featurize import FEATURES
from pipelines.progress import told
from pipelines.score import champion
from pipelines.watched import Base, base_of, bought, configured, drifting_rows, scored, scoring_days
from pool.ledger import Pledge
from runtime.iceberg import arrow_schema
from runtime.stage import Outcome, Stage, Task, execute
from runtime.workspace import Workspace
from schemas import derived
from schemas.hashing import digest
from schemas.house import LOG_TABLES
from schemas.spark import struct_type
from schemas.table import Table
from schemas.watched import AGREEMENTS, ALARMS, DRIFTS


@dataclass(frozen=True, slots=True)
class Monitored:
    """What stands of a monitored day: the stage's outcome and the rows of its tables, gravest and largest first."""

    outcome: Outcome
    alarms: list[dict[str, Any]]
    drifts: list[dict[str, Any]]
    agreements: list[dict[str, Any]]

    @property
    def must_stop(self) -> bool:
        """Tell whether an alarm of the grave kind fired."""
        return any(one["severity"] == "stop" for one in self.alarms)


def run(task: Task) -> Mapping[str, DataFrame]:
    """Measure drift and agreement, and decide the alarms."""
    rules = task.settings.section("monitoring", MonitoringParameters)
    base: Base = task.extras["base"]()
    today = drifting_rows(task, base, task.extras["definition"], rules.drift_rows)
    drifts = _drifts(base, today) if len(today) else []
    agreed, untagged = _agreements(task, rules)
    found = alarms(Watched(drifts, agreed, untagged, (task.as_of - base.trained_on).days), rules)
    counts = {"model_version": base.version, "base_row_count": len(base.rows), "row_count": len(today)}
    return {
        DRIFTS.name: _frame(task, DRIFTS, [{**_drift_row(one), **counts} for one in drifts]),
        AGREEMENTS.name: _frame(task, AGREEMENTS, [_agreement_row(one) for one in agreed]),
        ALARMS.name: _frame(task, ALARMS, [_alarm_row(one) for one in found]),
    }


MONITOR = Stage(
    name="monitor",
    meaning="Drift since training, predicted beside realised defaults, and alarms",
    reads=(*LOG_TABLES, derived.RECEIVABLE_STATES, FEATURES, derived.RECEIVABLE_TAGS),
    writes=(DRIFTS, AGREEMENTS, ALARMS),
    run=run,
    sections=("monitoring",),
)


def monitor(workspace: Workspace, as_of: date) -> Monitored:
    """Run a day up to its tags, and monitor the champion by them and by all that came to pass.

    Raises:
        ModelError: No model scores.
    """
    model = champion(workspace)
    run_day(workspace, as_of, "", plan("", "score"))
    definition, _ = configured(workspace, model.version)
    rules = workspace.settings.section("monitoring", MonitoringParameters)
    held = [each for each in all_pledges(workspace) if each.bought_on < as_of]
    days = scoring_days(workspace, as_of, definition, rules.most_days)
    tagged = sorted({*days, *(each.bought_on for each in held)})
    extras = {
        "base": partial(base_of, workspace),
        "definition": definition,
        "days": [_said(workspace, day) for day in days],
        "pledges": held,
        "tags": {day: _said(workspace, day)[0] for day in tagged},
    }
    depends = {
        "model": digest(dict(model.files)),
        "version": model.version,
        "pledges": digest([[each.receivable_id, each.deal, each.bought_on.isoformat()] for each in held]),
        **{
            f"tags {day}": workspace.catalog.fingerprint(derived.RECEIVABLE_TAGS.name, {"as_of": day}) for day in tagged
        },
    }
    outcome = told(execute(MONITOR, workspace, as_of, extras=extras, depends=depends))
    return monitored(workspace, as_of, outcome)


def monitored(workspace: Workspace, as_of: date, outcome: Outcome) -> Monitored:
    """Read what was kept of a monitored day."""
    found = {table.name: workspace.catalog.arrow(table, {"as_of": as_of}).to_pylist() for table in MONITOR.writes}
    return Monitored(
        outcome,
        sorted(found["alarms"], key=lambda row: (row["severity"] != "stop", row["code"], -row["value"])),
        sorted(found["drifts"], key=lambda row: (row["subject"] != SCORE, -row["stability_index"], row["subject"])),
        sorted(found["agreements"], key=lambda row: (row["kind"], row["part"], row["after_days"])),
    )


def _said(workspace: Workspace, day: date) -> tuple[DataFrame, DataFrame]:
    tags, states = (
        workspace.catalog.read(workspace.session, table, {"as_of": day})
        for table in (derived.RECEIVABLE_TAGS, derived.RECEIVABLE_STATES)
    )
    return tags, states


def _drifts(base: Base, today: pd.DataFrame) -> list[Drift]:
    names = list(base.gains)
    who = tuple(rows["borrower_id"].to_numpy(dtype=object) for rows in (base.rows, today))
    before = base.scorer.score(base.scorer.matrix(base.rows), explained=False).default_probability
    score = shift(before, today["default_probability"].to_numpy(), (who[0], who[1]))
    moved = feature_shifts(matrix(base.rows, names), matrix(today, names), names, (who[0], who[1]))
    rows = zip(moved.pop("feature"), moved.to_dict("records"), strict=True)
    found = {name: Shift(**{str(part): value for part, value in row.items()}) for name, row in rows}
    return [Drift(SCORE, score, 1.0), *(Drift(name, one, base.gains[name]) for name, one in found.items())]


def _agreements(task: Task, rules: MonitoringParameters) -> tuple[list[Agreement], int]:
    """Lay what was said beside what came to pass; count what was bought and has no tag."""
    definition, pledges = task.extras["definition"], task.extras["pledges"]
    tags = _union([task.extras["tags"][day] for day in sorted({each.bought_on for each in pledges})])
    zone = task.settings.platform.time_zone
    later = Known(task.inputs, task.as_of, zone, definition.convention, task.hold)
    said = scored(task, task.extras["days"], later, definition)
    if tags is not None:
        said += bought(task, pledges, tags, definition.horizon_days, rules.mark_days)
    windows = _union(said)
    untagged = _untagged(task, pledges, tags) if tags is not None else 0
    if windows is None:
        return [], untagged
    known = outcomes(task.hold(windows, "windows"), later, definition).where(F.col("is_default").isNotNull())
    cells = known.groupBy("kind", "part", "after_days").agg(
        F.count("*").alias("rows"),
        F.sum(F.col("is_default").cast("bigint")).alias("defaults"),
        F.sum("default_probability").alias("predicted"),
    )
    horizon = definition.horizon_days
    return [Agreement(**row, horizon_days=horizon) for row in cells.toArrow().to_pylist()], untagged


def _union(frames: Sequence[DataFrame]) -> DataFrame | None:
    return reduce(DataFrame.unionByName, frames) if frames else None


def _untagged(task: Task, pledges: Sequence[Pledge], tags: DataFrame) -> int:
    held = {"receivable_id": [each.receivable_id for each in pledges], "as_of": [each.bought_on for each in pledges]}
    rows = task.session.createDataFrame(pa.table(held))
    return rows.join(tags.select("receivable_id", "as_of"), ["receivable_id", "as_of"], "left_anti").count()


def _frame(task: Task, table: Table, rows: list[dict[str, Any]]) -> DataFrame:
    told = [{"as_of": task.as_of, **row} for row in rows]
    return task.session.createDataFrame(pa.Table.from_pylist(told, arrow_schema(table)), struct_type(table))


def _drift_row(one: Drift) -> dict[str, Any]:
    moved = one.shift
    return {
        "subject": one.subject,
        "gain_share": min(one.gain_share, 1.0),
        "stability_index": moved.index,
        "low": moved.low,
        "high": moved.high,
        "noise": moved.noise,
        "effect_size": moved.effect_size,
        "missing_before_share": moved.missing_before,
        "missing_after_share": moved.missing_after,
    }


def _agreement_row(one: Agreement) -> dict[str, Any]:
    low, high = one.interval
    return {
        "kind": one.kind,
        "part": one.part,
        "after_days": one.after_days,
        "horizon_days": one.horizon_days,
        "is_over": one.is_over,
        "row_count": one.rows,
        "default_count": one.defaults,
        "expected_defaults": one.predicted,
        "low_share": low,
        "high_share": high,
    }


def _alarm_row(one: Alarm) -> dict[str, Any]:
    shown = ("code", "subject", "severity", "found", "value", "threshold")
    return {**{name: getattr(one, name) for name in shown}, "explained_by": one.table or None}
