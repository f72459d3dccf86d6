"""The sheet of a day and deal: one row for each open receivable with everything that people search and sort by."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from threading import Lock
from typing import Any
from weakref import finalize

from pool.deal import Deal
from schemas import derived, lending
from schemas.moments import day_start
from schemas.table import Kind, Table
from workbench.shelf import SHEETS, Row, Shelf, source

MOST_SHEETS = 2
"""So many days and deals are held in memory at once: about 150 MB each for a million receivables."""
PUBLISHED = (
    derived.RECEIVABLE_STATES,
    derived.RECEIVABLE_TAGS,
    derived.SCREENINGS,
    derived.SCREENING_FAILURES,
    lending.RECEIVABLES,
)
CONTRACT = (
    "contract_no, order_id, merchant_id, product_code, purpose, channel, region_code, category_code, originated_on, "
    "disbursed_on, term_number, annual_rate, amortization"
)
STATE = (
    "receivable_id, receivable_key, borrower_id, original_principal_amount, current_principal_amount, "
    "arrears_amount, days_past_due, worst_days_past_due, late_count, paid_period_count, remaining_period_count, "
    "next_due_on, final_due_on"
)
SCREENED = "outcomes, is_eligible, first_failed_code, failed_count, deal_hash"
TAGGED = "default_probability, default_probability_upper, grade, expected_loss_amount"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a visitor looks: a day and a deal, whose screening is published."""

    day: date
    deal: Deal


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class Sheet:
    """The sheet of a place; `name` is its table in the database, `failures` that of what fails, by row.

    Args:
        shelf: What it was taken from.
        place: Day and deal.
        version: What identifies its content.
        number: Its number among all sheets that were ever made.
        memory: What was counted of it already.
    """

    shelf: Shelf
    place: Place
    version: tuple[Any, ...]
    number: int
    memory: dict[str, Any] = field(default_factory=dict)

    def once(self, name: str, make: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever is made
        """Give what was made of this sheet under a name, or make it."""
        if name not in self.memory:
            self.memory[name] = make()
        return self.memory[name]

    @property
    def name(self) -> str:
        """Name the table of receivables."""
        return f"{SHEETS}.sheet_{self.number}"

    @property
    def failures(self) -> str:
        """Name the table of failures: `row` (of the sheet), `code`, `outcome`."""
        return f"{SHEETS}.failures_{self.number}"

    def row(self, receivable_id: str) -> Row | None:
        """Give the row of a receivable, or None where it is not open that day."""
        found = self.shelf.rows(f"SELECT * FROM {self.name} WHERE receivable_id = ?", receivable_id)
        return found[0] if found else None


class Sheets:
    """The sheets that are held, the one used last at the end; each is made once, whoever asks first.

    A sheet that is held no more goes when the last page that reads it is done.
    """

    def __init__(self, shelf: Shelf, time_zone: str) -> None:
        """Take sheets from a shelf; days begin in the platform's zone."""
        self._shelf = shelf
        self._zone = time_zone
        self._held: OrderedDict[tuple[date, str], Sheet] = OrderedDict()
        self._lock = Lock()
        self._made = 0

    def at(self, place: Place) -> Sheet:
        """Give the sheet of a place as it is published now."""
        key = (place.day, place.deal.name)
        version = tuple(tuple(self._shelf.files(table, place.day, place.deal.name)) for table in PUBLISHED)
        with self._lock:
            sheet = self._held.get(key)
            if sheet is None or sheet.version != version:
                self._made += 1
                sheet = self._held[key] = _made(Sheet(self._shelf, place, version, self._made), self._zone)
            self._held.move_to_end(key)
            while len(self._held) > MOST_SHEETS:
                self._held.popitem(last=False)
        return sheet


@dataclass(frozen=True, slots=True)
class Part:
    """Rows as SQL, with the values of its parameters in order."""

    sql: str
    values: tuple[object, ...] = ()


def _made(sheet: Sheet, time_zone: str) -> Sheet:
    """Fill the tables of a sheet."""
    shelf = sheet.shelf
    states = _rows_of(sheet, derived.RECEIVABLE_STATES, STATE, "is_open")
    others = (
        _contracts(sheet, time_zone),
        _rows_of(sheet, derived.RECEIVABLE_TAGS, f"receivable_id, {TAGGED}"),
        _rows_of(sheet, derived.SCREENINGS, f"receivable_id, {SCREENED}"),
    )
    joined = "".join(f" LEFT JOIN {part.sql} USING (receivable_id)" for part in others)
    values = [value for part in (states, *others) for value in part.values]
    numbered = f"SELECT *, row_number() OVER (ORDER BY receivable_id) AS row FROM {states.sql}{joined}"
    shelf.rows(f"CREATE TABLE {sheet.name} AS {numbered} ORDER BY receivable_id", *values)
    failed = _rows_of(sheet, derived.SCREENING_FAILURES, "receivable_id, code, outcome")
    listed = f"SELECT row, code, outcome FROM {failed.sql} JOIN {sheet.name} USING (receivable_id) ORDER BY code, row"
    shelf.rows(f"CREATE TABLE {sheet.failures} AS {listed}", *failed.values)
    finalize(sheet, shelf.drop, sheet.name, sheet.failures).atexit = False
    return sheet


def _rows_of(sheet: Sheet, table: Table, columns: str, where: str = "TRUE") -> Part:
    """Say rows of a table of the sheet's day and deal; of one that was not published, no rows with these columns."""
    files = sheet.shelf.files(table, sheet.place.day, sheet.place.deal.name)
    if not files:
        kinds = {column.name: SQL_TYPES[column.kind] for column in table.columns}
        named = ", ".join(f"NULL::{kinds[name]} AS {name}" for name in columns.split(", "))
        return Part(f"(SELECT {named} WHERE FALSE)")
    return Part(f"(SELECT {columns} FROM {source()} WHERE {where})", (files,))


def _contracts(sheet: Sheet, time_zone: str) -> Part:
    """Say the contracts as they were known at the cut: of each the latest version known, unless it is withdrawn."""
    columns = f"receivable_id, {CONTRACT}"
    cut = day_start(sheet.place.day, time_zone)
    known = _rows_of(sheet, lending.RECEIVABLES, "*", "known_at < ? AND happened_at < ?")
    if not known.values:
        return _rows_of(sheet, lending.RECEIVABLES, columns)
    latest = "row_number() OVER (PARTITION BY receivable_id ORDER BY known_at DESC, record_hash) = 1"
    versions = f"SELECT {columns}, is_deleted FROM {known.sql} QUALIFY {latest}"
    return Part(f"(SELECT {columns} FROM ({versions}) WHERE NOT is_deleted)", (*known.values, cut, cut))


SQL_TYPES = {
    Kind.TEXT: "VARCHAR",
    Kind.FLAG: "BOOLEAN",
    Kind.COUNT: "BIGINT",
    Kind.NUMBER: "BIGINT",
    Kind.DAYS: "BIGINT",
    Kind.MONEY: "DECIMAL(18,2)",
    Kind.RATE: "DECIMAL(9,6)",
    Kind.REAL: "DOUBLE",
    Kind.DATE: "DATE",
    Kind.MOMENT: "TIMESTAMPTZ",
}
"""How a kind of column is called in SQL."""
