"""Refining: raw files become typed rows of the house's tables, and every row that was read is accounted for.

Each table is computed and written once, and given with the fate of every row: PUBLISHED, FILTERED or MERGED by the
mapping's own rule, or QUARANTINED under the code of the first rule that it breaks. Tables come in the order in which
they refer to each other, so a row whose borrower was quarantined is quarantined too.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from runtime.pseudonym import require
from runtime.raw_files import MISSING_COLUMN
from runtime.refine_checks import (
    UNKNOWN_REFERENCE,
    apply_marks,
    first_marks,
    references,
    repeats,
    schedules,
    stacked,
)
from runtime.refine_rows import PLACE, type_rows
from runtime.refine_shape import FILTERED, MERGED, Delivery, shape
from schemas.errors import SourceError
from schemas.house import QUARANTINE, SOURCE_TABLES
from schemas.table import Table

PUBLISHED = "PUBLISHED"
QUARANTINED = "QUARANTINED"
FATES = (FILTERED, MERGED, PUBLISHED, QUARANTINED)
SAMPLE_ROWS = 3


@dataclass(frozen=True, slots=True)
class Accounting:
    """Where the rows of a table went; `read` is their sum, always.

    Args:
        table: The table.
        read: Rows that the mapping's parts read for it; an unpivoted row counts once an index.
        filtered: Dropped by the mapping's filter.
        merged: Folded by the mapping's grouping, or an identical repeat.
        published: Published.
        quarantined: Broke a rule.
        codes: Quarantined rows by code.
    """

    table: str
    read: int
    filtered: int
    merged: int
    published: int
    quarantined: int
    codes: Mapping[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """Give what the command line prints."""
        names = ("read", "filtered", "merged", "published", "quarantined")
        return {**{name: getattr(self, name) for name in names}, "codes": dict(self.codes)}


@dataclass(frozen=True, slots=True)
class Refined:
    """A table refined from raw files: rows to publish, rows in quarantine, and the count of all."""

    table: Table
    published: DataFrame
    quarantine: DataFrame
    accounting: Accounting


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in the raw files that does not fit the mapping: how many rows, and the first few of them."""

    table: str
    code: str
    column: str | None
    count: int
    samples: tuple[dict[str, object], ...]


def refine(
    session: SparkSession,
    delivery: Delivery,
    work: Path,
    batch: str,
    published: Mapping[str, DataFrame],
    tell: Callable[[Accounting], None] = lambda _: None,
) -> Iterator[Refined]:
    """Refine the tables of a source, each after the tables that it refers to; none is given before all are sound.

    Args:
        session: The engine.
        delivery: What to read and how.
        work: Empty folder for the refined rows, which the given frames read: keep it until they are published.
        batch: Name of the ingest batch; it stands in every row.
        published: What other batches have published, by table; a table may be left out where nothing was.
        tell: Called with each table's accounting as soon as it is read and judged, long before the first is given.

    Raises:
        SourceError: Files are not there, lack a column, or a lookup is ambiguous.
        ConfigurationError: The mapping names personal columns and there is no secret.
    """
    refined = []
    for one in _refine(session, delivery, work, batch, published):
        refined.append(one)
        tell(one[2])
    for _, rows, accounting in refined:
        _refuse_missing(rows, accounting, delivery)
    for table, rows, accounting in refined:
        yield Refined(
            table, rows.where(F.col("_fate") == PUBLISHED).select(*table.names), _quarantine(rows, table), accounting
        )


def check_source(session: SparkSession, delivery: Delivery, work: Path) -> list[Finding]:
    """Tell what of the raw files does not fit the mapping, with counts and sample rows; nothing is published.

    Raises:
        SourceError: Files are not there, or a lookup is ambiguous.
    """
    found: list[Finding] = []
    for table, rows, accounting in _refine(session, delivery, work, "check", {}):
        if accounting.quarantined:
            found.extend(_findings(rows, table))
    return found


def _refine(
    session: SparkSession, delivery: Delivery, work: Path, batch: str, published: Mapping[str, DataFrame]
) -> Iterator[tuple[Table, DataFrame, Accounting]]:
    if delivery.plan.personal:
        require(delivery.secret, delivery.plan.mapping.name)
    known = {name: [frame] for name, frame in published.items()}
    for table in SOURCE_TABLES:
        parts = delivery.plan.parts.get(table.name)
        if parts:
            typed = [
                type_rows(shape(session, delivery, plan), delivery, plan, number, batch)
                for number, plan in enumerate(parts)
            ]
            rows = _written(session, stacked(typed), work / table.name)
            rows = _judged(session, rows, table, known, published.get(table.name), work / f"{table.name}-marks")
            known.setdefault(table.name, []).append(rows.where(F.col("_fate") == PUBLISHED).select(*table.names))
            yield table, rows, _account(rows, table)


def _judged(
    session: SparkSession,
    rows: DataFrame,
    table: Table,
    known: Mapping[str, Sequence[DataFrame]],
    published: DataFrame | None,
    work: Path,
) -> DataFrame:
    """Give the rows with the fate that they have beside others; only marks of the fallen are computed and written."""
    marks = [*repeats(rows, table, published), *references(rows, table, known)]
    rows = _marked(session, rows, marks, work / "one")
    if table.name == "instalments" and "receivables" in known:
        rows = _marked(session, rows, [schedules(rows, published, known["receivables"])], work / "two")
    fate = F.when(F.col("_code").isNotNull(), F.lit(QUARANTINED)).otherwise(F.lit(PUBLISHED))
    return rows.withColumn("_fate", F.coalesce("_fate", fate))


def _marked(session: SparkSession, rows: DataFrame, marks: Sequence[DataFrame], folder: Path) -> DataFrame:
    written = _written(session, first_marks(marks), folder)
    return apply_marks(rows, written) if written.limit(1).count() else rows


def _written(session: SparkSession, frame: DataFrame, folder: Path) -> DataFrame:
    frame.write.mode("overwrite").parquet(folder.as_uri())
    return session.read.schema(frame.schema).parquet(folder.as_uri())


def _account(rows: DataFrame, table: Table) -> Accounting:
    counted = rows.groupBy("_fate", "_code").count().collect()
    fates = {fate: sum(row["count"] for row in counted if row["_fate"] == fate) for fate in FATES}
    codes = {row["_code"]: row["count"] for row in counted if row["_fate"] == QUARANTINED}
    read = rows.select(*PLACE).distinct().count()
    if read != sum(fates.values()):
        raise SourceError(
            f"{read} rows read for {table.name}, {sum(fates.values())} accounted for",
            "every row has one fate",
            "a defect",
        )
    return Accounting(
        table=table.name,
        read=read,
        filtered=fates[FILTERED],
        merged=fates[MERGED],
        published=fates[PUBLISHED],
        quarantined=fates[QUARANTINED],
        codes=dict(sorted(codes.items())),
    )


def _quarantine(rows: DataFrame, table: Table) -> DataFrame:
    place = F.concat_ws("|", "source", F.lit(table.name), *PLACE)
    named = {
        "row_id": F.sha2(place, 256),
        "table_name": F.lit(table.name),
        "file": F.col("_file"),
        "line_number": F.col("_row"),
        "code": F.col("_code"),
        "column_name": F.col("_column"),
        "unknown_id": _unknown_id(table),
        "raw": F.col("_raw"),
    }
    return rows.where(F.col("_fate") == QUARANTINED).withColumns(named).select(*QUARANTINE.names)


def _unknown_id(table: Table) -> Column:
    """Give the id that a row names and no batch has, where that is its fault."""
    named = F.lit(None).cast("string")
    for column in table.columns:
        if column.refers_to:
            named = F.when(F.col("_column") == column.name, F.col(column.name)).otherwise(named)
    return F.when(F.col("_code") == UNKNOWN_REFERENCE, named)


def _refuse_missing(rows: DataFrame, accounting: Accounting, delivery: Delivery) -> None:
    if MISSING_COLUMN not in accounting.codes:
        return
    lacking = (
        rows.where(F.col("_code") == MISSING_COLUMN)
        .select("_file", "_raw")
        .distinct()
        .orderBy("_file")
        .limit(3)
        .collect()
    )
    name = delivery.plan.mapping.name
    raise SourceError(
        "; ".join(f"{row['_file']}: {row['_raw']}" for row in lacking),
        f"the columns that the mapping of source {name} names for {accounting.table}",
        f"the files, or conf/sources/{name}.yaml (poolwright sources check {name} --from DIR tells more)",
    )


def _findings(rows: DataFrame, table: Table) -> Iterator[Finding]:
    bad = rows.where(F.col("_fate") == QUARANTINED)
    kinds = bad.groupBy("_code", "_column").count().orderBy("_code", "_column").collect()
    for kind in kinds:
        same = (F.col("_code") == kind["_code"]) & F.col("_column").eqNullSafe(F.lit(kind["_column"]))
        first = bad.where(same).orderBy(*PLACE).limit(SAMPLE_ROWS).select("_file", "_row", "_raw").collect()
        samples = tuple({"file": row["_file"], "row": row["_row"], "raw": row["_raw"]} for row in first)
        yield Finding(table.name, kind["_code"], kind["_column"], kind["count"], samples)
