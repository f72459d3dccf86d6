"""The reference pages say what the declarations say."""

import hashlib
import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from schemas.hashing import receivable_key
from schemas.reference import functions_table, others_table, tables_page
from schemas.table import Kind

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_page_of_tables_is_up_to_date() -> None:
    """docs/reference/tables.md is what the declarations give; write it again with `python -m schemas.reference`."""
    assert (DOCS / "reference" / "tables.md").read_text("utf-8") == tables_page()


def test_the_page_of_the_language_lists_its_functions() -> None:
    """docs/expressions.md holds the tables of functions as declared."""
    page = (DOCS / "expressions.md").read_text("utf-8")
    assert functions_table() in page
    assert others_table() in page


def test_the_page_of_the_language_names_every_kind() -> None:
    """No kind is left out of the page."""
    page = (DOCS / "expressions.md").read_text("utf-8")
    assert [kind.value for kind in Kind if f"`{kind.value}`" not in page] == []


def vectors() -> list[dict[str, str]]:
    """Give the test vectors that docs/receivable_key.md shows."""
    page = (DOCS / "receivable_key.md").read_text("utf-8")
    read: list[dict[str, str]] = json.loads(page.split("```json")[1].split("```")[0])
    return read


@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: vector["key"][:8])
def test_receivable_key_gives_the_documented_vectors(vector: dict[str, str]) -> None:
    """The identity of a receivable is what the page says, step by step and as the code gives it."""
    minor = str(int(Decimal(vector["principal"]).scaleb(2)))
    parts = [vector["originator"], vector["contract"], vector["order"] or "", minor, vector["disbursed"]]
    assert "|".join(f"{len(part)}:{part}" for part in parts) == vector["encoded"]
    assert hashlib.sha256(vector["encoded"].encode()).hexdigest() == vector["key"]
    principal, day = Decimal(vector["principal"]), date.fromisoformat(vector["disbursed"])
    given = receivable_key(vector["originator"], vector["contract"], vector["order"], principal, day)
    assert given == vector["key"]


def test_no_two_vectors_share_a_key() -> None:
    """Each part tells receivables apart, also where parts run into each other."""
    keys = {vector["key"] for vector in vectors()}
    assert len(keys) == len(vectors()) >= 6
