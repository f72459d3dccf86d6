"""Raw files as an engine frame of text columns, read inside the engine's tasks by pyarrow."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import DateType, LongType, StringType, StructField, StructType

from runtime.mapping import SourceMapping
from runtime.pseudonym import pseudonymize, require
from runtime.raw_files import Chunk, FileLayout, read_file
from schemas.errors import SourceError

TASKS = 8
SHOWN_NAMES = 8
"""Of what a folder holds, an error names so many."""
ARROW_PLACE = [
    ("_file", pa.string()),
    ("_row", pa.int64()),
    ("_delivery", pa.date32()),
    ("_fault", pa.string()),
    ("_fault_text", pa.string()),
]
ENGINE_PLACE = [
    StructField("_file", StringType()),
    StructField("_row", LongType()),
    StructField("_delivery", DateType()),
    StructField("_fault", StringType()),
    StructField("_fault_text", StringType()),
]
FILES = StructType(
    [StructField("path", StringType()), StructField("name", StringType()), StructField("day", DateType())]
)


@dataclass(frozen=True, slots=True)
class RawFile:
    """A file of a source: where it is, what it is called within the source folder, and when it was delivered.

    Args:
        path: Absolute path.
        name: Path relative to the source folder.
        day: Local day of the delivery; None where the mapping knows no deliveries and none was given.
    """

    path: Path
    name: str
    day: date | None


def delivery_days(mapping: SourceMapping, folder: Path) -> list[date]:
    """List the days on which a folder-by-day source was delivered, in order; empty for a source that is one delivery.

    Raises:
        SourceError: There is no such folder, or it holds no delivery.
    """
    if not folder.is_dir():
        raise SourceError(f"no folder {folder}", f"the raw files of source {mapping.name}", "--from DIR")
    if mapping.deliveries == "whole":
        return []
    days = sorted(day for entry in folder.iterdir() if entry.is_dir() and (day := _day(entry.name)))
    if not days:
        raise SourceError(f"no folder named YYYY-MM-DD in {folder}", f"deliveries of {mapping.name}", "--from DIR")
    return days


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(name) if len(name) == len("2025-01-01") else None
    except ValueError:
        return None


def find_files(
    mapping: SourceMapping,
    patterns: Sequence[str],
    folder: Path,
    days: Collection[date] | None = None,
    known_on: date | None = None,
) -> list[RawFile]:
    """List the files that patterns mean, in order of delivery and name.

    Args:
        mapping: The source.
        patterns: Globs relative to a delivery.
        folder: The source's folder.
        days: Deliveries to read; None means all.
        known_on: Delivery day of a source that is one delivery.

    Raises:
        SourceError: No delivery holds such a file, and the source is one delivery.
    """
    found = delivery_days(mapping, folder)
    if mapping.deliveries == "folder-by-day":
        wanted = [day for day in found if days is None or day in days]
        return [file for day in wanted for file in _glob(patterns, folder, folder / day.isoformat(), day)]
    files = _glob(patterns, folder, folder, known_on)
    if not files:
        names = sorted(entry.name for entry in folder.iterdir())
        more = f" and {len(names) - SHOWN_NAMES:,} more" if len(names) > SHOWN_NAMES else ""
        present = (", ".join(names[:SHOWN_NAMES]) or "nothing") + more
        raise SourceError(
            f"no file {' or '.join(patterns)} in {folder}, which holds {present}",
            f"the files that source {mapping.name} names",
            f"--from DIR, or conf/sources/{mapping.name}.yaml",
        )
    return files


def _glob(patterns: Sequence[str], root: Path, folder: Path, day: date | None) -> list[RawFile]:
    paths = {path for pattern in patterns for path in folder.glob(pattern) if not path.is_dir()}
    return [RawFile(path.resolve(), path.relative_to(root).as_posix(), day) for path in sorted(paths)]


def column_of(raw: str) -> str:
    """Give the engine's name for a raw column, which cannot clash with a canonical one."""
    return "raw_" + raw.replace(".", "__")


def read_raw(
    session: SparkSession,
    files: Sequence[RawFile],
    layout: FileLayout,
    secret: bytes | None = None,
    personal: Collection[str] = (),
) -> DataFrame:
    """Read raw files as text columns with `_file`, `_row`, `_delivery`, `_fault` and `_fault_text`.

    A row whose `_fault` is not null holds no values: a line or file that could not be read, or `MISSING_COLUMN`.
    Columns named in `personal` come out as pseudonyms.
    """
    key = require(secret, "with personal columns") if personal else None
    rows = [(str(file.path), file.name, file.day) for file in files]
    texts = [StructField(column_of(name), StringType()) for name in layout.wanted]
    schema = StructType([*texts, *ENGINE_PLACE])
    if not rows:
        return session.createDataFrame([], schema)
    small = session.createDataFrame(rows, FILES).repartition(min(len(rows), TASKS))
    return small.mapInArrow(reader(layout, key, frozenset(personal)), schema)


def reader(
    layout: FileLayout, secret: bytes | None, personal: frozenset[str]
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Give the function that a task runs over its list of files."""
    texts = [(column_of(name), pa.string()) for name in layout.wanted]
    schema = pa.schema([*texts, *ARROW_PLACE])

    def read(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for file in batch.to_pylist():
                for chunk in read_file(Path(file["path"]), layout):
                    yield from _batches(chunk, schema, layout, file, secret, personal)

    return read


def _batches(
    chunk: Chunk,
    schema: pa.Schema,
    layout: FileLayout,
    file: dict[str, object],
    secret: bytes | None,
    personal: frozenset[str],
) -> Iterator[pa.RecordBatch]:
    size = len(chunk.rows)
    if size:
        columns = [
            pseudonymize(chunk.columns[name], secret) if secret and name in personal else chunk.columns[name]
            for name in layout.wanted
        ]
        nothing = pa.nulls(size, pa.string())
        yield pa.RecordBatch.from_arrays([*columns, *_place(file, chunk.rows), nothing, nothing], schema=schema)
    if chunk.faults:
        rows = pa.array([fault.row for fault in chunk.faults], pa.int64())
        codes = pa.array([fault.code for fault in chunk.faults], pa.string())
        texts = pa.array([fault.text for fault in chunk.faults], pa.string())
        nothing = [pa.nulls(len(rows), pa.string()) for _ in layout.wanted]
        yield pa.RecordBatch.from_arrays([*nothing, *_place(file, rows), codes, texts], schema=schema)


def _place(file: dict[str, object], rows: pa.Array) -> list[pa.Array]:
    size = len(rows)
    return [
        pa.repeat(pa.scalar(file["name"], pa.string()), size),
        rows,
        pa.repeat(pa.scalar(file["day"], pa.date32()), size),
    ]
