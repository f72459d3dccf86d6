"""Source mappings: what `conf/sources/NAME.yaml` may say about a platform's raw files.

A mapping names the platform, and for every canonical table one or more parts. A part reads files, reshapes their rows
(unpivot, lookup, define, filter, group, running sums: in this order) and gives one expression a column over the raw
columns, which are all text. `docs/sources.md` shows how one reads.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from schemas.house import SOURCE_TABLES
from schemas.table import Table

Name = Annotated[str, StringConstraints(min_length=1)]
Aggregate = Literal["first", "last", "min", "max", "sum", "count"]


class Document(BaseModel):
    """A piece of a mapping: frozen, and with no key that nobody reads."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Unpivot(Document):
    """Turn one wide row into one row an index: `{n}`, `{n-1}` in a column template stand for the index.

    Args:
        index: Name of the index, a whole number, in expressions.
        first: First index.
        last: Last index.
        columns: New column name to template of the raw column's name.
        instead: Raw column to read where a template gives a name that the files do not have.
    """

    index: Name = "n"
    first: int = Field(alias="from")
    last: int = Field(alias="to")
    columns: dict[Name, Name] = Field(default_factory=dict)
    instead: dict[Name, Name] = Field(default_factory=dict)

    def raw_column(self, template: str, index: int) -> str:
        """Give the raw column that a template means at an index."""
        name = re.sub(
            rf"\{{{re.escape(self.index)}([+-]\d+)?\}}", lambda hit: str(index + int(hit.group(1) or 0)), template
        )
        return self.instead.get(name, name)

    def raw_columns(self) -> set[str]:
        """Give all raw columns that the templates mean."""
        span = range(self.first, self.last + 1)
        return {self.raw_column(template, index) for template in self.columns.values() for index in span}


class Group(Document):
    """Fold rows that agree in `by` into their first row by file and position; `take` says which columns differ.

    A sum over a value that is no number gives a text that converts to nothing, so the row is quarantined, not wrong.
    """

    by: tuple[Name, ...] = Field(min_length=1)
    take: dict[Name, Aggregate] = Field(default_factory=dict)


class Running(Document):
    """Sum of a column over the earlier rows that agree in `by`, in the given order; 0 for the first."""

    sum: Name
    by: tuple[Name, ...] = Field(min_length=1)
    order: tuple[Name, ...] = Field(min_length=1)


class Reading(Document):
    """Which files to read, how, and which of their rows to keep.

    Args:
        files: Glob patterns, relative to the delivery.
        format: How the files are written; compression is told by the last ending (.gz, .bz2, .zst).
        delimiter: Between CSV values.
        encoding: Of text files.
        nulls: Words that mean null, besides nothing at all.
        optional: Columns that a file may lack; they are null then.
        pseudonymize: Columns with personal ids, replaced by a keyed hash before the engine sees them.
        unpivot: Turn wide rows into long ones.
        filter: Boolean expression; rows for which it is not true are counted as filtered.
        group: Fold rows into one; the folded ones are counted as merged.
    """

    files: tuple[Name, ...] = Field(min_length=1)
    format: Literal["parquet", "csv", "jsonl"]
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1)] = ","
    encoding: Name = "utf-8"
    nulls: tuple[str, ...] = ()
    optional: tuple[Name, ...] = ()
    pseudonymize: tuple[Name, ...] = ()
    unpivot: Unpivot | None = None
    filter: Name | None = None
    group: Group | None = None


class Lookup(Reading):
    """Columns of other raw files, found by equal values; they are named `lookup.column` in expressions.

    Args:
        on: Column here to column there; a value there must be unique after its filter and group.
        columns: What to bring.
    """

    on: dict[Name, Name] = Field(min_length=1)
    columns: tuple[Name, ...] = Field(min_length=1)


class Part(Reading):
    """One way in which raw rows become rows of a table.

    Args:
        lookup: Other raw files to look into, by name.
        define: Names for expressions that are used more than once, in order; they may name earlier ones.
        running: Running sums, by name.
        columns: Canonical column to expression.
        words: Canonical column to raw word to canonical word; a word that is not listed stays as it is.
    """

    lookup: dict[Name, Lookup] = Field(default_factory=dict)
    define: dict[Name, Name] = Field(default_factory=dict)
    running: dict[Name, Running] = Field(default_factory=dict)
    columns: dict[Name, Name]
    words: dict[Name, dict[str, str]] = Field(default_factory=dict)


class SourceMapping(Document):
    """A source: a platform, and how its raw files become canonical tables.

    Args:
        name: As in `--source NAME`.
        time_zone: IANA name of the platform's local time.
        currency: ISO 4217 code of every amount.
        originator: Who lent, where the files do not say.
        deliveries: Whether files lie in one folder a day (named YYYY-MM-DD, known that day) or are one delivery.
        tables: Canonical table to its parts.
    """

    name: Name
    time_zone: Name
    currency: Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]
    originator: Name
    deliveries: Literal["folder-by-day", "whole"] = "whole"
    tables: dict[Name, tuple[Part, ...]] = Field(min_length=1)

    def in_order(self) -> Iterator[tuple[Table, tuple[Part, ...]]]:
        """Give the mapped tables, each after the tables that it refers to."""
        for table in SOURCE_TABLES:
            if table.name in self.tables:
                yield table, self.tables[table.name]
