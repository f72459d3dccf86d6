"""The borrower's other receivables in DuckDB's SQL: each row looks them up, where the engine takes its own part off.

Nothing here is shared with the engine's way but the parsed question.
"""

from schemas.duckdb_expression import TYPES, duckdb_sql
from schemas.expression_nodes import Expression, Node, Others

_SAME_BORROWER = """
    FROM receivable_states other_state
    LEFT JOIN visible_receivables other_receivable ON other_receivable.receivable_id = other_state.receivable_id
    WHERE other_state.borrower_id = state.borrower_id AND other_state.receivable_id <> state.receivable_id"""


def others_sql(one: Others) -> str:
    """Give what is asked as a scalar query beside a row of `state`."""
    meant = _sql(one.condition)
    unknown = f"({meant}) IS NULL" + (f" OR (({meant}) AND {_sql(one.value)} IS NULL)" if one.value else "")
    if one.function == "others_exist":
        found = f"CASE WHEN bool_or({meant}) THEN true WHEN count(*) FILTER ({unknown}) = 0 THEN false END"
        return f"(SELECT {found} {_SAME_BORROWER})"
    gathered = f"CAST({_gathered(one, meant)} AS {TYPES[one.kind]})"
    return f"(SELECT CASE WHEN count(*) FILTER ({unknown}) = 0 THEN {gathered} END {_SAME_BORROWER})"


def _gathered(one: Others, meant: str) -> str:
    if one.value is None:
        return f"count(*) FILTER ({meant})"
    if one.function == "others_sum":
        return f"coalesce(sum({_sql(one.value)}) FILTER ({meant}), 0)"
    none = _sql(one.none) if one.none else "NULL"
    return f"coalesce({one.function.removeprefix('others_')}({_sql(one.value)}) FILTER ({meant}), {none})"


def _sql(node: Node) -> str:
    return duckdb_sql(Expression("", node.kind, frozenset(), node), _column)


def _column(name: str) -> str:
    group, column = name.split(".")
    return f"other_{group}.{column}"
