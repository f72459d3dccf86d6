"""Benchmark of the main job: simulation, audit beside one DuckDB query, and the command line's answer time.

Run by `make bench`. Everything is made in a temporary folder; figures are medians of three runs. The last line is JSON.
"""

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from runtime.iceberg import arrow_schema
from schemas.expectations import audit
from schemas.lending import REPAYMENTS
from simulate.platform import simulate

AUDITED_ROWS = 5_000_000
FILES = 4
RUNS = 3
BORROWERS, DAYS = 37_500, 600


def seconds(work: Callable[[], object], runs: int = RUNS) -> float:
    """Give the median of several runs."""
    taken = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def repayments(folder: Path) -> list[str]:
    """Write a repayments table of five million sound rows, each under a key of its own."""
    size = AUDITED_ROWS // FILES
    paths = [str(folder / f"part-{number}.parquet") for number in range(FILES)]
    for number, path in enumerate(paths):
        pq.write_table(_sound(np.arange(size) + number * size), path)
    return paths


def _sound(rows: np.ndarray) -> pa.Table:
    columns = []
    for item in arrow_schema(REPAYMENTS):
        if item.name == "method":
            values = pa.array(np.where(rows % 2 == 0, "AUTO_DEBIT", "MANUAL"))
        elif pa.types.is_boolean(item.type):
            values = pa.array(rows % 2 == 0)
        elif pa.types.is_decimal(item.type):
            values = pa.array(rows % 1000).cast(pa.decimal128(21, 0)).cast(item.type)
        elif pa.types.is_date(item.type):
            values = pa.array((rows % 1000).astype("int32")).cast(item.type)
        else:
            values = pa.array(rows).cast(item.type)
        columns.append(values)
    return pa.table(columns, schema=arrow_schema(REPAYMENTS))


def audit_in_duckdb(paths: list[str]) -> None:
    """Make the same checks in one aggregate query."""
    checks = [f"count(*) FILTER ({c.name} IS NULL)" for c in REPAYMENTS.columns if c.required]
    checks += [f"count(*) FILTER ({c.name} NOT IN {c.values})" for c in REPAYMENTS.columns if c.values]
    checks += [f"count(*) FILTER ({c.name} < {c.lowest})" for c in REPAYMENTS.columns if c.lowest is not None]
    checks.append(f"count(*) - count(DISTINCT ({', '.join(REPAYMENTS.row_key)}))")
    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    found = connection.execute(f"SELECT {', '.join(checks)} FROM read_parquet({paths})").fetchone()
    if found is None or any(found):
        raise SystemExit(f"the sound rows were found broken: {found}")


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        started = time.perf_counter()
        summary = simulate(folder / "raw", BORROWERS, DAYS, 7, date(2024, 1, 1))
        simulated = time.perf_counter() - started
        paths = repayments(folder)
        audit(REPAYMENTS, paths[:1])
        ours = seconds(lambda: audit(REPAYMENTS, paths))
        theirs = seconds(lambda: audit_in_duckdb(paths))
    command = str(Path(sys.executable).parent / "poolwright")
    helped = seconds(lambda: subprocess.run([command, "--help"], check=True, capture_output=True), 5)  # noqa: S603
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    figures = {
        "orders": summary.orders,
        "simulate_seconds": round(simulated, 1),
        "audit_rows": AUDITED_ROWS,
        "audit_seconds": round(ours, 1),
        "audit_vs_duckdb": round(ours / theirs, 1),
        "help_seconds": round(helped, 2),
        "peak_gb": round(peak, 2),
    }
    for figure, value in figures.items():
        print(f"{figure:>20}  {value:>14,}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
