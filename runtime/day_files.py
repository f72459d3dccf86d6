"""Rows of several as-of days that tasks write themselves: no engine need carry them, or hold them for a full file."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Self
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

AS_OF = "as_of"
TOLD = f"{AS_OF} date, path string, row_count long"
"""What a task tells of each file."""
ROW_GROUP = 16_384


def keep(rows: Iterable[pa.RecordBatch], folder: Path) -> Iterator[pa.RecordBatch]:
    """Write what a task found, a file for each as-of day, and tell of them: no engine need carry or buffer it.

    Args:
        rows: Rows with `as_of`, those of a day together in each batch.
        folder: Where each day gets a folder; a file gets a name of its own.
    """
    writers: dict[date, _DayFile] = {}
    with ExitStack() as files:
        for batch in rows:
            for day, part in _by_day(batch):
                if day not in writers:
                    path = folder / str(day) / f"{uuid4().hex[:16]}.parquet"
                    writers[day] = files.enter_context(_DayFile(path, batch.schema))
                writers[day].add(part)
    for day, writer in writers.items():
        told = {AS_OF: pa.array([day]), "path": pa.array([str(writer.path)]), "row_count": pa.array([writer.rows])}
        yield pa.RecordBatch.from_pydict(told)


def _by_day(batch: pa.RecordBatch) -> Iterator[tuple[date, pa.RecordBatch]]:
    if batch.num_rows:
        day = batch.column(AS_OF).cast(pa.int32()).to_numpy()
        bounds = [0, *(np.flatnonzero(day[1:] != day[:-1]) + 1).tolist(), len(day)]
        for begin, end in pairwise(bounds):
            yield batch.column(AS_OF)[begin].as_py(), batch.slice(begin, end - begin)


class _DayFile:
    """A file of one day's rows, written some thousand rows at once."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        """Open the file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path, self.rows = path, 0
        self._held: list[pa.RecordBatch] = []
        self._count = 0
        self._writer = pq.ParquetWriter(path, schema, compression="snappy", use_dictionary=False)

    def add(self, rows: pa.RecordBatch) -> None:
        """Take rows."""
        self._held.append(rows)
        self._count += rows.num_rows
        if self._count >= ROW_GROUP:
            self._write()

    def _write(self) -> None:
        if self._held:
            self._writer.write_table(pa.Table.from_batches(self._held), row_group_size=self._count)
        self.rows += self._count
        self._held, self._count = [], 0

    def __enter__(self) -> Self:
        """Give the file."""
        return self

    def __exit__(self, *_: object) -> None:
        """Write what is held, and close the file."""
        self._write()
        self._writer.close()
