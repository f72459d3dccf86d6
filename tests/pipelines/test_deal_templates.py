"""The templates and the page about them: what is said to be expressed is, what is said to be impossible is nowhere."""

from pathlib import Path

import pytest

from pipelines.deal_templates import TEMPLATES, clauses_of, templates_page
from pipelines.deals import read_versions
from pool.deal_items import FAMILIES, Item

ROOT = Path(__file__).resolve().parents[2]
CLAUSES = {name: clauses_of(read_versions(ROOT / "conf", name)[-1]) for name in TEMPLATES}
ITEMS = [item for items in FAMILIES.values() for item in items]


def test_the_page_is_fresh() -> None:
    """`make docs` writes it."""
    assert (ROOT / "docs" / "deal_templates.md").read_text("utf-8") == templates_page(ROOT / "conf")


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.code)
def test_an_item_is_expressed_just_where_it_is_said_to_be(item: Item) -> None:
    """A clause of its code in some template, or in none and with the reason."""
    holding = [name for name, clauses in CLAUSES.items() if item.code in clauses]
    assert bool(holding) == (item.how == "clause")
    assert item.note or item.how == "clause"


def test_the_catalogue_is_whole_and_the_templates_know_no_other_codes() -> None:
    """E01 to E46, P01 to P18, R01 to R12, T01 to T16, each once; a template adds few codes."""
    wanted = [
        f"{letter}{number:02}"
        for letter, last in (("E", 46), ("P", 18), ("R", 12), ("T", 16))
        for number in range(1, last + 1)
    ]
    assert [item.code for item in ITEMS] == wanted
    added = {code for clauses in CLAUSES.values() for code in clauses} - {*wanted}
    assert added == {"E07D", "E38G", "E47", "E48", "R00", "R13"}


def test_the_widest_template_is_as_wide_as_the_language_allows() -> None:
    """More than forty criteria, and every way of asking about other receivables in use somewhere."""
    assert sum(code.startswith("E") for code in CLAUSES["cn_consumer_instalment"]) >= 43
    tests = " ".join(test for clauses in CLAUSES.values() for _, test in clauses.values())
    for function in ("others_exist(", "others_count(", "others_sum(", "others_max("):
        assert function in tests
