"""What every contender of the feature benchmark computes: the 67 columns, and how two answers are compared."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import duckdb

WINDOWS = (7, 30, 90, 180, 365)
SHORT_WINDOWS = (30, 90)
CHANNELS = tuple(f"w{number:08d}" for number in range(5))
AS_OF = date(2024, 12, 31)
TWELVE = (*(date(2024, month, 1) for month in range(2, 13)), AS_OF)
KINDS = (
    *("count", "sum", "mean", "max", "deviation", "refund_share", "night_share", "weekend_share"),
    *("merchants", "categories", "top_category_share"),
)
NAMES = (
    *(f"{kind}_{window}" for window in WINDOWS for kind in KINDS),
    *(f"channel{number}_{window}" for window in SHORT_WINDOWS for number in range(len(CHANNELS))),
    "recency",
    "trend",
)
"""Windows are the days before the as-of day. Of an empty window counts and sums are 0, everything else is null.

The trend is the daily pace of spending in 30 days over that in 90, null where the latter is not above zero.
"""


def difference(left: Path, right: Path, as_of: Sequence[date]) -> float:
    """Give the largest relative difference between two answers; infinite where rows or nulls differ."""
    days = ", ".join(f"DATE '{day}'" for day in as_of)
    both = f"""
        FROM (SELECT * FROM read_parquet('{left}/**/*.parquet') WHERE as_of IN ({days})) l
        FULL JOIN (SELECT * FROM read_parquet('{right}/**/*.parquet') WHERE as_of IN ({days})) r
        USING (borrower_id, as_of)"""
    cell = "max(CASE WHEN l.{0} IS NULL AND r.{0} IS NULL THEN 0 WHEN l.{0} IS NULL OR r.{0} IS NULL THEN 'inf'::DOUBLE"
    cell += " ELSE abs(l.{0} - r.{0}) / greatest(abs(l.{0}), abs(r.{0}), 1e-9) END)"
    largest = f"greatest({', '.join(cell.format(name) for name in NAMES)})"
    alone = "count(*) FILTER (WHERE l.count_7 IS NULL OR r.count_7 IS NULL)"
    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    lonely, rows = connection.execute(f"SELECT {alone}, count(*) {both}").fetchone() or (0, 0)
    if lonely or not rows:
        return float("inf")
    return float((connection.execute(f"SELECT {largest} {both}").fetchone() or (0.0,))[0])
