"""The sweep of laid-out logs: the borrowers' aggregates of several as-of days in one pass over the events."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql.types import DateType, DoubleType, StringType, StructField, StructType

from features.catalogue import FEATURES
from features.declarations import Aggregate, leaves
from features.sweep_events import swept
from features.sweep_laid import DAYS, VERSIONED
from features.sweep_program import Program, lower
from features.sweep_reads import READS
from pipelines.common import say
from pipelines.lay_out import BY_NAME, buckets, lay_out
from runtime import clock
from runtime.day_files import TOLD, keep
from runtime.iceberg import arrow_schema
from runtime.laid import BUCKET, any_true, encoded, slices
from runtime.workspace import Workspace

ENTITY = "borrower_id"


class Sweep:
    """Aggregates of the laid-out logs for some as-of days, computed together when the first of them is asked for."""

    def __init__(self, workspace: Workspace, days: Sequence[date], scratch: Path) -> None:
        """Keep what to sweep; nothing is read yet.

        Args:
            workspace: Where the logs are.
            days: As-of days.
            scratch: Folder for what was swept.
        """
        self._workspace, self._days, self._scratch = workspace, sorted(days), scratch
        self._files: dict[str, Mapping[date, Sequence[str]]] = {}

    def frames(self, day: date) -> Mapping[str, DataFrame]:
        """Give a day's aggregates by stream: a row a borrower, a double column an aggregate."""
        if not self._files:
            lay_out(self._workspace)
            self._files = {stream: self._swept(stream) for stream in READS}
        return {stream: self._frame(stream, files.get(day, [])) for stream, files in self._files.items()}

    def _frame(self, stream: str, paths: Sequence[str]) -> DataFrame:
        kind, session = row_type(program_of(stream)), self._workspace.session
        found = session.read.schema(kind).parquet(*paths) if paths else session.createDataFrame([], kind)
        return found.drop("as_of")

    def _swept(self, stream: str) -> Mapping[date, Sequence[str]]:
        """Sweep a stream for all days; give each day's files."""
        started = clock.stopwatch()
        program = program_of(stream)
        reads = READS[stream]
        dealt = buckets(self._workspace, [reads.events, *reads.facts])
        task = partial(walk, program=program, days=self._days, folder=self._scratch / stream)
        files: dict[date, list[str]] = {}
        for told in dealt.mapInArrow(task, TOLD).toArrow().to_pylist():
            files.setdefault(told["as_of"], []).append(told["path"])
        many = f"{len(self._days)} days, {len(program.names)} aggregates"
        say(f"[bold]sweep[/] {stream}: {many} in {clock.stopwatch() - started:.1f} s")
        return files


def program_of(stream: str) -> Program:
    """Lower every aggregate of the catalogue that asks of a borrower in a stream."""
    needed = dict.fromkeys(leaf for feature in FEATURES for leaf in leaves(feature.definition))
    wanted = [each for each in needed if isinstance(each, Aggregate)]
    return lower([each for each in wanted if each.stream == stream and each.entity == ENTITY])


def row_type(program: Program) -> StructType:
    """Give the type of a swept row."""
    named = [StructField(program.entity, StringType()), StructField("as_of", DateType())]
    return StructType([*named, *(StructField(name, DoubleType()) for name in program.names)])


def walk(
    batches: Iterable[pa.RecordBatch], program: Program, days: Sequence[date], folder: Path
) -> Iterator[pa.RecordBatch]:
    """Sweep the buckets that a task was dealt, slice by slice, into a file for each day; tell of the files."""
    yield from keep(_found(batches, program, days), folder)


def _found(batches: Iterable[pa.RecordBatch], program: Program, days: Sequence[date]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        for bucket in batch.drop_columns([BUCKET]).to_pylist():
            paths = {name: files.splitlines() for name, files in bucket.items()}
            for rows in _ready(program, paths):
                for found in swept(rows, program, days):
                    yield found.set_column(0, ENTITY, found.column(0).cast(pa.string()))


def _ready(program: Program, paths: Mapping[str, Sequence[str]]) -> Iterator[pa.Table]:
    """Read a bucket's events in slices of whole borrowers, joined with what was known beside them."""
    reads = READS[program.stream]
    own = [name for name in program.columns if name not in reads.joined]
    found = _slices(paths[reads.events], (*DAYS, *reads.columns, *own))
    yield from map(reads.ready(*(_whole(name, paths[name]) for name in reads.facts)), found)


def _slices(paths: Sequence[str], columns: Sequence[str]) -> Iterator[pa.Table]:
    is_versioned = any_true(paths, "is_revision") or any_true(paths, "is_deleted")
    return slices(paths, [*columns, *(VERSIONED if is_versioned else ())])


def _whole(name: str, paths: Sequence[str]) -> pa.Table:
    """Read all of a bucket's facts."""
    table = BY_NAME[name]
    parts = list(slices(paths, [column.name for column in table.columns]))
    return pa.concat_tables(parts).unify_dictionaries() if parts else encoded(arrow_schema(table).empty_table())
