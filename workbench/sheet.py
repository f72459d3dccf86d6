"""The sheet of a day and deal: one row for each open receivable with everything that people search and sort by."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pool.deal import Deal
from schemas import derived, lending
from schemas.moments import day_start
from schemas.table import Kind, Table
from workbench.copies import Copies
from workbench.shelf import Row, Shelf, source

SCANNED = 122_880
"""So many rows of a sheet stand together: it is read whole."""
Version = tuple[tuple[str, ...], ...]
PUBLISHED = (
    derived.RECEIVABLE_STATES,
    derived.RECEIVABLE_TAGS,
    derived.SCREENINGS,
    derived.SCREENING_FAILURES,
    lending.RECEIVABLES,
)
CONTRACT = (
    "contract_no, order_id, merchant_id, product_code, region_code, category_code, originated_on, term_number, "
    "annual_rate"
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


@dataclass(frozen=True, slots=True)
class Sheet:
    """The sheet of a place; `name` says its rows as SQL, `failures` those of what fails, by row.

    Args:
        shelf: What it was taken from.
        place: Day and deal.
        version: What identifies its content.
        path: The copy with the receivables, in order of their id; `row` is the place of each.
        failures_path: The copy with what they fail: `row`, `code`, `outcome`.
    """

    shelf: Shelf
    place: Place
    version: Version
    path: Path
    failures_path: Path

    def once(self, name: str, make: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever is made
        """Give what was made of this sheet under a name, or make it."""
        return self.shelf.kept((name, self.place.day, self.place.deal.name), self.version, make)

    @property
    def name(self) -> str:
        """Say the receivables as SQL."""
        return f"read_parquet('{self.path}')"

    @property
    def failures(self) -> str:
        """Say what they fail as SQL."""
        return f"read_parquet('{self.failures_path}')"

    def row(self, receivable_id: str) -> Row | None:
        """Give the row of a receivable, or None where it is not open that day."""
        found = self.shelf.rows(f"SELECT * FROM {self.name} WHERE receivable_id = ?", receivable_id)
        return found[0] if found else None


class Sheets:
    """The sheets of a workspace: each is a copy, made when it is first asked for."""

    def __init__(self, shelf: Shelf, copies: Copies, time_zone: str) -> None:
        """Take sheets from a shelf; days begin in the platform's zone."""
        self._shelf = shelf
        self._copies = copies
        self._zone = time_zone

    def at(self, place: Place) -> Sheet:
        """Give the sheet of a place as it is published now."""
        version = tuple(tuple(self._shelf.files(table, place.day, place.deal.name)) for table in PUBLISHED)
        name = f"{place.deal.name}-{place.day}"
        states, others = self._parts(place)
        joined = "".join(f" LEFT JOIN {part.sql} USING (receivable_id)" for part in others)
        values = tuple(value for part in (states, *others) for value in part.values)
        ordered = f"SELECT row_number() OVER () AS row, * FROM (FROM {states.sql}{joined} ORDER BY receivable_id)"
        path = self._copies.made(f"sheet-{name}", version, ordered, values, SCANNED)
        failed = _rows_of(self._shelf, place, derived.SCREENING_FAILURES, "receivable_id, code, outcome")
        numbered = f"(SELECT receivable_id, row FROM read_parquet('{path}'))"
        listed = f"SELECT row, code, outcome FROM {failed.sql} JOIN {numbered} USING (receivable_id) ORDER BY code, row"
        failures = self._copies.made(f"failures-{name}", version, listed, failed.values, SCANNED)
        return Sheet(self._shelf, place, version, path, failures)

    def _parts(self, place: Place) -> tuple["Part", tuple["Part", ...]]:
        """Give the states and what is laid beside them."""
        shelf = self._shelf
        return _rows_of(shelf, place, derived.RECEIVABLE_STATES, STATE, "is_open"), (
            _contracts(shelf, place, self._zone),
            _rows_of(shelf, place, derived.RECEIVABLE_TAGS, f"receivable_id, {TAGGED}"),
            _rows_of(shelf, place, derived.SCREENINGS, f"receivable_id, {SCREENED}"),
        )


@dataclass(frozen=True, slots=True)
class Part:
    """Rows as SQL, with the values of its parameters in order."""

    sql: str
    values: tuple[object, ...] = ()


def _rows_of(shelf: Shelf, place: Place, table: Table, columns: str, where: str = "TRUE") -> Part:
    """Say rows of a table of the sheet's day and deal; of one that was not published, no rows with these columns."""
    files = shelf.files(table, place.day, place.deal.name)
    if not files:
        kinds = {column.name: SQL_TYPES[column.kind] for column in table.columns}
        named = ", ".join(f"NULL::{kinds[name]} AS {name}" for name in columns.split(", "))
        return Part(f"(SELECT {named} WHERE FALSE)")
    return Part(f"(SELECT {columns} FROM {source()} WHERE {where})", (files,))


def _contracts(shelf: Shelf, place: Place, time_zone: str) -> Part:
    """Say the contracts as they were known at the cut: of each the latest version known, unless it is withdrawn."""
    columns = f"receivable_id, {CONTRACT}"
    cut = day_start(place.day, time_zone)
    known = _rows_of(shelf, place, lending.RECEIVABLES, "*", "known_at < ? AND happened_at < ?")
    if not known.values:
        return _rows_of(shelf, place, lending.RECEIVABLES, columns)
    several = (
        f"SELECT receivable_id, max(known_at) AS latest FROM {known.sql} GROUP BY receivable_id HAVING count(*) > 1"
    )
    versions = f"{known.sql} AS known LEFT JOIN ({several}) AS several USING (receivable_id)"
    standing = "NOT is_deleted AND (latest IS NULL OR known_at = latest)"
    values = (*known.values, cut, cut)
    return Part(f"(SELECT {columns} FROM {versions} WHERE {standing})", values * 2)


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
