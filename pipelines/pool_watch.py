"""Stage `watch_pool`: everything that a pool's life is followed by, and the alarms that it raises."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from features.spark_cut import minor, visible
from pipelines.daily import plan, run_day
from pipelines.pool_cash import COLLECT, DILUTE, TURN_OVER
from pipelines.pool_drift import drift
from pipelines.pool_life import first_day, given, rows_frame
from pipelines.pool_roll import roll_pool
from pipelines.pool_season import AGE, SEASON
from pipelines.pool_strata import STRATIFY
from pipelines.pool_warranties import warrant
from pipelines.progress import told
from pool.deal import Deal
from pool.price import to_minor
from pool.turnover import DayOfCash, Turnover
from pool.watch import Drifted, PoolLife, WatchParameters, pool_alarms
from runtime.stage import Outcome, Stage, Task, execute, part
from runtime.workspace import Workspace
from schemas import lending
from schemas.after_purchase import (
    BATCH_DRIFTS,
    POOL_ALARMS,
    POOL_COLLECTIONS,
    POOL_DILUTIONS,
    POOL_MATCHES,
    POOL_ROLL_FORWARDS,
    POOL_TURNOVERS,
    WARRANTY_BREACHES,
)
from schemas.table import Table

Step = Callable[[Workspace, str, date], Outcome]


def _simple(stage: Stage) -> Step:
    """Give a step that runs a stage on the deal's tenures."""

    def step(workspace: Workspace, deal: str, as_of: date) -> Outcome:
        extras, depends = given(workspace, deal, as_of)
        return told(execute(stage, workspace, as_of, deal, extras, depends))

    return step


def _turned_over(workspace: Workspace, deal: str, as_of: date) -> Outcome:
    STEPS["collections"](workspace, deal, as_of)
    return _simple(TURN_OVER)(workspace, deal, as_of)


STEPS: Mapping[str, Step] = {
    "collections": _simple(COLLECT),
    "turnover": _turned_over,
    "dilution": _simple(DILUTE),
    "warranties": warrant,
    "rollforward": roll_pool,
    "static": _simple(SEASON),
    "delinquency": _simple(AGE),
    "strata": _simple(STRATIFY),
    "drift": drift,
}
"""Every part of a pool's life by the command that shows it, in the order in which they are run."""


def run(task: Task) -> Mapping[str, DataFrame]:
    """Decide the alarms over the published parts."""
    found = pool_alarms(_life(task), task.settings.section("pool", WatchParameters))
    shown = ("code", "subject", "severity", "found", "value", "threshold")
    rows = [{**{name: getattr(one, name) for name in shown}, "explained_by": one.table} for one in found]
    return {POOL_ALARMS.name: rows_frame(task, POOL_ALARMS, rows)}


WATCH_POOL = Stage(
    name="watch_pool",
    meaning="What of a pool's life a person must look at",
    reads=(
        POOL_COLLECTIONS,
        POOL_MATCHES,
        POOL_TURNOVERS,
        POOL_DILUTIONS,
        WARRANTY_BREACHES,
        POOL_ROLL_FORWARDS,
        BATCH_DRIFTS,
        lending.TURNOVERS,
    ),
    writes=(POOL_ALARMS,),
    run=run,
    sections=("pool",),
    per_deal=True,
)


def watch_pool(workspace: Workspace, deal: str, as_of: date) -> Outcome:
    """Run every part of a pool's life for a day, and decide its alarms.

    Raises:
        CatalogError: Nothing was bought by then.
    """
    extras, depends = given(workspace, deal, as_of)
    run_day(workspace, as_of, "", plan("", "states"))
    for step in STEPS.values():
        step(workspace, deal, as_of)
    return told(execute(WATCH_POOL, workspace, as_of, deal, extras, depends))


def rows_of(workspace: Workspace, table: Table, deal: str, as_of: date) -> list[dict[str, Any]]:
    """Give what was published of a pool and day, in the order of the key."""
    found: list[dict[str, Any]] = workspace.catalog.arrow(table, part(table, as_of, deal)).to_pylist()
    return sorted(found, key=lambda row: tuple(row[name] for name in table.key))


def is_watched(workspace: Workspace, deal: str, as_of: date) -> bool:
    """Tell whether the pool's life was followed up to that day."""
    return workspace.runs.latest(WATCH_POOL.name, {"as_of": as_of.isoformat(), "deal": deal}) is not None


def turnover_of(task: Task) -> Turnover:
    """Give the published turnover, with what was turned over beyond it."""
    days = [
        DayOfCash(
            row["collected_on"],
            to_minor(row["collected_amount"]),
            to_minor(row["turned_over_amount"]),
            row["turned_over_on"],
        )
        for row in task.inputs[POOL_TURNOVERS.name].orderBy("collected_on").toArrow().to_pylist()
    ]
    return Turnover(days, _moved(task)[0] - sum(one.turned_over for one in days))


def _moved(task: Task) -> tuple[int, int]:
    """Give what the pool's account received from the servicer, and in how many entries."""
    zone = task.settings.platform.time_zone
    entries = visible(task.inputs[lending.TURNOVERS.name], lending.TURNOVERS, task.as_of, zone)
    mine = entries.where((F.col("deal") == task.deal) & (F.col("value_on") < F.lit(task.as_of)))
    row = mine.agg(F.sum(minor("turnover_amount")).alias("units"), F.count("*").alias("count")).collect()[0]
    return int(row["units"] or 0), int(row["count"])


def _sums(frame: DataFrame, *names: str) -> tuple[int, ...]:
    row = frame.agg(*(F.sum(minor(name)).alias(name) for name in names)).collect()[0]
    return tuple(int(row[name] or 0) for name in names)


def _life(task: Task) -> PoolLife:
    deal: Deal = task.extras["deal"]
    rules = task.settings.section("pool", WatchParameters)
    since = task.as_of - timedelta(days=rules.shortfall_days)
    recent = task.inputs[POOL_COLLECTIONS.name].where(F.col("happened_on") >= F.lit(since))
    due, still = _sums(recent, "due_amount", "open_amount")
    cash, unmatched = _sums(task.inputs[POOL_MATCHES.name], "cash_amount", "unmatched_amount")
    breaches = task.inputs[WARRANTY_BREACHES.name]
    each = breaches.groupBy("purchase_id", "receivable_id").agg(
        F.max(F.when(F.col("is_held"), F.col("unpaid_amount"))).alias("unpaid_amount")
    )
    whole = task.inputs[POOL_ROLL_FORWARDS.name].where(F.col("opened_on") == F.lit(first_day(task.extras["tenures"])))
    return PoolLife(
        as_of=task.as_of,
        allowed_days=deal.calendar.turnover_days,
        turnover=turnover_of(task),
        has_statement=_moved(task)[1] > 0,
        due=due,
        open=still,
        cash=cash,
        unmatched=unmatched,
        bought=sum(one.pledge.principal_minor for one in task.extras["tenures"]),
        refunded=_sums(task.inputs[POOL_DILUTIONS.name], "refunded_amount")[0],
        breached=each.count(),
        breached_unpaid=_sums(each, "unpaid_amount")[0],
        difference=_sums(whole, "difference_amount")[0],
        drifts=[
            Drifted(row["purchase_id"], row["trait"], row["stability_index"], row["low"], row["high"], row["noise"])
            for row in task.inputs[BATCH_DRIFTS.name].toArrow().to_pylist()
        ],
    )
