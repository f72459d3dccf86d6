"""Published logs turned into rows for the layout: their days worked out, revisions marked, moved events withdrawn."""

from collections.abc import Callable, Mapping
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from features.spark_cut import attached, local_day
from features.spark_events import behaviour_columns, flag, order_columns
from features.spark_streams import IS_REFUND

TIMES = ("borrower_id", "happened_at", "known_at", "key_hash", "day", "since", "is_deleted")


def timed(rows: DataFrame, key: str, time_zone: str, own: Mapping[str, Column]) -> DataFrame:
    """Give rows of a log the days that the sweep goes by, and their own columns.

    Args:
        rows: Versions of events, with `borrower_id`.
        key: Column that identifies an event.
        time_zone: The platform's.
        own: What an event says, by name.
    """
    day, known_day = local_day("happened_at", time_zone), local_day("known_at", time_zone)
    times = {"key_hash": F.xxhash64(key), "day": day, "since": F.greatest(day, known_day)}
    return rows.withColumns(times).select(*TIMES, *(column.alias(name) for name, column in own.items()))


def laid_orders(logs: Mapping[str, DataFrame], laid: Mapping[str, DataFrame], time_zone: str) -> DataFrame:
    """Lay out orders."""
    del laid
    return timed(
        logs["orders"], "order_id", time_zone, {**order_columns(time_zone), "region_code": F.col("region_code")}
    )


def laid_behaviour(logs: Mapping[str, DataFrame], laid: Mapping[str, DataFrame], time_zone: str) -> DataFrame:
    """Lay out behaviour."""
    del laid
    return timed(logs["behaviour_events"], "event_id", time_zone, behaviour_columns(time_zone))


def laid_refunds(logs: Mapping[str, DataFrame], laid: Mapping[str, DataFrame], time_zone: str) -> DataFrame:
    """Lay out refunds and returns, each under every borrower that its order was ever said to be of."""
    buyers = laid["laid_orders"].select(F.col("key_hash").alias("order_hash"), F.col("borrower_id").alias("_buyer"))
    cases = logs["refunds_disputes"].withColumn("order_hash", F.xxhash64("order_id"))
    of_these = buyers.join(cases.select("order_hash").distinct(), "order_hash", "left_semi").distinct()
    owned = cases.drop("borrower_id").join(of_these.withColumnRenamed("_buyer", "borrower_id"), "order_hash")
    stands = F.coalesce(F.expr(IS_REFUND), F.lit(False))
    return timed(owned, "case_id", time_zone, {"order_hash": F.col("order_hash"), "is_standing": flag(stands)})


def laid_homes(logs: Mapping[str, DataFrame], laid: Mapping[str, DataFrame], time_zone: str) -> DataFrame:
    """Lay out the borrowers' home regions."""
    del laid
    return timed(logs["borrowers"], "borrower_id", time_zone, {"home_code": F.col("region_code")})


LAYOUTS: Mapping[str, Callable[[Mapping[str, DataFrame], Mapping[str, DataFrame], str], DataFrame]] = {
    "laid_orders": laid_orders,
    "laid_behaviour": laid_behaviour,
    "laid_refunds": laid_refunds,
    "laid_homes": laid_homes,
}
"""How each laid-out table is made, from the new rows of the logs and from what is laid already, in this order."""

LOG_OF = {
    "laid_orders": "orders",
    "laid_behaviour": "behaviour_events",
    "laid_refunds": "refunds_disputes",
    "laid_homes": "borrowers",
}


def dealt(rows: DataFrame, laid: DataFrame, layer: str, buckets: int) -> DataFrame:
    """Mark revisions, withdraw from a borrower what a later version gives to another, and say each row's bucket.

    Args:
        rows: New rows, as `timed` gives them.
        laid: Rows laid before.
        layer: Name of the layer that they will be.
        buckets: How many buckets.
    """
    fresh = rows.select("key_hash", "borrower_id")
    before = laid.select("key_hash", "borrower_id").join(fresh.select("key_hash").distinct(), "key_hash", "left_semi")
    owners = fresh.unionByName(before)
    several = owners.groupBy("key_hash").agg(F.count("*").alias("_count")).where("_count > 1").drop("_count")
    marked = attached(rows, several.withColumn("is_revision", F.lit(True)), "key_hash")
    marked = marked.withColumn("is_revision", F.coalesce("is_revision", F.lit(False)))
    return reduce(DataFrame.unionByName, (marked, _withdrawn(marked, owners))).select(
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
