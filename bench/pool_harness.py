"""The pool benchmark: screening beside one hand-written DuckDB query, and selection beside its linear bound.

Usage: pool_harness.py FOLDER [RECEIVABLES]
Both sides read the same Parquet files, judge 46 criteria, and write packed outcomes and the values of what does not
pass; each in a process of its own, medians of three; DuckDB's better way counts. Outcomes are compared by cell, and
what was seen of every failed cell as text. Memory is the peak of the process and its children. The last line is JSON.
"""

import json
import sys
from pathlib import Path

import duckdb
import pool_data
import pool_selection
from feature_harness import Bench

RECEIVABLES = 5_000_000
TIMES = 3
HOWS = ("list", "texts")


def unequal_cells(ours: Path, theirs: Path) -> tuple[int, int]:
    """Count the cells that differ in their outcome, and those that do not pass and differ in what was seen.

    A receivable that one side lacks is unequal in all of its cells.
    """
    database = duckdb.connect()
    database.execute(f"CREATE VIEW ours AS FROM read_parquet('{ours}/screenings/*.parquet')")
    database.execute(f"CREATE VIEW theirs AS FROM read_parquet('{theirs}')")
    outcomes = """
        SELECT sum(CASE WHEN a.outcomes IS NULL OR b.outcomes IS NULL OR length(a.outcomes) <> length(b.outcomes)
            THEN greatest(length(coalesce(a.outcomes, '')), length(coalesce(b.outcomes, '')))
            ELSE hamming(a.outcomes, b.outcomes) END)
        FROM ours a FULL JOIN theirs b USING (receivable_id) WHERE a.outcomes IS DISTINCT FROM b.outcomes"""
    seen = f"""
        WITH a AS (SELECT receivable_id, code, observed FROM read_parquet('{ours}/failures/*.parquet')),
            b AS (SELECT receivable_id, each.code AS code, each.observed AS observed
                FROM (SELECT receivable_id, unnest(failures) AS each FROM theirs))
        SELECT (SELECT count(*) FROM (FROM a EXCEPT ALL FROM b)) + (SELECT count(*) FROM (FROM b EXCEPT ALL FROM a))"""
    found = [database.execute(query).fetchone() for query in (outcomes, seen)]
    return tuple(int(row[0] or 0) if row else 0 for row in found)  # type: ignore[return-value]


def main(folder: str, receivables: str = str(RECEIVABLES)) -> None:
    """Measure everything."""
    bench = Bench(Path(folder))
    data = pool_data.write(bench.folder, int(receivables))
    ours, theirs = bench.folder / "pool_ours", {how: bench.folder / f"pool_duckdb_{how}.parquet" for how in HOWS}
    screened = bench.run("screening on Sail", "pool_ours.py", TIMES, data, ours)
    for how in HOWS:
        bench.run(f"duckdb {how}", "pool_duckdb.py", TIMES, data, theirs[how], how)
    best = bench.best(*(f"duckdb {how}" for how in HOWS))
    outcomes, seen = unequal_cells(ours, theirs["list"])
    print(f"best of DuckDB: {best}; cells unequal in outcome: {outcomes}, in what was seen: {seen}")
    figures = {
        "screen_vs_duckdb": bench.ratio("screening on Sail", best),
        "cells_unequal": outcomes + seen,
        "screen_peak_gb": screened.peak_gb,
        **pool_selection.measure(bench.folder / "offers"),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main(*sys.argv[1:])
