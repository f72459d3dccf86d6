"""Checked expressions as engine columns."""

from collections.abc import Callable
from decimal import Decimal

from pyspark.sql import Column
from pyspark.sql import functions as F

from schemas.expression_kinds import WHOLE
from schemas.expression_nodes import Call, Expression, Literal, Name, Node, walk
from schemas.functions import CONVERTING
from schemas.spark_functions import RULES, balanced
from schemas.spark_types import engine_type
from schemas.table import Kind

Resolve = Callable[[str], Column]
PLAIN = WHOLE | {Kind.TEXT, Kind.FLAG}
"""Kinds whose literals reach the engine as they are; the others travel as text, cast there."""


def column_named(name: str) -> Column:
    """Give the engine's column of that very name, dots and all."""
    return F.col(f"`{name.replace('`', '``')}`")


def compile_expression(expression: Expression, resolve: Resolve = column_named) -> Column:
    """Give the expression as an engine column; null where a value cannot be had: it never raises on data.

    Args:
        expression: What was parsed; the frame's columns must have the engine types of their kinds.
        resolve: Gives the column of a name; as it stands, the frame's column of that whole name.
    """
    return _compile(expression.root, resolve)


def failed_conversions(expression: Expression, resolve: Resolve = column_named) -> Column:
    """Give true where a conversion of the expression got a value that is not blank and could not read it; never null.

    A branch of CASE that is not taken does not count, nor does COALESCE where another of its conversions could read.
    """
    return _any([_failures(expression.root, resolve)])


def _compile(node: Node, resolve: Resolve) -> Column:
    if isinstance(node, Name):
        return resolve(node.name)
    if isinstance(node, Literal):
        return _literal(node)
    return RULES[node.function](node, [_compile(argument, resolve) for argument in node.arguments])


def _literal(node: Literal) -> Column:
    if isinstance(node.value, int | Decimal) and node.kind is Kind.REAL:
        return F.lit(float(node.value))
    plain = node.value is None or node.kind in PLAIN
    return F.lit(node.value if plain else str(node.value)).cast(engine_type(node.kind))


def _failures(node: Node, resolve: Resolve) -> Column | None:
    """Give where the node failed to read something, or None where nothing in it can fail."""
    if not isinstance(node, Call) or not _converts(node):
        return None
    if node.function == "case":
        return _case_failures(node, resolve)
    failed = [_failures(argument, resolve) for argument in node.arguments]
    if node.function == "coalesce":
        unread = [_compile(argument, resolve).isNull() for argument in node.arguments if _converts(argument)]
        return _any(failed) & balanced(lambda left, right: left & right, unread)
    return _any([*failed, _own_failure(node, resolve)])


def _own_failure(node: Call, resolve: Resolve) -> Column | None:
    if node.function not in CONVERTING:
        return None
    given = _compile(node.arguments[0], resolve)
    there = given.isNotNull()
    if node.arguments[0].kind is Kind.TEXT:
        there = there & (F.trim(given) != F.lit(""))
    return there & _compile(node, resolve).isNull()


def _case_failures(node: Call, resolve: Resolve) -> Column:
    tests, results = node.arguments[:-1:2], node.arguments[1::2]
    failed = _any([_failures(node.arguments[-1], resolve)])
    for test, result in reversed(list(zip(tests, results, strict=True))):
        failed = F.when(_compile(test, resolve), _any([_failures(result, resolve)])).otherwise(failed)
    return _any([failed, *(_failures(test, resolve) for test in tests)])


def _converts(node: Node) -> bool:
    return any(isinstance(each, Call) and each.function in CONVERTING for each in walk(node))


def _any(conditions: list[Column | None]) -> Column:
    known = [condition for condition in conditions if condition is not None]
    return balanced(lambda left, right: left | right, known) if known else F.lit(False)
