"""Criteria with bad intent: always an expression or the language's own error, at once, and nothing else happens."""

from collections import Counter
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from pool.deal import load_deal
from pool.vocabulary import COLUMNS, OTHERS_COLUMNS
from schemas.errors import ExpressionError
from schemas.expression import parse
from schemas.expression_written import written
from schemas.spark import compile_expression, engine_type
from schemas.table import Kind
from tests.schemas.hostile import ENGINE_FUNCTIONS, Harvest, Writer, harvest, watched

DEALS = Path(__file__).resolve().parents[2] / "conf" / "deals"


def shipped() -> list[str]:
    """Give every expression of every shipped deal."""
    deals = [load_deal(path.read_text("utf-8"), path.name) for path in sorted(DEALS.glob("**/*.yaml"))]
    return [each.expression for deal in deals for each in (*deal.criteria, *deal.limits)]


def answers(seed: int, number: int) -> Harvest:
    writer = Writer(seed, COLUMNS, OTHERS_COLUMNS, shipped())
    harvest(writer.texts(200), COLUMNS, OTHERS_COLUMNS)
    with watched() as effects:
        found = harvest(writer.texts(number), COLUMNS, OTHERS_COLUMNS)
    assert effects == []
    return found


def require_answered(found: Harvest, number: int) -> None:
    assert found.answered == number
    assert found.slow == []
    assert found.unlike == []
    outcomes = Counter(outcome for _, outcome in found.counts.elements())
    assert outcomes["accepted"] > number // 20
    assert outcomes["refused"] > number // 3
    assert found.counts["grammatical", "accepted"] > found.counts["grammatical", "refused"]
    assert found.counts["called", "accepted"] == 0


def test_thousands_of_hostile_texts_are_answered_and_nothing_happens() -> None:
    """No other exception, no second of work, no file, socket, process, import; what is accepted reads back the same."""
    require_answered(answers(seed=11, number=3_600), 3_600)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_two_hundred_thousand_hostile_texts_are_answered_and_nothing_happens() -> None:
    """The same, many times over, from another seed."""
    found = answers(seed=2024, number=200_000)
    require_answered(found, 200_000)


@pytest.mark.parametrize("name", sorted({*ENGINE_FUNCTIONS}))
def test_no_function_of_an_engine_is_in_the_language(name: str) -> None:
    """Files, classes, clocks, chance, aggregates: by no spelling."""
    for text in (f"{name}('/etc/passwd') = 'a'", f"{name}()", f'"{name}"(1) = 1', f"{name.upper()} (1) = 1"):
        with pytest.raises(ExpressionError):
            parse(text, COLUMNS, others=OTHERS_COLUMNS)


def test_accepted_texts_run_on_the_engine(engine: SparkSession) -> None:
    """What is let in is planned and computed there, whatever it came from."""
    columns = {name: kind for name, kind in COLUMNS.items() if kind is not Kind.MOMENT}
    plain = {name: f"c{place}" for place, name in enumerate(columns)}
    schema = ", ".join(f"{plain[name]} {engine_type(kind).simpleString()}" for name, kind in columns.items())
    frame = engine.createDataFrame([tuple(None for _ in columns)], schema)
    texts = Writer(5, columns, OTHERS_COLUMNS, shipped_of_row()).texts(2_000)
    accepted = harvest(texts, columns, {}, keep=150).accepted
    assert len(accepted) == 150
    made = [
        compile_expression(expression, lambda name: frame[plain[name]]).alias(f"e{place}")
        for place, (_, expression) in enumerate(accepted)
    ]
    for start in range(0, len(made), 30):
        assert len(frame.select(*made[start : start + 30]).collect()) == 1


def shipped_of_row() -> list[str]:
    return [text for text in shipped() if "others_" not in text]


@pytest.mark.parametrize("text", shipped())
def test_a_shipped_criterion_reads_the_same_when_written_out(text: str) -> None:
    """One plain form for each, whatever its layout was."""
    root = parse(text, COLUMNS, others=OTHERS_COLUMNS).root
    plain = written(root)
    assert parse(plain, COLUMNS, others=OTHERS_COLUMNS).root == root
    assert written(parse(plain, COLUMNS, others=OTHERS_COLUMNS).root) == plain
