"""The benchmark's query in the engine's own expressions, in the same two stages as DuckDB's.

Usage: feature_spark.py ENGINE TIMES DATA OUT HOW DAY...
HOW is `loop` (monthly files) or `loop-laid` (our layout).
"""

import json
import sys
import time
from functools import reduce
from pathlib import Path

from feature_query import CHANNELS, SHORT_WINDOWS, WINDOWS
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from runtime.session import session
from runtime.settings import EngineSettings

KEY = "borrower_id"
FLAGS = ("refund", "night", "weekend")


def events(spark: SparkSession, data: str, how: str) -> DataFrame:
    """Read events with days, flags and amounts in hundredths."""
    found = spark.read.parquet(*map(str, sorted(Path(data).glob("**/*.parquet"))))
    if how.endswith("-laid"):
        return found.withColumnsRenamed({"since": "known_day", **{f"is_{flag}": flag for flag in FLAGS}})
    hour, weekday = F.hour("happened_at"), F.dayofweek("happened_at")
    made = {
        "amount": (F.col("amount") * 100).cast("bigint"),
        "refund": F.col("is_refund").cast("int"),
        "night": ((hour >= 22) | (hour < 6)).cast("int"),
        "weekend": weekday.isin(1, 7).cast("int"),
        "day": F.to_date("happened_at"),
        "known_day": F.to_date("known_at"),
    }
    return found.withColumns(made)


def answer(found: DataFrame, as_of: str) -> DataFrame:
    """Give the columns of a day."""
    day = F.lit(as_of).cast("date")
    seen = found.where((F.col("day") < day) & (F.col("known_day") < day)).withColumn("age", F.datediff(day, "day"))
    slot = reduce(Column.__add__, ((F.col("age") > window).cast("int") for window in WINDOWS[:-1]))
    base = seen.where(F.col("age") <= WINDOWS[-1]).withColumn("slot", slot)
    joined = _sums(base).join(_merchants(base), KEY).join(_categories(base), KEY)
    tops = {
        f"top_category_share_{window}": F.when(
            F.col(f"sum_{window}") > 0, F.col(f"top_{window}") / F.col(f"sum_{window}")
        )
        for window in WINDOWS
    }
    trend = F.when(F.col("sum_90") > 0, F.col("sum_30") / 30 / F.nullif(F.col("sum_90") / 90, F.lit(0.0)))
    return joined.withColumns({**tops, "trend": trend, "as_of": day})


def _within(slot: int, value: Column) -> Column:
    return F.when(F.col("slot") <= slot, value)


def _sums(base: DataFrame) -> DataFrame:
    amount = F.col("amount")
    square = amount.cast("decimal(18,0)") * amount.cast("decimal(18,0)")
    channel = F.col("channel_code")
    first = base.groupBy(KEY, "slot").agg(
        *(F.count("*").alias("number"), F.sum(amount).alias("total"), F.max(amount).alias("most")),
        *(F.sum(square.cast("decimal(28,0)")).alias("squares"), F.min("age").alias("recency")),
        *(F.sum(flag).alias(flag) for flag in FLAGS),
        *(F.sum(F.when(channel == code, amount)).alias(f"channel{n}") for n, code in enumerate(CHANNELS)),
    )
    columns = [F.min("recency").alias("recency")]
    for slot, window in enumerate(WINDOWS):
        number, total, squares = (F.sum(_within(slot, F.col(name))) for name in ("number", "total", "squares"))
        some, whole = F.nullif(number, F.lit(0)), total.cast("decimal(19,0)")
        spread = number.cast("decimal(9,0)") * squares.cast("decimal(28,0)") - whole * whole
        columns += [
            F.coalesce(number, F.lit(0)).alias(f"count_{window}"),
            (F.coalesce(total, F.lit(0)) / 100).alias(f"sum_{window}"),
            (total / some / 100).alias(f"mean_{window}"),
            (F.max(_within(slot, F.col("most"))) / 100).alias(f"max_{window}"),
            (F.sqrt(spread.cast("double")) / some / 100).alias(f"deviation_{window}"),
            *((F.sum(_within(slot, F.col(flag))) / some).alias(f"{flag}_share_{window}") for flag in FLAGS),
        ]
    for window in SHORT_WINDOWS:
        for part in (f"channel{number}" for number in range(len(CHANNELS))):
            reached = F.sum(_within(WINDOWS.index(window), F.col(part)))
            columns.append((F.coalesce(reached, F.lit(0)) / 100).alias(f"{part}_{window}"))
    return first.groupBy(KEY).agg(*columns)


def _merchants(base: DataFrame) -> DataFrame:
    first = base.groupBy(KEY, "merchant_id").agg(F.min("slot").alias("slot"))
    counted = [F.count(_within(slot, F.lit(1))).alias(f"merchants_{window}") for slot, window in enumerate(WINDOWS)]
    return first.groupBy(KEY).agg(*counted)


def _categories(base: DataFrame) -> DataFrame:
    parts = [F.sum(_within(slot, F.col("amount"))).alias(f"part_{slot}") for slot in range(len(WINDOWS))]
    first = base.groupBy(KEY, "category_code").agg(F.min("slot").alias("slot"), *parts)
    counted = [F.count(_within(slot, F.lit(1))).alias(f"categories_{window}") for slot, window in enumerate(WINDOWS)]
    largest = [(F.max(f"part_{slot}") / 100).alias(f"top_{window}") for slot, window in enumerate(WINDOWS)]
    return first.groupBy(KEY).agg(*counted, *largest)


def main(engine: str, times: str, data: str, out: str, how: str, *days: str) -> None:
    """Answer so many times, and print the seconds that each took as JSON, without the engine's start."""
    taken = []
    with session(EngineSettings(name=engine, master="local[2]", memory="6g", partitions=4)) as spark:
        spark.range(1).collect()
        for _ in range(int(times)):
            started = time.perf_counter()
            for day in days:
                answer(events(spark, data, how), day).write.mode("overwrite").parquet(f"{out}/{day}")
            taken.append(time.perf_counter() - started)
    print(json.dumps({"seconds": taken}))


if __name__ == "__main__":
    main(*sys.argv[1:])
