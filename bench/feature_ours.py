"""The benchmark's query by the house: transactions laid out by borrower bucket, swept by declarations.

Usage: feature_ours.py ENGINE lay TIMES DATA STORE LAYER [FROM UNTIL]
       feature_ours.py ENGINE compact TIMES STORE LAYER
       feature_ours.py ENGINE sweep TIMES STORE OUT DAY...
The layout goes through `features.spark_layout` and `runtime.laid`, the sweep through `features.sweep_events`, as in the
product; only the list of a bucket's files stands in folders here, not in a catalog. Prints seconds as JSON.
"""

import json
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from feature_query import CHANNELS, SHORT_WINDOWS, WINDOWS
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from features.declarations import Aggregate, Aggregation, Where
from features.spark_events import flag, is_night, is_weekend
from features.spark_layout import dealt, repeated, timed
from features.streams import MONEY_SCALE, Stream, StreamColumn
from features.sweep_events import swept
from features.sweep_laid import DAYS, VERSIONED, seen_rows
from features.sweep_program import Program, lower
from runtime.day_files import TOLD as KEPT
from runtime.day_files import keep
from runtime.laid import BUCKET, TOLD, any_true, merge, slices, write
from runtime.session import session
from runtime.settings import EngineSettings

TASKS = 4
CODES, FLAGS = ("merchant_id", "category_code", "channel_code"), ("is_refund", "is_night", "is_weekend")
TRANSACTION = Stream(
    "transaction",
    "A transaction.",
    "local day of happened_at",
    (),
    (
        *(StreamColumn(name, "code", "A code.") for name in CODES),
        StreamColumn("amount", "measure", "Its amount.", MONEY_SCALE),
        *(StreamColumn(name, "measure", "A flag.") for name in FLAGS),
    ),
)
KINDS = {
    "count": (Aggregation.COUNT, "", ""),
    "sum": (Aggregation.SUM, "amount", ""),
    "mean": (Aggregation.MEAN, "amount", ""),
    "max": (Aggregation.MAX, "amount", ""),
    "deviation": (Aggregation.STD, "amount", ""),
    "refund_share": (Aggregation.SHARE, "is_refund", ""),
    "night_share": (Aggregation.SHARE, "is_night", ""),
    "weekend_share": (Aggregation.SHARE, "is_weekend", ""),
    "merchants": (Aggregation.DISTINCT, "", "merchant_id"),
    "categories": (Aggregation.DISTINCT, "", "category_code"),
    "top_category_share": (Aggregation.TOP_SHARE, "amount", "category_code"),
}


def declared() -> dict[str, Aggregate]:
    """Declare the columns but the trend, which is made of two of them."""
    found = {
        f"{kind}_{days}": Aggregate("transaction", how, kind, measure, (), days, by=by)
        for days in WINDOWS
        for kind, (how, measure, by) in KINDS.items()
    }
    for days in SHORT_WINDOWS:
        for number, code in enumerate(CHANNELS):
            where = (Where("channel_code", (code,)),)
            named = f"channel{number}"
            found[f"{named}_{days}"] = Aggregate("transaction", Aggregation.SUM, named, "amount", where, days)
    found["recency"] = Aggregate("transaction", Aggregation.RECENCY, "any", window_days=WINDOWS[-1])
    return found


def program() -> Program:
    """Lower the declarations; outputs bear the benchmark's names."""
    wanted = declared()
    made = lower(list(wanted.values()), (TRANSACTION,))
    return Program(made.stream, made.entity, made.conditions, made.measures, made.codes, tuple(wanted), made.plan)


def lay(spark: SparkSession, data: str, store: str, layer: str, *between: str) -> None:
    """Lay transactions out as a layer; with two days those known from the first until the second."""
    rows = spark.read.parquet(*map(str, sorted(Path(data).glob("*/*.parquet"))))
    if between:
        first, until = (F.lit(day).cast("timestamp") for day in between)
        rows = rows.where((F.col("known_at") >= first) & (F.col("known_at") < until))
    own = {name: F.col(name) for name in CODES}
    own["amount"] = (F.col("amount") * F.lit(MONEY_SCALE)).cast("bigint")
    own |= {"is_refund": flag(F.col("is_refund")), "is_night": is_night("UTC"), "is_weekend": is_weekend("UTC")}
    made = timed(rows.withColumn("is_deleted", F.lit(False)), ("event_id",), "UTC", own)
    held = [str(path) for path in Path(store).glob("*/*/*.parquet")]
    before = spark.read.parquet(*held) if held else None
    count, task = _bucket_count(data), partial(write, folder=Path(store) / layer)
    keys = repeated(made, before, TASKS).toArrow()
    ordered = dealt(made, before, layer, count, spark.createDataFrame(keys) if keys.num_rows else None)
    ordered.repartition(TASKS, BUCKET).mapInArrow(task, TOLD).toArrow()


def _bucket_count(data: str) -> int:
    """Deal about a million events into a bucket."""
    return max(int(Path(data).name.rpartition("_")[2]) // 1_000_000, 4)


def compact(spark: SparkSession, store: str, layer: str) -> None:
    """Merge all layers into one."""
    layers = [path for path in Path(store).iterdir() if path.is_dir()]
    task = partial(merge, folder=Path(store) / layer, layer=layer, column="paths")
    _buckets(spark, Path(store)).mapInArrow(task, TOLD).toArrow()
    for each in layers:
        shutil.rmtree(each)


def sweep(spark: SparkSession, store: str, out: str, *days: str) -> None:
    """Sweep the store for some days and write the columns."""
    shutil.rmtree(out, ignore_errors=True)
    task = partial(walk, made=program(), days=[*map(date.fromisoformat, days)], folder=Path(out))
    _buckets(spark, Path(store)).mapInArrow(task, KEPT).toArrow()


def _buckets(spark: SparkSession, store: Path) -> DataFrame:
    files: dict[str, list[str]] = {}
    for path in sorted(store.glob("*/*/*.parquet")):
        files.setdefault(path.parent.name, []).append(str(path))
    rows = [(int(name.partition("=")[2]), "\n".join(each)) for name, each in files.items()]
    return spark.createDataFrame(rows, f"{BUCKET} long, paths string").repartition(min(len(rows), TASKS))


def walk(
    batches: Iterable[pa.RecordBatch], made: Program, days: Sequence[date], folder: Path
) -> Iterator[pa.RecordBatch]:
    """Sweep the buckets that a task was dealt."""
    yield from keep(_found(batches, made, days), folder)


def _found(batches: Iterable[pa.RecordBatch], made: Program, days: Sequence[date]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        for paths in batch.column("paths").to_pylist():
            held = paths.split("\n")
            versioned = VERSIONED if any_true(held, "is_revision") or any_true(held, "is_deleted") else ()
            for rows in slices(held, [*DAYS, *made.columns, *versioned]):
                yield from map(_with_trend, swept(seen_rows(rows), made, days))


def _with_trend(found: pa.RecordBatch) -> pa.RecordBatch:
    """Add the daily pace of spending in 30 days over that in 90."""
    short, longer = pc.divide(found.column("sum_30"), 30.0), pc.divide(found.column("sum_90"), 90.0)
    trend = pc.if_else(pc.greater(longer, 0), pc.divide(short, longer), None)
    plain = found.set_column(0, "borrower_id", found.column(0).cast(pa.string()))
    return plain.append_column("trend", trend)


def main(engine: str, task: str, times: str, *arguments: str) -> None:
    """Do a task so many times, and print the seconds that each took as JSON, without the engine's start."""
    tasks: dict[str, Callable[..., None]] = {"lay": lay, "compact": compact, "sweep": sweep}
    taken = []
    with session(EngineSettings(name=engine, master="local[2]", memory="6g", partitions=4)) as spark:
        spark.range(1).collect()
        for _ in range(int(times)):
            started = time.perf_counter()
            tasks[task](spark, *arguments)
            taken.append(time.perf_counter() - started)
    print(json.dumps({"seconds": taken}))


if __name__ == "__main__":
    main(*sys.argv[1:])
