"""Events laid out for the sweep: Parquet files by borrower bucket, sorted by borrower and time, read slice by slice.

Neither engine keeps a bucket or an order through its own Parquet reader and writer, so both ends stand here, under
`mapInArrow`: the writer sorts what a task was dealt, the reader merges a bucket's layers and gives whole borrowers.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

BUCKET, OWNER = "borrower_bucket", "borrower_id"
ORDER = ("happened_at", "key_hash", "known_at")
"""Behind the borrower, what events are sorted by."""
TOLD = f"{BUCKET} long, path string, row_count long"
"""What a writing task tells of each file."""
ROW_GROUP = 131_072
SLICE_ROWS = 400_000


def write(rows: Iterable[pa.RecordBatch], folder: Path) -> Iterator[pa.RecordBatch]:
    """Write the events that a task was dealt, a sorted file for each bucket; tell bucket, path and number of rows.

    Args:
        rows: Events with `borrower_bucket`, `borrower_id` and the columns of `ORDER`; no borrower null.
        folder: Where each bucket gets a folder; a file gets a name of its own.
    """
    batches = [batch for batch in rows if batch.num_rows]
    if not batches:
        return
    held = pa.Table.from_batches(batches)
    buckets = held.column(BUCKET)
    for bucket in sorted(pc.unique(buckets).to_pylist()):
        part = in_order(encoded(held.filter(pc.equal(buckets, bucket))))
        path = folder / f"{BUCKET}={bucket}" / f"{uuid4().hex[:16]}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(part, path, compression="zstd", row_group_size=ROW_GROUP, store_schema=False)
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
            path = folder / f"{BUCKET}={row[BUCKET]}" / f"{uuid4().hex[:16]}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            paths = row[column].splitlines()
            yield told(row[BUCKET], path, _merged(paths, path, layer))


def _merged(paths: Sequence[str], path: Path, layer: str) -> int:
    count = 0
    schema = pq.read_schema(paths[0])
    with pq.ParquetWriter(path, schema, compression="zstd", store_schema=False) as writer:
        for part in slices(paths, schema.names):
            named = pa.repeat(pa.scalar(layer), part.num_rows)
            place = part.column_names.index("layer")
            ordered = part.set_column(place, "layer", named).select(schema.names).cast(schema)
            writer.write_table(ordered, row_group_size=ROW_GROUP)
            count += part.num_rows
    return count


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


def in_order(table: pa.Table) -> pa.Table:
    """Sort events by borrower, then by the columns of `ORDER`."""
    keys = [pc.cast(table.column(name), pa.int64()).to_numpy() for name in reversed(ORDER)]
    place = np.lexsort([*keys, owner_ranks(table)])
    return table.take(pa.array(place))


def owner_ranks(table: pa.Table) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Give each event its borrower's rank among the slice's borrowers, by the bytes of the id."""
    owners = table.column(OWNER).combine_chunks()
    rank = np.empty(len(owners.dictionary), np.int64)
    rank[pc.array_sort_indices(owners.dictionary).to_numpy()] = np.arange(len(rank))
    ranks: np.ndarray[tuple[int], np.dtype[np.int64]] = rank[owners.indices.to_numpy()]
    return ranks


def slices(paths: Sequence[str], columns: Sequence[str], most_rows: int = SLICE_ROWS) -> Iterator[pa.Table]:
    """Read one bucket's files merged, in slices of whole borrowers in order.

    Args:
        paths: The bucket's files, each sorted as `write` leaves them.
        columns: Columns wanted; the borrower's is always there, those of `ORDER` where several files are merged.
        most_rows: A slice grows to about so many rows; one borrower's events are never divided.
    """
    names = list(dict.fromkeys([OWNER, *columns, *(ORDER if len(paths) > 1 else ())]))
    layers = [_Layer(path, names) for path in paths]
    while any(layer.rows for layer in layers):
        for layer in layers:
            layer.fill(most_rows)
        bounds = [layer.last for layer in layers if not layer.is_spent]
        parts = [layer.below(min(bounds) if bounds else None) for layer in layers]
        parts = [part for part in parts if part.num_rows]
        if parts:
            whole = pa.concat_tables(parts).unify_dictionaries().combine_chunks()
            yield in_order(whole) if len(parts) > 1 else whole
        else:
            most_rows *= 2


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
    """One file of a bucket, read a few row groups ahead."""

    def __init__(self, path: str, names: Sequence[str]) -> None:
        """Open the file; its text columns stay dictionaries."""
        schema = pq.read_schema(path)
        texts = [name for name in names if pa.types.is_string(schema.field(name).type)]
        self._file = pq.ParquetFile(path, read_dictionary=texts)
        self._names = list(names)
        self._next = 0
        self._held = self._file.schema_arrow.empty_table().select(self._names)
        self.rows = self._file.metadata.num_rows

    @property
    def is_spent(self) -> bool:
        """Tell whether all row groups are read."""
        return self._next == int(self._file.num_row_groups)

    @property
    def last(self) -> str:
        """Give the last borrower read so far, of whom more may follow."""
        return str(self._held.column(OWNER)[-1].as_py())

    def fill(self, rows: int) -> None:
        """Read on until so many rows are held."""
        parts, count = [self._held], self._held.num_rows
        while count < rows and not self.is_spent:
            part = self._file.read_row_group(self._next, columns=self._names, use_threads=False)
            parts.append(part)
            count += part.num_rows
            self._next += 1
        self._held = pa.concat_tables(parts).unify_dictionaries() if len(parts) > 1 else self._held

    def below(self, bound: str | None) -> pa.Table:
        """Take the rows of borrowers before the bound, or all that is held."""
        count = self._held.num_rows if bound is None else self._before(bound)
        taken, self._held = self._held.slice(0, count), self._held.slice(count)
        self.rows -= count
        return taken

    def _before(self, bound: str) -> int:
        owners = self._held.column(OWNER).combine_chunks()
        is_before = pc.less(owners.dictionary, bound).to_numpy(zero_copy_only=False)
        return int(is_before[owners.indices.to_numpy()].sum())
