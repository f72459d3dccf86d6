"""A checked expression written out again, in one way only: what is written so reads as the same expression."""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

from schemas.expression_nodes import Call, Literal, Name, Node, Others, Value

_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_RESERVED = re.compile("and|or|not|in|is|null|true|false|between|like|case|when|then|else|end")
_COMPARISONS = {"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_OPERATIONS = {"add": "+", "multiply": "*", "divide": "/"}
_TESTS = frozenset({*_COMPARISONS, "in", "like", "is_null"})


def written(node: Node) -> str:
    """Write a node in the language.

    >>> from schemas.table import Kind
    >>> written(Name(Kind.DAYS, "state.days_past_due"))
    'state.days_past_due'
    """
    if isinstance(node, Others):
        return node.name
    if isinstance(node, Name):
        return ".".join(map(_name, node.name.split(".")))
    if isinstance(node, Literal):
        return _literal(node.value)
    if node.function in _COMPARISONS:
        return f" {_COMPARISONS[node.function]} ".join(map(_operand, node.arguments))
    if node.function in _OPERATIONS:
        return f" {_OPERATIONS[node.function]} ".join(map(_operand, node.arguments))
    special = _SPECIAL.get(node.function)
    return special(node) if special else f"{node.function}({', '.join(map(written, node.arguments))})"


def _name(part: str) -> str:
    plain = _PLAIN_NAME.fullmatch(part) and not _RESERVED.fullmatch(part)
    return part if plain else '"' + part.replace('"', '""') + '"'


def _literal(value: Value) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | Decimal):
        return format(value, "f") if isinstance(value, Decimal) else str(value)
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value.isoformat()}'"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    return "'" + value.replace("'", "''") + "'"


def _operand(node: Node) -> str:
    text = written(node)
    if isinstance(node, Literal):
        return f"({text})" if text.startswith("-") else text
    operators = {*_OPERATIONS, *_COMPARISONS, *_SPECIAL} - {"case"}
    return f"({text})" if isinstance(node, Call) and node.function in operators else text


def _member(node: Node) -> str:
    return written(node) if isinstance(node, Call) and node.function in _TESTS else _operand(node)


def _case(node: Call) -> str:
    tests, results = node.arguments[:-1:2], node.arguments[1::2]
    pairs = zip(tests, results, strict=True)
    branches = " ".join(f"WHEN {written(test)} THEN {written(result)}" for test, result in pairs)
    return f"CASE {branches} ELSE {written(node.arguments[-1])} END"


def _in(node: Call) -> str:
    value, *members = node.arguments
    return f"{_operand(value)} IN ({', '.join(map(written, members))})"


_SPECIAL: dict[str, Callable[[Call], str]] = {
    "and": lambda node: " AND ".join(map(_member, node.arguments)),
    "or": lambda node: " OR ".join(map(_member, node.arguments)),
    "not": lambda node: f"NOT {_operand(node.arguments[0])}",
    "negate": lambda node: f"-{_operand(node.arguments[0])}",
    "in": _in,
    "like": lambda node: f"{_operand(node.arguments[0])} LIKE {written(node.arguments[1])}",
    "is_null": lambda node: f"{_operand(node.arguments[0])} IS NULL",
    "case": _case,
}
