"""The as-of cut on the engine: what the platform knew at the start of a local day, and nothing else."""

from collections.abc import Callable, Mapping
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from schemas.errors import SchemaError
from schemas.house import TABLES
from schemas.moments import day_start
from schemas.table import Table

Logs = Mapping[str, DataFrame]
"""Published logs by table name."""

Hold = Callable[[DataFrame, str], DataFrame]
"""Computes a frame once, under a name, and gives it back as stored rows; where, only the caller knows."""

TWO_TO_64 = str(2**64)
MINOR_UNITS = 100
"""Money is summed as whole hundredths, so that no order of summation changes a sum."""


def visible(frame: DataFrame, table: Table, as_of: date, time_zone: str, known_by: date | None = None) -> DataFrame:
    """Keep of every thing in a log the version that was in force at the start of a local day.

    Rows count when both `known_at` and `happened_at` lie before the cut, exclusive. Of one key the latest known
    version stands; a key that it withdraws is gone. A published log holds no two versions of one key and moment; if it
    did, one would stand, always the same. Two hashes, 128 bits together, stand for the key: grouping by texts takes
    several times longer.

    Args:
        frame: The log.
        table: Its declaration.
        as_of: The day.
        time_zone: Where it starts.
        known_by: In hindsight: what had happened before the day, by all that was known before this later one.
    """
    moment, known_before = (F.lit(day_start(day, time_zone)) for day in (as_of, known_by or as_of))
    known = frame.where((F.col("known_at") < known_before) & (F.col("happened_at") < moment))
    hashes = {"_key": F.xxhash64(*table.key), "_lock": F.xxhash64(F.lit(1), *table.key), "_version": _version()}
    known = known.withColumns(hashes)
    several = known.groupBy("_key", "_lock").agg(F.max("_version").alias("_latest"), F.count("*").alias("_count"))
    several = several.where("_count > 1").drop("_count")
    is_latest = F.col("_latest").isNull() | (F.col("_version") == F.col("_latest"))
    kept = attached(known, several, "_key", "_lock").where(is_latest & ~F.col("is_deleted"))
    return kept.drop("_key", "_lock", "_version", "_latest")


def _version() -> Column:
    """Give one number that grows with `known_at`, and within one moment differs with `record_hash`."""
    moment = F.unix_micros("known_at").cast("decimal(18,0)") * F.lit(TWO_TO_64).cast("decimal(20,0)")
    return moment.cast("decimal(38,0)") + F.xxhash64("record_hash").cast("decimal(20,0)")


def attached(rows: DataFrame, few: DataFrame, *key: str) -> DataFrame:
    """Give every row what a smaller frame says of its key, null where it says nothing.

    Said as a right join: an engine without statistics holds the left side of a join in memory.
    """
    return few.join(rows, list(key), "right")


def read_visible(logs: Logs, name: str, as_of: date, time_zone: str) -> DataFrame:
    """Cut the log of that name as of a day.

    Raises:
        SchemaError: The log was not handed in.
    """
    if name not in logs:
        found = f"logs {', '.join(sorted(logs))}"
        raise SchemaError(found, f"a log {name}", "hand in every log table, an empty frame where a platform has none")
    return visible(logs[name], TABLES[name], as_of, time_zone)


def as_planned(frame: DataFrame, name: str) -> DataFrame:
    """Hold nothing: leave the frame a plan, computed again wherever it is used."""
    del name
    return frame


def local_moment(name: str, time_zone: str) -> Column:
    """Give an instant as the wall clock of the time zone showed it."""
    return F.from_utc_timestamp(F.col(name), time_zone)


def local_day(name: str, time_zone: str) -> Column:
    """Give the local day on which an instant falls."""
    return F.to_date(local_moment(name, time_zone))


def minor(amount: Column | str) -> Column:
    """Give money as whole hundredths in 64 bits; null stays null."""
    value = F.col(amount) if isinstance(amount, str) else amount
    return (value * F.lit(MINOR_UNITS)).cast("bigint")


def money(units: Column | str) -> Column:
    """Give whole hundredths as money with two decimals, exactly."""
    value = F.col(units) if isinstance(units, str) else units
    return (value.cast("decimal(18,0)") * F.lit("0.01").cast("decimal(3,2)")).cast("decimal(18,2)")
