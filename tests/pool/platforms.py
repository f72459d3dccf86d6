"""Random small platforms with all that screening reads, versions and withdrawals too, and random deals."""

import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pool.deal import Criterion, Deal
from pool.vocabulary import COLUMNS, OTHERS_COLUMNS
from schemas import derived, events, lending, parties
from schemas.moments import day_start
from schemas.table import Kind, Table
from tests.pool.worlds import ARROW, AS_OF, CHAMPION, ZONE, Row, ago, demo_deal

LOGS = (
    lending.RECEIVABLES,
    parties.BORROWERS,
    parties.MERCHANTS,
    events.ORDERS,
    parties.CREDIT_REPORTS,
    parties.BLACKLIST,
)
TABLES = (*LOGS, derived.RECEIVABLE_STATES, derived.RECEIVABLE_TAGS)
WORDS = ("A", "B", "it's", "贷", "")
TRIES = {
    Kind.TEXT: lambda draw: draw.choice(WORDS),
    Kind.FLAG: lambda draw: draw.random() < 0.5,
    Kind.COUNT: lambda draw: draw.randrange(5),
    Kind.NUMBER: lambda draw: draw.randrange(1, 13),
    Kind.DAYS: lambda draw: draw.choice([0, 0, 1, 8, 60]),
    Kind.MONEY: lambda draw: Decimal(draw.choice([0, 1, 10**4, 5 * 10**6])).scaleb(-2),
    Kind.RATE: lambda draw: Decimal(draw.choice([0, 138_000, 240_001])).scaleb(-6),
    Kind.REAL: lambda draw: draw.choice([0.0, 0.02, 0.08, 650.0]),
    Kind.DATE: lambda draw: AS_OF + timedelta(days=draw.choice([-9000, -40, -1, 0, 1, 90])),
    Kind.MOMENT: lambda draw: ago(draw.choice([0.5, 3, 200])),
}
"""A value of each kind, near where criteria turn."""
LITERALS = {
    Kind.COUNT: "2",
    Kind.NUMBER: "6",
    Kind.DAYS: "8",
    Kind.MONEY: "100.00",
    Kind.RATE: "0.138",
    Kind.REAL: "0.05",
    Kind.DATE: "state.as_of",
    Kind.MOMENT: "TIMESTAMP '2025-05-28 16:00:00'",
}


class Platform:
    """Tables of about twenty receivables, all drawn from one seed."""

    def __init__(self, seed: int) -> None:
        """Draw every table."""
        self.draw = random.Random(seed)  # noqa: S311 - a test's own numbers
        ids = {letter: [f"{letter}{place}" for place in range(size)] for letter, size in SIZES.items()}
        self.ids = ids
        self.rows: dict[str, list[Row]] = {table.name: [] for table in TABLES}
        for table, letter in ((lending.RECEIVABLES, "r"), (parties.BORROWERS, "b"), (parties.MERCHANTS, "m")):
            for name in ids[letter]:
                self.versions(table, {table.key[0]: name})
        for name in ids["o"]:
            self.versions(events.ORDERS, {"order_id": name})
        for place in range(12):
            self.versions(parties.CREDIT_REPORTS, {"report_id": f"p{place}"})
            self.versions(parties.BLACKLIST, {"entry_id": f"l{place}"} | self.subject())
        for name in ids["r"]:
            self.derive(derived.RECEIVABLE_STATES, name)
            if self.draw.random() < 0.8:
                self.derive(derived.RECEIVABLE_TAGS, name)
        for tag in self.rows["receivable_tags"]:
            tag["model_version"] = self.draw.choice([CHAMPION, "2"])
        held = [name for name in ids["r"] if self.draw.random() < 0.2]
        self.pledged = [{"receivable_key": f"key-{name}", "deal": self.draw.choice(["own", "other"])} for name in held]

    def subject(self) -> Row:
        """Give whom a list names."""
        kind, letter = self.draw.choice([("BORROWER", "b"), ("MERCHANT", "m"), ("DEVICE", "d")])
        return {"subject_type": kind, "subject_id": self.draw.choice(self.ids[letter])}

    def value(self, name: str, kind: Kind) -> Any:
        """Give a value: of an id one that exists."""
        letter = LINKS.get(name)
        if letter:
            return self.draw.choice(self.ids[letter])
        return TRIES[kind](self.draw)

    def filled(self, table: Table, given: Row) -> Row:
        """Give a row of the table with what is given, a tenth of what may miss missing."""
        row = {
            each.name: None if each.null_means and self.draw.random() < 0.1 else self.value(each.name, each.kind)
            for each in table.columns
        }
        return {**row, **given}

    def versions(self, table: Table, key: Row) -> None:
        """One to three versions of a thing; some known too late, some withdrawn, some never there."""
        for number in range(self.draw.choice([0, 1, 1, 1, 2, 3])):
            known = self.draw.choice([-1.0, 2.0, 5.0, 50.0]) + number / 10
            happened = known + self.draw.choice([0.0, 1.5])
            control = {"happened_at": ago(happened), "known_at": ago(known), "record_hash": str(number)}
            given = {**key, **control, "is_deleted": self.draw.random() < 0.1}
            if table is lending.RECEIVABLES:
                given["receivable_key"] = f"key-{key['receivable_id']}"
            self.rows[table.name].append(self.filled(table, given))

    def derive(self, table: Table, name: str) -> None:
        """Add a row of a derived table."""
        given = {"receivable_id": name, "as_of": AS_OF, "receivable_key": f"key-{name}"}
        given = {column: value for column, value in given.items() if column in table.names}
        row = self.filled(table, given)
        if table is derived.RECEIVABLE_STATES:
            row["borrower_id"] = self.draw.choice(self.ids["b"])
            row["is_open"] = self.draw.random() < 0.8
        self.rows[table.name].append(row)

    def visible(self, table: Table) -> list[Row]:
        """What was in force at the cut-off, by plain loops."""
        cut = day_start(AS_OF, ZONE)
        newest: dict[tuple[Any, ...], Row] = {}
        for row in self.rows[table.name]:
            if row["known_at"] < cut and row["happened_at"] < cut:
                key = tuple(row[name] for name in table.key)
                if key not in newest or newest[key]["known_at"] < row["known_at"]:
                    newest[key] = row
        return [row for row in newest.values() if not row["is_deleted"]]

    def write(self, folder: Path) -> dict[str, list[str]]:
        """Write the tables as two files each; give the files by table."""
        files = {}
        for table in TABLES:
            schema = pa.schema([(each.name, ARROW[each.kind]) for each in table.columns])
            rows = self.rows[table.name]
            files[table.name] = [str(folder / f"{table.name}-{part}.parquet") for part in (0, 1)]
            for part, path in enumerate(files[table.name]):
                pq.write_table(pa.Table.from_pylist(rows[part::2], schema=schema), path)
        return files

    def pledges(self) -> pa.Table:
        """Give what pools hold."""
        schema = pa.schema([("receivable_key", pa.string()), ("deal", pa.string())])
        return pa.Table.from_pylist(self.pledged, schema=schema)


SIZES = {"r": 20, "b": 6, "m": 4, "o": 12, "d": 5}
LINKS = {
    "receivable_id": "r",
    "borrower_id": "b",
    "merchant_id": "m",
    "order_id": "o",
    "device_id": "d",
}


def random_deal(seed: int, size: int = 40) -> Deal:
    """Give a deal whose criteria ask random things of random columns."""
    draw = random.Random(seed)  # noqa: S311 - a test's own numbers
    asked = [
        Criterion(code=f"X{place}", clause="1", text_en="x", text_zh="x", expression=_asked(draw))
        for place in range(size)
    ]
    return demo_deal().model_copy(update={"name": "own", "criteria": tuple(asked)})


def _asked(draw: random.Random) -> str:
    """Give a condition on the receivable, or on the borrower's others, or on both."""
    own, inner = _condition(draw, 2), _condition(draw, 1, tuple(OTHERS_COLUMNS))
    values = {kind: draw.choice([name for name in OTHERS_COLUMNS if OTHERS_COLUMNS[name] is kind]) for kind in SUMMED}
    money, days, day = (values[kind] for kind in SUMMED)
    others = draw.choice(
        [
            f"others_exist({inner})",
            f"others_count({inner}) < 2",
            f"others_sum({money}, {inner}) + {money} > 100",
            f"others_sum({days}, {inner}) <= 8",
            f"others_max({days}, {inner}, 1) >= 8",
            f"others_min({day}, {inner}, DATE '2025-01-01') < deal.as_of",
            f"others_max({money} * 0.3, {inner}, 0) > 1.5",
        ]
    )
    return draw.choice([own, own, others, f"({own}) OR {others}"])


def _condition(draw: random.Random, depth: int, names: Sequence[str] = tuple(COLUMNS)) -> str:
    if depth and draw.random() < 0.5:
        left, right = (_condition(draw, depth - 1, names) for _ in range(2))
        return draw.choice([f"({left} AND {right})", f"({left} OR {right})", f"(NOT {left})", f"({left}) IS NOT TRUE"])
    name = draw.choice(names)
    kind = COLUMNS[name]
    if draw.random() < 0.1:
        return f"{name} IS NULL"
    if kind is Kind.FLAG:
        return name
    if kind is Kind.TEXT:
        return draw.choice([f"{name} IN ('A', 'it''s', '贷')", f"{name} LIKE '_'", f"length({name}) < 2"])
    bound = draw.choice([LITERALS[kind], *(other for other in names if COLUMNS[other] is kind)])
    return f"{name} {draw.choice(['<', '<=', '=', '<>', '>=', '>'])} {bound}"


SUMMED = (Kind.MONEY, Kind.DAYS, Kind.DATE)


def seen_day() -> tuple[date, str]:
    return AS_OF, ZONE


def cut() -> datetime:
    return day_start(AS_OF, ZONE)
