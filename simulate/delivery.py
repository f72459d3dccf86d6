"""Deliveries: a raw log is cut by the day on which the platform had each row, and written in its own format."""

import gzip
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from simulate.arrays import DAY, Ints
from simulate.faults import Faulty

GZIP_LEVEL = 1
ONE_LINE = json.JSONEncoder(separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class RawLog:
    """All rows of one kind of file over the whole history, in order of the day of delivery.

    Args:
        file: File name with its endings.
        day: Day of delivery of each row, ascending.
        table: The rows as the platform writes them.
    """

    file: str
    day: Ints
    table: pa.Table


def in_order(known: Ints, days: int) -> Ints:
    """Give the positions of the rows known within the history, by day of delivery."""
    kept = np.flatnonzero(known < days * DAY)
    return kept[np.argsort((known[kept] // DAY).astype(np.int16), kind="stable")]


def deliver(out: Path, log: RawLog, faulty: Faulty, first_day: date) -> int:
    """Write a log's files into the folders of their days; give how many files there are."""
    files = 0
    for day, sound, broken in _by_day(log, faulty):
        folder = out / (first_day + timedelta(days=day)).isoformat()
        folder.mkdir(exist_ok=True)
        _write(folder / log.file, sound, broken)
        files += 1
    return files


def _by_day(log: RawLog, faulty: Faulty) -> Iterator[tuple[int, pa.Table, Faulty]]:
    days = range(int(log.day[-1]) + 1) if log.day.size else range(0)
    bounds = np.searchsorted(log.day, np.arange(len(days) + 1))
    for day, low, high in zip(days, bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        if high > low:
            yield day, log.table.slice(low, high - low), faulty.on(day)


def _write(path: Path, sound: pa.Table, broken: Faulty) -> None:
    whole = pa.concat_tables([sound, broken.rows]) if broken.rows.num_rows else sound
    if path.suffix == ".parquet":
        pq.write_table(
            whole, path, compression="zstd", use_dictionary=False, write_statistics=False, store_schema=False
        )
        return
    text = _json_lines(whole) if ".jsonl" in path.name else _csv(whole, broken.torn)
    path.write_bytes(gzip.compress(text, GZIP_LEVEL, mtime=0) if path.suffix == ".gz" else text)


def _csv(table: pa.Table, torn: pa.Table) -> bytes:
    header = ",".join(table.column_names).encode() + b"\n"
    cut = [line[: line.rfind(b",", 0, len(line) // 2)] + b"\n" for line in _lines(torn).splitlines()]
    return b"".join([header, _lines(table), *cut])


def _lines(table: pa.Table) -> bytes:
    if table.num_rows == 0:
        return b""
    sink = io.BytesIO()
    csv.write_csv(table, sink, csv.WriteOptions(include_header=False, quoting_style="none"))
    return sink.getvalue()


def _json_lines(table: pa.Table) -> bytes:
    return "".join(f"{ONE_LINE.encode(row)}\n" for row in table.to_pylist()).encode()
