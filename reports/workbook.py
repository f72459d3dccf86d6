"""Tables as files for a spreadsheet: XLSX and CSV, the same bytes for the same rows, and never a formula.

Text that a spreadsheet would read as a formula stays text: in XLSX it is a text cell that also says so when edited; in
CSV an apostrophe stands before it.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from schemas.errors import ConfigurationError
from schemas.spreadsheet import as_cell

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")
"""Characters that no XML holds as they are."""
WRITTEN_AT = datetime(2000, 1, 1, tzinfo=UTC)
"""Moment that every workbook names as its own: the run says when it was made."""
MOST_ROWS = 1_048_576
LONGEST_TEXT = 32_767
WIDEST, NARROWEST = 60, 8


class Form(Enum):
    """How a column's numbers are shown."""

    TEXT = "@"
    COUNT = "#,##0"
    MONEY = "#,##0.00"
    SHARE = "0.00%"
    NUMBER = "0.0000"
    DAY = "yyyy-mm-dd"


Value = str | int | float | Decimal | date | bool | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table of a workbook.

    Args:
        name: On its tab, at most 31 characters.
        title: The sentence over it.
        columns: Name and form of each column.
        rows: Values in the columns' order; None is an empty cell.
    """

    name: str
    title: str
    columns: tuple[tuple[str, Form], ...]
    rows: Sequence[Sequence[Value]]


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write rows of text as CSV; a text that looks like a formula gets an apostrophe before it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([as_cell(cell) for cell in row] for row in rows)
    return text.getvalue()


def xlsx_bytes(sheets: Sequence[Sheet]) -> bytes:
    """Write sheets as one XLSX workbook: typed cells, a frozen heading, equal bytes for equal sheets.

    Raises:
        ConfigurationError: More rows or longer texts than a spreadsheet holds.
    """
    import xlsxwriter

    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_urls": False, "strings_to_formulas": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"created": WRITTEN_AT})
        styles = {form: book.add_format({"num_format": form.value, "valign": "top"}) for form in Form}
        quoted = book.add_format({"num_format": "@", "quote_prefix": True, "valign": "top"})
        title = book.add_format({"bold": True, "font_size": 13})
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "bottom"})
        for sheet in sheets:
            _write_sheet(book.add_worksheet(sheet.name), sheet, (title, head, quoted), styles)
    return buffer.getvalue()


def _write_sheet(page: Any, sheet: Sheet, marks: tuple[Any, Any, Any], styles: dict[Form, Any]) -> None:  # noqa: ANN401
    if len(sheet.rows) + 2 > MOST_ROWS:
        raise ConfigurationError(
            f"{len(sheet.rows)} rows in {sheet.name}", f"at most {MOST_ROWS}", "the CSV or Parquet form"
        )
    title, head, quoted = marks
    page.write_string(0, 0, sheet.title, title)
    for column, (name, form) in enumerate(sheet.columns):
        page.write_string(1, column, name, head)
        shown = [len(str(row[column])) for row in sheet.rows[:200] if row[column] is not None]
        width = max([len(name), *shown, NARROWEST]) + (4 if form in (Form.MONEY, Form.COUNT) else 2)
        page.set_column(column, column, min(width, WIDEST))
    page.freeze_panes(2, 1)
    page.hide_gridlines(2)
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.repeat_rows(0, 1)
    for place, row in enumerate(sheet.rows, 2):
        for column, value in enumerate(row):
            _write_cell(page, (place, column), value, (styles[sheet.columns[column][1]], quoted))


def _write_cell(page: Any, at: tuple[int, int], value: Value, styles: tuple[Any, Any]) -> None:  # noqa: ANN401
    style, quoted = styles
    match value:
        case None:
            return
        case bool():
            page.write_string(*at, "yes" if value else "no", style)
        case date():
            page.write_datetime(*at, value, style)
        case int() | float() | Decimal():
            page.write_number(*at, value, style)
        case _:
            text = CONTROL.sub(" ", value)
            if len(text) > LONGEST_TEXT:
                raise ConfigurationError(
                    f"a text of {len(text)} characters", f"at most {LONGEST_TEXT}", "the HTML report"
                )
            page.write_string(*at, text, style if as_cell(text) == text else quoted)
