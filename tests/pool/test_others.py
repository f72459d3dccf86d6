"""What a deal asks of a borrower's other receivables: the engine beside plain loops, and what is not known stays so."""

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import SparkSession

from pool.clauses import Criterion, others_of, parsed
from pool.deal import Deal
from pool.spark import explain, screen
from pool.spark_others import with_others
from pool.spark_view import screening_view
from pool.vocabulary import engine_name, in_order
from schemas import derived, lending
from schemas.errors import ExpressionError
from tests.oracles import pool as oracle
from tests.pool.worlds import AS_OF, ZONE, Row, demo_deal, frame

ASKED = {
    "E50": "others_exist(state.days_past_due > 30)",
    "E51": "NOT others_exist(state.is_open AND state.days_past_due > 0)",
    "E52": "others_count(state.is_open) <= 2",
    "E53": "others_count(true) = 0",
    "E54": "others_sum(state.current_principal_amount, state.is_open) + state.current_principal_amount <= 1500",
    "E55": "others_sum(state.worst_days_past_due, receivable.term_number = 3) < 100",
    "E56": "others_max(state.worst_days_past_due, true, 0) <= 7",
    "E57": "others_min(receivable.originated_on, NOT state.is_open, DATE '1990-01-01') < receivable.originated_on",
    "E58": "others_max(state.current_principal_amount * 1.1, state.is_open, 0) < 900",
    "E59": "others_count(state.final_due_on > state.as_of) >= others_count(state.late_count > 1)",
    "E60": "others_max(state.worst_days_past_due, true, 0) <= 7 AND others_count(state.is_open) <= 3",
}


def world(seed: int) -> tuple[list[Row], list[Row]]:
    """Give states and contracts of some borrowers, ties and unknown values among them."""
    draw = random.Random(seed)  # noqa: S311 - a test's own numbers
    states, contracts = [], []
    for number in range(60):
        ids = {"receivable_id": f"r{number}", "receivable_key": f"k{number}", "borrower_id": f"b{draw.randrange(18)}"}
        states.append(
            ids
            | {"as_of": AS_OF, "is_open": draw.random() < 0.7, "is_written_off": False, "late_count": draw.randrange(4)}
            | {"days_past_due": draw.choice([0, 0, 0, 5, 40]), "worst_days_past_due": draw.choice([0, 3, 3, 40])}
            | {"current_principal_amount": Decimal(draw.choice([0, 500, 700])).quantize(Decimal("0.01"))}
            | {"final_due_on": draw.choice([None, AS_OF, AS_OF + timedelta(days=9)])}
        )
        contracts.append(
            ids
            | {"originated_on": date(2025, 1, 1 + draw.randrange(20)), "term_number": draw.choice([3, 3, 6, None])}
            | {"happened_at": None, "known_at": None, "is_deleted": False}
        )
    return states, contracts


def view_with(engine: SparkSession, states: list[Row], contracts: list[Row], texts: list[str]) -> Any:
    told = frame(engine, derived.RECEIVABLE_STATES, states)
    logs = {"receivables": frame(engine, lending.RECEIVABLES, contracts)}
    none = engine.createDataFrame([], "receivable_key string, deal string")
    view = screening_view(logs, told, frame(engine, derived.RECEIVABLE_TAGS, []), none, AS_OF, ZONE)
    return with_others(view, told, logs["receivables"], others_of(texts))


@pytest.mark.parametrize("seed", [1, 2])
def test_the_engine_gives_what_plain_loops_give(engine: SparkSession, seed: int) -> None:
    """Every function over ties, closed receivables, borrowers with one receivable, and values that are not known."""
    states, contracts = world(seed)
    asked = others_of(ASKED.values())
    found = view_with(engine, states, contracts, list(ASKED.values())).toArrow().to_pylist()
    every = oracle.all_rows(states, contracts)
    assert len(found) == sum(state["is_open"] for state in states)
    for one in asked:
        seen = {row["state__receivable_id"]: row[engine_name(one.name)] for row in found}
        assert seen == {name: oracle.of_others(one, name, every) for name in seen}, one.name


def test_screening_judges_by_them_and_shows_what_was_seen(engine: SparkSession) -> None:
    """Outcome, observed value and explanation of each criterion, as plain Python gives them."""
    deal = asking(ASKED)
    states, contracts = world(3)
    every = oracle.all_rows(states, contracts)
    view = view_with(engine, states, contracts, list(ASKED.values()))
    screenings, failures = screen(view, deal, AS_OF)
    outcomes = {row["receivable_id"]: row["outcomes"] for row in screenings.collect()}
    observed = {(row["receivable_id"], row["code"]): row["observed"] for row in failures.collect()}
    for name, letters in outcomes.items():
        (own,) = (row for row in every if row["state.receivable_id"] == name)
        wanted, seen = oracle.judge(deal, {"tag.model_version": None, **own}, AS_OF, None, every)
        assert letters == wanted
        assert {code: text for (who, code), text in observed.items() if who == name} == seen
    assert any("others_max(state.worst_days_past_due, true, 0)=40" in text for text in observed.values())
    assert len(explain(view, deal, AS_OF, next(iter(outcomes)))) == len(ASKED)
    assert {"P", "F", "U"} == set("".join(outcomes.values()))


def asking(texts: dict[str, str]) -> Deal:
    first = demo_deal().criteria[0]
    made = [Criterion(**{**first.model_dump(), "code": code, "expression": text}) for code, text in texts.items()]
    return demo_deal().model_copy(update={"criteria": tuple(made), "limits": ()})


def test_a_deal_asks_the_same_thing_once() -> None:
    """However it is written: one column for each distinct question, named by its plain form."""
    asked = others_of(["OTHERS_COUNT( state.is_open ) < 3", "others_count((state.is_open)) > 0 AND state.is_open"])
    assert [one.name for one in asked] == ["others_count(state.is_open)"]
    assert in_order(parsed("others_count(state.is_open) > 0 AND state.is_open").columns) == (
        "state.is_open",
        "others_count(state.is_open)",
    )
    assert engine_name("others_count(state.is_open)").isidentifier()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("others_count(state.is_open) > state.days_past_due", "count and days do not go together"),
        ("others_sum(state.current_principal_amount, true) > state.days_past_due", "days and money do not go"),
        ("others_sum(receivable.annual_rate, true) > 0", "takes count or days or money, not rate"),
        ("others_sum(state.current_principal_amount * 0.5, true) > 0", "takes count or days or money, not real"),
        ("others_sum(receivable.term_number, true) > 0", "not number"),
        ("others_max(receivable.purpose, true, 'a') = 'a'", "not text"),
        ("others_max(state.is_open, true, true)", "not flag"),
        ("others_max(state.days_past_due, true) > 0", "takes (value, condition, none)"),
        ("others_max(state.days_past_due, true, NULL) > 0", "must be written out as a literal of days"),
        ("others_max(state.days_past_due, true, state.days_past_due) > 0", "must be written out"),
        ("others_max(state.days_past_due, true, 'a') > 0", "must be written out"),
        ("others_count(state.late_count) > 0", "the condition must be true or false, not count"),
        ("others_count(tag.default_probability > 0.1) > 0", "no column 'tag.default_probability'"),
        ("others_count(deal.as_of > state.as_of) > 0", "no column 'deal.as_of'"),
        ("others_count(others_exist(true)) > 0", "cannot stand within another"),
        ("others_count() > 0", "takes (condition)"),
        ("others_count(*) > 0", ""),
        ("others_count(DISTINCT state.borrower_id) > 0", ""),
        ("others_count(SELECT 1) > 0", "'SELECT' is not in the language"),
        ("others_exist(reflect('a'))", "no function 'reflect'"),
        ("others_first(state.is_open)", "no function 'others_first'"),
    ],
)
def test_what_does_not_go_together_is_refused(text: str, reason: str) -> None:
    """Units are checked within and around, and nothing else is let in than in the rest of the language."""
    with pytest.raises(ExpressionError) as refusal:
        parsed(text)
    assert reason in refusal.value.found
    assert "at line 1" in refusal.value.found
