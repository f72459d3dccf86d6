"""The catalogue's aggregates of orders over the benchmark's store: where the time goes, how far from a mere scan.

Usage: feature_catalogue.py STORE DAY...
Transactions stand for orders: what they lack is filled from what they have, so that every column is read and walked.
One process and one core, so that seconds of a phase are seconds of work. Prints a table, and as the last line JSON.
"""

import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from features.sweep_events import events_of, named, walked
from features.sweep_laid import DAYS
from features.sweep_program import Program
from pipelines.sweep import program_of
from runtime.laid import slices
from runtime.laid_order import OWNER

Result = TypeVar("Result")
STAND_INS = {
    "device_id": "channel_code",
    "credit_amount": "amount",
    "is_kept": "is_weekend",
    "is_cancelled": "is_refund",
    "is_virtual": "is_night",
    "is_refunded": "is_refund",
    "is_away": "is_weekend",
}
READ, ARRANGE, WALK, GIVE = "read the columns", "arrange as arrays", "walk", "give as columns"


class Phases:
    """Seconds by phase."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.seconds: dict[str, float] = defaultdict(float)

    def time(self, phase: str, work: Callable[[], Result]) -> Result:
        """Do work, and add its time to a phase."""
        started = time.perf_counter()
        result = work()
        self.seconds[phase] += time.perf_counter() - started
        return result


def columns(program: Program) -> list[str]:
    """Give the store's columns that the program reads, itself or as stand-ins."""
    return list(dict.fromkeys([*DAYS, *(STAND_INS.get(name, name) for name in program.columns)]))


def standing_in(rows: pa.Table, program: Program) -> pa.Table:
    """Give a slice the columns that transactions lack."""
    lacking = (name for name in program.columns if name in STAND_INS)
    arrays = {name: rows.column(STAND_INS[name]) for name in lacking}
    return pa.table({**dict(zip(rows.column_names, rows.columns, strict=True)), **arrays})


def buckets(store: Path) -> Iterator[list[str]]:
    """Give each bucket's files."""
    for name in sorted({path.parent.name for path in store.glob("*/*/*.parquet")}):
        yield sorted(map(str, store.glob(f"*/{name}/*.parquet")))


def scanned(store: Path, wanted: Sequence[str]) -> None:
    """Read and decode the columns, and do nothing with them: the floor."""
    for files in buckets(store):
        for path in files:
            file = pq.ParquetFile(path, read_dictionary=[OWNER])
            for group in range(file.num_row_groups):
                file.read_row_group(group, columns=[OWNER, *wanted], use_threads=False)


def profile(store: Path, program: Program, as_of: Sequence[date]) -> tuple[Phases, int, int]:
    """Sweep the store phase by phase; give also how many events were read and rows found."""
    phases, events_read, rows_found = Phases(), 0, 0
    for files in buckets(store):
        parts = slices(files, columns(program))
        while (part := phases.time(READ, lambda parts=parts: next(parts, None))) is not None:
            whole = standing_in(part, program)
            events, entities = phases.time(ARRANGE, lambda whole=whole: events_of(whole, program))
            found = phases.time(WALK, lambda events=events: walked(events, program, as_of))
            phases.time(GIVE, lambda found=found, entities=entities: named(found, entities, program))
            events_read, rows_found = events_read + part.num_rows, rows_found + len(found.entity)
    return phases, events_read, rows_found


def main(store: str, *days: str) -> None:
    """Measure, after a run over little that only compiles."""
    program, as_of = program_of("order"), [date.fromisoformat(day) for day in days]
    first = next(slices(next(buckets(Path(store))), columns(program))).slice(0, 1_000)
    walked(events_of(standing_in(first, program), program)[0], program, as_of)
    floor = Phases()
    floor.time("scan", lambda: scanned(Path(store), columns(program)))
    phases, events_read, rows_found = profile(Path(store), program, as_of)
    total, scan = sum(phases.seconds.values()), floor.seconds["scan"]
    for phase, seconds in phases.seconds.items():
        print(f"  {phase:20s} {seconds:7.2f} s  {seconds / total:6.1%}")
    figures = {
        "seconds": [total],
        "events": events_read,
        "rows": rows_found,
        "features": len(program.names),
        "million_features_per_second": rows_found * len(program.names) / total / 1e6,
        "times_the_scan": total / scan,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main(*sys.argv[1:])
