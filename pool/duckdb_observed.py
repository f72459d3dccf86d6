"""The values that a criterion looked at, written by DuckDB as the engine writes them."""

from collections.abc import Mapping

from pool.vocabulary import in_order
from schemas.duckdb_expression import quoted, text_literal
from schemas.expression_nodes import Expression
from schemas.table import Kind

MICRO = 1_000_000


def observed_sql(expression: Expression, kinds: Mapping[str, Kind]) -> str:
    """Give the SQL of `name=value; name=value` over the columns of a wide row; a control character becomes a space."""
    shown = [
        f"{text_literal(f'{name}=')} || coalesce({_text(quoted(name), kinds[name])}, 'null')"
        for name in in_order(expression.columns)
    ]
    return f"translate({_joined(shown)}, chr(30), ' ')"


def _joined(parts: list[str]) -> str:
    return " || '; ' || ".join(parts) or "''"


def _text(value: str, kind: Kind) -> str:
    """Write exact numbers plain, doubles with six decimals, half up, and moments in UTC."""
    if kind is Kind.MOMENT:
        return f"strftime(timezone('UTC', {value}), '%Y-%m-%dT%H:%M:%SZ')"
    if kind is not Kind.REAL:
        return f"CAST({value} AS VARCHAR)"
    micro = f"CAST(floor(abs({value}) * {MICRO}::DOUBLE + 0.5::DOUBLE) AS BIGINT)"
    sign = f"CASE WHEN {value} < 0 AND {micro} > 0 THEN '-' ELSE '' END"
    return f"({sign} || {micro} // {MICRO} || '.' || lpad(CAST({micro} % {MICRO} AS VARCHAR), 6, '0'))"
