"""The purchase list as a file: the same bytes each time, nothing that a spreadsheet runs, and every change is seen."""

import csv
import io
import random
import subprocess
import sys
import zipfile
from dataclasses import replace
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pool import list_file
from pool.ledger import Item
from pool.list_file import COLUMNS, read_list, totals_as_text, write_list
from pool.purchase import Facts
from schemas.errors import ConfigurationError, LedgerError
from tests.pool.purchases import described

KINDS = ("parquet", "csv", "xlsx")
SUBJECT = {"proposal_id": "p1", "deal": "demo", "as_of": "2025-06-01"}
ITEMS = tuple(
    sorted((described(f"k{n:02d}", borrower_id=f"=b{n}", original_minor=100 * n + 1) for n in range(20)), key=str)
)
HOSTILE = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\tx",
    "\rx",
    "\nx",
    "'x",
    "''",
    "\uff1d1",
    "=cmd|' /C calc'!A0",
    "_x0041_",
    "a_x000D_",
    "m;=1+1",
    'm;"=1+1',
    "m; -1",
    "m\t=1",
)


@pytest.mark.parametrize("kind", KINDS)
def test_a_list_comes_back_as_it_was(kind: str) -> None:
    """Receivables, facts and control totals; order of the items does not matter, the bytes are the same each time."""
    content = write_list(ITEMS[::-1], SUBJECT, kind)
    assert content == write_list(ITEMS, SUBJECT, kind)
    found = read_list(content)
    assert found.items == ITEMS
    assert found.control == {**SUBJECT, **totals_as_text(ITEMS)}
    assert found.problems == []
    assert read_list(write_list((), SUBJECT, kind)).items == ()


def test_another_process_writes_the_same_bytes() -> None:
    """No clock, no hash seed, no machine is in the file."""
    told = (
        "import hashlib; from tests.pool.test_list_file import *; "
        "print([hashlib.sha256(write_list(ITEMS, SUBJECT, kind)).hexdigest() for kind in KINDS])"
    )
    environment = {"PYTHONHASHSEED": "7", "TZ": "Asia/Shanghai", "PYTHONPATH": "."}
    other = subprocess.check_output([sys.executable, "-c", told], text=True, env=environment)  # noqa: S603
    assert other.strip() == str([sha256(write_list(ITEMS, SUBJECT, kind)).hexdigest() for kind in KINDS])


words = st.one_of(
    st.sampled_from((*HOSTILE, '";')),
    st.text(st.characters(codec="utf-8"), max_size=12),
)
amounts = st.integers(0, 10**9)
items = st.builds(
    Item,
    words,
    words,
    amounts,
    amounts,
    st.builds(Facts, words, words, words, words, amounts, amounts, words, words, st.integers(0, 999), words),
)


@given(st.lists(items, max_size=4, unique_by=lambda one: one.receivable_key), st.sampled_from(KINDS))
@settings(max_examples=100, deadline=None)
def test_any_text_comes_back_and_no_cell_is_a_formula(found: list[Item], kind: str) -> None:
    """Control characters, quotes, other scripts, leading signs."""
    content = write_list(found, {**SUBJECT, "deal": "=x"}, kind)
    back = read_list(content)
    assert sorted(back.items, key=str) == sorted(found, key=str)
    assert back.problems == []
    for cell in cells(content, kind):
        assert cell.lstrip(" ")[:1] not in {*"=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"}, cell


def cells(content: bytes, kind: str) -> list[str]:
    """Give the cells that a spreadsheet would open, as it would take them: text only; of CSV also where `;` cuts."""
    if kind == "csv":
        text = content.decode("utf-8-sig")
        cut = [csv.reader(io.StringIO(text, newline=""), delimiter=one) for one in ",;"]
        return [cell for rows in cut for row in rows for cell in row]
    if kind == "xlsx":
        from python_calamine import CalamineWorkbook

        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]
        return [cell for sheet in sheets for row in sheet for cell in row if isinstance(cell, str)]
    return []


def test_an_xlsx_has_text_cells_only_and_no_time() -> None:
    """No formula element in any sheet, all dates fixed."""
    content = write_list(ITEMS, SUBJECT, "xlsx")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheets = [archive.read(name) for name in archive.namelist() if name.startswith("xl/worksheets/")]
        assert len(sheets) == 2
        assert not any(b"<f>" in sheet or b"<f " in sheet or b"<hyperlink" in sheet for sheet in sheets)
        assert {one.date_time for one in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"2000-01-01" in archive.read("docProps/core.xml")


def test_a_parquet_file_has_the_columns_by_type() -> None:
    """Amounts are decimals, and anybody can add them up."""
    table = pq.read_table(io.BytesIO(write_list(ITEMS, SUBJECT, "parquet")))
    assert dict(zip(table.schema.names, table.schema.types, strict=True)) == dict(COLUMNS)
    assert sum(table["price_amount"].to_pylist()) == Decimal("198.00")


@pytest.mark.parametrize("kind", KINDS)
def test_every_changed_line_is_seen(kind: str) -> None:
    """An amount, an id, a fact, a line more or less: the totals in the file are no longer those of its lines."""
    control = {**SUBJECT, **totals_as_text(ITEMS)}
    first, *rest = ITEMS
    facts = first.facts
    altered: list[Any] = [
        (replace(first, price_minor=first.price_minor + 1), *rest),
        (replace(first, receivable_id="x"), *rest),
        (replace(first, facts=replace(facts, borrower_id="x")), *rest),
        (replace(first, facts=replace(facts, term_number=7)), *rest),
        tuple(rest),
        (*ITEMS, described("k99")),
    ]
    for other in altered:
        rows = [list_file._cells(item) for item in other]
        assert read_list(list_file.WRITERS[kind](rows, control)).problems, other[0]


@pytest.mark.parametrize("kind", KINDS)
def test_every_changed_byte_is_refused_or_seen(kind: str) -> None:
    """No byte of the file that says something about a receivable can be changed unseen."""
    content = write_list(ITEMS, SUBJECT, kind)
    chance = random.Random(3)  # noqa: S311 - a seeded sample
    original = read_list(content)
    for _ in range(300):
        place = chance.randrange(len(content))
        altered = content[:place] + bytes([content[place] ^ (1 << chance.randrange(8))]) + content[place + 1 :]
        try:
            found = read_list(altered)
        except LedgerError:
            continue
        assert found.problems or found == original or found.control != original.control, place


def test_what_is_no_list_is_refused_in_plain_sentences() -> None:
    """Nothing, other files, other columns, a list that a spreadsheet cannot hold."""
    for content in (b"", b"PAR1", b"PK\x03\x04", b"a,b\n1,2\n", b"\xff\xfe", b"record\n"):
        with pytest.raises(LedgerError):
            read_list(content)
    with pytest.raises(ConfigurationError, match="--format"):
        write_list(ITEMS, SUBJECT, "pdf")
    with pytest.raises(ConfigurationError, match="characters"):
        write_list([described("k", borrower_id="x" * 40_000)], SUBJECT, "xlsx")
