"""The engine beside the plain evaluator: random expressions over awkward rows give the same values."""

import random
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession

from schemas.errors import ExpressionError
from schemas.expression import Expression, parse
from schemas.functions import FUNCTIONS, OPERATORS
from schemas.spark import compile_expression
from schemas.spark_types import engine_type
from schemas.table import Kind
from tests.oracles.expression import evaluate

TEXTS = [
    *["", " ", "x", "ab%_b", "a\nb", "贷款 T1", "Ünï", "😀a", "true", "N", "'", "\t", "\\", "A-1", "NULL"],
    *["12", " -7.0", "0012.345", ".5", "1e3", "NaN", "-Infinity", "999999999999999.995", "+5.", "1,5", "0x1F", "٣"],
    *["2024-02-29", "2023-02-29", "290224", "24-12-31", "Feb-2024", "feb-24", "29.02.2024 23:59:59", "2024-02-30"],
    *["2024-03-10T02:30:00", "2024-11-03T01:30:00.1234567", "2024-11-03T01:30:00.5+0530", "2024-11-03T01:30:00Z"],
]
MOMENTS = [datetime(2024, 3, 10, 7, 30, tzinfo=UTC), datetime(2024, 12, 31, 16, 0, 0, 1, tzinfo=UTC)]
VALUES: dict[Kind, list[Any]] = {
    Kind.TEXT: TEXTS,
    Kind.FLAG: [True, False],
    Kind.COUNT: [0, 1, 7, 999_999_999_999_999],
    Kind.NUMBER: [1, 12, -3],
    Kind.DAYS: [0, 30, -1],
    Kind.MONEY: [Decimal("0.00"), Decimal("-12.35"), Decimal("9999999.99"), Decimal("9999999999999999.99")],
    Kind.RATE: [Decimal("0.240000"), Decimal("-0.000001"), Decimal("999.999999")],
    Kind.REAL: [0.0, -0.0, -2.5, 0.285, 1e15, 123456.789, -1e-9],
    Kind.DATE: [date(2024, 2, 29), date(2023, 1, 31), date(1999, 12, 31), date(9999, 12, 31)],
    Kind.MOMENT: MOMENTS,
}
COLUMNS = {f"{kind.value}_{side}": kind for kind in Kind for side in "ab"}
ROWS = [
    {
        name: None
        if (place + offset) % 5 == 0
        else VALUES[kind][(place * (3 if name.endswith("b") else 1)) % len(VALUES[kind])]
        for offset, (name, kind) in enumerate(COLUMNS.items())
    }
    for place in range(60)
]
ZONES = ["America/New_York", "Asia/Shanghai", "UTC"]
DATE_PATTERNS = ["yyyy-MM-dd", "ddMMyy", "yy-MM-dd", "MMM-yyyy", "MMM-yy", "dd.MM.yyyy HH:mm:ss", "yyyy-MM-ddTHH:mm:ss"]


@pytest.fixture(scope="module")
def frame(engine: SparkSession) -> DataFrame:
    """Give the awkward rows on the engine."""
    schema = ", ".join(f"{name} {engine_type(kind).simpleString()}" for name, kind in COLUMNS.items())
    rows = [
        tuple(value.replace(tzinfo=None) if isinstance(value, datetime) else value for value in row.values())
        for row in ROWS
    ]
    return engine.createDataFrame(rows, schema)


SETS = {
    "zone": [f"'{zone}'" for zone in ZONES],
    "day pattern": [f"'{pattern}'" for pattern in DATE_PATTERNS],
    "sign": [" = ", " <> ", " < ", " <= ", " > ", " >= "],
    "like": ["'%b'", "'a%'", "'_'", "'%\n%'", "'贷%'", "'.*'"],
}
LITERALS: dict[Kind, list[str]] = {
    Kind.TEXT: ["'a'", "'贷'", "''", "'12.50'"],
    Kind.FLAG: ["true", "false"],
    Kind.COUNT: ["to_count(3)", "to_count(0)"],
    Kind.NUMBER: ["to_number(2)"],
    Kind.DAYS: ["to_days(30)"],
    Kind.MONEY: ["to_money(0.05)", "to_money(100)"],
    Kind.RATE: ["to_rate(0.24)"],
    Kind.REAL: ["0.5", "(1 / 3)", "(2 * 50)"],
    Kind.DATE: ["DATE '2024-02-29'", "DATE '2023-12-31'"],
    Kind.MOMENT: ["TIMESTAMP '2024-11-03 05:30:00'"],
}
GENERAL_MAKERS = [
    "coalesce(|<same>|, |<same>|)",
    "nullif(|<same>|, |<same>|)",
    "case when |<flag>| then |<same>| else |<same>| end",
    "case when |<flag>| then |<same>| when |<flag>| then null else |<same>| end",
]
ORDERED = ["least(|<same>|, |<same>|, |<same>|)", "greatest(|<same>|, |<same>|)"]
EXACT = ["(|<same>| + |<same>|)", "(|<same>| - |<same>|)", "(-|<same>|)", "abs(|<same>|)", *ORDERED]
COMPARED = [f"(|<{kind.value}>|<sign>|<{kind.value}>|)" for kind in Kind if kind is not Kind.FLAG]
MAKERS: dict[Kind, list[str]] = {
    Kind.TEXT: [
        *["concat(|<text>|, |<text>|)", "upper(|<text>|)", "lower(|<text>|)", "trim(|<text>|)", *ORDERED],
        *["substring(|<text>|, 2, 3)", "replace(|<text>|, 'a', '$1')", "to_text(|<money>|)", "to_text(|<date>|)"],
        *["to_text(|<count>|)", "to_text(|<flag>|)", "to_text(|<rate>|)"],
    ],
    Kind.FLAG: [
        *["(|<flag>| and |<flag>|)", "(|<flag>| or |<flag>| or |<flag>|)", "(not |<flag>|)", "(|<flag>| is true)"],
        *[
            "(|<text>| like |<like>|)",
            "starts_with(|<text>|, |<text>|)",
            "to_flag(|<text>|)",
            "(|<money>| in (0, -12.35))",
        ],
        *["(|<text>| not in ('x', 'a'))", "(|<money>| is null)", "(|<date>| is not null)", "(|<flag>| is not false)"],
        *["(|<date>| between |<date>| and |<date>|)", "(|<real>| not between 0 and |<money>|)", *COMPARED],
    ],
    Kind.COUNT: [
        "to_count(|<text>|)",
        "length(|<text>|)",
        "floor(|<real>|)",
        "months_between(|<date>|, |<date>|)",
        *EXACT,
    ],
    Kind.NUMBER: ["to_number(|<text>|)", "year(|<date>|)", "month(|<date>|)", "day(|<date>|)", "to_number(|<count>|)"],
    Kind.DAYS: ["to_days(|<text>|)", "(|<date>| - |<date>|)", "days_between(|<date>|, |<date>|)", *EXACT],
    Kind.MONEY: ["to_money(|<text>|)", "to_money(|<real>|)", "to_money(|<rate>|)", "to_money(|<count>|)", *EXACT],
    Kind.RATE: ["to_rate(|<text>|)", "to_rate(|<real>|)", "to_rate(|<money>|)", *EXACT],
    Kind.REAL: [
        *["to_real(|<text>|)", "to_real(|<money>|)", "(|<real>| * |<rate>|)", "(|<money>| / |<real>|)", *EXACT],
        *["round(|<real>|, 2)", "to_real(years_between(|<date>|, |<date>|))", "(|<real>| / |<count>|)"],
    ],
    Kind.DATE: [
        *["to_date(|<text>|, |<day pattern>|)", "add_days(|<date>|, |<days>|)", "add_months(|<date>|, |<count>|)"],
        *["local_day(|<moment>|, |<zone>|)", *ORDERED],
    ],
    Kind.MOMENT: [
        *["to_moment(|<text>|, 'yyyy-MM-ddTHH:mm:ss', |<zone>|)", "to_moment(|<text>|, 'yyyy-MM-ddTHH:mm:ssX')"],
        *["day_start(to_date(|<text>|, |<day pattern>|), |<zone>|)", *ORDERED],
    ],
}


def checked(texts: list[str]) -> list[Expression]:
    """Keep the texts that parse; only size may stop one."""
    kept = []
    for text in texts:
        try:
            kept.append(parse(text, COLUMNS))
        except ExpressionError as error:
            assert "too large" in error.found or "nested" in error.found, error  # noqa: PT017 - the rest is kept
    return kept


def same(left: Any, right: Any) -> bool:
    """Tell whether two values are equal; doubles to twelve digits, for their order of operations is not promised."""
    if isinstance(left, float) and isinstance(right, float):
        return left == right or (left != left and right != right) or abs(left - right) <= 1e-12 * abs(right)  # noqa: PLR0124
    return type(left) is type(right) and left == right


def made(chance: random.Random, kind: Kind, depth: int) -> str:
    """Give the text of a random expression of that kind."""
    maker = chance.choice([*MAKERS[kind], *GENERAL_MAKERS, ""]) if depth else ""
    if not maker:
        return chance.choice([f"{kind.value}_a", f"{kind.value}_b", *LITERALS[kind]])
    return "".join(filled(chance, kind, depth, part) for part in maker.split("|"))


def filled(chance: random.Random, kind: Kind, depth: int, part: str) -> str:
    """Give a part of a maker, its place filled where it is one."""
    name = part[1:-1]
    if not (part.startswith("<") and part.endswith(">")):
        return part
    if name in SETS:
        return chance.choice(SETS[name])
    return made(chance, kind if name == "same" else Kind(name), depth - 1)


@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(seed=st.integers(0, 2**32))
def test_engine_agrees_with_the_plain_evaluator(frame: DataFrame, seed: int) -> None:
    """Sixty rows, sixty random expressions in one engine call: every cell agrees."""
    chance = random.Random(seed)  # noqa: S311 - a seeded test
    texts = [made(chance, kind, 3) for kind in Kind for _ in range(6)]
    kept = checked(texts)
    columns = [compile_expression(each).alias(f"c{place}") for place, each in enumerate(kept)]
    found = frame.select(*columns).toArrow().to_pydict()
    for place, expression in enumerate(kept):
        promised = [evaluate(expression, row) for row in ROWS]
        wrong = [
            (row, is_, must)
            for row, is_, must in zip(ROWS, found[f"c{place}"], promised, strict=True)
            if not same(is_, must)
        ]
        assert not wrong, f"{expression.text}: {wrong[0]}"


AWKWARD = [
    "to_rate(money_a) >= 0.48",
    "to_money(rate_a) in (0, 0.24)",
    "money_a + money_b > 1",
    "to_count(to_text(money_a)) > 0",
    "local_day(moment_a, 'UTC') = DATE '2024-12-31'",
    "1 / round(real_a, 2)",
    "real_a = 0 or real_b in (0, 1)",
    "nullif(real_a, 0) is null",
    "round(real_a * rate_b, 2)",
    "to_money(real_a * rate_b)",
]


def test_an_optimizer_does_not_change_what_is_compared(frame: DataFrame) -> None:
    """Casts that lose digits inside comparisons, negative zeros, doubles too large for decimals: once wrong."""
    kept = checked(AWKWARD)
    found = frame.select(*(compile_expression(each).alias(each.text) for each in kept)).toArrow().to_pydict()
    for expression in kept:
        promised = [evaluate(expression, row) for row in ROWS]
        pairs = zip(found[expression.text], promised, strict=True)
        assert all(same(is_, must) for is_, must in pairs), expression.text


def test_generator_reaches_the_whole_language() -> None:
    """Every function and operator stands in some made expression, so that none goes uncompared."""
    written = " ".join(maker for makers in MAKERS.values() for maker in makers) + " ".join(GENERAL_MAKERS)
    assert {name for name in FUNCTIONS if f"{name}(" not in written} == set()
    compared = {"and", "or", "not", "in", "like", "is_null", "add", "negate", "multiply", "divide", "case"}
    assert OPERATORS.keys() - compared == {"eq", "ne", "lt", "le", "gt", "ge"}
