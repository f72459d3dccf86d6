"""Small builders of checked nodes, and how large on an engine what they build becomes."""

from decimal import Decimal

from sqlglot import expressions as syntax

from schemas.expression_nodes import Call, Literal, Node
from schemas.functions import FUNCTIONS, OPERATORS
from schemas.table import Kind

MAX_LEVELS = 36
"""How deep an engine expression may become: the wire format of Spark Connect ends at about 48."""
MAX_WEIGHT = 2_000
"""How many engine nodes an expression may become."""


def flat_members(tree: syntax.Expression) -> list[syntax.Expression]:
    """Give the members of a chain of one junction, in order, without recursion."""
    members: list[syntax.Expression] = []
    pending = [tree]
    while pending:
        each = pending.pop()
        if type(each) is type(tree):
            pending += [each.expression, each.this]
        else:
            members.append(each)
    return members


def negative(node: Node) -> Node:
    """Give a number with its sign turned."""
    if isinstance(node, Literal) and isinstance(node.value, int | Decimal):
        return Literal(node.kind, -node.value)
    return Call(node.kind, "negate", (node,))


def summed(left: Node, right: Node) -> Node:
    """Add to a sum of the same kind instead of nesting it, so that long sums stay shallow."""
    kind = Kind.COUNT if left.kind is Kind.NUMBER else left.kind
    longer = isinstance(left, Call) and left.function == "add" and left.kind is kind
    terms = left.arguments if isinstance(left, Call) and longer else (left,)
    return Call(kind, "add", (*terms, right))


def negated(node: Node) -> Node:
    """Give the opposite of a condition."""
    return Call(Kind.FLAG, "not", (node,))


def size(node: Node) -> tuple[int, int]:
    """Give how many engine nodes an expression becomes, and how deep they stand."""
    if not isinstance(node, Call):
        return 1, 1
    sizes = [size(argument) for argument in node.arguments]
    function = FUNCTIONS.get(node.function)
    copies, levels = (function.copies, function.levels) if function else OPERATORS[node.function]
    if node.function in {"and", "or", "add"}:
        levels += len(sizes) if node.kind is Kind.REAL else len(sizes).bit_length()
    return 2 + copies * sum(weight for weight, _ in sizes), levels + max(depth for _, depth in sizes)
