"""What a row can only be judged on beside others: repeats, conflicts, references, schedules that do not sum.

Each judge reads the few columns that it needs and gives marks: place, rank, fate, code and column of the rows that do
not stand. Marks are few where rows are many, so the rows themselves are never shuffled.
"""

from collections.abc import Mapping, Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from runtime.refine_rows import PLACE
from runtime.refine_shape import MERGED
from schemas.table import Table

DUPLICATE_KEY = "DUPLICATE_KEY"
UNKNOWN_REFERENCE = "UNKNOWN_REFERENCE"
SCHEDULE_DOES_NOT_SUM = "SCHEDULE_DOES_NOT_SUM"
MARK = (*PLACE, "_rank", "_mark_fate", "_mark_code", "_mark_column")
SCHEDULE = ("receivable_id", "schedule_version_number")
LINE = (*SCHEDULE, "period_number", "known_at", "is_deleted", "principal_due_amount")


def sound(rows: DataFrame) -> DataFrame:
    """Give the rows that go on and broke no rule by themselves."""
    return rows.where(F.col("_fate").isNull() & F.col("_code").isNull())


def repeats(rows: DataFrame, table: Table, published: DataFrame | None) -> list[DataFrame]:
    """Mark identical repeats and conflicts, within the batch and with what other batches published.

    What is published stands; else the first row by part, file and position does. A row with the same key and known
    time is merged where its content is the same, and `DUPLICATE_KEY` where it is not.
    """
    key = table.row_key
    lines = sound(rows).select(*PLACE, *key, "record_hash")
    hashed = lines.withColumn("_hash", F.xxhash64(*key))
    several = hashed.groupBy("_hash").count().where("count > 1").select("_hash")
    alike = Window.partitionBy(*key).orderBy(*PLACE)
    ranked = hashed.join(several, "_hash").withColumns(
        {"_standing": F.first("record_hash").over(alike), "_nth": F.row_number().over(alike)}
    )
    marks = [_beside(ranked.where("_nth > 1"), 1, table)]
    if published is not None:
        standing = published.select(*key, F.col("record_hash").alias("_standing")).dropDuplicates(list(key))
        marks.append(_beside(lines.join(standing, list(key)), 0, table))
    return marks


def _beside(rows: DataFrame, rank: int, table: Table) -> DataFrame:
    same = F.col("record_hash") == F.col("_standing")
    fate, code = F.when(same, F.lit(MERGED)), F.when(~same, F.lit(DUPLICATE_KEY))
    return _marks(rows, rank, fate, code, F.when(~same, F.lit(table.key[0])))


def _marks(rows: DataFrame, rank: int, fate: Column, code: Column, column: Column) -> DataFrame:
    named = {"_rank": F.lit(rank), "_mark_fate": fate, "_mark_code": code, "_mark_column": column}
    return rows.select(
        *PLACE, *[value.cast("string" if n else "int").alias(name) for n, (name, value) in enumerate(named.items())]
    )


def references(rows: DataFrame, table: Table, known: Mapping[str, Sequence[DataFrame]]) -> list[DataFrame]:
    """Mark rows that name a borrower, merchant, order or receivable that no batch has, this one included."""
    marks = []
    for rank, column in enumerate(table.columns, 2):
        if column.refers_to:
            there, name = column.refers_to.split(".")
            lost = sound(rows).where(F.col(column.name).isNotNull()).select(*PLACE, F.col(column.name).alias("_id"))
            if there in known:
                lost = lost.join(
                    stacked([part.select(F.col(name).alias("_id")) for part in known[there]]), "_id", "left_anti"
                )
            marks.append(_marks(lost, rank, F.lit(None), F.lit(UNKNOWN_REFERENCE), F.lit(column.name)))
    return marks


def schedules(rows: DataFrame, published: DataFrame | None, receivables: Sequence[DataFrame]) -> DataFrame:
    """Mark every line of a schedule whose principal, latest versions taken, is not the receivable's principal."""
    lines = sound(rows).select(*LINE)
    lines = lines.unionByName(published.select(*LINE)) if published is not None else lines
    latest = Window.partitionBy(*SCHEDULE, "period_number").orderBy(F.col("known_at").desc())
    standing = lines.withColumn("_nth", F.row_number().over(latest)).where("_nth = 1 and not is_deleted")
    sums = standing.groupBy(*SCHEDULE).agg(F.sum("principal_due_amount").cast("decimal(28,2)").alias("_sum"))
    compared = sums.join(_principals(receivables), "receivable_id", "left")
    wrong = compared.where(~F.coalesce(F.col("_sum") == F.col("_principal"), F.lit(False))).select(*SCHEDULE)
    broken = sound(rows).where("not is_deleted").select(*PLACE, *SCHEDULE).join(wrong, list(SCHEDULE))
    return _marks(broken, 100, F.lit(None), F.lit(SCHEDULE_DOES_NOT_SUM), F.lit("principal_due_amount"))


def _principals(receivables: Sequence[DataFrame]) -> DataFrame:
    rows = stacked([part.select("receivable_id", "known_at", "original_principal_amount") for part in receivables])
    latest = Window.partitionBy("receivable_id").orderBy(F.col("known_at").desc())
    first = rows.withColumn("_nth", F.row_number().over(latest)).where("_nth = 1")
    return first.select("receivable_id", F.col("original_principal_amount").alias("_principal"))


def first_marks(marks: Sequence[DataFrame]) -> DataFrame:
    """Give one mark a row: the one of the lowest rank."""
    first = Window.partitionBy(*PLACE).orderBy("_rank")
    return stacked(marks).withColumn("_nth", F.row_number().over(first)).where("_nth = 1").select(*MARK)


def apply_marks(rows: DataFrame, marks: DataFrame) -> DataFrame:
    """Give the rows with fate and code as marked."""
    joined = rows.join(marks, list(PLACE), "left")
    marked = {
        "_fate": F.coalesce("_fate", "_mark_fate"),
        "_code": F.coalesce("_code", "_mark_code"),
        "_column": F.coalesce("_column", "_mark_column"),
    }
    return joined.withColumns(marked).select(*rows.columns)


def stacked(frames: Sequence[DataFrame]) -> DataFrame:
    """Give the rows of all frames as one."""
    whole = frames[0]
    for frame in frames[1:]:
        whole = whole.unionByName(frame)
    return whole
