"""The list of receivables: searched, filtered, sorted and paged in the database, exported as it is shown."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from schemas import derived
from schemas.spreadsheet import as_cell
from workbench.asked import LATENESS, Listing
from workbench.book import Reading
from workbench.sheet import Sheet
from workbench.shelf import Row, source

PAGE = 50
CHUNK = 5_000
KEY_LENGTH = 64
"""Whatever is so long is looked for among receivable keys, hashes as they are, and nowhere else."""
FOUND_BY = ("contract_no", "order_id", "borrower_id", "merchant_id")
"""Columns whose whole value a search may give; the receivable's own id is found by its beginning."""
EXPORTED = (
    "receivable_id",
    "contract_no",
    "borrower_id",
    "merchant_id",
    "product_code",
    "region_code",
    "category_code",
    "originated_on",
    "final_due_on",
    "term_number",
    "remaining_period_count",
    "annual_rate",
    "original_principal_amount",
    "current_principal_amount",
    "days_past_due",
    "worst_days_past_due",
    "default_probability",
    "grade",
    "is_eligible",
    "first_failed_code",
    "failed_count",
    "receivable_key",
)
DIRECTION = {"up": "ASC NULLS LAST", "down": "DESC NULLS LAST"}


@dataclass(frozen=True, slots=True)
class Found:
    """A page of receivables: how many there are in all, their principal, and the rows."""

    count: int
    principal: Any
    page: int
    rows: list[Row]

    @property
    def first(self) -> int:
        """Give the place of the first row that is shown, from 1; 0 where there is none."""
        return (self.page - 1) * PAGE + 1 if self.rows else 0

    @property
    def last(self) -> int:
        """Give the place of the last row that is shown."""
        return (self.page - 1) * PAGE + len(self.rows)

    @property
    def pages(self) -> int:
        """Count the pages."""
        return max(1, -(-self.count // PAGE))


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition of ours with `?` for values, and the values."""

    sql: str
    values: tuple[object, ...] = ()


def find(sheet: Sheet, reading: Reading, asked: Listing) -> Found:
    """Give the page of receivables that is asked for."""
    where, values = _where(sheet, reading, asked)
    summed = "count(*) AS count, coalesce(sum(current_principal_amount), 0) AS principal"
    total = sheet.shelf.rows(f"SELECT {summed} FROM {sheet.name} WHERE {where}", *values)[0]
    ordered = _ordered(asked)
    chosen = f"SELECT row FROM {sheet.name} WHERE {where} ORDER BY {ordered} LIMIT {PAGE} OFFSET ?"
    shown = f"SELECT * FROM {sheet.name} WHERE row IN ({chosen}) ORDER BY {ordered}"
    rows = sheet.shelf.rows(shown, *values, (asked.page - 1) * PAGE)
    return Found(total["count"], total["principal"], asked.page, rows)


def export(sheet: Sheet, reading: Reading, asked: Listing) -> Iterator[bytes]:
    """Write all receivables that are found, in the order that is shown, as CSV that no spreadsheet runs."""
    where, values = _where(sheet, reading, asked)
    cursor = sheet.shelf.cursor()
    try:
        yield _lines([EXPORTED], "\ufeff")
        found = cursor.execute(
            f"SELECT {', '.join(EXPORTED)} FROM {sheet.name} WHERE {where} ORDER BY {_ordered(asked)}", list(values)
        )
        while rows := found.fetchmany(CHUNK):
            yield _lines([tuple(safe(value) for value in row) for row in rows])
    finally:
        cursor.close()


def safe(value: object) -> str:
    """Write a value so that no spreadsheet takes it as a formula; numbers stay numbers.

    >>> safe("=HYPERLINK(1)"), safe("M-1"), safe(-5), safe(None)
    ("'=HYPERLINK(1)", 'M-1', '-5', '')
    """
    if value is None:
        return ""
    return as_cell(value) if isinstance(value, str) else str(value)


def _lines(rows: list[tuple[str, ...]], mark: str = "") -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return (mark + text.getvalue()).encode()


def _ordered(asked: Listing) -> str:
    """Say the order as SQL: a column of the sheet, that the question's own type allows, and the place for ties."""
    return (
        "row ASC"
        if asked.sort == "receivable_id" and asked.order == "up"
        else f"{asked.sort} {DIRECTION[asked.order]}, row"
    )


def _where(sheet: Sheet, reading: Reading, asked: Listing) -> tuple[str, tuple[object, ...]]:
    conditions = list(_conditions(sheet, reading, asked))
    values = tuple(value for one in conditions for value in one.values)
    return " AND ".join(f"({one.sql})" for one in conditions) or "TRUE", values


def _conditions(sheet: Sheet, reading: Reading, asked: Listing) -> Iterator[Condition]:
    if asked.search and len(asked.search) == KEY_LENGTH:
        yield Condition("receivable_key = ?", (asked.search,))
    elif asked.search:
        whole = " OR ".join(f"{name} = ?" for name in FOUND_BY)
        yield Condition(f"starts_with(receivable_id, ?) OR {whole}", (asked.search,) * (len(FOUND_BY) + 1))
    if asked.failed:
        yield Condition(f"row IN (SELECT row FROM {sheet.failures} WHERE code = ?)", (asked.failed,))
    if asked.grade:
        yield Condition("grade = ?", (asked.grade,))
    if asked.merchant:
        yield Condition("merchant_id = ?", (asked.merchant,))
    if asked.late:
        low, high = LATENESS[asked.late]
        yield Condition("days_past_due >= ? AND (? IS NULL OR days_past_due <= ?)", (low, high, high))
    if asked.standing:
        yield _standing(sheet, reading, asked.standing)


def _standing(sheet: Sheet, reading: Reading, standing: str) -> Condition:
    if standing == "eligible":
        return Condition("is_eligible")
    if standing == "refused":
        return Condition("NOT is_eligible")
    if standing == "held":
        return Condition(f"receivable_key IN (SELECT receivable_key FROM {reading.table})")
    files = sheet.shelf.files(derived.PROPOSALS, sheet.place.day, sheet.place.deal.name)
    if not files:
        return Condition("FALSE")
    return Condition(f"receivable_id IN (SELECT receivable_id FROM {source()})", (files,))
