"""What a checked expression is made of: literals, column names and calls, each with the kind of what it gives."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from schemas.errors import ExpressionError
from schemas.table import Kind

Value = None | bool | int | Decimal | str | date | datetime


@dataclass(frozen=True, slots=True)
class Literal:
    """A value written in the expression itself; None is SQL's NULL."""

    kind: Kind
    value: Value


@dataclass(frozen=True, slots=True)
class Name:
    """A column, by its full (dotted) name."""

    kind: Kind
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function or operator of the language on its arguments, all of the kinds that it takes."""

    kind: Kind
    function: str
    arguments: tuple["Node", ...]


Node = Literal | Name | Call


@dataclass(frozen=True, slots=True)
class Others(Name):
    """A column made of the borrower's other receivables; its name is how it is written.

    Args:
        function: Which of `schemas.expression_others.OTHERS`.
        value: What is added up or compared, of each of them; None where they are counted.
        condition: Which of them are meant.
        none: What the largest or smallest is where none is meant.
    """

    function: str
    value: Node | None
    condition: Node
    none: Literal | None


@dataclass(frozen=True, slots=True)
class Expression:
    """A text that was parsed and checked: what it gives, which columns it reads, and its tree."""

    text: str
    kind: Kind
    columns: frozenset[str]
    root: Node

    @property
    def others(self) -> tuple[Others, ...]:
        """Give what it asks of the borrower's other receivables, each once, as written from left to right."""
        return tuple(dict.fromkeys(node for node in walk(self.root) if isinstance(node, Others)))


def walk(node: Node) -> Iterator[Node]:
    """Give the node and everything below it."""
    yield node
    if isinstance(node, Call):
        for argument in node.arguments:
            yield from walk(argument)


def refusal(
    text: str, offset: int, reason: str, mend: str = "docs/expressions.md lists what the language has"
) -> ExpressionError:
    """Make the error for an expression that is refused, with the place as line and column, both from 1."""
    line = text.count("\n", 0, offset) + 1
    column = offset - (text.rfind("\n", 0, offset) + 1) + 1
    shown = text if len(text) <= 120 else f"{text[:117]}..."
    return ExpressionError(
        f"{reason}, at line {line}, column {column} of {shown!r}", "an expression of the house's language", mend
    )
