"""The borrower's other receivables in DuckDB's SQL: each row looks them up, where the engine takes its own part off.

Nothing here is shared with the engine's way but the parsed question.
"""

from collections.abc import Sequence

from schemas.duckdb_expression import TYPES, duckdb_sql, quoted
from schemas.expression_nodes import Expression, Node, Others

_THERE = "other_state.receivable_id IS NOT NULL"


def others_join(asked: Sequence[Others], where: str) -> str:
    """Give the join that lays `others` beside `state`: of each receivable what is asked, in columns named as written.

    Args:
        asked: What the deal asks.
        where: Which receivables, as a condition on `state`.
    """
    columns = ", ".join(f"{_answer(one)} AS {quoted(one.name)}" for one in asked)
    return f"""
        LEFT JOIN (
            SELECT state.receivable_id, {columns} FROM receivable_states state
            LEFT JOIN receivable_states other_state
                ON other_state.borrower_id = state.borrower_id AND other_state.receivable_id <> state.receivable_id
            LEFT JOIN visible_receivables other_receivable ON other_receivable.receivable_id = other_state.receivable_id
            WHERE {where} GROUP BY state.receivable_id
        ) others ON others.receivable_id = state.receivable_id"""


def _answer(one: Others) -> str:
    meant = f"({_THERE} AND {_sql(one.condition)})"
    unknown = f"{meant} IS NULL" + (f" OR ({meant} AND {_sql(one.value)} IS NULL)" if one.value else "")
    is_known = f"count(*) FILTER ({unknown}) = 0"
    if one.function == "others_exist":
        return f"CASE WHEN bool_or({meant}) THEN true WHEN {is_known} THEN false END"
    return f"CASE WHEN {is_known} THEN CAST({_gathered(one, meant)} AS {TYPES[one.kind]}) END"


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
