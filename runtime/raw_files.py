"""One raw file to chunks of text columns: Parquet, CSV and JSON lines, compressed or not, broken or not.

Nothing is lost: a line that cannot be read comes out as a fault with its place, and a file that cannot be read as one
fault at row 0. Every value is text; blank text is null.
"""

import csv
import io
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

BATCH = 65_536
BROKEN_LINE = "BROKEN_LINE"
WRONG_ENCODING = "WRONG_ENCODING"
UNREADABLE_FILE = "UNREADABLE_FILE"
MISSING_COLUMN = "MISSING_COLUMN"
UNREADABLE = (pa.ArrowException, OSError, EOFError, zlib.error, csv.Error)


@dataclass(frozen=True, slots=True)
class FileLayout:
    """How a raw file is written and which of its columns are wanted.

    Args:
        format: parquet, csv or jsonl.
        columns: Wanted columns; a file without one of them is a broken promise.
        optional: Wanted columns that may lack; null then.
        delimiter: Between CSV values.
        encoding: Of text files.
        nulls: Words that mean null, besides blank text.
    """

    format: str
    columns: tuple[str, ...]
    optional: tuple[str, ...] = ()
    delimiter: str = ","
    encoding: str = "utf-8"
    nulls: tuple[str, ...] = ()

    @property
    def wanted(self) -> tuple[str, ...]:
        """Give all columns that come out, in order."""
        return (*self.columns, *self.optional)


@dataclass(frozen=True, slots=True)
class Fault:
    """What could not be read: row 0 is the file itself. The text never repeats the file's content."""

    row: int
    code: str
    text: str


PLAIN_TEXT = frozenset({".csv", ".txt", ".tsv", ".asc", ".json", ".jsonl", ".ndjson", ".log", ""})
"""Endings of files that may be empty; no Parquet or compressed file of no bytes was ever written whole."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows of a file: text columns, their positions from 1, and what could not be read among them."""

    columns: dict[str, pa.Array] = field(default_factory=dict)
    rows: pa.Array = field(default_factory=lambda: pa.array([], pa.int64()))
    faults: tuple[Fault, ...] = ()


def read_file(path: Path, layout: FileLayout) -> Iterator[Chunk]:
    """Read a file in chunks; what cannot be read comes out as faults, and no error leaves this function."""
    done = 0
    try:
        if path.stat().st_size == 0 and path.suffix in PLAIN_TEXT:
            return
        for chunk in READERS[layout.format](path, layout):
            done += len(chunk.rows) + len(chunk.faults)
            yield _tidy(chunk, layout)
    except UNREADABLE as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        yield Chunk(faults=(Fault(0, UNREADABLE_FILE, f"after {done} rows: {reason}"),))


def _missing(layout: FileLayout, present: Sequence[str]) -> tuple[Fault, ...]:
    lacking = [name for name in layout.columns if name not in present]
    if not lacking:
        return ()
    return (Fault(0, MISSING_COLUMN, f"no column {', '.join(lacking)}; it has {', '.join(sorted(present))}"),)


def _tidy(chunk: Chunk, layout: FileLayout) -> Chunk:
    absent = pa.nulls(len(chunk.rows), pa.string())
    words = pa.array(list(layout.nulls), pa.string())
    columns = {}
    for name in layout.wanted:
        column = chunk.columns.get(name, absent)
        is_null = pc.equal(pc.utf8_trim_whitespace(column), "")
        if layout.nulls:
            is_null = pc.or_(is_null, pc.is_in(column, value_set=words))
        columns[name] = pc.if_else(pc.fill_null(is_null, fill_value=False), pa.scalar(None, pa.string()), column)
    return Chunk(columns, chunk.rows, chunk.faults)


def _positions(first: int, length: int) -> pa.Array:
    return pa.array(range(first, first + length), pa.int64())


def _parquet(path: Path, layout: FileLayout) -> Iterator[Chunk]:
    with pq.ParquetFile(path) as file:
        present = file.schema_arrow.names
        if faults := _missing(layout, present):
            yield Chunk(faults=faults)
            return
        first = 1
        for batch in file.iter_batches(BATCH, columns=[name for name in layout.wanted if name in present]):
            columns = {name: as_text(batch.column(name)) for name in batch.schema.names}
            yield Chunk(columns, _positions(first, batch.num_rows))
            first += batch.num_rows


def as_text(column: pa.Array) -> pa.Array:
    """Write typed values as text: ISO days, moments in UTC with microseconds, plain decimals, shortest doubles."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return as_text(column.dictionary_decode())
    if pa.types.is_timestamp(kind):
        return column.cast(pa.timestamp("us"), safe=False).cast(pa.string())
    if pa.types.is_floating(kind):
        return _plain(pc.if_else(pc.is_nan(column), None, column).cast(pa.string()))
    if pa.types.is_nested(kind):
        return pa.array([None if value is None else json.dumps(value, default=str) for value in column.to_pylist()])
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return pa.array([None if value is None else value.hex() for value in column.to_pylist()], pa.string())
    return column.cast(pa.string())


def _plain(texts: pa.Array) -> pa.Array:
    exponent = pc.fill_null(pc.match_substring(texts, "e"), fill_value=False)
    if not pc.any(exponent).as_py():
        return texts
    plain = [format(Decimal(text), "f") for text in texts.filter(exponent).to_pylist()]
    return pc.replace_with_mask(texts, exponent, pa.array(plain, pa.string()))


def _csv(path: Path, layout: FileLayout) -> Iterator[Chunk]:
    names, faults = _header(path, layout)
    if not names or faults:
        yield Chunk(faults=faults)
        return
    broken: list[tuple[int, int, str]] = []

    def note(row: pacsv.InvalidRow) -> str:
        lines = 1 + row.text.rstrip("\r\n").count("\n")
        broken.append(
            (row.number - 1, lines, f"{row.actual_columns} values where the header has {row.expected_columns}")
        )
        return "skip"

    reader = pacsv.open_csv(
        pa.input_stream(path, compression="detect"),
        read_options=pacsv.ReadOptions(use_threads=False, column_names=names, skip_rows=1, block_size=1 << 22),
        parse_options=pacsv.ParseOptions(delimiter=layout.delimiter, invalid_row_handler=note, newlines_in_values=True),
        convert_options=pacsv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.binary()), include_columns=[n for n in layout.wanted if n in names]
        ),
    )
    yield from _number(reader, broken, layout.encoding)


def _header(path: Path, layout: FileLayout) -> tuple[list[str], tuple[Fault, ...]]:
    with io.BufferedReader(pa.input_stream(path, compression="detect")) as stream:
        line = stream.readline()
    try:
        text = line.decode(layout.encoding).removeprefix("\ufeff")
    except UnicodeDecodeError:
        return [], (Fault(0, WRONG_ENCODING, f"the header line is not {layout.encoding}"),)
    names = next(csv.reader([text], delimiter=layout.delimiter), [])
    return names, _missing(layout, names) if names else ()


def _number(batches: Iterator[pa.RecordBatch], broken: list[tuple[int, int, str]], encoding: str) -> Iterator[Chunk]:
    """Number rows as they stand in the file: a broken row takes its place, and one more for each line it swallowed."""
    position = reported = extra = 0
    for batch in batches:
        numbers: list[int] = []
        while len(numbers) < batch.num_rows:
            position += 1
            if reported < len(broken) and broken[reported][0] == position:
                extra += broken[reported][1] - 1
                reported += 1
            else:
                numbers.append(position + extra)
        yield _decode(batch, pa.array(numbers, pa.int64()), encoding)
    if broken:
        yield Chunk(faults=tuple(_faults(broken)))


def _faults(broken: list[tuple[int, int, str]]) -> Iterator[Fault]:
    extra = 0
    for number, lines, text in broken:
        for line in range(lines):
            yield Fault(number + extra + line, BROKEN_LINE, text)
        extra += lines - 1


def _decode(batch: pa.RecordBatch, rows: pa.Array, encoding: str) -> Chunk:
    try:
        if encoding.lower().replace("-", "") == "utf8":
            columns = {name: batch.column(name).cast(pa.string()) for name in batch.schema.names}
            return Chunk(columns, rows)
    except pa.ArrowInvalid:
        pass
    return _decode_rows(batch, rows, encoding)


def _decode_rows(batch: pa.RecordBatch, rows: pa.Array, encoding: str) -> Chunk:
    names = batch.schema.names
    kept: list[tuple[str | None, ...]] = []
    places, faults = [], []
    for row, values in zip(
        rows.to_pylist(), zip(*(batch.column(name).to_pylist() for name in names), strict=True), strict=True
    ):
        try:
            kept.append(tuple(value if value is None else value.decode(encoding) for value in values))
            places.append(row)
        except UnicodeDecodeError:
            faults.append(Fault(row, WRONG_ENCODING, f"not {encoding}"))
    columns = {name: pa.array([values[n] for values in kept], pa.string()) for n, name in enumerate(names)}
    return Chunk(columns, pa.array(places, pa.int64()), tuple(faults))


def _jsonl(path: Path, layout: FileLayout) -> Iterator[Chunk]:
    seen: set[str] = set()
    objects: list[tuple[int, dict[str, object]]] = []
    faults: list[Fault] = []
    with io.BufferedReader(pa.input_stream(path, compression="detect")) as stream:
        for number, line in enumerate(stream, 1):
            found = _object(number, line, layout.encoding)
            if isinstance(found, Fault):
                faults.append(found)
            elif found is not None:
                objects.append((number, found))
                seen.update(found)
            if len(objects) + len(faults) >= BATCH:
                yield _objects(objects, faults, layout)
                objects, faults = [], []
    if objects or faults:
        yield _objects(objects, faults, layout)
    if seen and (lacking := _missing(layout, sorted(seen))):
        yield Chunk(faults=lacking)


def _object(number: int, line: bytes, encoding: str) -> dict[str, object] | Fault | None:
    try:
        text = line.decode(encoding).removeprefix("\ufeff")
        if not text.strip():
            return None
        value = json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    except UnicodeDecodeError:
        return Fault(number, WRONG_ENCODING, f"not {encoding}")
    except (json.JSONDecodeError, RecursionError):
        return Fault(number, BROKEN_LINE, "not JSON")
    return value if isinstance(value, dict) else Fault(number, BROKEN_LINE, "not a JSON object")


def _objects(objects: list[tuple[int, dict[str, object]]], faults: list[Fault], layout: FileLayout) -> Chunk:
    columns = {name: pa.array([_word(value.get(name)) for _, value in objects], pa.string()) for name in layout.wanted}
    return Chunk(columns, pa.array([number for number, _ in objects], pa.int64()), tuple(faults))


def _word(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


READERS = {"parquet": _parquet, "csv": _csv, "jsonl": _jsonl}
