"""Stage `stratify`: what a pool holds on a day, by balance, rate, term, seasoning, grade, region and more."""

from collections.abc import Mapping
from functools import reduce
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from features.spark_cut import minor, read_visible
from pipelines.pool_life import held_frame, rows_frame
from pipelines.pool_traits import MONTH_DAYS, STRATIFIED, plain
from pool.price import to_amount
from runtime.stage import Stage, Task
from schemas import derived, lending, parties
from schemas.after_purchase import POOL_STRATA

MEANS = ("annual_rate", "remaining_periods", "seasoning_months", "default_probability")
WHOLE = "pool"
Row = dict[str, Any]


def run(task: Task) -> Mapping[str, DataFrame]:
    """Divide what the pool holds by every trait, and give its averages."""
    rows = task.hold(_held(task), "rows")
    parts = [_divided(rows, WHOLE, F.lit(WHOLE)), *(_divided(rows, one.name, one.label) for one in STRATIFIED)]
    found = reduce(DataFrame.unionByName, parts).toArrow().to_pylist()
    codes = {one.name for one in STRATIFIED if one.is_code and one.name != "grade"}
    traits = {WHOLE: 0, **{one.name: place for place, one in enumerate(STRATIFIED, 1)}}

    def order(row: Row) -> tuple[Any, ...]:
        ranked = -row["minor"] if row["trait"] in codes else 0
        return traits[row["trait"]], ranked, row["label"]

    told = [_row(row, place) for row, place in _placed(sorted(found, key=order))]
    return {POOL_STRATA.name: rows_frame(task, POOL_STRATA, told)}


def _held(task: Task) -> DataFrame:
    """Lay out what the pool holds with its traits; what owes nothing any more is left out."""
    zone = task.settings.platform.time_zone
    held = [one for one in task.extras["tenures"] if one.is_held(task.as_of)]
    ids = held_frame(task.session, held, task.as_of).select("receivable_id")
    states = task.inputs[derived.RECEIVABLE_STATES.name].where("current_principal_amount > 0")
    tags = task.inputs[derived.RECEIVABLE_TAGS.name].select("receivable_id", "default_probability", "grade")
    contracts = read_visible(task.inputs, lending.RECEIVABLES.name, task.as_of, zone).select(
        "receivable_id", "region_code", "category_code", "term_number", "annual_rate", "originated_on"
    )
    people = read_visible(task.inputs, parties.BORROWERS.name, task.as_of, zone).select("borrower_id", "born_on")
    rows = ids.join(states, "receivable_id")
    for other, key in ((contracts, "receivable_id"), (tags, "receivable_id"), (people, "borrower_id")):
        rows = rows.join(other, key, "left")
    return rows.withColumn("minor", minor("current_principal_amount"))


def _divided(rows: DataFrame, trait: str, label: Column) -> DataFrame:
    values = {
        "annual_rate": F.col("annual_rate").cast("double"),
        "remaining_periods": F.col("remaining_period_count").cast("double"),
        "seasoning_months": F.datediff("as_of", "originated_on").cast("double") / MONTH_DAYS,
        "default_probability": F.col("default_probability"),
    }
    weight = F.col("minor").cast("double")
    means = (
        (F.sum(value * weight) / F.sum(F.when(value.isNotNull(), weight))).alias(name) for name, value in values.items()
    )
    return (
        rows.groupBy(label.alias("label"))
        .agg(
            F.count("*").alias("count"),
            F.sum("minor").alias("minor"),
            F.sum(minor("original_principal_amount")).alias("original"),
            *means,
        )
        .withColumn("trait", F.lit(trait))
    )


def _placed(rows: list[Row]) -> list[tuple[Row, int]]:
    found, place, before = [], 0, ""
    for row in rows:
        place = place + 1 if row["trait"] == before else 1
        before = row["trait"]
        found.append((row, place))
    return found


def _row(row: Row, place: int) -> Row:
    return {
        "trait": row["trait"],
        "place_number": place,
        "label": plain(row["label"]),
        "receivable_count": row["count"],
        "unpaid_amount": to_amount(row["minor"]),
        "original_amount": to_amount(row["original"]),
        **{f"{name}_mean": row[name] for name in MEANS},
    }


STRATIFY = Stage(
    name="stratify",
    meaning="What the pool holds, by its traits",
    reads=(lending.RECEIVABLES, parties.BORROWERS, derived.RECEIVABLE_STATES, derived.RECEIVABLE_TAGS),
    writes=(POOL_STRATA,),
    run=run,
    per_deal=True,
)
