"""Events laid out for the sweep: Parquet files by borrower bucket, sorted by borrower and time, read slice by slice.

Neither engine keeps a bucket or an order through its own Parquet reader and writer, so both ends stand here, under
`mapInArrow`: the writer sorts what a task was dealt, the reader merges a bucket's layers and gives whole borrowers.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from runtime.laid_order import ORDER, OWNER, cuts, in_order, merged

BUCKET = "borrower_bucket"
TOLD = f"{BUCKET} long, path string, row_count long"
"""What a writing task tells of each file."""
ROW_GROUP = 131_072
"""About so many events are read at once; a borrower's are never divided."""
RUN_ROWS = 1_000_000
"""So many events a writing task holds, unless told otherwise."""


def write(rows: Iterable[pa.RecordBatch], folder: Path, run_rows: int = RUN_ROWS) -> Iterator[pa.RecordBatch]:
    """Write the events that a task was dealt as sorted files of each bucket; tell bucket, path and number of rows.

    Args:
        rows: Events with `borrower_bucket`, `borrower_id` and the columns of `ORDER`; no borrower null.
        folder: Where each bucket gets a folder; a file gets a name of its own.
        run_rows: Whenever so many rows are held they are sorted and written, so that memory holds no more.
    """
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in rows:
        if batch.num_rows:
            held.append(batch)
            count += batch.num_rows
        if count >= run_rows:
            run, held, count = pa.Table.from_batches(held), [], 0
            yield from _write_run(run, folder)
    if held:
        yield from _write_run(pa.Table.from_batches(held), folder)


def _write_run(run: pa.Table, folder: Path) -> Iterator[pa.RecordBatch]:
    """Write a sorted file for each bucket of some rows."""
    run = run.combine_chunks()
    buckets = run.column(BUCKET).to_numpy()
    order = np.argsort(buckets, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(buckets[order])) + 1):
        part = in_order(encoded(run.take(pa.array(rows))))
        bucket = int(buckets[rows[0]])
        path = _new_path(folder, bucket)
        with _writer(path, part.schema) as writer:
            _write(writer, part)
        yield told(bucket, path, part.num_rows)


def merge(rows: Iterable[pa.RecordBatch], folder: Path, layer: str, column: str) -> Iterator[pa.RecordBatch]:
    """Merge the files of each bucket that a task was dealt into one, as a layer of that name; tell of it.

    Args:
        rows: A bucket a row: its number, and under `column` its files, a line each.
        folder: Where each bucket gets a folder.
        layer: Name that the merged rows bear.
        column: Name of the table.
    """
    for batch in rows:
        for row in batch.to_pylist():
            path = _new_path(folder, row[BUCKET])
            yield told(row[BUCKET], path, _merge(row[column].splitlines(), path, layer))


def _merge(paths: Sequence[str], path: Path, layer: str) -> int:
    count = 0
    schema = pq.read_schema(paths[0])
    with _writer(path, schema) as writer:
        for part in slices(paths, schema.names):
            named = pa.repeat(pa.scalar(layer), part.num_rows).dictionary_encode()
            place = part.column_names.index("layer")
            _write(writer, part.set_column(place, "layer", named).select(schema.names))
            count += part.num_rows
    return count


def _new_path(folder: Path, bucket: int) -> Path:
    path = folder / f"{BUCKET}={bucket}" / f"{uuid4().hex[:16]}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """Open a file whose texts are written as the dictionaries that they are read as; any column may be null."""
    code = pa.dictionary(pa.int32(), pa.string())
    typed = (item.with_type(code) if pa.types.is_string(item.type) else item for item in schema)
    fields = [item.with_nullable(True) for item in typed]
    return pq.ParquetWriter(path, pa.schema(fields), compression="lz4", store_schema=False)


def _write(writer: pq.ParquetWriter, part: pa.Table) -> None:
    """Write sorted events in row groups of whole borrowers."""
    for begin, end in pairwise(cuts(part, ROW_GROUP)):
        writer.write_table(part.slice(begin, end - begin).cast(writer.schema), row_group_size=end - begin)


def told(bucket: int, path: Path, rows: int) -> pa.RecordBatch:
    """Give one row about a written file."""
    return pa.RecordBatch.from_pydict(
        {BUCKET: pa.array([bucket], pa.int64()), "path": [str(path)], "row_count": pa.array([rows], pa.int64())}
    )


def encoded(table: pa.Table) -> pa.Table:
    """Give text columns as dictionaries, each with one dictionary."""
    texts = [place for place, item in enumerate(table.schema) if pa.types.is_string(item.type)]
    for place in texts:
        table = table.set_column(place, table.schema.names[place], table.column(place).dictionary_encode())
    return table.unify_dictionaries().combine_chunks()


def slices(paths: Sequence[str], columns: Sequence[str]) -> Iterator[pa.Table]:
    """Read one bucket's files merged, in slices of whole borrowers in order: about a row group of each file at once.

    Args:
        paths: The bucket's files, each as `write` leaves it.
        columns: Columns wanted; the borrower's is always there, those of `ORDER` where several files are merged.
    """
    names = list(dict.fromkeys([OWNER, *columns, *(ORDER if len(paths) > 1 else ())]))
    layers = [_Layer(path, names) for path in paths]
    while layers := [layer for layer in layers if layer.fill()]:
        bound = min(layer.last for layer in layers)
        parts = (layer.up_to(bound) for layer in layers)
        yield merged([part for part in parts if part.num_rows])


def any_true(paths: Sequence[str], column: str) -> bool:
    """Tell whether a flag column is set anywhere, by what the files say of themselves."""
    return any(_is_set(group.column(place)) for path in paths for group, place in _groups(path, column))


def _groups(path: str, column: str) -> Iterator[tuple[pq.RowGroupMetaData, int]]:
    footer = pq.read_metadata(path)
    place = footer.schema.names.index(column)
    yield from ((footer.row_group(number), place) for number in range(footer.num_row_groups))


def _is_set(chunk: pq.ColumnChunkMetaData) -> bool:
    told = chunk.statistics
    return told is None or not told.has_min_max or bool(told.max)


class _Layer:
    """One file of a bucket, read row group by row group: each holds whole borrowers."""

    def __init__(self, path: str, names: Sequence[str]) -> None:
        """Open the file; its text columns stay dictionaries."""
        schema = pq.read_schema(path)
        texts = [name for name in names if pa.types.is_string(schema.field(name).type)]
        self._file = pq.ParquetFile(path, read_dictionary=texts)
        self._names = list(names)
        self._next = 0
        self._held: pa.Table | None = None

    def fill(self) -> bool:
        """Read on where nothing is held; tell whether there was anything."""
        while (self._held is None or not self._held.num_rows) and self._next < self._file.num_row_groups:
            self._held = self._file.read_row_group(self._next, columns=self._names, use_threads=False)
            self._next += 1
        return self._held is not None and self._held.num_rows > 0

    @property
    def last(self) -> str:
        """Give the last borrower held, all of whose events are held."""
        return str(self._table.column(OWNER)[-1].as_py())

    @property
    def _table(self) -> pa.Table:
        if self._held is None:
            raise ValueError("nothing was read yet: fill first")
        return self._held

    def up_to(self, borrower: str) -> pa.Table:
        """Take the rows up to and with a borrower's."""
        owners = self._table.column(OWNER).combine_chunks()
        is_within = pc.less_equal(owners.dictionary, borrower).to_numpy(zero_copy_only=False)
        count = int(is_within[owners.indices.to_numpy()].sum())
        taken, self._held = self._table.slice(0, count), self._table.slice(count)
        return taken
