"""The functions of the expression language: what they take, what they give, what they mean."""

from dataclasses import dataclass

from schemas.expression_kinds import NUMERIC, WHOLE
from schemas.table import Kind


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a function takes in one place.

    Args:
        name: As the reference page calls it.
        kinds: The kinds that are taken; empty means any. A lone REAL takes every number.
        constant: Empty, or what a literal must be here: `text`, `whole`, `pattern`, `zone`.
    """

    name: str
    kinds: frozenset[Kind] = frozenset()
    constant: str = ""


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the language.

    Args:
        name: How it is written, lower case.
        parameters: What it takes, in order.
        gives: Kind of its result; None where the arguments are made one kind and the result is of that kind.
        meaning: One sentence; null in gives null out unless it says otherwise.
        optional: How many of the last parameters may be left out.
        repeats: Whether the last parameter may be given many times.
        copies: How often an engine evaluates its arguments; bounds the size of what is compiled.
        levels: How deep an engine expression it becomes.
    """

    name: str
    parameters: tuple[Parameter, ...]
    gives: Kind | None
    meaning: str
    optional: int = 0
    repeats: bool = False
    copies: int = 1
    levels: int = 2


def _of(name: str, *kinds: Kind) -> Parameter:
    return Parameter(name, frozenset(kinds))


ANY = Parameter("value")
TEXT = _of("text", Kind.TEXT)
FLAG = _of("flag", Kind.FLAG)
DATE = _of("date", Kind.DATE)
MOMENT = _of("moment", Kind.MOMENT)
REAL = _of("number", Kind.REAL)
NUMBER = Parameter("number", NUMERIC)
WHOLE_NUMBER = Parameter("number", WHOLE)
TEXT_OR_WHOLE = Parameter("value", WHOLE | {Kind.TEXT})
TEXT_OR_NUMBER = Parameter("value", NUMERIC | {Kind.TEXT})
PLAIN = Parameter("value", frozenset(Kind) - {Kind.REAL, Kind.MOMENT})
PATTERN = Parameter("pattern", frozenset({Kind.TEXT}), "pattern")
ZONE = Parameter("zone", frozenset({Kind.TEXT}), "zone")
WORD = Parameter("word", frozenset({Kind.TEXT}), "text")
POSITION = Parameter("position", frozenset({Kind.COUNT}), "whole")

CONVERSIONS = (
    Function("to_text", (PLAIN,), Kind.TEXT, "The value as text: days in ISO form, amounts with two decimals."),
    Function(
        "to_flag",
        (TEXT,),
        Kind.FLAG,
        "True for true, t, yes, y, 1; false for false, f, no, n, 0; in any case of letters.",
        copies=2,
        levels=6,
    ),
    Function("to_count", (TEXT_OR_WHOLE,), Kind.COUNT, "A whole number of at most 15 digits; `12.0` counts.", levels=4),
    Function("to_number", (TEXT_OR_WHOLE,), Kind.NUMBER, "The same, as a position.", levels=4),
    Function("to_days", (TEXT_OR_WHOLE,), Kind.DAYS, "The same, as a length of time.", levels=4),
    Function(
        "to_money",
        (TEXT_OR_NUMBER,),
        Kind.MONEY,
        "An amount, rounded half away from zero to two decimals; no exponent, no separators.",
        copies=6,
        levels=9,
    ),
    Function("to_rate", (TEXT_OR_NUMBER,), Kind.RATE, "The same to six decimals, below 1000.", copies=6, levels=9),
    Function("to_real", (TEXT_OR_NUMBER,), Kind.REAL, "A number, exponent allowed; never NaN or infinite.", levels=3),
    Function(
        "to_date",
        (TEXT, PATTERN),
        Kind.DATE,
        "The day written in that pattern; the first of the month where the pattern has no day.",
        copies=4,
        levels=8,
    ),
    Function(
        "to_moment",
        (TEXT, PATTERN, ZONE),
        Kind.MOMENT,
        "The moment written in that pattern as a clock of the zone shows it, or by its own offset (X in the pattern).",
        optional=1,
        copies=8,
        levels=9,
    ),
)

TIME = (
    Function("day_start", (DATE, ZONE), Kind.MOMENT, "When the local day begins.", levels=3),
    Function("local_day", (MOMENT, ZONE), Kind.DATE, "The local day on which the moment falls.", levels=3),
    Function("add_days", (DATE, WHOLE_NUMBER), Kind.DATE, "The day that many days later.", copies=3, levels=9),
    Function(
        "add_months",
        (DATE, WHOLE_NUMBER),
        Kind.DATE,
        "The same day that many months later, or the last of the month where it has no such day.",
        copies=3,
        levels=9,
    ),
    Function(
        "days_between", (DATE, DATE), Kind.DAYS, "Days from the second day to the first: later, earlier.", levels=3
    ),
    Function(
        "months_between",
        (DATE, DATE),
        Kind.COUNT,
        "Whole months from the second day to the first: later, earlier.",
        copies=3,
        levels=7,
    ),
    Function(
        "years_between",
        (DATE, DATE),
        Kind.COUNT,
        "Whole years from the second day to the first: an age.",
        copies=3,
        levels=9,
    ),
    Function("year", (DATE,), Kind.NUMBER, "The year.", levels=2),
    Function("month", (DATE,), Kind.NUMBER, "The month, 1 to 12.", levels=2),
    Function("day", (DATE,), Kind.NUMBER, "The day of the month.", levels=2),
)

GENERAL = (
    Function(
        "coalesce", (ANY, ANY), None, "The first of its values that is not null.", repeats=True, copies=2, levels=3
    ),
    Function("nullif", (ANY, ANY), None, "The first value, or null where it equals the second.", copies=2, levels=3),
    Function("least", (ANY, ANY), None, "The smallest of its values, nulls left out.", repeats=True),
    Function("greatest", (ANY, ANY), None, "The largest of its values, nulls left out.", repeats=True),
    Function("abs", (NUMBER,), None, "The size of a number, in its own unit."),
    Function(
        "round",
        (REAL, POSITION),
        Kind.REAL,
        "Rounded half away from zero to that many decimals (0 to 6), as a double is stored.",
        copies=2,
        levels=8,
    ),
    Function(
        "floor", (REAL,), Kind.COUNT, "The largest whole number not above; null from 10^15 on.", copies=2, levels=6
    ),
)

TEXTS = (
    Function("concat", (TEXT, TEXT), Kind.TEXT, "The texts one after the other.", repeats=True),
    Function("upper", (TEXT,), Kind.TEXT, "In capital letters."),
    Function("lower", (TEXT,), Kind.TEXT, "In small letters."),
    Function("trim", (TEXT,), Kind.TEXT, "Without spaces at both ends."),
    Function(
        "substring",
        (TEXT, POSITION, POSITION),
        Kind.TEXT,
        "From that character on (the first is 1), that many.",
        copies=4,
    ),
    Function("replace", (TEXT, WORD, WORD), Kind.TEXT, "With every first word replaced by the second."),
    Function("length", (TEXT,), Kind.COUNT, "How many characters.", levels=3),
    Function("starts_with", (TEXT, TEXT), Kind.FLAG, "Whether the first text begins with the second."),
)

FUNCTIONS: dict[str, Function] = {function.name: function for function in (*CONVERSIONS, *TIME, *GENERAL, *TEXTS)}
"""Every function that an expression may name."""

CONVERTING = frozenset(function.name for function in CONVERSIONS) - {"to_text"}
"""Functions that may fail on a value that is there."""

OPERATORS: dict[str, tuple[int, int]] = {
    "and": (1, 0),
    "or": (1, 0),
    "not": (1, 1),
    "eq": (1, 1),
    "ne": (1, 2),
    "lt": (1, 1),
    "le": (1, 1),
    "gt": (1, 1),
    "ge": (1, 1),
    "in": (1, 1),
    "like": (1, 1),
    "is_null": (1, 1),
    "add": (2, 3),
    "negate": (1, 1),
    "multiply": (1, 1),
    "divide": (1, 2),
    "case": (1, 2),
}
"""Copies and levels of what is written with signs and words instead of a name."""
