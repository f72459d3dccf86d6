"""Small random platforms with everything that goes wrong on real ones, as rows and as engine frames."""

import random
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from schemas.house import LOG_TABLES, TABLES
from schemas.moments import day_start
from schemas.spark import struct_type
from schemas.table import Kind, Table

Row = dict[str, Any]
Rows = dict[str, list[Row]]

AS_OF = date(2025, 4, 1)
ZONES = ("Asia/Shanghai", "America/New_York", "Europe/Berlin", "UTC", "Pacific/Apia")
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
    return {table.name: frame(engine, table, rows.get(table.name, [])) for table in LOG_TABLES}


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
        self.dice = random.Random(seed)
        self.as_of, self.time_zone = as_of, time_zone
        self.rows: Rows = {table.name: [] for table in LOG_TABLES}
        self.serial = 0

    def when(self, back: int = 400, ahead: int = 30) -> datetime:
        """Draw an instant, often on a local midnight, at the cut, or one microsecond off it."""
        days = self.dice.choice([0, -1, -7, -30, -90, -180, self.dice.randint(-back, ahead)])
        start = day_start(self.as_of + timedelta(days=days), self.time_zone)
        microseconds = self.dice.choice([0, -1, 1, self.dice.randrange(86_400_000_000)])
        return start + timedelta(microseconds=microseconds)

    def day(self, back: int = 400, ahead: int = 60) -> date:
        return self.as_of + timedelta(days=self.dice.choice([0, -1, 1, self.dice.randint(-back, ahead)]))

    def amount(self, most: int = 100_000) -> Decimal:
        return money(self.dice.choice([0, 1, 100, 10_000, self.dice.randint(0, most)]))

    def maybe(self, value: Any, null_share: float = 0.2) -> Any:
        return None if self.dice.random() < null_share else value

    def id(self, kind: str, of: int) -> str:
        return f"{kind}{self.dice.randrange(of)}"

    def new_id(self, kind: str) -> str:
        self.serial += 1
        return f"{kind}{self.serial:04d}"

    def add(self, name: str, happened_at: datetime | None = None, **values: Any) -> None:
        happened = happened_at or self.when()
        known = happened + self.dice.choice(DELAYS)
        told = event(happened, known, **values, record_hash=f"{self.dice.getrandbits(64):016x}")
        row = {**dict.fromkeys(TABLES[name].names), **told}
        self.rows[name].append(row)
        if self.dice.random() < 0.2:
            self.correct(name, row)

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
            self.rows[name].append(changed)


def receivable(platform: Platform, borrower: str) -> str:
    dice, p = platform.dice, platform
    name, start, term = p.new_id("r"), p.day(300, 5), dice.choice([1, 3, 6, 12])
    principal = dice.choice([5_000, 10_001, 60_000])
    happened = moment(start, dice.choice([0.0, 9.5]), p.time_zone)
    p.add(
        "receivables",
        happened,
        receivable_id=name,
        receivable_key=f"key-{name}",
        contract_no=f"c-{name}",
        order_id=p.maybe(p.id("o", 30)),
        borrower_id=borrower,
        merchant_id=p.maybe(p.id("m", 4)),
        originator_id="x",
        region_code=p.maybe(p.id("region", 3)),
        category_code=p.maybe(p.id("category", 3)),
        originated_on=start,
        disbursed_on=start,
        first_due_on=start + timedelta(days=30),
        final_due_on=p.maybe(start + timedelta(days=30 * term)),
        term_number=term,
        annual_rate=p.maybe(Decimal("0.156000")),
        currency="CNY",
        is_auto_debit=p.maybe(dice.random() < 0.5),
        original_principal_amount=money(principal),
    )
    if dice.random() < 0.85:
        schedule(p, name, start, term, principal, happened)
    else:
        for _ in range(dice.randint(0, 4)):
            report(p, name)
    return name


def schedule(p: Platform, name: str, start: date, term: int, principal: int, happened: datetime) -> None:
    dice = p.dice
    part, interest = principal // term, dice.choice([0, 50])
    for version in range(1, dice.choice([2, 2, 2, 3])):
        first = start + timedelta(days=30 * version)
        for period in range(1, term + 1):
            due = first + timedelta(days=30 * (period - 1))
            rest = principal - part * (term - 1) if period == term else part
            amounts = {
                "principal_due_amount": money(rest),
                "interest_due_amount": money(interest),
                "fee_due_amount": money(0),
            }
            key = {"receivable_id": name, "schedule_version_number": version, "period_number": period}
            p.add("instalments", happened + timedelta(days=45 * (version - 1)), due_on=due, **key, **amounts)
        if dice.random() < 0.1:
            zero = {"principal_due_amount": money(0), "interest_due_amount": money(0), "fee_due_amount": money(0)}
            key = {"receivable_id": name, "schedule_version_number": version, "period_number": term + 1}
            p.add("instalments", happened, due_on=first, **key, **zero)
    for period in range(term):
        if dice.random() < 0.75:
            pay(
                p,
                name,
                start + timedelta(days=30 * (period + 1) + dice.choice([-40, -1, 0, 0, 0, 1, 5, 35, 70])),
                part,
                interest,
            )
    if dice.random() < 0.15:
        pay(p, name, p.day(200, 20), principal, 0)
    for _ in range(dice.choice([0, 0, 0, 1, 2])):
        kind = dice.choice(["WRITE_OFF", "REFUND", "CORRECTION", "RECOVERY", "EXTENSION", "RESTRUCTURE"])
        amount = dice.choice([principal, part, -100 if kind == "CORRECTION" else 100])
        p.add(
            "adjustments",
            adjustment_id=p.new_id("a"),
            receivable_id=name,
            adjustment_kind=kind,
            adjustment_amount=money(amount),
        )


def pay(p: Platform, name: str, value_on: date, principal: int, interest: int) -> None:
    dice, payment = p.dice, p.new_id("p")
    share = dice.choice([1, 1, 1, 2])
    happened = moment(value_on, dice.choice([0.0, 0.0, 10.0]), p.time_zone)
    amounts = {
        "principal_amount": money(principal // share),
        "interest_amount": money(interest // share),
        "fee_amount": money(0),
        "penalty_amount": p.amount(300),
    }
    method = p.maybe(dice.choice(["AUTO_DEBIT", "MANUAL", "PREPAYMENT"]))
    row = {"receivable_id": name, "value_on": value_on, "method": method, **amounts}
    p.add("repayments", happened, repayment_id=payment, **row)
    if dice.random() < 0.1:
        voiding = {**row, "reverses_repayment_id": payment}
        p.add("repayments", happened + timedelta(days=dice.choice([0, 1, 30])), repayment_id=p.new_id("p"), **voiding)


def report(p: Platform, name: str) -> None:
    day = p.day(200, 200)
    told = {
        "reported_principal_amount": p.amount(),
        "reported_days_past_due": p.maybe(p.dice.choice([0, 0, 5, 40, 70])),
        "reported_remaining_count": p.maybe(p.dice.randint(0, 5)),
    }
    p.add("reported_states", moment(day, 23, p.time_zone), receivable_id=name, reported_on=day, **told)


def lending(p: Platform, borrowers: int = 8, each: int = 4) -> None:
    """Fill the lending logs."""
    for number in range(borrowers):
        for _ in range(p.dice.randint(0, each)):
            receivable(p, f"b{number}")
    for _ in range(12):
        case = {
            "order_id": p.id("o", 30),
            "borrower_id": p.maybe(p.id("b", borrowers)),
            "merchant_id": p.maybe(p.id("m", 4)),
            "receivable_id": p.maybe(f"r{p.dice.randint(1, 20):04d}"),
            "case_kind": p.dice.choice(["REFUND", "RETURN", "DISPUTE", "CHARGEBACK"]),
            "case_status": p.dice.choice(["OPEN", "GRANTED", "REJECTED"]),
            "case_amount": p.amount(),
        }
        p.add("refunds_disputes", case_id=p.new_id("case"), **case)


def lending_world(seed: int, as_of: date, time_zone: str) -> Rows:
    """Draw a platform with lending logs only."""
    platform = Platform(seed, as_of, time_zone)
    lending(platform)
    return platform.rows


def mutated(rows: Rows, as_of: date, time_zone: str, spoil: Callable[[Row], Row]) -> Rows:
    """Change by `spoil` every row that is known or happened at or after the cut, and leave the others alone."""
    cut = day_start(as_of, time_zone).astimezone(UTC)

    def is_later(row: Row) -> bool:
        return bool(row["known_at"] >= cut or row["happened_at"] >= cut)

    return {name: [spoil(row) if is_later(row) else row for row in each] for name, each in rows.items()}
