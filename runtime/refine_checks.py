"""What a row can only be judged on beside others: repeats, conflicts, references, schedules that do not sum."""

from collections.abc import Mapping, Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from runtime.refine_rows import PLACE
from runtime.refine_shape import MERGED
from schemas.table import Table

DUPLICATE_KEY = "DUPLICATE_KEY"
UNKNOWN_REFERENCE = "UNKNOWN_REFERENCE"
SCHEDULE_DOES_NOT_SUM = "SCHEDULE_DOES_NOT_SUM"
SCHEDULE = ("receivable_id", "schedule_version_number")
LINE = (*SCHEDULE, "period_number", "known_at", "is_deleted", "principal_due_amount")


def sound() -> Column:
    """Tell of a row that it goes on and broke no rule so far."""
    return F.col("_fate").isNull() & F.col("_code").isNull()


def blame(frame: DataFrame, breach: Column, code: str, column: str | None = None) -> DataFrame:
    """Note a code on the sound rows for which the breach is true."""
    broken = sound() & F.coalesce(breach, F.lit(False))
    return frame.withColumns(
        {
            "_code": F.when(broken, F.lit(code)).otherwise(F.col("_code")),
            "_column": F.when(broken, F.lit(column).cast("string")).otherwise(F.col("_column")),
        }
    )


def judge_repeats(frame: DataFrame, table: Table, published: DataFrame | None) -> DataFrame:
    """Merge identical repeats and refuse conflicts, within the batch and with what other batches published.

    What is published stands; else the first row by part, file and position does. A row with the same key and known
    time is merged where its content is the same, and `DUPLICATE_KEY` where it is not.
    """
    key = table.row_key
    frame = frame.withColumn("_sound", sound())
    same = Window.partitionBy("_sound", *key).orderBy(*PLACE)
    frame = frame.withColumn("_first", F.first("record_hash").over(same))
    frame = frame.withColumn("_nth", F.row_number().over(same))
    frame = _beside_published(frame, key, published)
    standing = F.coalesce("_published", "_first")
    repeat = (F.col("record_hash") == standing) & (F.col("_published").isNotNull() | (F.col("_nth") > 1))
    frame = frame.withColumn("_fate", F.when(sound() & repeat, F.lit(MERGED)).otherwise(F.col("_fate")))
    frame = blame(frame, F.col("record_hash") != standing, DUPLICATE_KEY, table.key[0])
    return frame.drop("_sound", "_first", "_nth", "_published")


def _beside_published(frame: DataFrame, key: Sequence[str], published: DataFrame | None) -> DataFrame:
    if published is None:
        return frame.withColumn("_published", F.lit(None).cast("string"))
    names = {name: f"_key_{number}" for number, name in enumerate(key)}
    known = published.select(
        *[F.col(name).alias(other) for name, other in names.items()], F.col("record_hash").alias("_published")
    ).dropDuplicates(list(names.values()))
    match = [frame[name] == known[other] for name, other in names.items()]
    return frame.join(known, match, "left").drop(*names.values())


def judge_references(frame: DataFrame, table: Table, known: Mapping[str, Sequence[DataFrame]]) -> DataFrame:
    """Refuse rows that name a borrower, merchant, order or receivable that no batch has, this one included."""
    for column in table.columns:
        if column.refers_to:
            there, name = column.refers_to.split(".")
            ids = [part.select(F.col(name).alias("_id")) for part in known.get(there, ())]
            frame = _judge_reference(frame, column.name, ids)
    return frame


def _judge_reference(frame: DataFrame, name: str, ids: Sequence[DataFrame]) -> DataFrame:
    if not ids:
        return blame(frame, F.col(name).isNotNull(), UNKNOWN_REFERENCE, name)
    there = stacked(ids).distinct().withColumn("_known", F.lit(True))
    joined = frame.join(there, F.col(name) == F.col("_id"), "left")
    lost = F.col(name).isNotNull() & F.col("_known").isNull()
    return blame(joined, lost, UNKNOWN_REFERENCE, name).drop("_id", "_known")


def judge_schedules(frame: DataFrame, published: DataFrame | None, receivables: Sequence[DataFrame]) -> DataFrame:
    """Refuse every line of a schedule whose principal, latest versions taken, is not the receivable's principal."""
    lines = frame.where(sound()).select(*LINE)
    lines = lines.unionByName(published.select(*LINE)) if published is not None else lines
    latest = Window.partitionBy(*SCHEDULE, "period_number").orderBy(F.col("known_at").desc())
    standing = lines.withColumn("_nth", F.row_number().over(latest)).where("_nth = 1 and not is_deleted")
    sums = standing.groupBy(*SCHEDULE).agg(F.sum("principal_due_amount").cast("decimal(28,2)").alias("_sum"))
    principal = _principals(receivables)
    compared = sums.join(principal, sums["receivable_id"] == principal["_id"], "left")
    wrong = compared.where(~F.coalesce(F.col("_sum") == F.col("_principal"), F.lit(False)))
    marks = wrong.select(
        F.col("receivable_id").alias("_id"),
        F.col("schedule_version_number").alias("_version"),
        F.lit(True).alias("_wrong"),
    )
    match = (frame["receivable_id"] == marks["_id"]) & (frame["schedule_version_number"] == marks["_version"])
    judged = frame.join(marks, match, "left")
    breach = F.coalesce(F.col("_wrong"), F.lit(False)) & ~F.col("is_deleted")
    return blame(judged, breach, SCHEDULE_DOES_NOT_SUM, "principal_due_amount").drop("_id", "_version", "_wrong")


def _principals(receivables: Sequence[DataFrame]) -> DataFrame:
    rows = stacked([part.select("receivable_id", "known_at", "original_principal_amount") for part in receivables])
    latest = Window.partitionBy("receivable_id").orderBy(F.col("known_at").desc())
    first = rows.withColumn("_nth", F.row_number().over(latest)).where("_nth = 1")
    return first.select(F.col("receivable_id").alias("_id"), F.col("original_principal_amount").alias("_principal"))


def stacked(frames: Sequence[DataFrame]) -> DataFrame:
    """Give the rows of all frames as one."""
    whole = frames[0]
    for frame in frames[1:]:
        whole = whole.unionByName(frame)
    return whole
