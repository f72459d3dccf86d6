"""Rows of logs as engine frames, and a seeded source of broken and ordinary rows."""

import random
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from schemas.house import SOURCE_TABLES, TABLES
from schemas.moments import day_start
from schemas.spark import struct_type
from schemas.table import Kind, Table

Row = dict[str, Any]
Rows = dict[str, list[Row]]

ARROW = {
    Kind.TEXT: pa.string(),
    Kind.FLAG: pa.bool_(),
    Kind.COUNT: pa.int64(),
    Kind.NUMBER: pa.int64(),
    Kind.DAYS: pa.int64(),
    Kind.MONEY: pa.decimal128(18, 2),
    Kind.RATE: pa.decimal128(9, 6),
    Kind.REAL: pa.float64(),
    Kind.DATE: pa.date32(),
    Kind.MOMENT: pa.timestamp("us", "UTC"),
}
DELAYS = (timedelta(0), timedelta(microseconds=1), timedelta(hours=1), timedelta(days=3), timedelta(days=40))


def arrow_schema(table: Table) -> pa.Schema:
    return pa.schema([(column.name, ARROW[column.kind]) for column in table.columns])


def frame(engine: SparkSession, table: Table, rows: Iterable[Row]) -> DataFrame:
    """Make an engine frame of a table from rows; a column that a row lacks is null."""
    data = pa.Table.from_pylist(list(rows), schema=arrow_schema(table))
    return engine.createDataFrame(data if len(data) else [], schema=struct_type(table))


def logs_of(engine: SparkSession, rows: Mapping[str, list[Row]]) -> dict[str, DataFrame]:
    return {table.name: frame(engine, table, rows.get(table.name, [])) for table in SOURCE_TABLES}


def moment(day: date, hour: float = 12.0, time_zone: str = "Asia/Shanghai") -> datetime:
    """Give an instant by local day and hour."""
    return day_start(day, time_zone) + timedelta(hours=hour)


def event(happened_at: datetime, known_at: datetime | None = None, **values: Any) -> Row:
    """Fill in the columns that every log ends with."""
    control = {"happened_at": happened_at, "known_at": known_at or happened_at, "is_deleted": False}
    return {**values, **control, "source": "test", "batch": "b", "record_hash": values.get("record_hash", "h")}


def money(units: int) -> Decimal:
    return Decimal(units).scaleb(-2)


class Platform:
    """A seeded source of broken and ordinary rows around one as-of day."""

    def __init__(self, seed: int, as_of: date, time_zone: str) -> None:
        """Start with empty logs."""
        self.dice = random.Random(seed)  # noqa: S311 - a test's dice
        self.as_of, self.time_zone = as_of, time_zone
        self.rows: Rows = {table.name: [] for table in SOURCE_TABLES}
        self.serial = 0
        self.taken: set[tuple[Any, ...]] = set()

    def when(self, back: int = 400, ahead: int = 30) -> datetime:
        """Draw an instant, often on a local midnight, at the cut, or one microsecond off it."""
        days = self.dice.choice([0, -1, -7, -30, -90, -180, self.dice.randint(-back, ahead)])
        start = day_start(self.as_of + timedelta(days=days), self.time_zone)
        microseconds = self.dice.choice([0, -1, 1, self.dice.randrange(86_400_000_000)])
        return start + timedelta(microseconds=microseconds)

    def day(self, back: int = 400, ahead: int = 60) -> date:
        """Draw a day, often next to the as-of day."""
        return self.as_of + timedelta(days=self.dice.choice([0, -1, 1, self.dice.randint(-back, ahead)]))

    def amount(self, most: int = 100_000) -> Decimal:
        """Draw an amount, often a round one."""
        return money(self.dice.choice([0, 1, 100, 10_000, self.dice.randint(0, most)]))

    def maybe(self, value: Any, null_share: float = 0.2) -> Any:
        """Lose a value now and then."""
        return None if self.dice.random() < null_share else value

    def id(self, kind: str, of: int) -> str:
        """Draw one of a few ids."""
        return f"{kind}{self.dice.randrange(of)}"

    def new_id(self, kind: str) -> str:
        """Give an id that was not given yet."""
        self.serial += 1
        return f"{kind}{self.serial:04d}"

    def add(self, name: str, happened_at: datetime | None = None, **values: Any) -> None:
        """Write a row down, known at once or later, and correct it now and then."""
        happened = happened_at or self.when()
        known = happened + self.dice.choice(DELAYS)
        told = event(happened, known, **values, record_hash=f"{self.dice.getrandbits(64):016x}")
        row = {**dict.fromkeys(TABLES[name].names), **told}
        if self._is_taken(name, row):
            return
        self.rows[name].append(row)
        if self.dice.random() < 0.2:
            self.correct(name, row)

    def _is_taken(self, name: str, row: Row) -> bool:
        """Tell whether a log holds the row's key and moment already: ingest publishes no such second row."""
        place = (name, *(row[column] for column in TABLES[name].row_key))
        self.taken, was_taken = self.taken | {place}, place in self.taken
        return was_taken

    def correct(self, name: str, row: Row) -> None:
        """Add later versions of a row: changed, withdrawn, or brought back; same key, later known."""
        known = row["known_at"]
        for _ in range(self.dice.randint(1, 2)):
            known = known + self.dice.choice([timedelta(microseconds=1), timedelta(days=2), timedelta(days=60)])
            changed = {**row, "known_at": known, "record_hash": f"{self.dice.getrandbits(64):016x}"}
            changed["is_deleted"] = self.dice.random() < 0.3
            for column in TABLES[name].columns:
                if column.kind is Kind.MONEY and row.get(column.name) is not None and self.dice.random() < 0.5:
                    changed[column.name] = self.amount()
            if name == "receivables" and changed["original_principal_amount"] <= 0:
                changed["original_principal_amount"] = money(5_000)
            if not self._is_taken(name, changed):
                self.rows[name].append(changed)
