"""Roll-forward on the engine: how unpaid principal moved between two days, every movement named."""

from datetime import date, timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from features.spark_cut import Logs, minor, money, read_visible
from schemas.derived import ROLL_FORWARDS
from schemas.lending import REPORTED_STATES
from schemas.spark import conform

SUMMED = {
    "original": "original_principal_amount",
    "current": "current_principal_amount",
    "paid": "paid_principal_amount",
    "written_off": "written_off_amount",
    "refunded": "refunded_amount",
    "corrected": "corrected_amount",
}
MOVEMENTS = ("paid", "written_off", "refunded", "corrected")


def roll_forward(
    before: DataFrame, after: DataFrame, logs: Logs, opened_on: date, as_of: date, time_zone: str
) -> DataFrame:
    """Give the one row of `ROLL_FORWARDS` that leads from the states of one day to those of a later one.

    What the servicer reported for the end of the last day is compared receivable by receivable, not only in sum.

    Args:
        before: Receivable states as of `opened_on`.
        after: Receivable states as of `as_of`.
        logs: At least the reported states.
        opened_on: The earlier day.
        as_of: The later day.
        time_zone: The platform's.
    """
    reports = read_visible(logs, REPORTED_STATES.name, as_of, time_zone)
    statement = reports.where(F.col("reported_on") == F.lit(as_of - timedelta(days=1)))
    row = _sums(before, "before").crossJoin(_sums(after, "after")).crossJoin(_compared(statement, after))
    moved = {name: F.col(f"after_{name}") - F.col(f"before_{name}") for name in ("original", *MOVEMENTS)}
    opening, closing = F.col("before_current"), F.col("after_current")
    expected = opening + moved["original"]
    for name in MOVEMENTS:
        expected = expected - moved[name]
    columns = {
        "as_of": F.lit(as_of),
        "opened_on": F.lit(opened_on),
        "opening_amount": money(opening),
        "added_amount": money(moved["original"]),
        **{f"{name}_amount": money(moved[name]) for name in MOVEMENTS},
        "closing_amount": money(closing),
        "difference_amount": money(expected - closing),
        "reported_amount": money("reported"),
        "reported_difference_amount": money("reported_difference"),
        "reported_unequal_count": F.col("unequal"),
    }
    return conform(row.select(*[value.alias(name) for name, value in columns.items()]), ROLL_FORWARDS)


def _sums(states: DataFrame, prefix: str) -> DataFrame:
    return states.agg(*[_total(column).alias(f"{prefix}_{name}") for name, column in SUMMED.items()])


def _total(column: str) -> Column:
    return F.coalesce(F.sum(minor(column)), F.lit(0)).cast("bigint")


def _compared(statement: DataFrame, states: DataFrame) -> DataFrame:
    both = statement.join(states.select("receivable_id", "current_principal_amount"), "receivable_id")
    differs = F.col("current_principal_amount") != F.col("reported_principal_amount")
    difference = _total("current_principal_amount") - _total("reported_principal_amount")
    return both.agg(
        F.sum(minor("reported_principal_amount")).alias("reported"),
        difference.alias("reported_difference"),
        F.count(F.when(differs, 1)).alias("unequal"),
    )
