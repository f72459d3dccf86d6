"""Source mappings: strict YAML, and every problem told at once with its place."""

from pathlib import Path
from typing import Any

import pytest

from runtime.mapping import Unpivot
from runtime.mapping_plan import load_mapping, plan_mapping
from schemas.errors import ConfigurationError
from tests.runtime.conftest import platform

SOURCES = Path(__file__).parents[2] / "conf" / "sources"
HEAD = "name: x\ntime_zone: UTC\ncurrency: EUR\noriginator: X\n"


@pytest.mark.parametrize("path", sorted(SOURCES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_mapping_of_the_house_can_be_run(path: Path) -> None:
    """What ships is checked whole, and is named as its file is."""
    assert load_mapping(path).mapping.name == path.stem


def test_the_mapping_that_the_docs_show_can_be_run(tmp_path: Path) -> None:
    """The page on mappings does not drift from what is read."""
    page = (SOURCES.parents[1] / "docs" / "sources.md").read_text()
    path = tmp_path / "shop.yaml"
    path.write_text(page.split("```yaml\n")[1].split("```")[0])
    assert load_mapping(path).personal


def test_all_problems_are_told_at_once() -> None:
    """Unknown column, wrong kind, bad expression, missing column: all in one error, each with its place."""
    mapping = platform("borrowers")
    part = dict(mapping["tables"]["borrowers"][0])
    part["columns"] = {"borrower_id": "uid", "colour": "c", "annual_income_amount": "income", "born_on": "to_date(b"}
    part["filter"] = "uid"
    mapping["tables"] = {"borrowers": [part], "wishes": [part]}
    with pytest.raises(ConfigurationError) as caught:
        plan_mapping(mapping, "conf/sources/tiny.yaml")
    for place in (
        "tables.wishes: no such table",
        "tables.borrowers.0.columns.colour",
        "tables.borrowers.0.columns.annual_income_amount",
        "tables.borrowers.0.columns.born_on",
        "tables.borrowers.0.filter",
        "happened_at is required",
    ):
        assert place in caught.value.found
    assert caught.value.mend == "conf/sources/tiny.yaml"


def test_a_key_that_nobody_reads_is_refused() -> None:
    """A misspelt key does not pass in silence."""
    with pytest.raises(ConfigurationError, match="delivery"):
        plan_mapping(platform("borrowers", delivery="whole"), "here")


@pytest.mark.parametrize(
    "text",
    ["name: y\n", "a: &x 1\nb: *x\n", "a: !!python/none x\n", "a: !local x\n"],
    ids=["repeated key", "alias", "python tag", "local tag"],
)
def test_yaml_with_two_meanings_is_refused(tmp_path: Path, text: str) -> None:
    """Repeated keys, aliases and tags are errors with a line."""
    path = tmp_path / "x.yaml"
    path.write_text(HEAD + text)
    with pytest.raises(ConfigurationError, match="line 5"):
        load_mapping(path)


def test_words_that_yaml_takes_for_truth_are_words(tmp_path: Path) -> None:
    """`on`, `no` and days stay texts, so a mapping reads as it is written."""
    text = (SOURCES / "simulated.yaml").read_text()
    assert "NO: REJECTED" in text
    (case,) = load_mapping(SOURCES / "simulated.yaml").mapping.tables["refunds_disputes"]
    assert case.words["case_status"]["NO"] == "REJECTED"
    path = tmp_path / "missing.yaml"
    with pytest.raises(ConfigurationError, match="no source mapping"):
        load_mapping(path)


def test_only_needed_columns_are_read() -> None:
    """What no expression names is not asked of a file; looked-up, defined and unpivoted names are no raw columns."""
    mapping: dict[str, Any] = platform("borrowers")
    part = dict(mapping["tables"]["borrowers"][0])
    part |= {
        "unpivot": {"index": "n", "from": 1, "to": 2, "columns": {"b": "BAL{n}", "before": "BAL{n-1}"}},
        "lookup": {
            "other": {"files": ["o.csv"], "format": "csv", "on": {"uid": "id"}, "columns": ["z"], "filter": "ok = '1'"}
        },
        "define": {"income": "coalesce(to_money(b), to_money(before))"},
        "optional": ["kind"],
        "columns": {**part["columns"], "annual_income_amount": "income", "region_code": "other.z"},
    }
    mapping["tables"] = {"borrowers": [part]}
    (plan,) = plan_mapping(mapping, "here").parts["borrowers"]
    assert plan.main.layout.columns == ("BAL0", "BAL1", "BAL2", "birth", "t", "uid")
    assert plan.main.layout.optional == ("kind",)
    assert plan.lookups["other"].layout.columns == ("id", "ok", "z")


def test_an_unpivot_template_names_neighbours() -> None:
    """`{n-1}` is the column before; a name that the files do not have can be replaced."""
    unpivot = Unpivot.model_validate({"index": "n", "from": 1, "to": 2, "instead": {"BAL0": "start"}})
    assert [unpivot.raw_column("BAL{n-1}", n) for n in (1, 2)] == ["start", "BAL1"]
    assert unpivot.raw_column("PMT{n}", 2) == "PMT2"


def test_a_lookup_column_that_is_not_brought_is_a_problem() -> None:
    """A dotted name must be among the lookup's columns."""
    mapping: dict[str, Any] = platform("borrowers")
    part = dict(mapping["tables"]["borrowers"][0])
    part["lookup"] = {"other": {"files": ["o.csv"], "format": "csv", "on": {"uid": "id"}, "columns": ["z"]}}
    part["columns"] = {**part["columns"], "region_code": "other.y"}
    mapping["tables"] = {"borrowers": [part]}
    with pytest.raises(ConfigurationError, match=r"other\.y is not among"):
        plan_mapping(mapping, "here")
