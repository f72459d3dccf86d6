"""Published logs turned into rows for the layout: their days worked out, revisions marked, moved events withdrawn."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import NamedTuple

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from features.spark_cut import attached, local_day
from features.spark_events import (
    STATEMENT_KEY,
    behaviour_columns,
    event_hash,
    flag,
    order_columns,
    report_columns,
    statement_columns,
)
from features.spark_streams import IS_REFUND

TIMES = ("borrower_id", "happened_at", "known_at", "key_hash", "day", "since", "is_deleted")


def timed(rows: DataFrame, key: tuple[str, ...], time_zone: str, own: Mapping[str, Column]) -> DataFrame:
    """Give rows of a log the days that the sweep goes by, and their own columns.

    Args:
        rows: Versions of events, with `borrower_id`.
        key: Columns that identify an event.
        time_zone: The platform's.
        own: What an event says, by name.
    """
    day, known_day = local_day("happened_at", time_zone), local_day("known_at", time_zone)
    times = {"key_hash": event_hash(*key), "day": day, "since": F.greatest(day, known_day)}
    return rows.withColumns(times).select(*TIMES, *(column.alias(name) for name, column in own.items()))


@dataclass(frozen=True, slots=True)
class Source:
    """What a laid-out table is made from.

    Args:
        new: The rows of each log that are to be laid.
        old: Its rows that were laid before.
        orders: The laid-out orders, the new ones among them.
        time_zone: The platform's.
    """

    new: Mapping[str, DataFrame]
    old: Mapping[str, DataFrame]
    orders: DataFrame
    time_zone: str


def laid_orders(source: Source) -> DataFrame:
    """Lay out orders."""
    own = {**order_columns(source.time_zone), "region_code": F.col("region_code")}
    return timed(source.new["orders"], ("order_id",), source.time_zone, own)


def laid_behaviour(source: Source) -> DataFrame:
    """Lay out behaviour."""
    own = behaviour_columns(source.time_zone)
    return timed(source.new["behaviour_events"], ("event_id",), source.time_zone, own)


def laid_refunds(source: Source) -> DataFrame:
    """Lay out refunds and returns, each under every borrower that its order was ever said to be of.

    Those laid before are laid again when their order comes, or comes under another borrower; a repeat changes nothing.
    """
    new, old = (each["refunds_disputes"].withColumn("order_hash", F.xxhash64("order_id")) for each in _both(source))
    came = source.new["orders"].select(F.xxhash64("order_id").alias("order_hash")).distinct()
    cases = new.unionByName(old.join(came, "order_hash", "left_semi"))
    buyers = source.orders.select(F.col("key_hash").alias("order_hash"), F.col("borrower_id").alias("_buyer"))
    of_these = buyers.join(cases.select("order_hash").distinct(), "order_hash", "left_semi").distinct()
    owned = cases.drop("borrower_id").join(of_these.withColumnRenamed("_buyer", "borrower_id"), "order_hash")
    stands = F.coalesce(F.expr(IS_REFUND), F.lit(False))
    return timed(
        owned, ("case_id",), source.time_zone, {"order_hash": F.col("order_hash"), "is_standing": flag(stands)}
    )


def _both(source: Source) -> tuple[Mapping[str, DataFrame], Mapping[str, DataFrame]]:
    return source.new, source.old


def laid_homes(source: Source) -> DataFrame:
    """Lay out the borrowers' home regions."""
    return timed(source.new["borrowers"], ("borrower_id",), source.time_zone, {"home_code": F.col("region_code")})


def laid_statements(source: Source) -> DataFrame:
    """Lay out the statements of credit lines."""
    own = {"line_hash": F.xxhash64("account_id"), **statement_columns()}
    return timed(source.new["credit_accounts"], STATEMENT_KEY, source.time_zone, own)


def laid_reports(source: Source) -> DataFrame:
    """Lay out credit bureaus' reports."""
    return timed(source.new["credit_reports"], ("report_id",), source.time_zone, report_columns())


@dataclass(frozen=True, slots=True)
class Layout:
    """How a laid-out table is made: from which logs, and how; a row for each row of its one log, where it has one."""

    logs: tuple[str, ...]
    make: Callable[[Source], DataFrame]


LAYOUTS: Mapping[str, Layout] = {
    "laid_orders": Layout(("orders",), laid_orders),
    "laid_behaviour": Layout(("behaviour_events",), laid_behaviour),
    "laid_refunds": Layout(("refunds_disputes", "orders"), laid_refunds),
    "laid_homes": Layout(("borrowers",), laid_homes),
    "laid_statements": Layout(("credit_accounts",), laid_statements),
    "laid_reports": Layout(("credit_reports",), laid_reports),
}
"""The laid-out tables, in the order in which they are laid."""


class Part(NamedTuple):
    """One of so many parts that rows are laid in, by the hash of their key: all versions of an event are in one."""

    number: int = 0
    of: int = 1

    def of_rows(self, rows: DataFrame) -> DataFrame:
        """Give the part's rows."""
        return rows if self.of == 1 else rows.where(F.pmod("key_hash", F.lit(self.of)) == self.number)


WHOLE = Part()


def dealt(rows: DataFrame, laid: DataFrame, layer: str, buckets: int, part: Part = WHOLE) -> DataFrame:
    """Mark revisions, withdraw from a borrower what a later version gives to another, and say each row's bucket.

    Args:
        rows: New rows, as `timed` gives them.
        laid: Rows laid before.
        layer: Name of the layer that they will be.
        buckets: How many buckets.
        part: Which of the rows.
    """
    rows, laid = part.of_rows(rows), part.of_rows(laid)
    fresh = rows.select("key_hash", "borrower_id")
    before = laid.select(*TIMES).join(fresh.select("key_hash").distinct(), "key_hash", "left_semi")
    owners = fresh.unionByName(before.select("key_hash", "borrower_id"))
    several = owners.groupBy("key_hash").agg(F.count("*").alias("_count")).where("_count > 1").drop("_count")
    marked = attached(rows, several.withColumn("is_revision", F.lit(True)), "key_hash")
    marked = marked.withColumn("is_revision", F.coalesce("is_revision", F.lit(False)))
    told = (marked, _withdrawn(marked, owners), _withdrawn_before(marked, before))
    return reduce(DataFrame.unionByName, told).select(
        F.lit(layer).alias("layer"),
        F.pmod(F.xxhash64("borrower_id"), F.lit(buckets)).cast("bigint").alias("borrower_bucket"),
        *(name for name in marked.columns if name != "key_hash"),
        "key_hash",
    )


def _withdrawn(rows: DataFrame, owners: DataFrame) -> DataFrame:
    """Give a tombstone under every other borrower that an event was ever said to be of."""
    others = owners.select("key_hash", F.col("borrower_id").alias("_other")).distinct()
    moved = rows.where("is_revision").join(others, "key_hash").where("_other <> borrower_id")
    gone = {"borrower_id": F.col("_other"), "is_deleted": F.lit(True)}
    return moved.withColumns(gone).select(*rows.columns)


def _withdrawn_before(rows: DataFrame, before: DataFrame) -> DataFrame:
    """Give under an event's new borrowers a tombstone for each version laid before that gives it to another."""
    times = ("happened_at", "known_at", "day", "since")
    others = before.select("key_hash", *(F.col(name).alias(f"_{name}") for name in ("borrower_id", *times)))
    moved = rows.where("is_revision").join(others, "key_hash").where("_borrower_id <> borrower_id")
    gone = {**{name: F.col(f"_{name}") for name in times}, "is_deleted": F.lit(True)}
    return moved.withColumns(gone).select(*rows.columns)
