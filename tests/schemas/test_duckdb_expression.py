"""The second reading of the language: random expressions over awkward rows, equal to the plain evaluator."""

import random
from datetime import UTC, datetime
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from schemas.duckdb_expression import RULES, duckdb_sql
from schemas.expression import Expression
from schemas.functions import FUNCTIONS, OPERATORS
from schemas.table import Kind
from tests.oracles.expression import evaluate
from tests.pool.worlds import ARROW
from tests.schemas.test_expression_oracle import AWKWARD, COLUMNS, ROWS, checked, made, same


def quoted(name: str) -> str:
    return f'"{name}"'


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    """Give a connection that holds the awkward rows."""
    opened = duckdb.connect()
    opened.execute("SET TimeZone = 'UTC'")
    schema = pa.schema([(name, ARROW[kind]) for name, kind in COLUMNS.items()])
    opened.register("given", pa.Table.from_pylist(ROWS, schema=schema))
    opened.execute("CREATE TABLE awkward AS SELECT row_number() OVER () AS place, * FROM given")
    return opened


def answers(connection: duckdb.DuckDBPyConnection, expressions: list[Expression]) -> list[list[Any]]:
    """Give the value of each expression on each row."""
    columns = ", ".join(duckdb_sql(each, quoted) for each in expressions)
    found = connection.execute(f"SELECT {columns} FROM awkward ORDER BY place").fetchall()
    return [[moved(row[place]) for row in found] for place in range(len(expressions))]


def moved(value: Any) -> Any:
    return value.astimezone(UTC) if isinstance(value, datetime) else value


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(seed=st.integers(0, 2**32))
def test_duckdb_agrees_with_the_plain_evaluator(connection: duckdb.DuckDBPyConnection, seed: int) -> None:
    """Sixty rows, sixty random expressions in one query: every cell agrees."""
    chance = random.Random(seed)  # noqa: S311 - a seeded test
    kept = checked([made(chance, kind, 3) for kind in Kind for _ in range(6)])
    for expression, found in zip(kept, answers(connection, kept), strict=True):
        promised = [evaluate(expression, row) for row in ROWS]
        pairs = zip(ROWS, found, promised, strict=True)
        wrong = [(row, is_, must) for row, is_, must in pairs if not same(is_, must)]
        assert not wrong, f"{expression.text}: {wrong[0]}"


def test_what_an_optimizer_once_changed_is_right_here_too(connection: duckdb.DuckDBPyConnection) -> None:
    """Casts that lose digits inside comparisons, negative zeros, doubles too large for decimals."""
    kept = checked(AWKWARD)
    for expression, found in zip(kept, answers(connection, kept), strict=True):
        promised = [evaluate(expression, row) for row in ROWS]
        assert all(same(is_, must) for is_, must in zip(found, promised, strict=True)), expression.text


def test_a_text_stays_a_text(connection: duckdb.DuckDBPyConnection) -> None:
    """Quotes, comments and statements within a literal are letters, and name no column."""
    hostile = ["'; DROP TABLE awkward; --", "' OR true --", "\\' ||", "''''", "x') FROM awkward; --"]
    kept = checked([f"text_a = '{text.replace(chr(39), chr(39) * 2)}'" for text in hostile])
    assert len(kept) == len(hostile)
    for found in answers(connection, kept):
        assert True not in found
    assert connection.execute("SELECT count(*) FROM awkward").fetchone() == (len(ROWS),)


def test_every_function_and_operator_has_a_rule() -> None:
    """What the language has, the second reading has."""
    assert RULES.keys() == FUNCTIONS.keys() | OPERATORS.keys()
