"""The catalogue on the command line: listed, described, traced, and a wrong name put right."""

import json
import sys
from collections.abc import Callable
from typing import Any

import pytest

from features.catalogue import FEATURES
from pipelines.__main__ import main

Call = Callable[..., tuple[int, str, str]]
LATENESS = "instalment__mean_days_late_last5"
BAD_SHARE = "merchant_loan__smoothed_bad_ratio_ever"


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Call `poolwright features` in this process, and give exit code, output and errors."""
    monkeypatch.setenv("COLUMNS", "400")

    def called(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["poolwright", "features", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return int(ended.value.code or 0), captured.out, captured.err

    return called


def read(call: Call, *words: str) -> Any:
    code, out, _ = call(*words, "--json")
    assert code == 0
    return json.loads(out)


def test_every_feature_is_listed(call: Call) -> None:
    """In the catalogue's order, with its sentence; a family by itself."""
    assert [each["name"] for each in read(call, "list")] == [each.name for each in FEATURES]
    assert {each["family"] for each in read(call, "list", "--family", "repayment")} == {"repayment"}
    code, out, _ = call("list")
    assert code == 0
    assert all(each.name in out and each.sentence in out for each in FEATURES)


def test_a_family_that_is_not_there_is_named(call: Call) -> None:
    """With the families that there are."""
    code, _, err = call("list", "--family", "repayments")
    assert (code, "--family repayments" in err, "credit_report" in err) == (2, True, True)


def test_a_feature_is_described(call: Call) -> None:
    """Sentence, unit, direction, null meaning, definition, and the formula in words."""
    told = read(call, "describe", LATENESS)
    assert told["name"] == LATENESS
    assert told["definition"]["last_count"] == 5
    assert told["formula"] == "mean of days_late over the latest 5 instalment events of the borrower"
    code, out, _ = call("describe", BAD_SHARE)
    assert code == 0
    assert all(part in out for part in ("more is riskier", "ratio", "the platform's rate of these + 50", "null means"))


@pytest.mark.parametrize("feature", FEATURES, ids=lambda each: each.name)
def test_every_feature_can_be_told_and_traced(feature: Any) -> None:
    """No definition without words, and none that reads from nowhere."""
    from features.reference import columns_of, formula, lineage, tables_of

    assert formula(feature.definition)
    assert all(tables_of(source) for source in lineage(feature.definition))
    assert any(columns_of(feature.definition, source) for source in lineage(feature.definition))


def test_a_feature_is_traced_to_its_tables(call: Call) -> None:
    """By each stream and frame that it reads."""
    assert read(call, "lineage", "obligation__ratio_due_to_spent") == [
        {"reads": "obligation", "columns": ["due_next_30d_amount"], "tables": ["instalments", "receivable_states"]},
        {
            "reads": "order",
            "columns": ["borrower_id", "is_kept", "amount"],
            "tables": ["orders", "borrowers", "refunds_disputes"],
        },
    ]
    assert "receivable_states" in call("lineage", BAD_SHARE)[1]


def test_a_wrong_name_gets_the_nearest_ones(call: Call) -> None:
    """Exit code 2, and three names to choose from."""
    code, out, err = call("describe", "instalment__mean_day_late_last5")
    assert (code, out) == (2, "")
    assert LATENESS in err
    assert "features list" in call("lineage", "?")[2]
