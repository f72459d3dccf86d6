"""What a deal asks of a borrower's other receivables, in DuckDB's SQL: each receivable beside every other one."""

from collections.abc import Callable

from schemas.duckdb_expression import TYPES, duckdb_sql
from schemas.expression_nodes import Expression, Name, Node, Others, walk


def others_sql(one: Others, number: int, column: Callable[[str], str]) -> str:
    """Give the query of what one function is for every receivable: `receivable_id` and `asked_NUMBER`.

    Every receivable meets each other one of its borrower, open or not, and the definition is taken at its word.

    Args:
        one: The function, as parsed.
        number: Which of the deal's.
        column: SQL of a dotted name where `state` and `receivable` stand side by side.
    """
    found = {name for part in _parts(one) for name in _names(part)}
    columns = "".join(f", {column(name)} AS {_quoted(name)}" for name in sorted(found))
    other = f"""
        SELECT state.receivable_id AS other_id, state.borrower_id AS other_borrower{columns}
        FROM receivable_states state
        LEFT JOIN visible_receivables receivable ON receivable.receivable_id = state.receivable_id"""
    return f"""
        SELECT mine.receivable_id, {_answer(one)} AS asked_{number} FROM receivable_states mine
        LEFT JOIN ({other}) ON other_borrower = mine.borrower_id AND other_id <> mine.receivable_id
        GROUP BY mine.receivable_id"""


def _answer(one: Others) -> str:
    meant = f"(other_id IS NOT NULL AND {_sql(one.condition)})"
    value = _sql(one.value) if one.value is not None else "0"
    unknown = f"other_id IS NOT NULL AND ({_sql(one.condition)} IS NULL OR ({meant} AND {value} IS NULL))"
    if one.function == "others_exist":
        some = f"count(*) FILTER ({meant}) > 0"
        return f"CASE WHEN {some} THEN true WHEN count(*) FILTER ({unknown}) = 0 THEN false END"
    none = _sql(one.none) if one.none is not None else "0"
    found = {
        "others_count": f"count(*) FILTER ({meant})",
        "others_sum": f"coalesce(sum({value}) FILTER ({meant}), 0)",
        "others_max": f"coalesce(max({value}) FILTER ({meant}), {none})",
        "others_min": f"coalesce(min({value}) FILTER ({meant}), {none})",
    }[one.function]
    return f"CASE WHEN count(*) FILTER ({unknown}) = 0 THEN CAST({found} AS {TYPES[one.kind]}) END"


def _parts(one: Others) -> list[Node]:
    return [part for part in (one.value, one.condition) if part is not None]


def _names(node: Node) -> set[str]:
    return {each.name for each in walk(node) if isinstance(each, Name)}


def _sql(node: Node) -> str:
    return duckdb_sql(Expression("", node.kind, frozenset(), node), _quoted)


def _quoted(name: str) -> str:
    return f'"{name}"'  # a column's name: letters, underscores and one dot
