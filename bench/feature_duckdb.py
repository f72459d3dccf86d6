"""The benchmark's query in DuckDB: two stages, so that no `count(DISTINCT)` is needed; one day, or several.

Usage: feature_duckdb.py DATA OUT HOW DAY...
HOW is `loop` (a query a day), `one` (one query over events joined with the days), `tiles` (days of a borrower added up
once by merchant and category, then a query a day), each with `-laid` to read our layout instead of the monthly files.
"""

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import duckdb
from feature_query import CHANNELS, SHORT_WINDOWS, WINDOWS

MONTHLY = """
    SELECT borrower_id, merchant_id, category_code, channel_code, amount::DOUBLE AS amount, is_refund::INT AS refund,
        happened_at::TIMESTAMP::DATE AS day, known_at::TIMESTAMP::DATE AS known_day,
        (hour(happened_at::TIMESTAMP) >= 22 OR hour(happened_at::TIMESTAMP) < 6)::INT AS night,
        (isodow(happened_at::TIMESTAMP) >= 6)::INT AS weekend
    FROM read_parquet('{data}/*/*.parquet', hive_partitioning = false)"""
LAID = """
    SELECT borrower_id, merchant_id, category_code, channel_code, amount / 100.0 AS amount, is_refund AS refund,
        day, since AS known_day, is_night AS night, is_weekend AS weekend
    FROM read_parquet('{data}/**/*.parquet', hive_partitioning = false)"""
EVERY = ("borrower_id", "merchant_id", "category_code", "channel_code")


def _within(window: int) -> str:
    return f"FILTER (WHERE age <= {window})"


def _main(key: str, amount: str = "amount") -> str:
    columns = []
    for window in WINDOWS:
        reach = _within(window)
        columns += [
            f"count({amount}) {reach} AS count_{window}",
            f"coalesce(sum({amount}) {reach}, 0) AS sum_{window}",
            f"avg({amount}) {reach} AS mean_{window}",
            f"max({amount}) {reach} AS max_{window}",
            f"stddev_pop({amount}) {reach} AS deviation_{window}",
            *(f"avg({flag}) {reach} AS {flag}_share_{window}" for flag in ("refund", "night", "weekend")),
        ]
    for window in SHORT_WINDOWS:
        columns += [
            f"coalesce(sum({amount}) FILTER (WHERE age <= {window} AND channel_code = '{code}'), 0)"
            f" AS channel{number}_{window}"
            for number, code in enumerate(CHANNELS)
        ]
    columns.append("min(age) AS recency")
    return f"SELECT {key}, {', '.join(columns)} FROM base GROUP BY {key}"


def _merchants(key: str) -> str:
    counts = ", ".join(f"count(*) FILTER (WHERE youngest <= {window}) AS merchants_{window}" for window in WINDOWS)
    inner = f"SELECT {key}, merchant_id, min(age) AS youngest FROM base GROUP BY {key}, merchant_id"
    return f"SELECT {key}, {counts} FROM ({inner}) GROUP BY {key}"


def _categories(key: str) -> str:
    sums = ", ".join(f"sum(amount) {_within(window)} AS part_{window}" for window in WINDOWS)
    inner = f"SELECT {key}, category_code, min(age) AS youngest, {sums} FROM base GROUP BY {key}, category_code"
    outer = ", ".join(
        f"count(*) FILTER (WHERE youngest <= {window}) AS categories_{window}, max(part_{window}) AS top_{window}"
        for window in WINDOWS
    )
    return f"SELECT {key}, {outer} FROM ({inner}) GROUP BY {key}"


def _query(base: str, key: str, day: str) -> str:
    tops = ", ".join(
        f"CASE WHEN sum_{window} > 0 THEN top_{window} / sum_{window} END AS top_category_share_{window}"
        for window in WINDOWS
    )
    return f"""
        WITH base AS MATERIALIZED ({base}),
            main AS ({_main(key)}), merchants AS ({_merchants(key)}), categories AS ({_categories(key)})
        SELECT {day} AS as_of, main.*{" EXCLUDE (as_of)" if "as_of" in key else ""},
            merchants.* EXCLUDE ({key}), categories.* EXCLUDE ({key}), {tops},
            CASE WHEN sum_90 > 0 THEN (sum_30 / 30) / (sum_90 / 90) END AS trend
        FROM main JOIN merchants USING ({key}) JOIN categories USING ({key})"""


def _loop(connection: duckdb.DuckDBPyConnection, source: str, out: Path, days: Sequence[str]) -> None:
    for day in days:
        base = f"""SELECT * EXCLUDE (day, known_day), (DATE '{day}' - day)::INT AS age FROM ({source})
            WHERE day < DATE '{day}' AND known_day < DATE '{day}' AND day >= DATE '{day}' - 365"""
        _copy(connection, _query(base, "borrower_id", f"DATE '{day}'"), out / f"{day}.parquet")


def _one(connection: duckdb.DuckDBPyConnection, source: str, out: Path, days: Sequence[str]) -> None:
    listed = ", ".join(f"(DATE '{day}')" for day in days)
    base = f"""SELECT * EXCLUDE (day, known_day), (as_of - day)::INT AS age FROM ({source})
        JOIN (VALUES {listed}) days(as_of) ON day < as_of AND known_day < as_of AND day >= as_of - 365"""
    _copy(connection, _query(base, "borrower_id, as_of", "as_of"), out / "all.parquet")


def _copy(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet, COMPRESSION snappy)")


def main(data: str, out: str, how: str, *days: str) -> None:
    """Answer, and print the seconds that it took as JSON."""
    place = Path(out)
    place.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect()
    for setting in ("threads = 2", "memory_limit = '10GB'", "preserve_insertion_order = false", "TimeZone = 'UTC'"):
        connection.execute(f"SET {setting}")
    source = (LAID if how.endswith("-laid") else MONTHLY).format(data=data)
    started = time.perf_counter()
    (_one if how.startswith("one") else _loop)(connection, source, place, days)
    print(json.dumps({"seconds": time.perf_counter() - started}))


if __name__ == "__main__":
    main(*sys.argv[1:])
