"""What an expression may ask of the borrower's other receivables: whether, how many, how much, the most, the least."""

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.expression_kinds import coerce
from schemas.expression_nodes import Literal, Node, Others
from schemas.expression_written import written
from schemas.table import Kind

EXACT_SUMS = frozenset({Kind.COUNT, Kind.DAYS, Kind.MONEY})
"""Kinds whose sums mean something and are the same in any order."""
ORDERED = frozenset(Kind) - {Kind.TEXT, Kind.FLAG}


@dataclass(frozen=True, slots=True)
class OthersFunction:
    """A function over the borrower's other receivables.

    Args:
        name: How it is written, lower case.
        parameters: What it takes, in order: `value`, `condition`, `none`.
        kinds: Kinds that the value may have.
        gives: Kind of its result; None where it is that of the value.
        meaning: One sentence.
    """

    name: str
    parameters: tuple[str, ...]
    kinds: frozenset[Kind]
    gives: Kind | None
    meaning: str


OTHERS: dict[str, OthersFunction] = {
    function.name: function
    for function in (
        OthersFunction(
            "others_exist",
            ("condition",),
            frozenset(),
            Kind.FLAG,
            "Whether the condition is true of any of them; unknown where it is true of none and unknown of some.",
        ),
        OthersFunction(
            "others_count", ("condition",), frozenset(), Kind.COUNT, "Of how many of them the condition is true."
        ),
        OthersFunction(
            "others_sum",
            ("value", "condition"),
            EXACT_SUMS,
            None,
            "The sum of the value (count, days, money) over those of which the condition is true; 0 if it is none.",
        ),
        OthersFunction(
            "others_max",
            ("value", "condition", "none"),
            ORDERED,
            None,
            "The largest value among those of which the condition is true; where it is none, the literal at the end.",
        ),
        OthersFunction("others_min", ("value", "condition", "none"), ORDERED, None, "The smallest, likewise."),
    )
}
"""Every function over the borrower's other receivables. All but `others_exist` are unknown where the condition, or the
value that it lets in, is unknown of any of them."""


def checked_others(function: OthersFunction, arguments: Sequence[Node]) -> Others | str:
    """Give the column that the call stands for, or the reason why it is refused."""
    if len(arguments) != len(function.parameters):
        return f"takes ({', '.join(function.parameters)})"
    given = dict(zip(function.parameters, arguments, strict=True))
    condition = coerce(given["condition"], Kind.FLAG)
    if condition is None:
        return f"the condition must be true or false, not {given['condition'].kind.value}"
    value = given.get("value")
    if value is not None and value.kind not in function.kinds:
        return f"takes {' or '.join(sorted(kind.value for kind in function.kinds))}, not {value.kind.value}"
    none = _fitted(given, value)
    if isinstance(none, str):
        return none
    kind = function.gives or (value.kind if value is not None else Kind.FLAG)
    parts = [part for part in (value, condition, none) if part is not None]
    text = f"{function.name}({', '.join(written(part) for part in parts)})"
    return Others(kind, text, function.name, value, condition, none)


def _fitted(given: dict[str, Node], value: Node | None) -> Literal | str | None:
    if "none" not in given or value is None:
        return None
    none = coerce(given["none"], value.kind)
    if not isinstance(none, Literal) or none.value is None:
        return f"what it is where there is none must be written out as a literal of {value.kind.value}"
    return none
