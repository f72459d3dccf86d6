"""A pool's age: `season` follows each purchase month by month, `age` tells what is late and what is to come."""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from features.labels import LabelDefinition
from features.spark_cut import minor
from features.spark_known import Known
from features.spark_static import static_months
from features.study import NEVER, Counting, StudyParameters, spells
from features.study_rolls import EPOCH, rolls
from pipelines.pool_cash import told
from pipelines.pool_life import LIFE_LOGS, default_days, life_of, rows_frame
from pipelines.study import gather
from pool.deal import Deal
from pool.tenures import Tenure
from pool.watch import WatchParameters
from runtime.stage import Stage, Task
from schemas import derived
from schemas.after_purchase import POOL_DELINQUENCIES, POOL_OUTLOOKS, POOL_ROLL_RATES, STATIC_POOLS
from schemas.moments import months_after

LONG_AGO = date(1900, 1, 1)
EDGES = ((0, "0"), (30, "1-30"), (60, "31-60"), (90, "61-90"))
"""Most days past due of each bucket but the last."""
MONTHS = pa.schema(
    [
        ("purchase_id", pa.string()),
        ("month_number", pa.int64()),
        ("starts_on", pa.date32()),
        ("ends_on", pa.date32()),
        ("is_over", pa.bool_()),
    ]
)


def season(task: Task) -> Mapping[str, DataFrame]:
    """Sum up every month since purchase of every purchase."""
    deal: Deal = task.extras["deal"]
    held, known = life_of(task)
    rules = task.settings.section("pool", WatchParameters)
    days = default_days(deal, rules.default_days_past_due)
    definition = LabelDefinition(default_days_past_due=days, convention=known.convention)
    months = task.session.createDataFrame(months_since(task.extras["tenures"], task.as_of))
    cells = static_months(held, months, known, definition)
    bought = held.groupBy("purchase_id", "bought_on").agg(
        F.count("*").alias("bought_count"), F.sum("bought_units").alias("bought_units")
    )
    rows = cells.join(months, ["purchase_id", "month_number"]).join(bought, "purchase_id")
    cash = F.col("paid_units") + F.col("yield_units") + F.col("recovered_units")
    zero = F.lit(0).cast("bigint")
    none = {name: F.coalesce(F.col(name), zero) for name in ("defaulted_count", "defaulted_units")}
    return {STATIC_POOLS.name: told(rows.withColumns({"cash_units": cash, **none}), STATIC_POOLS, task)}


def months_since(held: Sequence[Tenure], as_of: date) -> pa.Table:
    """Lay out the months since each purchase up to the as-of day, the last one perhaps not over; 0 is all before."""
    cut_offs = {one.pledge.purchase_id: one.pledge.bought_on for one in held}
    rows = []
    for purchase, bought_on in sorted(cut_offs.items()):
        rows.append((purchase, 0, LONG_AGO, bought_on, True))
        number = 1
        while (start := months_after(bought_on, number - 1)) < as_of:
            end = months_after(bought_on, number)
            rows.append((purchase, number, start, min(end, as_of), end <= as_of))
            number += 1
    columns = list(zip(*rows, strict=True))
    return pa.table([pa.array(one, kind) for one, kind in zip(columns, MONTHS.types, strict=True)], schema=MONTHS)


SEASON = Stage(
    name="season",
    meaning="Static pools: each purchase by months since its cut-off",
    reads=LIFE_LOGS,
    writes=(STATIC_POOLS,),
    run=season,
    sections=("states", "pool"),
    per_deal=True,
)


def age(task: Task) -> Mapping[str, DataFrame]:
    """Tell what of the pool is late, and what its schedules say is to come."""
    held, known = life_of(task)
    states = held.where(~F.col("is_ended")).join(task.inputs[derived.RECEIVABLE_STATES.name], "receivable_id")
    owing = states.where((F.col("current_principal_amount") > 0) | F.col("is_written_off"))
    units = {"unpaid_units": minor("current_principal_amount"), "arrears_units": minor("arrears_amount")}
    buckets = owing.withColumns({**units, "bucket": _bucket()}).groupBy("bucket")
    late = buckets.agg(F.count("*").alias("receivable_count"), *(F.sum(name).alias(name) for name in units))
    lines = known.settlements().where("settled_on IS NULL").join(owing.where("is_open"), "receivable_id")
    ahead = lines.join(
        _months_ahead(task), (F.col("due_on") >= F.col("starts_on")) & (F.col("due_on") < F.col("ends_on"))
    )
    return {
        POOL_DELINQUENCIES.name: told(late, POOL_DELINQUENCIES, task),
        POOL_OUTLOOKS.name: told(_outlook(owing, ahead), POOL_OUTLOOKS, task),
        POOL_ROLL_RATES.name: rows_frame(task, POOL_ROLL_RATES, _roll_rates(held, known)),
    }


def _roll_rates(held: DataFrame, known: Known) -> list[dict[str, object]]:
    """Follow what is held from month to month since its purchase; of a very large pool, a sample by the hash of ids."""
    parameters = StudyParameters()
    book = gather(known, parameters.most_receivables)
    since = {row["receivable_id"]: row["bought_on"] for row in held.where("NOT is_ended").toArrow().to_pylist()}
    kept = book.loans["receivable_id"].isin(since).to_numpy()
    if not kept.any():
        return []
    bought = [(since.get(name, known.day) - EPOCH).days - 1 for name in book.loans["receivable_id"]]
    loans = book.loans.assign(lent_on=np.where(kept, bought, NEVER))
    late = spells(book, Counting(name="", grace_days=known.convention.grace_days))
    rows = rolls(book._replace(loans=loans), late, parameters)
    return [
        {
            "from_bucket": row["bucket"],
            "to_bucket": name,
            "move_count": round((share or 0.0) * row["move_count"]),
            "from_count": row["move_count"],
        }
        for row in rows
        for name, share in row["to"].items()
    ]


def _bucket() -> Column:
    chosen = F.when(F.col("is_written_off"), F.lit("written off"))
    for most, name in EDGES:
        chosen = chosen.when(F.col("days_past_due") <= most, F.lit(name))
    return chosen.otherwise(F.lit("91+"))


def _months_ahead(task: Task) -> DataFrame:
    """Lay out months from the as-of day on, far enough for any schedule; 0 is all before it."""
    starts = [LONG_AGO, *(months_after(task.as_of, number) for number in range(MOST_MONTHS + 1))]
    rows = [(number, *span) for number, span in enumerate(pairwise(starts))]
    names = [("month_number", pa.int64()), ("starts_on", pa.date32()), ("ends_on", pa.date32())]
    columns = [pa.array(column, kind) for column, (_, kind) in zip(zip(*rows, strict=True), names, strict=True)]
    return task.session.createDataFrame(pa.table(columns, schema=pa.schema(names)))


MOST_MONTHS = 600


def _outlook(owing: DataFrame, ahead: DataFrame) -> DataFrame:
    """Spread each receivable's unpaid principal over the months in which its open instalments fall due.

    What the open instalments ask for beyond the unpaid principal was paid already: it is taken off the first ones.
    """
    last_first = Window.partitionBy("purchase_id", "receivable_id").orderBy(F.desc("due_on"), F.desc("period_number"))
    unpaid = minor("current_principal_amount")
    after = F.sum("principal_units").over(last_first.rowsBetween(Window.unboundedPreceding, -1))
    rest = F.greatest(F.least(F.col("principal_units"), unpaid - F.coalesce(after, F.lit(0))), F.lit(0).cast("bigint"))
    lines = ahead.withColumns({"scheduled_units": rest, "gain_units": F.col("due_units") - F.col("principal_units")})
    placed = lines.groupBy("month_number").agg(*(F.sum(name).alias(name) for name in ("scheduled_units", "gain_units")))
    told_of = lines.groupBy("receivable_id").agg(F.sum("scheduled_units").alias("_told"))
    left = owing.where("is_open").join(told_of, "receivable_id", "left")
    missing = left.agg(F.sum(unpaid - F.coalesce(F.col("_told"), F.lit(0))).alias("scheduled_units"))
    zero = F.lit(0).cast("bigint")
    overdue = missing.select(zero.alias("month_number"), F.coalesce("scheduled_units", zero).alias("scheduled_units"))
    both = placed.unionByName(overdue.withColumn("gain_units", zero))
    return both.groupBy("month_number").agg(*(F.sum(name).alias(name) for name in ("scheduled_units", "gain_units")))


AGE = Stage(
    name="age",
    meaning="What of the pool is late, and what its schedules say is to come",
    reads=(*LIFE_LOGS, derived.RECEIVABLE_STATES),
    writes=(POOL_DELINQUENCIES, POOL_OUTLOOKS, POOL_ROLL_RATES),
    run=age,
    sections=("states",),
    per_deal=True,
)
