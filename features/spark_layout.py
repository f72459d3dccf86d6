"""Published logs turned into rows for the layout: their days worked out, revisions marked, moved events withdrawn."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce

import numpy as np
import pyarrow as pa
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


def repeated(rows: DataFrame, laid: DataFrame | None, tasks: int) -> DataFrame:
    """Give the `key_hash` of events of which new rows and rows laid before hold several versions, each once.

    Collect it before `dealt` is handed it: on Sail a Python task that waits for another can wait for ever.

    Args:
        rows: New rows, as `timed` gives them: eight bytes of each are held in memory.
        laid: Rows laid before; none where nothing was.
        tasks: How many tasks share the keys.
    """
    fresh = rows.select("key_hash")
    several = fresh.repartition(tasks, "key_hash").mapInArrow(_several, "key_hash long")
    if laid is None:
        return several
    before = laid.select("key_hash").join(fresh.distinct(), "key_hash", "left_semi")
    return several.unionByName(before).distinct()


def _several(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Give the keys that a task was dealt more than once."""
    held = [batch.column(0).to_numpy(zero_copy_only=False).copy() for batch in batches]
    keys = np.concatenate([np.empty(0, np.int64), *held])
    del held
    keys.sort()
    found = np.unique(keys[1:][keys[1:] == keys[:-1]])
    yield pa.RecordBatch.from_pydict({"key_hash": pa.array(found, pa.int64())})


def dealt(rows: DataFrame, laid: DataFrame | None, layer: str, buckets: int, several: DataFrame | None) -> DataFrame:
    """Mark revisions, withdraw from a borrower what a later version gives to another, and say each row's bucket.

    Args:
        rows: New rows, as `timed` gives them.
        laid: Rows laid before; none where nothing was.
        layer: Name of the layer that they will be.
        buckets: How many buckets.
        several: What `repeated` says of them; none where no event comes twice, so that the rows are read just once.
    """
    told = rows.withColumn("is_revision", F.lit(False)) if several is None else _with_revisions(rows, laid, several)
    return told.select(
        F.lit(layer).alias("layer"),
        F.pmod(F.xxhash64("borrower_id"), F.lit(buckets)).cast("bigint").alias("borrower_bucket"),
        *(name for name in told.columns if name != "key_hash"),
        "key_hash",
    )


def _with_revisions(rows: DataFrame, laid: DataFrame | None, several: DataFrame) -> DataFrame:
    """Mark revisions, and withdraw what moved; only the few events that come twice are held in memory."""
    marked = attached(rows, several.withColumn("is_revision", F.lit(True)), "key_hash")
    marked = marked.withColumn("is_revision", F.coalesce("is_revision", F.lit(False))).select(
        *rows.columns, "is_revision"
    )
    owners = several.join(rows.select("key_hash", "borrower_id"), "key_hash")
    if laid is None:
        return marked.unionByName(_withdrawn(marked, owners))
    before = several.join(laid.select(*TIMES), "key_hash").select(*TIMES)
    owners = owners.unionByName(before.select("key_hash", "borrower_id"))
    told = (marked, _withdrawn(marked, owners), _withdrawn_before(marked, before))
    return reduce(DataFrame.unionByName, told)


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
