"""Workbooks, the disclosure file and the trustee's page: the same bytes each time, typed cells, never a formula."""

import csv
import io
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.esma import FIELDS, NAMES, annex
from reports.pool_sheets import sheets
from reports.purchase_report import render
from reports.purchase_report import sheets as purchase_sheets
from reports.workbook import CONTROL, Form, Sheet, csv_text, xlsx_bytes
from schemas.errors import ConfigurationError
from schemas.spreadsheet import as_cell, from_cell
from tests.reports.page import read, table
from tests.reports.sample import living_pool
from tests.reports.sample_purchase import sample_purchase
from tests.reports.test_pool_report import HOSTILE

NS = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =cmd|' /C calc'!A0",
    "\uff1d1+1",
    '=HYPERLINK("x")',
    "%0A=1",
]


def cells(content: bytes) -> dict[str, list[list[Any]]]:
    """Read a workbook by its XML: texts, numbers, and nothing else; a formula fails."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        texts = [
            "".join(one.itertext())
            for one in ET.fromstring(book.read("xl/sharedStrings.xml")).findall("m:si", NS)  # noqa: S314
        ]
        names = [one.attrib["name"] for one in ET.fromstring(book.read("xl/workbook.xml")).iter(f"{{{NS['m']}}}sheet")]  # noqa: S314
        found = {}
        for place, name in enumerate(names, 1):
            sheet = ET.fromstring(book.read(f"xl/worksheets/sheet{place}.xml"))  # noqa: S314
            assert not list(sheet.iter(f"{{{NS['m']}}}f"))
            assert not list(sheet.iter(f"{{{NS['m']}}}hyperlink"))
            rows = []
            for row in sheet.iter(f"{{{NS['m']}}}row"):
                values: list[Any] = []
                for cell in row.findall("m:c", NS):
                    value = cell.findtext("m:v", None, NS)
                    place_in_row = column_of(cell.attrib["r"])
                    values += [None] * (place_in_row - len(values))
                    values.append(
                        texts[int(value)] if cell.attrib.get("t") == "s" and value else value and float(value)
                    )
                rows.append(values)
            found[name] = rows
    return found


def column_of(reference: str) -> int:
    """Give the place of a cell's column, A being 0."""
    place = 0
    for letter in re.match("[A-Z]+", reference)[0]:  # type: ignore[index]
        place = place * 26 + ord(letter) - 64
    return place - 1


def test_a_workbook_has_the_report_s_tables_with_whole_numbers() -> None:
    """Every table is a sheet; amounts are numbers to the cent, shares are fractions, days are days."""
    report = living_pool()
    found = cells(xlsx_bytes(sheets(report)))
    assert list(found)[:6] == ["Summary", "Funnel", "Eligibility", "Composition", "Limits", "Triggers"]
    assert {"Strata", "Static pools", "Static rates", "Turnover", "Roll-forward", "Warranty breaches", "Data"} <= set(
        found
    )
    life = report.performance
    assert life is not None
    heads, *rows = found["Roll-forward"][1:]
    first = dict(zip(heads, rows[0], strict=False))
    assert first["closing amount"] == float(life.roll_forwards[0]["closing_amount"])
    heads, *rows = found["Static pools"][1:]
    assert len(rows) == len(life.static)
    assert [row[heads.index("bought amount")] for row in rows] == [float(row["bought_amount"]) for row in life.static]
    assert rows[0][heads.index("is over")] == "yes"
    rates = found["Static rates"][2:]
    assert len(rates) == len(life.static) + len(life.together)


def test_equal_reports_give_equal_workbooks() -> None:
    """Two processes with different hash seeds write the same bytes."""
    program = (
        "import hashlib; from tests.reports.sample import living_pool; from reports.pool_sheets import sheets;"
        "from reports.workbook import xlsx_bytes; print(hashlib.sha256(xlsx_bytes(sheets(living_pool()))).hexdigest())"
    )
    digests = {
        subprocess.run(  # noqa: S603 - our own interpreter on our own text
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."}, check=True,
            capture_output=True, text=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(digests) == 1


@pytest.mark.parametrize("text", FORMULAS)
def test_what_looks_like_a_formula_stays_text(text: str) -> None:
    """In CSV an apostrophe stands before it; in XLSX it is a text cell, as it came, marked as text when edited."""
    (line,) = csv.reader(io.StringIO(csv_text(["a"], [[text]]), newline="").readlines()[1:])
    assert (line[0][0], from_cell(line[0])) == ("'", text)
    content = xlsx_bytes([Sheet("s", "t", (("a", Form.TEXT),), [[text]])])
    assert cells(content)["s"][2] == [CONTROL.sub(" ", text)]
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        assert b'quotePrefix="1"' in book.read("xl/styles.xml")


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
def test_any_text_is_written_and_never_a_formula(text: str) -> None:
    """Control characters become blanks; nothing that is written begins like a formula in CSV."""
    xlsx_bytes([Sheet("s", "t", (("a", Form.TEXT),), [[text]])])
    written = csv_text(["a"], [[text]])
    (row,) = list(csv.reader(io.StringIO(written, newline="")))[1:] or [[""]]
    assert from_cell(as_cell(text)) == text
    assert [as_cell(text)] == (row or [""])
    begun = [cell.lstrip()[:1] for cell in re.split("[;\t\r\n]", as_cell(text))]
    assert not {*"=+-@|%\uff1d\uff0b\uff0d\uff20"} & {*begun}


def test_a_sheet_too_long_is_refused() -> None:
    """A spreadsheet holds so many rows; more is an error, not a cut."""
    with pytest.raises(ConfigurationError):
        xlsx_bytes([Sheet("s", "t", (("a", Form.COUNT),), range(1_048_576))])  # type: ignore[arg-type]


EXPOSURE: dict[str, Any] = {
    "securitisation": "spring_1",
    "receivable_key": "ab12",
    "borrower_id": "=b-7",
    "cut_off_on": date(2025, 3, 5),
    "bought_on": date(2024, 8, 5),
    "ended_on": date(2025, 2, 1),
    "is_repurchased": True,
    "redeemed_on": None,
    "region_code": "33",
    "employment": "SALARIED",
    "is_insolvent": False,
    "is_new_customer": True,
    "is_related_party": False,
    "annual_income_amount": Decimal("84000.00"),
    "originated_on": date(2024, 7, 2),
    "final_due_on": date(2025, 7, 2),
    "term_number": 12,
    "channel": "APP",
    "purpose": "SHOPPING",
    "currency": "CNY",
    "original_principal_amount": Decimal("1200.00"),
    "current_principal_amount": Decimal("412.30"),
    "limit_amount": None,
    "price_share": Decimal("0.98"),
    "amortization": "EQUAL_INSTALMENT",
    "pay_frequency": "MONTHLY",
    "next_due_amount": Decimal("104.70"),
}
ALWAYS_KNOWN = (
    "securitisation", "receivable_key", "borrower_id", "cut_off_on", "bought_on", "is_new_customer", "originated_on",
    "term_number", "currency", "original_principal_amount", "current_principal_amount",
)  # fmt: skip
UNKNOWN = {**dict.fromkeys(EXPOSURE), **{name: EXPOSURE[name] for name in ALWAYS_KNOWN}, "is_repurchased": False}


def test_the_disclosure_file_has_every_field_and_no_blank() -> None:
    """36 fields in order; what is not known is said by a code, never left empty; a formula is text."""
    heads, known, unknown = csv.reader(io.StringIO(annex([EXPOSURE, UNKNOWN]), newline=""))
    assert tuple(heads) == FIELDS == tuple(NAMES)
    one = dict(zip(heads, known, strict=True))
    assert one["CMRL4"] == one["CMRL5"] == "'=b-7"
    assert (one["CMRL2"], one["CMRL7"], one["CMRL8"], one["CMRL9"]) == ("ab12", "2024-08-05", "2025-02-01", "ND5")
    assert (one["CMRL12"], one["CMRL13"], one["CMRL14"], one["CMRL15"]) == ("OTHR", "N", "CNEO", "84000.00")
    assert (one["CMRL28"], one["CMRL31"], one["CMRL32"], one["CMRL34"], one["CMRL36"]) == (
        "412.30", "98.0000", "FRXX", "MNTH", "104.70",
    )  # fmt: skip
    assert all(known)
    assert all(unknown)
    codes = dict(zip(heads, unknown, strict=True))
    assert {codes[name] for name in ("CMRL10", "CMRL12", "CMRL13", "CMRL14", "CMRL15", "CMRL24", "CMRL36")} == {"ND1"}
    assert {codes[name] for name in ("CMRL8", "CMRL9", "CMRL29", "CMRL30", "CMRL33")} == {"ND5"}


def test_the_trustee_s_page_says_who_what_and_how_much() -> None:
    """People in order with their entries, totals equal to the list, the first receivables, and room to sign."""
    told = sample_purchase()
    found = read(render(told))
    assert [row[:2] for row in table(found, "The ledger's words")[1:]] == [[one.what, one.actor] for one in told.signed]
    *rows, foot = table(found, "Receivables in order of their key")[1:]
    assert len(rows) == 40
    assert foot == ["All 120", "", f"{told.principal:,}", f"{told.price:,}"]
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    listed = cells(xlsx_bytes(purchase_sheets(told)))["Receivables"][2:]
    assert [row[1] for row in listed] == [one.receivable_id for one in told.items]
    assert sum(Decimal(str(row[3])) for row in listed) == told.price


@pytest.mark.parametrize(
    ("status", "word"), [("proposed", "Not approved"), ("approved", "Approved"), ("rejected", "Rejected")]
)
def test_cash_moves_only_with_a_booking(status: Any, word: str) -> None:
    """Whatever is not booked says so, and that no cash may move."""
    found = read(render(replace(sample_purchase(), status=status, period=None)))
    assert word in found.all("section")[0].text
    assert "cash" in found.all("section")[0].text


def test_the_trustee_s_page_shows_script_as_words() -> None:
    """Names of people, receivables and reasons come from outside."""
    told = sample_purchase(3)
    hostile = replace(
        told,
        items=tuple(replace(one, receivable_id=HOSTILE) for one in told.items),
        signed=tuple(replace(one, actor=HOSTILE, note=HOSTILE) for one in told.signed),
        inputs=((HOSTILE, HOSTILE),),
    )
    found = read(render(hostile))
    assert not found.all("script")
    assert not found.all("img")
    assert found.all("code")
