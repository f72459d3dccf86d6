"""Histories that real platforms have: moved, corrected, withdrawn, brought back, delivered in any order."""

import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from features.sweep_reads import READS
from pipelines.sweep import Sweep
from runtime.workspace import Workspace
from schemas.house import TABLES
from schemas.moments import day_start
from tests.features.compare import differences
from tests.features.platform import Row, Rows, event, money
from tests.pipelines.laid_world import opened, publish
from tests.pipelines.test_sweep import ZONE, promised, told

AS_OF = date(2025, 4, 1)
DAYS = [AS_OF - timedelta(days=each) for each in (40, 9, 2, 0)]
CLOCK_CHANGES = [
    (AS_OF - day).days for day in (date(2025, 3, 9), date(2025, 3, 30), date(2024, 11, 3), date(2024, 10, 27))
]
"""How long ago summer time began and ended in New York and in Berlin."""
GROUPS = 40


def at(days: float, microseconds: int = 0, zone: str = ZONE) -> datetime:
    """Give an instant so many days of the zone's wall clock before the last as-of day begins, however long they are."""
    whole = int(days // 1)
    start = day_start(AS_OF - timedelta(days=whole), zone)
    return start - timedelta(days=days - whole, microseconds=-microseconds)


def version(name: str, happened_at: datetime, known_at: datetime, **told: Any) -> Row:
    return {**dict.fromkeys(TABLES[name].names), **event(happened_at, known_at, **told)}


def order(name: str, borrower: str, happened: float, known: float, **values: Any) -> Row:
    paid = {"order_status": "PAID", "order_amount": money(1_000), **values}
    return version("orders", at(happened), at(known), order_id=name, borrower_id=borrower, **paid)


def refund(name: str, order_id: str, known: float) -> Row:
    case = {"case_id": name, "order_id": order_id, "case_kind": "REFUND", "case_status": "GRANTED"}
    return version("refunds_disputes", at(known), at(known), case_amount=money(1), **case)


def home(borrower: str, region: str, known: float) -> Row:
    return version("borrowers", at(900), at(known), borrower_id=borrower, region_code=region)


def statement(line: str, borrower: str, happened: float, known: float, limit: int | None, **values: Any) -> Row:
    kept = {"limit_amount": None if limit is None else money(limit), "used_amount": money(5), **values}
    return version("credit_accounts", at(happened), at(known), account_id=line, borrower_id=borrower, **kept)


MOVED = [order("o", "a", 50, 50), order("o", "b", 50, 20)]
HISTORIES: dict[str, list[Rows]] = {
    "a refund of an order that moved": [{"orders": MOVED, "refunds_disputes": [refund("c", "o", 45)]}],
    "a refund after the move": [{"orders": MOVED}, {"refunds_disputes": [refund("c", "o", 5)]}],
    "a move after the refund": [
        {"orders": MOVED[:1], "refunds_disputes": [refund("c", "o", 45)]},
        {"orders": MOVED[1:]},
    ],
    "the move delivered before what it moves": [{"orders": MOVED[1:]}, {"orders": MOVED[:1]}],
    "a withdrawal delivered before what it withdraws": [
        {"orders": [{**MOVED[1], "is_deleted": True}]},
        {"orders": MOVED[:1]},
    ],
    "a refund that changes its order twice": [
        {
            "orders": [order("o", "a", 50, 50), order("p", "a", 50, 50), order("q", "b", 50, 50)],
            "refunds_disputes": [refund("c", "o", 45)],
        },
        {"refunds_disputes": [refund("c", "p", 20)]},
        {"refunds_disputes": [refund("c", "q", 5)]},
    ],
    "a borrower who moves, told in the wrong order": [
        {"orders": [order("o", "a", 50, 50, region_code="north")], "borrowers": [home("a", "south", 5)]},
        {"borrowers": [home("a", "north", 60)]},
    ],
    "a statement told after the one that follows it": [
        {"credit_accounts": [statement("l", "a", 60, 60, 100), statement("l", "a", 20, 20, 300)]},
        {"credit_accounts": [statement("l", "a", 45, 5, 500)]},
    ],
    "a line whose last statement is corrected, and whose first one is withdrawn": [
        {"credit_accounts": [statement("l", "a", each, each, 100 + int(each)) for each in (80, 50, 11)]},
        {"credit_accounts": [statement("l", "a", 11, 4, None), statement("l", "a", 80, 6, 1, is_deleted=True)]},
    ],
    "two lines with statements of one moment": [
        {"credit_accounts": [statement(each, "a", 50, 50, 100) for each in "kl"]},
        {"credit_accounts": [statement(each, "a", 8, 8, limit) for each, limit in (("k", 90), ("l", 110))]},
    ],
    "a line that passes to another": [
        {"credit_accounts": [statement("l", "a", 50, 50, 100)]},
        {"credit_accounts": [statement("l", "b", 30, 30, 200)]},
        {"credit_accounts": [statement("l", "b", 50, 7, 100)]},
    ],
}


def swept_wrongly(space: Workspace, rows: Rows, days: Sequence[date], scratch: Path, zone: str = ZONE) -> list[str]:
    """Name what the sweep says otherwise than plain loops."""
    sweep = Sweep(space, days, scratch)
    return [
        f"{stream} {day}: {each}"
        for stream in READS
        for day in days
        for each in differences(told(sweep, stream, day), promised(rows, stream, day, zone), "borrower_id")
    ]


def together(batches: Sequence[Rows]) -> Rows:
    return {name: [row for batch in batches for row in batch.get(name, [])] for name in TABLES}


def of_its_own(rows: Rows, name: str) -> Rows:
    """Give a history borrowers, orders and cases of its own."""
    ids = ("borrower_id", "order_id", "case_id", "account_id")
    return {
        table: [{**row, **{each: f"{name}: {row[each]}" for each in ids if row.get(each)}} for row in held]
        for table, held in rows.items()
    }


def test_a_history_is_seen_each_day_as_it_was_known_then(engine: SparkSession, tmp_path: Path) -> None:
    """In whatever batches its versions came."""
    own = [[of_its_own(rows, name) for rows in history] for name, history in HISTORIES.items()]
    batches = [together([rows for rows in each if rows]) for each in zip_longest(*own)]
    with opened(tmp_path, engine, ZONE) as space:
        for number, rows in enumerate(batches):
            publish(space, rows, f"batch{number}")
        assert not swept_wrongly(space, together(batches), DAYS, tmp_path / "swept")


class Dice:
    """A seeded source of groups of borrowers whose orders, refunds, doings and homes change all the time."""

    def __init__(self, seed: int, zone: str) -> None:
        """Start with empty batches."""
        self.dice, self.zone = random.Random(seed), zone  # noqa: S311 - a test's dice
        self.batches: list[Rows] = [{name: [] for name in TABLES} for _ in range(3)]

    def when(self) -> datetime:
        """Draw an instant around an as-of day's start, or anywhere."""
        days = self.dice.choice([0, 2, 9, 40, 40, *CLOCK_CHANGES, 200, 500, self.dice.uniform(-3, 420)])
        return at(days, self.dice.choice([-1, 0, 1]), self.zone)

    def versions(
        self, name: str, key: Row, many: int, values: dict[str, Sequence[Any]], fixed: datetime | None = None
    ) -> None:
        """Draw versions of one thing, each in any batch, no two known at one moment."""
        for known in {self.when() for _ in range(self.dice.randint(1, many))}:
            row = {column: self.dice.choice(choices) for column, choices in values.items()}
            happened = fixed or min(self.when(), known)
            said = version(name, happened, known, **key, **row, record_hash=f"{self.dice.getrandbits(64):x}")
            said["is_deleted"] = self.dice.random() < 0.15
            self.dice.choice(self.batches)[name].append(said)

    def group(self, number: int) -> None:
        """Draw what happens among three borrowers."""
        people = [f"b{number}{letter}" for letter in "xyz"]
        places, devices = ["north", "south", None], ["d1", "d2", None]
        amounts = [money(each) for each in (0, 1, 999_999_999, 31_415)]
        for person in people:
            self.versions("borrowers", {"borrower_id": person}, 3, {"region_code": places})
        orders = [f"o{number}{each}" for each in range(4)]
        said = {
            "borrower_id": people,
            "order_status": ["PAID", "COMPLETED", "CANCELLED"],
            "order_amount": amounts,
            "credit_amount": [*amounts, None],
            "merchant_id": ["m1", "m2", None],
            "category_code": ["c1", "c2", "c3"],
            "is_virtual_goods": [True, False, None],
            "device_id": devices,
            "region_code": places,
        }
        for each in orders:
            self.versions("orders", {"order_id": each}, 4, said)
        case = {
            "order_id": orders,
            "case_kind": ["REFUND", "RETURN", "DISPUTE"],
            "case_status": ["OPEN", "REJECTED"],
            "case_amount": amounts,
        }
        for each in range(2):
            self.versions("refunds_disputes", {"case_id": f"c{number}{each}"}, 3, case)
        doing = {
            "borrower_id": people,
            "event_type": ["LOGIN", "BROWSE", "ACCOUNT_DEBIT"],
            "session_id": ["s1", "s2", None],
            "device_id": devices,
            "event_amount": [*amounts, None],
            "balance_amount": [money(-999_999_999), *amounts, None],
        }
        for each in range(4):
            self.versions("behaviour_events", {"event_id": f"e{number}{each}"}, 3, doing)
        self.bureau_and_lines(number, people, [*amounts, None])

    def bureau_and_lines(self, number: int, people: Sequence[str], amounts: Sequence[Any]) -> None:
        """Draw reports, and statements of lines that are told late, corrected and passed on."""
        said = {"borrower_id": people, "bureau_score": [600.0, 612.345, None], "overdue_amount": amounts}
        for each in range(2):
            self.versions("credit_reports", {"report_id": f"r{number}{each}"}, 3, said)
        kept = {
            "borrower_id": people[:2],
            "limit_amount": amounts,
            "used_amount": amounts,
            "account_status": ["FROZEN"],
        }
        for line in range(2):
            for moment in {self.when() for _ in range(4)}:
                self.versions("credit_accounts", {"account_id": f"l{number}{line}"}, 3, kept, fixed=moment)


@pytest.mark.parametrize(("seed", "zone"), list(enumerate([ZONE, "America/New_York", "Europe/Berlin"])))
def test_drawn_histories_in_any_order_of_batches_equal_plain_loops(
    engine: SparkSession, tmp_path: Path, seed: int, zone: str
) -> None:
    """Orders change hands and come back, refunds change orders, all of it corrected, withdrawn, delivered too late.

    Clocks were put forward within the last weeks and back half a year ago.
    """
    dice = Dice(seed, zone)
    for number in range(GROUPS):
        dice.group(number)
    with opened(tmp_path, engine, zone, most_layers=2) as space:
        for number, rows in enumerate(dice.batches):
            publish(space, rows, f"batch{number}")
        assert not swept_wrongly(space, together(dice.batches), DAYS, tmp_path / "swept", zone)
