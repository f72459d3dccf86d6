"""The sweep on the engine: prepared streams dealt out by entity, each task's events walked by the compiled kernel."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DateType, DoubleType, StructField, StructType

from features.declarations import Aggregate, Aggregation
from features.sweep_events import EPOCH, swept
from features.sweep_program import Program, lower

IN_ORDER = frozenset({Aggregation.LAST, Aggregation.STREAK, Aggregation.LONGEST})
PLACE = ("_at", "_tie")


def swept_frame(events: DataFrame, aggregates: Sequence[Aggregate], as_of: date) -> DataFrame:
    """Compute aggregates of one stream for one entity: a row an entity, a double column an aggregate.

    Args:
        events: The stream as it was known at the start of the day, each event with `age_days`.
        aggregates: What to compute.
        as_of: The day.
    """
    program = lower(aggregates)
    dated = events.where(F.col(program.entity).isNotNull()).withColumn(
        "day", F.lit((as_of - EPOCH).days) - F.col("age_days")
    )
    is_ordered = any(each.aggregation in IN_ORDER or each.last_count for each in aggregates)
    wanted = dict.fromkeys((program.entity, "day", *program.columns, *(PLACE if is_ordered else ())))
    dealt = dated.select(*wanted).repartition(program.entity)
    found = dealt.mapInArrow(partial(_walk, program=program, as_of=as_of), row_type(events, program))
    return found.drop("as_of")


def row_type(events: DataFrame, program: Program) -> StructType:
    """Give the type of a swept row: the entity as it is, the day, doubles."""
    entity = events.schema[program.entity].dataType
    named = [StructField(program.entity, entity), StructField("as_of", DateType())]
    return StructType([*named, *(StructField(name, DoubleType()) for name in program.names)])


def _walk(batches: Iterable[pa.RecordBatch], program: Program, as_of: date) -> Iterator[pa.RecordBatch]:
    """Walk what one task was dealt: whole entities, in any order."""
    held = [batch for batch in batches if batch.num_rows]
    if not held:
        return
    rows = pa.Table.from_batches(held)
    place = PLACE if PLACE[0] in rows.column_names else ("day",)
    rows = rows.sort_by([(name, "ascending") for name in (program.entity, *place)])
    day = pc.cast(rows.column("day"), pa.int32())
    rows = rows.set_column(rows.column_names.index("day"), "day", day).append_column("since", day)
    yield from swept(rows, program, [as_of])
