"""Raw rows reshaped as a mapping says: unpivoted, looked up, filtered, folded, summed along. Every row stays in sight.

A row that a filter drops or a group folds is not removed but marked with its fate, so that it is counted where it goes.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pyspark.sql import Column, DataFrame, SparkSession, Window, WindowSpec
from pyspark.sql import functions as F

from runtime.mapping import Group, Running, Unpivot
from runtime.mapping_plan import PLACE, PartPlan, ReadingPlan, SourcePlan
from runtime.raw import column_of, find_files, read_raw
from schemas.errors import SourceError
from schemas.expression import parse
from schemas.spark import compile_expression, failed_conversions
from schemas.table import Kind

FILTERED = "FILTERED"
MERGED = "MERGED"
NO_NUMBER = "no number"
AMOUNT = parse("to_money(to_real(amount))", {"amount": Kind.TEXT})
ORDER = ("_file", "_row", "_index")


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is read: a source's folder, which of its deliveries, and with which secret.

    Args:
        plan: The mapping.
        folder: Where the raw files are.
        days: Deliveries to read of a folder-by-day source; None means all.
        known_on: Local day on which a source that is one delivery became known; None where that is not said.
        secret: Key of the pseudonyms; needed where the mapping names personal columns.
    """

    plan: SourcePlan
    folder: Path
    days: Collection[date] | None = None
    known_on: date | None = None
    secret: bytes | None = None


def raw_column(name: str) -> Column:
    """Give the engine's column for a name as expressions write it."""
    return F.col(name if name in PLACE else column_of(name))


def shape(session: SparkSession, delivery: Delivery, plan: PartPlan) -> DataFrame:
    """Give a part's raw rows, reshaped, with `_index` (0 where nothing was unpivoted) and `_fate` (null: goes on)."""
    frame = _read(session, delivery, plan.main)
    for name, lookup in plan.lookups.items():
        frame = _look_up(session, delivery, frame, name, lookup, plan.part.lookup[name].on)
    for name, expression in plan.defined.items():
        frame = frame.withColumn(column_of(name), compile_expression(expression, raw_column))
    frame = _keep(frame, plan.main)
    for name, running in plan.part.running.items():
        frame = frame.withColumn(column_of(name), _running(running))
    return frame


def _read(session: SparkSession, delivery: Delivery, plan: ReadingPlan) -> DataFrame:
    reading = plan.reading
    files = find_files(delivery.plan.mapping, reading.files, delivery.folder, delivery.days, delivery.known_on)
    frame = read_raw(session, files, plan.layout, delivery.secret, reading.pseudonymize)
    return _unpivot(frame, reading.unpivot) if reading.unpivot else frame.withColumn("_index", F.lit(0).cast("bigint"))


def _unpivot(frame: DataFrame, unpivot: Unpivot) -> DataFrame:
    def row(index: int) -> Column:
        taken = [
            F.col(column_of(unpivot.raw_column(template, index))).alias(column_of(name))
            for name, template in unpivot.columns.items()
        ]
        return F.struct(F.lit(index).cast("bigint").alias("_index"), *taken)

    rows = F.array(*[row(index) for index in range(unpivot.first, unpivot.last + 1)])
    gone = {column_of(name) for name in unpivot.raw_columns()}
    others = [F.col(name) for name in frame.columns if name not in gone]
    long = frame.select(*others, F.explode(rows).alias("_long"))
    long = long.where(F.col("_fault").isNull() | (F.col("_long._index") == unpivot.first))
    named = [F.col(f"_long.{column_of(name)}").alias(column_of(name)) for name in unpivot.columns]
    index = F.col("_long._index")
    kept = [F.col(name) for name in frame.columns if name not in gone]
    return long.select(*kept, *named, index.alias("_index"), index.alias(column_of(unpivot.index)))


def _keep(frame: DataFrame, plan: ReadingPlan) -> DataFrame:
    fate = F.lit(None).cast("string")
    if plan.filter is not None:
        dropped = ~F.coalesce(compile_expression(plan.filter, raw_column), F.lit(False))
        fate = F.when(F.col("_fault").isNull() & dropped, F.lit(FILTERED))
    frame = frame.withColumn("_fate", fate)
    return _fold(frame, plan.reading.group) if plan.reading.group else frame


def _fold(frame: DataFrame, group: Group) -> DataFrame:
    goes_on = F.col("_fault").isNull() & F.col("_fate").isNull()
    frame = frame.withColumn("_goes_on", goes_on)
    same = Window.partitionBy("_goes_on", *[raw_column(name) for name in group.by])
    taken = {column_of(name): _take(column_of(name), how, same) for name, how in group.take.items()}
    place = F.row_number().over(same.orderBy(*ORDER))
    folded = frame.select(
        *[
            F.when(F.col("_goes_on"), taken[name]).otherwise(F.col(name)).alias(name) if name in taken else F.col(name)
            for name in frame.columns
        ],
        place.alias("_place"),
    )
    fate = F.when(F.col("_goes_on") & (F.col("_place") > 1), F.lit(MERGED)).otherwise(F.col("_fate"))
    return folded.withColumn("_fate", fate).drop("_goes_on", "_place")


def _take(name: str, how: str, same: WindowSpec) -> Column:
    column = F.col(name)
    if how == "sum":
        return _as_sum(name, same)
    if how == "last":
        return F.first(column).over(same.orderBy(*[F.col(part).desc() for part in ORDER]))
    if how == "first":
        return F.first(column).over(same.orderBy(*ORDER))
    if how == "count":
        return F.count(column).over(same).cast("string")
    return (F.min(column) if how == "min" else F.max(column)).over(same)


def _as_sum(name: str, rows: WindowSpec) -> Column:
    failed = F.max(failed_conversions(AMOUNT, lambda _: F.col(name)).cast("int")).over(rows)
    total = F.sum(compile_expression(AMOUNT, lambda _: F.col(name))).over(rows).cast("string")
    return F.when(failed == 1, F.lit(NO_NUMBER)).otherwise(total)


def _running(running: Running) -> Column:
    by = [raw_column(name) for name in running.by]
    order = [raw_column(name) for name in running.order]
    live = F.col("_fault").isNull() & F.col("_fate").isNull()
    earlier = Window.partitionBy(live, *by).orderBy(*order, *ORDER).rowsBetween(Window.unboundedPreceding, -1)
    return F.coalesce(_as_sum(column_of(running.sum), earlier), F.lit("0"))


def _look_up(
    session: SparkSession, delivery: Delivery, frame: DataFrame, name: str, plan: ReadingPlan, on: dict[str, str]
) -> DataFrame:
    there = _keep(_read(session, delivery, plan), plan)
    there = there.where(F.col("_fault").isNull() & F.col("_fate").isNull())
    keys = {here: f"_key_{number}" for number, here in enumerate(on)}
    wanted = _brought(plan, name)
    found = there.select(
        *[raw_column(on[here]).alias(key) for here, key in keys.items()],
        *[raw_column(column).alias(column_of(full)) for column, full in wanted.items()],
    )
    _require_unique(found, name, list(keys.values()), plan)
    for here, key in keys.items():
        found = found.withColumnRenamed(key, f"{key}_{name}")
        frame = frame.withColumn(key, raw_column(here))
    match = [frame[key] == found[f"{key}_{name}"] for key in keys.values()]
    joined = frame.join(found, match, "left")
    return joined.drop(*keys.values(), *[f"{key}_{name}" for key in keys.values()])


def _brought(plan: ReadingPlan, name: str) -> dict[str, str]:
    columns: tuple[str, ...] = getattr(plan.reading, "columns", ())
    return {column: f"{name}.{column}" for column in columns}


def _require_unique(found: DataFrame, name: str, keys: list[str], plan: ReadingPlan) -> None:
    present = found.where(F.col(keys[0]).isNotNull())
    repeated = present.groupBy(*keys).count().where("count > 1").orderBy(*keys).limit(3).collect()
    if repeated:
        shown = ", ".join("/".join(str(row[key]) for key in keys) for row in repeated)
        raise SourceError(
            f"lookup {name} has several rows for {shown}",
            "one row a key",
            f"a filter or group for lookup {name} of {', '.join(plan.reading.files)} in the mapping",
        )
