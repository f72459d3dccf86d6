"""The wide view that criteria are judged on: one row for each open receivable, one column for each word of a deal."""

from collections.abc import Mapping
from datetime import date

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from pool.vocabulary import GROUPS, engine_name, visible_columns
from schemas.moments import day_start
from schemas.spark import engine_type

JOINS = (
    ("borrowers", "borrower", "receivable__borrower_id", "borrower__borrower_id"),
    ("merchants", "merchant", "receivable__merchant_id", "merchant__merchant_id"),
    ("orders", "order", "receivable__order_id", "order__order_id"),
    ("credit_reports", "report", "receivable__borrower_id", "report__borrower_id"),
)
"""Log table, group, and the columns on which it meets the receivable."""
LISTED = (
    ("BORROWER", "blacklist__is_borrower_listed", "receivable__borrower_id"),
    ("MERCHANT", "blacklist__is_merchant_listed", "receivable__merchant_id"),
    ("DEVICE", "blacklist__is_device_listed", "order__device_id"),
)


def screening_view(
    logs: Mapping[str, DataFrame], states: DataFrame, tags: DataFrame, pledged: DataFrame, as_of: date, time_zone: str
) -> DataFrame:
    """Lay everything that a deal may ask of an open receivable side by side.

    Args:
        logs: Visible rows of the log tables by name, one for each key; of a table that is not given nothing is known.
        states: `receivable_states` of the day.
        tags: `receivable_tags`, at most one for each receivable.
        pledged: What pools hold: `receivable_key` and `deal`.
        as_of: The cut-off.
        time_zone: Where its day begins.
    """
    view = _prefixed(states.where("is_open"), "state")
    view = _met(view, _prefixed(logs["receivables"], "receivable"), "state__receivable_id", "receivable__receivable_id")
    view = _met(view, _prefixed(tags, "tag"), "state__receivable_id", "tag__receivable_id")
    for table, group, left, right in JOINS:
        if table in logs:
            frame = _latest_reports(logs[table]) if group == "report" else logs[table]
            view = _met(view, _prefixed(frame, group), left, right)
    if "blacklist" in logs:
        view = _with_listings(view, logs["blacklist"], as_of, time_zone)
    view = _met(view, _exposures(states), "state__borrower_id", "exposure__borrower_id")
    view = _met(view, _positions(pledged), "state__receivable_key", "position__receivable_key")
    view = view.withColumn("position__is_pledged", F.col("position__receivable_key").isNotNull())
    return view.select(*_all_columns(view))


def _prefixed(frame: DataFrame, group: str) -> DataFrame:
    names = [column.name for column in visible_columns(group)]
    return frame.select(*(F.col(name).alias(engine_name(f"{group}.{name}")) for name in names))


def _met(view: DataFrame, other: DataFrame, left: str, right: str) -> DataFrame:
    if left not in view.columns:
        view = view.withColumn(left, F.lit(None).cast("string"))
    return view.join(other, F.col(left) == F.col(right), "left")


def _latest_reports(reports: DataFrame) -> DataFrame:
    newest = [F.col(name).desc() for name in ("happened_at", "known_at", "report_id")]
    place = F.row_number().over(Window.partitionBy("borrower_id").orderBy(*newest))
    return reports.withColumn("place", place).where("place = 1").drop("place")


def _with_listings(view: DataFrame, blacklist: DataFrame, as_of: date, time_zone: str) -> DataFrame:
    at = F.lit(day_start(as_of, time_zone))
    in_force = blacklist.where(F.col("ended_at").isNull() | (F.col("ended_at") > at))
    for subject, flag, key in LISTED:
        listed = (
            in_force.where(F.col("subject_type") == subject).select(F.col("subject_id").alias(f"{flag}_id")).distinct()
        )
        view = _met(view, listed, key, f"{flag}_id").withColumn(flag, F.col(f"{flag}_id").isNotNull())
    return view


def _exposures(states: DataFrame) -> DataFrame:
    unpaid = F.col("is_open") | F.col("is_written_off")
    principal = F.when(F.col("is_open"), F.col("current_principal_amount"))
    zero = F.lit(0).cast("bigint")
    return states.groupBy(F.col("borrower_id").alias("exposure__borrower_id")).agg(
        F.coalesce(F.max(F.when(unpaid, F.col("days_past_due"))), zero).alias("exposure__max_days_past_due"),
        F.max("worst_days_past_due").alias("exposure__worst_days_past_due"),
        F.sum(principal).cast("decimal(18,2)").alias("exposure__total_principal_amount"),
        F.count(F.when(F.col("is_open"), 1)).alias("exposure__open_count"),
        F.count(F.when(F.col("is_written_off"), 1)).alias("exposure__written_off_count"),
    )


def _positions(pledged: DataFrame) -> DataFrame:
    return pledged.select(
        F.col("receivable_key").alias("position__receivable_key"), F.col("deal").alias("position__deal")
    )


def _all_columns(view: DataFrame) -> list[Column]:
    known = frozenset(view.columns)
    columns = [
        (engine_name(f"{group}.{column.name}"), column.kind)
        for group in GROUPS
        if group != "deal"
        for column in visible_columns(group)
    ]
    return [
        (F.col(name) if name in known else F.lit(None)).cast(engine_type(kind)).alias(name) for name, kind in columns
    ]
