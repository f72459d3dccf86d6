"""The vocabulary of declarations: a `Table` has `Column`s of a `Kind`, a key, and `Rule`s that each row must keep."""

from dataclasses import dataclass, field
from enum import Enum

MONEY_BOUND = 10_000_000
"""No single amount may reach this many currency units: a sum over 10^9 rows of minor units then fits 64 bits."""
TOTAL_BOUND = 10**15
"""Largest sum of amounts in a derived table: what a decimal of 18 digits holds."""


class Kind(Enum):
    """What a column measures; kind fixes type, unit and, by the house's suffixes, how its name ends."""

    TEXT = "text"
    FLAG = "flag"
    COUNT = "count"
    NUMBER = "number"
    DAYS = "days"
    MONEY = "money"
    RATE = "rate"
    REAL = "real"
    DATE = "date"
    MOMENT = "moment"


UNITS = {
    Kind.TEXT: "",
    Kind.FLAG: "true or false",
    Kind.COUNT: "how many",
    Kind.NUMBER: "position, from 1",
    Kind.DAYS: "whole local days",
    Kind.MONEY: "currency units, two decimals",
    Kind.RATE: "annual decimal, 0.156 = 15.6 %",
    Kind.REAL: "number",
    Kind.DATE: "local day of the platform",
    Kind.MOMENT: "UTC, microseconds",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: what it says about the world, in which unit, and what null means.

    Args:
        name: Column name; its suffix carries the unit (`_at`, `_on`, `_days`, `_amount`, `_rate`, `_count`, `_share`).
        kind: What it measures.
        meaning: One sentence in the domain's words.
        null_means: What a null says; empty means that null is not allowed.
        values: The allowed values of an enumeration; empty means free.
        lowest: Smallest allowed value, inclusive; None means unbounded (money without `highest`: by `MONEY_BOUND`).
        highest: Largest allowed value, inclusive; None means unbounded (money: by `MONEY_BOUND`).
        refers_to: `table.column` that must hold this value.
    """

    name: str
    kind: Kind
    meaning: str
    null_means: str = ""
    values: tuple[str, ...] = ()
    lowest: float | None = None
    highest: float | None = None
    refers_to: str = ""

    @property
    def required(self) -> bool:
        """Tell whether a null in this column breaks its table's promise."""
        return not self.null_means


@dataclass(frozen=True, slots=True)
class Rule:
    """A promise that every row keeps, as a boolean expression of the house's language over the table's columns.

    A row for which it is false goes to quarantine under `code`; unknown (a null) is not a breach.
    """

    code: str
    expression: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the house: its columns in order, its key, how it is partitioned, and its rules.

    Args:
        name: Plural noun.
        meaning: What one row is.
        columns: All columns in stored order.
        key: Columns that identify the thing a row speaks of. Versions of it differ in `known_at`.
        partition: The identity columns whose one value a run replaces as a whole.
        versioned: Whether later rows with the same key correct earlier ones (logs) or the key is unique (derived).
        rules: Row rules beyond type, null, enumeration, bounds and reference.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    partition: tuple[str, ...]
    versioned: bool = False
    rules: tuple[Rule, ...] = field(default=())

    @property
    def names(self) -> tuple[str, ...]:
        """Give the column names in stored order."""
        return tuple(column.name for column in self.columns)

    @property
    def row_key(self) -> tuple[str, ...]:
        """Give the columns that identify a row: the key, and `known_at` where rows are versions."""
        return (*self.key, "known_at") if self.versioned else self.key

    def column(self, name: str) -> Column:
        """Give the column of that name, or raise `KeyError`."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


def text(name: str, meaning: str, null_means: str = "", *, values: tuple[str, ...] = (), refers_to: str = "") -> Column:
    """Declare an opaque id, code or word."""
    return Column(name, Kind.TEXT, meaning, null_means, values=values, refers_to=refers_to)


def flag(name: str, meaning: str, null_means: str = "") -> Column:
    """Declare a yes-or-no fact."""
    return Column(name, Kind.FLAG, meaning, null_means)


def count(name: str, meaning: str, null_means: str = "") -> Column:
    """Declare how many of something there are; never negative."""
    return Column(name, Kind.COUNT, meaning, null_means, lowest=0)


def number(name: str, meaning: str, null_means: str = "") -> Column:
    """Declare a position in a sequence that starts at 1 (0 is allowed where a meaning says so)."""
    return Column(name, Kind.NUMBER, meaning, null_means, lowest=0)


def days(name: str, meaning: str, null_means: str = "", *, lowest: float | None = 0) -> Column:
    """Declare a length of time in whole local days."""
    return Column(name, Kind.DAYS, meaning, null_means, lowest=lowest)


def money(name: str, meaning: str, null_means: str = "", *, lowest: float | None = 0) -> Column:
    """Declare an amount in the platform's currency."""
    return Column(name, Kind.MONEY, meaning, null_means, lowest=lowest)


def total(name: str, meaning: str, null_means: str = "") -> Column:
    """Declare a sum of many amounts, of either sign, in the platform's currency."""
    return Column(name, Kind.MONEY, meaning, null_means, lowest=-TOTAL_BOUND, highest=TOTAL_BOUND)


def rate(name: str, meaning: str, null_means: str = "") -> Column:
    """Declare an annual rate as a decimal."""
    return Column(name, Kind.RATE, meaning, null_means, lowest=0, highest=10)


def real(
    name: str, meaning: str, null_means: str = "", *, lowest: float | None = None, highest: float | None = None
) -> Column:
    """Declare a plain number: a share, a score, a probability."""
    return Column(name, Kind.REAL, meaning, null_means, lowest=lowest, highest=highest)


def date(name: str, meaning: str, null_means: str = "") -> Column:
    """Declare a local day of the platform."""
    return Column(name, Kind.DATE, meaning, null_means)


def moment(name: str, meaning: str, null_means: str = "") -> Column:
    """Declare an instant in UTC."""
    return Column(name, Kind.MOMENT, meaning, null_means)


HAPPENED = moment("happened_at", "When it happened in the world.")
VERSION = (
    moment("known_at", "When the platform's systems had this version of the row."),
    flag("is_deleted", "Whether this version withdraws the row: a tombstone."),
)
PROVENANCE = (
    text("source", "Name of the source mapping that the row came through."),
    text("batch", "The ingest batch that published the row; a re-run of the batch replaces it whole."),
    text("record_hash", "SHA-256 over the row's own content, by which an identical repeat is told from a conflict."),
)
CONTROL = (HAPPENED, *VERSION, *PROVENANCE)
"""Columns that every log and lending table ends with."""


def log(name: str, meaning: str, key: tuple[str, ...], *columns: Column, rules: tuple[Rule, ...] = ()) -> Table:
    """Declare a table whose rows are versions of things that happened, published batch by batch."""
    timely = Rule("HAPPENED_AFTER_KNOWN", "happened_at <= known_at", "Nothing is known before it happens.")
    return Table(name, meaning, (*columns, *CONTROL), key, ("batch",), versioned=True, rules=(timely, *rules))


def derived(name: str, meaning: str, key: tuple[str, ...], *columns: Column, rules: tuple[Rule, ...] = ()) -> Table:
    """Declare a table that a stage computes for one `as_of` day (and deal) and replaces as a whole."""
    partition = tuple(column.name for column in columns if column.name in {"as_of", "deal"} and column.name in key)
    return Table(name, meaning, columns, key, partition, rules=rules)
