"""Tables on the engine: the shape is exact or refused with both sides; a broken promise of a row has its code."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from schemas.errors import SchemaError
from schemas.house import TABLES
from schemas.spark import conform, engine_type, row_checks, struct_type
from schemas.table import Kind, Rule, Table, count, log, money, rate, real, text, total
from schemas.table import date as day

NOW = datetime(2025, 1, 31, 8, tzinfo=UTC)
BILLS = log(
    "bills",
    "A bill.",
    ("bill_id",),
    text("bill_id", "The bill."),
    text("bill_status", "Its state.", "not said", values=("OPEN", "PAID")),
    money("due_amount", "What is due."),
    money("moved_amount", "What moved.", "nothing", lowest=None),
    total("all_amount", "What all bills moved.", "not summed"),
    rate("annual_rate", "Its rate.", "none"),
    real("score", "A score.", "not scored", highest=1),
    count("line_count", "Lines.", "not known"),
    day("billed_on", "When it was written.", "not known"),
    day("paid_on", "When it was paid.", "not paid"),
    rules=(Rule("PAID_BEFORE_BILLED", "paid_on >= billed_on", "A bill is paid after it is written."),),
)
GOOD: dict[str, Any] = {
    "bill_id": "B1",
    "bill_status": "OPEN",
    "due_amount": Decimal("12.30"),
    "moved_amount": Decimal("-9999999.99"),
    "all_amount": Decimal("-10000000.00"),
    "annual_rate": Decimal("0.240000"),
    "score": 0.5,
    "line_count": 0,
    "billed_on": date(2025, 1, 1),
    "paid_on": date(2025, 1, 1),
    "happened_at": NOW,
    "known_at": NOW,
    "is_deleted": False,
    "source": "s",
    "batch": "b",
    "record_hash": "h",
}
FREE = dict.fromkeys(
    ("bill_status", "moved_amount", "all_amount", "annual_rate", "score", "line_count", "billed_on", "paid_on")
)
ROWS: list[tuple[dict[str, Any], set[tuple[str, str | None]]]] = [
    ({}, set()),
    (FREE, set()),
    ({"paid_on": None}, set()),
    ({"bill_id": None, "batch": None}, {("REQUIRED_MISSING", "bill_id"), ("REQUIRED_MISSING", "batch")}),
    ({"bill_status": "open"}, {("UNKNOWN_VALUE", "bill_status")}),
    ({"bill_status": ""}, {("UNKNOWN_VALUE", "bill_status")}),
    ({"due_amount": Decimal("-0.01")}, {("OUT_OF_BOUNDS", "due_amount")}),
    ({"due_amount": Decimal("10000000.00")}, {("OUT_OF_BOUNDS", "due_amount")}),
    ({"moved_amount": Decimal("-10000000.00")}, {("OUT_OF_BOUNDS", "moved_amount")}),
    ({"all_amount": Decimal("1000000000000000.00")}, set()),
    ({"all_amount": Decimal("1000000000000000.01")}, {("OUT_OF_BOUNDS", "all_amount")}),
    ({"all_amount": Decimal("-1000000000000000.01")}, {("OUT_OF_BOUNDS", "all_amount")}),
    ({"annual_rate": Decimal("10.000001")}, {("OUT_OF_BOUNDS", "annual_rate")}),
    ({"score": 1.0000001}, {("OUT_OF_BOUNDS", "score")}),
    ({"score": float("nan")}, {("OUT_OF_BOUNDS", "score")}),
    ({"score": float("-inf")}, {("OUT_OF_BOUNDS", "score")}),
    ({"line_count": -1}, {("OUT_OF_BOUNDS", "line_count")}),
    ({"paid_on": date(2024, 12, 31)}, {("PAID_BEFORE_BILLED", None)}),
    ({"known_at": NOW - timedelta(microseconds=1)}, {("HAPPENED_AFTER_KNOWN", None)}),
]


def plain(value: Any) -> Any:
    """Give a moment as the UTC session's clock shows it."""
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


def test_each_broken_promise_is_told_by_its_code(engine: SparkSession) -> None:
    """Required, allowed values, bounds, rules: exactly the promises that a row breaks are told, and none is unknown."""
    rows = [tuple(plain(value) for value in {**GOOD, **changed}.values()) for changed, _ in ROWS]
    checks = row_checks(BILLS)
    breaches = [check.breach.alias(f"c{place}") for place, check in enumerate(checks)]
    found = engine.createDataFrame(rows, struct_type(BILLS)).select(*breaches).collect()
    for (changed, promised), row in zip(ROWS, found, strict=True):
        assert None not in row
        told = {(check.code, check.column_name) for check, broken in zip(checks, row, strict=True) if broken}
        assert told == promised, changed


def test_every_declared_table_compiles(engine: SparkSession) -> None:
    """The checks of every table of the house run on a frame of its own types."""
    for table in TABLES.values():
        breaches = [check.breach.alias(f"c{place}") for place, check in enumerate(row_checks(table))]
        assert engine.createDataFrame([], struct_type(table)).select(*breaches, F.lit(1).alias("one")).count() == 0


def test_conform_orders_columns_and_casts_nothing(engine: SparkSession) -> None:
    """A frame of the right columns comes out in the table's order."""
    frame = engine.createDataFrame([], struct_type(BILLS)).select(*sorted(BILLS.names))
    assert conform(frame, BILLS).columns == list(BILLS.names)


def test_conform_refuses_and_lists_both_sides(engine: SparkSession) -> None:
    """Missing, unexpected and mistyped columns are all named, with what was found and what was promised."""
    frame = engine.createDataFrame([], struct_type(BILLS)).drop("source", "batch")
    wrong = frame.withColumn("score", F.col("line_count")).withColumn("extra", F.lit(1))
    with pytest.raises(SchemaError) as caught:
        conform(wrong, BILLS)
    assert caught.value.found.split("; ") == [
        "missing batch string",
        "missing source string",
        "unexpected extra int",
        "mistyped score bigint, not double",
    ]


def test_conform_refuses_two_columns_of_one_name(engine: SparkSession) -> None:
    """A name that stands twice is refused."""
    frame = engine.createDataFrame([], struct_type(BILLS))
    with pytest.raises(SchemaError, match="two columns of one name"):
        conform(frame.select("*", F.col("score")), BILLS)


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_has_an_engine_type(kind: Kind) -> None:
    """The engine's types are those of the house: exact money, 64-bit counts, UTC moments."""
    promised = {"money": "decimal(18,2)", "rate": "decimal(9,6)", "real": "double", "text": "string", "flag": "boolean"}
    whole = dict.fromkeys(["count", "number", "days"], "bigint")
    assert engine_type(kind).simpleString() == {**promised, **whole, "date": "date", "moment": "timestamp"}[kind.value]


def test_schema_keeps_the_declared_order() -> None:
    """A table's engine schema is its declaration."""
    table: Table = BILLS
    assert struct_type(table).names == list(table.names)
