"""The benchmark's query in DuckDB, in two stages: by borrower and stretch between windows, then every window of those.

Usage: feature_duckdb.py TIMES DATA OUT HOW DAY...
HOW is `loop` (a query a day), `one` (one query over events joined with the days), `numbered` (ids numbered and events
held in memory once, then a query a day) or `tiles` (a borrower's days added up once, then a query a day), each with
`-laid` to read our layout instead of the monthly files.
"""

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import duckdb
from feature_query import CHANNELS, SHORT_WINDOWS, WINDOWS

MONTHLY = """
    SELECT borrower_id, merchant_id, category_code, channel_code, (amount * 100)::BIGINT AS amount,
        is_refund::INT AS refund, happened_at::TIMESTAMP::DATE AS day, known_at::TIMESTAMP::DATE AS known_day,
        (hour(happened_at::TIMESTAMP) >= 22 OR hour(happened_at::TIMESTAMP) < 6)::INT AS night,
        (isodow(happened_at::TIMESTAMP) >= 6)::INT AS weekend
    FROM read_parquet('{data}/*/*.parquet', hive_partitioning = false)"""
LAID = """
    SELECT borrower_id, merchant_id, category_code, channel_code, amount, is_refund AS refund, day, since AS known_day,
        is_night AS night, is_weekend AS weekend
    FROM read_parquet('{data}/**/*.parquet', hive_partitioning = false)"""
IDS = {"borrower_id": "INT", "merchant_id": "SMALLINT", "category_code": "TINYINT", "channel_code": "TINYINT"}
FLAGS = ("refund", "night", "weekend")
PARTS = tuple(f"channel{number}" for number in range(len(CHANNELS)))
EVENTS = ", ".join(
    (
        "count(*) AS number, sum(amount) AS total, max(amount) AS most, sum(amount * amount) AS squares",
        *(f"sum({flag}) AS {flag}" for flag in FLAGS),
    )
)
TILES = ", ".join(
    (
        "sum(number) AS number, sum(total) AS total, max(most) AS most, sum(squares) AS squares",
        *(f"sum({name}) AS {name}" for name in (*FLAGS, *PARTS)),
    )
)


class Way:
    """A connection, and what its query reads: events for the sums, for merchants and for categories."""

    def __init__(self, source: str) -> None:
        """Open a connection; the query reads the files."""
        self.connection = duckdb.connect()
        for setting in ("threads = 2", "memory_limit = '10GB'", "preserve_insertion_order = false", "TimeZone = 'UTC'"):
            self.connection.execute(f"SET {setting}")
        self.source = source
        self.tables = dict.fromkeys(("sums", "merchants", "categories"), "base")
        self.channels = [f"'{code}'" for code in CHANNELS]
        self.is_numbered = False

    def number(self) -> None:
        """Number the ids, and hold the events in memory."""
        for name, kind in IDS.items():
            listed = f"SELECT DISTINCT {name} AS text FROM ({self.source})"
            numbered = f"SELECT text, (row_number() OVER ())::{kind} AS number FROM ({listed})"
            self.connection.execute(f"CREATE TABLE {name}s AS {numbered}")
        chosen = ", ".join(f"{name}s.number AS {name}" for name in IDS)
        joins = " ".join(f"JOIN {name}s ON events.{name} = {name}s.text" for name in IDS)
        rest = f"events.* EXCLUDE ({', '.join(IDS)})"
        self.connection.execute(f"CREATE TABLE held AS SELECT {chosen}, {rest} FROM ({self.source}) events {joins}")
        found = dict(self.connection.execute("SELECT text, number FROM channel_codes").fetchall())
        self.source, self.channels, self.is_numbered = "SELECT * FROM held", [found[code] for code in CHANNELS], True

    def tile(self) -> None:
        """Add up each borrower's days, and each merchant's and category's of a borrower."""
        self.number()
        day = "borrower_id, day, known_day"
        made = {
            "sums": f"SELECT {day}, {EVENTS}, {self.parts()} FROM held GROUP BY {day}",
            "merchants": f"SELECT DISTINCT {day}, merchant_id FROM held",
            "categories": f"SELECT {day}, category_code, sum(amount) AS amount FROM held GROUP BY {day}, category_code",
        }
        for name, query in made.items():
            self.connection.execute(f"CREATE TABLE tiled_{name} AS {query}")
            self.tables[name] = f"tiled_{name}"

    def parts(self) -> str:
        """Give the sums by channel."""
        of = zip(PARTS, self.channels, strict=True)
        return ", ".join(f"sum(amount) FILTER (channel_code = {code}) AS {part}" for part, code in of)

    def answer(self, days: Sequence[str], path: Path) -> None:
        """Answer for some days together, into a file."""
        key = "borrower_id" if len(days) == 1 else "borrower_id, as_of"
        read, first, base = {}, TILES, ""
        for name, table in self.tables.items():
            read[name] = "base" if table == "base" else f"({_seen(table, days)})"
        if self.tables["sums"] == "base":
            first, base = f"{EVENTS}, {self.parts()}", f"base AS MATERIALIZED ({_seen(f'({self.source})', days)}),"
        sums, merchants = _sums(key, first, read["sums"]), _merchants(key, read["merchants"])
        day = f"DATE '{days[0]}' AS as_of, *" if len(days) == 1 else "*"
        categories = _categories(key, read["categories"])
        query = f"""
            WITH {base} sums AS ({sums}), merchants AS ({merchants}), categories AS ({categories})
            SELECT {day} FROM sums JOIN merchants USING ({key}) JOIN categories USING ({key})"""
        named = f"SELECT * REPLACE (text AS borrower_id) FROM ({query}) JOIN borrower_ids ON number = borrower_id"
        asked = _finished(named if self.is_numbered else query)
        self.connection.execute(f"COPY ({asked}) TO '{path}' (FORMAT parquet, COMPRESSION snappy)")


def _seen(source: str, days: Sequence[str]) -> str:
    """Give what some days see of events, or of tiles of them, and in which stretch between windows."""
    day = f"DATE '{days[0]}'" if len(days) == 1 else "as_of"
    is_seen = f"day < {day} AND known_day < {day} AND day >= {day} - 365"
    listed = ", ".join(f"(DATE '{each}')" for each in days)
    rows = (
        f"{source} WHERE {is_seen}" if len(days) == 1 else f"{source} JOIN (VALUES {listed}) days(as_of) ON {is_seen}"
    )
    slots = " ".join(f"WHEN {day} - day <= {window} THEN {slot}" for slot, window in enumerate(WINDOWS))
    columns = f"* EXCLUDE (day, known_day), ({day} - day)::SMALLINT AS age, (CASE {slots} END)::TINYINT AS slot"
    return f"SELECT {columns} FROM {rows}"


def _within(slot: int) -> str:
    return f"FILTER (slot <= {slot})"


def _sums(key: str, first: str, base: str) -> str:
    columns = ["min(age) AS recency"]
    for slot, window in enumerate(WINDOWS):
        reach = _within(slot)
        number, total, squares = (f"sum({name}) {reach}" for name in ("number", "total", "squares"))
        spread = f"({number})::HUGEINT * ({squares})::HUGEINT - ({total})::HUGEINT * ({total})::HUGEINT"
        columns += [
            f"coalesce({number}, 0)::BIGINT AS count_{window}",
            f"coalesce({total}, 0)::DOUBLE / 100 AS sum_{window}",
            f"({total})::DOUBLE / ({number})::DOUBLE / 100 AS mean_{window}",
            f"(max(most) {reach})::DOUBLE / 100 AS max_{window}",
            f"sqrt(({spread})::DOUBLE) / ({number})::DOUBLE / 100 AS deviation_{window}",
            *(f"(sum({flag}) {reach})::DOUBLE / ({number})::DOUBLE AS {flag}_share_{window}" for flag in FLAGS),
        ]
    for window in SHORT_WINDOWS:
        reach = _within(WINDOWS.index(window))
        columns += [f"coalesce(sum({part}) {reach}, 0)::DOUBLE / 100 AS {part}_{window}" for part in PARTS]
    inner = f"SELECT {key}, slot, min(age) AS age, {first} FROM {base} GROUP BY {key}, slot"
    return f"SELECT {key}, {', '.join(columns)} FROM ({inner}) GROUP BY {key}"


def _merchants(key: str, base: str) -> str:
    counts = ", ".join(f"count(*) {_within(slot)} AS merchants_{window}" for slot, window in enumerate(WINDOWS))
    inner = f"SELECT {key}, merchant_id, min(slot) AS slot FROM {base} GROUP BY {key}, merchant_id"
    return f"SELECT {key}, {counts} FROM ({inner}) GROUP BY {key}"


def _categories(key: str, base: str) -> str:
    by = f"{key}, category_code"
    inner = f"SELECT {by}, slot, sum(amount) AS part FROM {base} GROUP BY {by}, slot"
    parts = ", ".join(f"sum(part) {_within(slot)} AS part_{slot}" for slot in range(len(WINDOWS)))
    middle = f"SELECT {by}, min(slot) AS slot, {parts} FROM ({inner}) GROUP BY {by}"
    outer = ", ".join(
        f"count(*) {_within(slot)} AS categories_{window}, max(part_{slot})::DOUBLE / 100 AS top_{window}"
        for slot, window in enumerate(WINDOWS)
    )
    return f"SELECT {key}, {outer} FROM ({middle}) GROUP BY {key}"


def _finished(query: str) -> str:
    tops = ", ".join(
        f"CASE WHEN sum_{window} > 0 THEN top_{window} / sum_{window} END AS top_category_share_{window}"
        for window in WINDOWS
    )
    return f"SELECT *, {tops}, CASE WHEN sum_90 > 0 THEN (sum_30 / 30) / (sum_90 / 90) END AS trend FROM ({query})"


def main(times: str, data: str, out: str, how: str, *days: str) -> None:
    """Answer so many times, and print the seconds that each took as JSON."""
    place = Path(out)
    place.mkdir(parents=True, exist_ok=True)
    source, taken = (LAID if how.endswith("-laid") else MONTHLY).format(data=data), []
    for _ in range(int(times)):
        started = time.perf_counter()
        _answered(Way(source), how, place, days)
        taken.append(time.perf_counter() - started)
    print(json.dumps({"seconds": taken}))


def _answered(way: Way, how: str, place: Path, days: Sequence[str]) -> None:
    if how.startswith(("numbered", "tiles")):
        way.number() if how.startswith("numbered") else way.tile()
    for part in [list(days)] if how.startswith("one") else [[day] for day in days]:
        way.answer(part, place / f"{part[0]}.parquet")


if __name__ == "__main__":
    main(*sys.argv[1:])
