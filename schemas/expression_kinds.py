"""Which kinds go together: literals take the kind of their company, and only like is compared with like."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from schemas.expression_nodes import Call, Literal, Node, Value
from schemas.table import Kind

WHOLE = frozenset({Kind.COUNT, Kind.NUMBER, Kind.DAYS})
NUMERIC = WHOLE | {Kind.MONEY, Kind.RATE, Kind.REAL}
ORDINAL = frozenset({Kind.COUNT, Kind.NUMBER})
EXACT = {Kind.MONEY: (16, 2), Kind.RATE: (3, 6)}
"""Digits before and after the point."""
WHOLE_BOUND = 10**15
"""No whole number of the language reaches this, so that sums of them fit 64 bits on every engine."""

_DAY = re.compile(r"[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?"
)


def day(text: str) -> date | None:
    """Read an ISO day, or give None."""
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def moment(text: str) -> datetime | None:
    """Read an ISO moment, UTC where no offset is said, or give None."""
    try:
        read = datetime.fromisoformat(text) if _MOMENT.fullmatch(text) else None
        return None if read is None else (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def coerce(node: Node, kind: Kind) -> Node | None:
    """Give the node as that kind where nothing is lost or guessed, or None."""
    if node.kind is kind:
        return node
    if isinstance(node, Literal):
        return _adapt(node.value, kind)
    if kind is Kind.REAL and node.kind in NUMERIC:
        return Call(Kind.REAL, "to_real", (node,))
    if {node.kind, kind} == ORDINAL:
        return Call(kind, f"to_{kind.value}", (node,))
    return None


def unify(nodes: Sequence[Node]) -> tuple[Node, ...] | None:
    """Give the nodes as one kind, or None where they do not go together."""
    kind = _common([node.kind for node in nodes if not isinstance(node, Literal)]) or _common(
        [node.kind for node in nodes if isinstance(node, Literal) and node.value is not None]
    )
    if kind is None:
        return tuple(nodes) if all(isinstance(node, Literal) and node.value is None for node in nodes) else None
    return _all_as(nodes, kind) or (_all_as(nodes, Kind.REAL) if kind in NUMERIC else None)


def _all_as(nodes: Sequence[Node], kind: Kind) -> tuple[Node, ...] | None:
    coerced = [coerce(node, kind) for node in nodes]
    fitting = tuple(node for node in coerced if node is not None)
    return fitting if len(fitting) == len(nodes) else None


def _common(kinds: Sequence[Kind]) -> Kind | None:
    distinct = frozenset(kinds)
    if len(distinct) <= 1:
        return next(iter(distinct), None)
    if distinct == ORDINAL:
        return Kind.COUNT
    return Kind.REAL if Kind.REAL in distinct and distinct <= NUMERIC else None


def _adapt(value: Value, kind: Kind) -> Literal | None:
    if value is None:
        return Literal(kind, None)
    if isinstance(value, str):
        read = {Kind.DATE: day, Kind.MOMENT: moment}.get(kind)
        found = read(value) if read else None
        return None if found is None else Literal(kind, found)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return _adapt_number(Decimal(value), kind)


def _adapt_number(value: Decimal, kind: Kind) -> Literal | None:
    if kind is Kind.REAL:
        return Literal(kind, value)
    if kind in WHOLE:
        return Literal(kind, int(value)) if value == int(value) and abs(value) < WHOLE_BOUND else None
    if kind in EXACT:
        before, after = EXACT[kind]
        fits = abs(value) < 10**before and value == round(value, after)
        return Literal(kind, round(value, after)) if fits else None
    return None
