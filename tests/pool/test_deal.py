"""Deal documents: the shipped ones stand, broken ones are refused with all problems named, YAML cannot surprise."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import yaml

from pool.deal import load_deal
from schemas.document import read_yaml
from schemas.errors import ConfigurationError
from tests.pool.worlds import DEALS

DEMO = (DEALS / "demo_consumer.yaml").read_text(encoding="utf-8")


def changed(**parts: Any) -> str:
    return yaml.safe_dump({**yaml.safe_load(DEMO), **parts}, allow_unicode=True, sort_keys=False)


@pytest.mark.parametrize("path", sorted(DEALS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_deal_reads_and_is_labelled_illustrative(path: Any) -> None:
    """Its file is named after it, every clause speaks both languages, and it owns that its numbers are examples."""
    deal = load_deal(path.read_text(encoding="utf-8"), path.name)
    assert deal.name == path.stem
    assert deal.illustrative
    assert "illustrative" in deal.note
    for clause in (*deal.criteria, *deal.limits, *deal.revolving, *deal.triggers):
        assert any("\u4e00" <= letter <= "\u9fff" for letter in clause.text_zh), clause.code
        assert clause.text_en.isascii(), clause.code


def test_the_demonstration_deal_is_as_wide_as_promised() -> None:
    """At least 24 criteria and 8 limits of the catalogue."""
    deal = load_deal(DEMO)
    assert (len(deal.criteria) >= 24, len(deal.limits) >= 8) == (True, True)


def test_the_hash_follows_content_and_nothing_else() -> None:
    """Comments, layout and trailing zeros do not enter; a threshold does."""
    deal = load_deal(DEMO)
    assert load_deal("# a remark\n" + changed()).hash == deal.hash
    assert load_deal(DEMO.replace("discount_rate: 0.02", "discount_rate: 0.0200")).hash == deal.hash
    assert load_deal(DEMO.replace("discount_rate: 0.02", "discount_rate: 0.03")).hash != deal.hash


def test_all_problems_are_told_at_once() -> None:
    """Types, unknown columns, wrong kinds, codes that stand twice, days out of order, bounds that do not fit."""
    document = yaml.safe_load(DEMO)
    criteria, limits = document["criteria"], document["limits"]
    criteria[1]["code"] = criteria[0]["code"]
    criteria[2]["expression"] = "borrower.shoe_size > 42"
    criteria[3]["expression"] = "borrower.born_on"
    criteria[4]["expression"] = "__import__('os').system('true')"
    limits[0]["at_least"] = 0.1
    limits[1].update(at_most=7)
    limits[2]["expression"] = "state.days_past_due"
    document["calendar"]["legal_final_on"] = date(2020, 1, 1)
    with pytest.raises(ConfigurationError) as refusal:
        load_deal(yaml.safe_dump(document))
    told = refusal.value.found
    for word in ("E01: the code stands twice", "shoe_size", "criterion E04", "criterion E05", "limit P01", "limit P02"):
        assert word in told
    assert "limit P03: the expression is a days, where a text is needed" in told
    assert "must come in this order" in told
    assert told.startswith("the deal document: 8 problem(s)")


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"surprise": 1}, "surprise"),
        ({"currency": "yuan"}, "currency"),
        ({"loss_given_default": 1.2}, "loss_given_default"),
        ({"criteria": []}, "criteria"),
        ({"price": {"discount_rate": float("nan")}}, "price"),
        ({"name": "../../etc"}, "name"),
    ],
)
def test_a_field_that_does_not_fit_is_refused_by_its_place(change: dict[str, Any], place: str) -> None:
    """Unknown fields, wrong forms, numbers out of bounds."""
    with pytest.raises(ConfigurationError, match=place):
        load_deal(changed(**change))


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\na: 2",
        "a: {b: 1, b: 2}",
        "a: &x [1]\nb: *x",
        "a: &x 1",
        "a: !!python/object/apply:os.system ['true']",
        "a: !custom 1",
        "a: !!str 1",
        "<<: {a: 1}",
        "? [a, b]\n: 1",
        "1: a",
        "- a",
        "",
        "a: [",
        "a: 1\n---\nb: 2",
        "a: 2025-02-30",
        "a: " + "[" * 50 + "]" * 50,
        "a: " + "x" * 1_000_001,
        "a: \x00",
    ],
)
def test_yaml_that_could_surprise_is_refused(text: str) -> None:
    """Two values for a key, aliases, tags, merges, several documents, depth, size."""
    with pytest.raises(ConfigurationError):
        load_deal(text)


def test_yaml_words_stay_words() -> None:
    """Norway is no falsehood, a time is no number, and only plain numbers and days are read as such."""
    read = read_yaml(
        "a: NO\nb: yes\nc: 1:30\nd: 0x1F\ne: 010\nf: 1_000\ng: ~\nh: 2025-06-01\ni: 0.1\nj: 1e3\nk: true\nl: .inf", "x"
    )
    assert read["h"] == date(2025, 6, 1)
    assert [read[name] for name in "abcdefgijkl"] == [
        "NO",
        "yes",
        "1:30",
        "0x1F",
        "010",
        "1_000",
        None,
        0.1,
        "1e3",
        True,
        ".inf",
    ]


def test_bounds_are_exact_decimals() -> None:
    """0.10 is a tenth, not the double next to it."""
    deal = load_deal(DEMO)
    assert {limit.code: limit.bound for limit in deal.limits}["P02"] == Decimal("0.1")


def trigger(**fields: Any) -> dict[str, Any]:
    words = {"code": "T", "clause": "8", "text_en": "Stops.", "text_zh": "停止。", "effect": "STOP_PURCHASES"}
    return {**words, **fields}


@pytest.mark.parametrize(
    "fields",
    [
        {"measure": "cumulative_loss_rate", "at_most": 0.03},
        {
            "measure": "excess_spread",
            "at_least": -0.01,
            "annual_cost_rate": 0.05,
            "days_past_due": 90,
            "average_months": 3,
        },
        {"measure": "payment_rate", "at_least": 0.1, "cure_periods": None},
        {"measure": "pool_balance", "at_least": 1000000, "days_past_due": 90, "fire_periods": 2},
        {
            "measure": "asset_coverage",
            "at_least": 1.02,
            "note_amount": 900000.00,
            "days_past_due": 90,
            "cure_periods": 3,
        },
        {"measure": "idle_cash_share", "at_most": 0.2},
        {"measure": "days_past_expected_maturity", "at_most": 0},
    ],
    ids=lambda fields: fields["measure"],
)
def test_every_measure_of_a_trigger_reads_with_its_own_fields(fields: dict[str, Any]) -> None:
    """A bound on the right side and what the measure needs."""
    (found,) = load_deal(changed(triggers=[trigger(**fields)])).triggers
    assert found.measure == fields["measure"]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"measure": "payment_rate", "at_most": 0.1}, "payment_rate takes at_least"),
        ({"measure": "idle_cash_share", "at_most": 0.1, "at_least": 0.1}, "idle_cash_share takes at_most"),
        ({"measure": "cumulative_loss_rate", "at_most": 1.5}, "from 0 to 1"),
        ({"measure": "cumulative_default_rate", "at_most": 0.1}, "needs days_past_due"),
        ({"measure": "cumulative_loss_rate", "at_most": 0.1, "days_past_due": 30}, "takes no days_past_due"),
        ({"measure": "asset_coverage", "at_least": 1, "days_past_due": 90}, "needs note_amount"),
        ({"measure": "payment_rate", "at_least": 0.1, "annual_cost_rate": 0.1}, "takes no annual_cost_rate"),
        (
            {
                "measure": "cumulative_loss_rate",
                "at_most": 0.1,
                "steps": [{"from_month": n, "bound": 0.2} for n in (6, 6)],
            },
            "steps come in order",
        ),
        (
            {"measure": "cumulative_loss_rate", "at_most": 0.1, "steps": [{"from_month": 6, "bound": 2}]},
            "from 0 to 1",
        ),
    ],
)
def test_a_trigger_whose_fields_do_not_fit_is_refused(fields: dict[str, Any], told: str) -> None:
    """The wrong bound, a field of another measure, one that is missing, steps out of order."""
    with pytest.raises(ConfigurationError) as refusal:
        load_deal(changed(triggers=[trigger(**fields)]))
    assert "trigger T: " in refusal.value.found
    assert told in refusal.value.found


def test_steps_replace_the_bound_as_the_deal_ages() -> None:
    """From the month that a step names on; before the first step the bound itself."""
    steps = [{"from_month": 6, "bound": 0.05}, {"from_month": 12, "bound": 0.07}]
    fields = trigger(measure="cumulative_loss_rate", at_most=0.03, steps=steps)
    (found,) = load_deal(changed(triggers=[fields])).triggers
    assert [str(found.bound_after(month)) for month in (0, 5, 6, 11, 12, 40)] == ["0.03"] * 2 + ["0.05"] * 2 + [
        "0.07"
    ] * 2
