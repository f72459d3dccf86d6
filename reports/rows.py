"""What a page lays out in tiles and tables: plain values, prepared by the views."""

from dataclasses import dataclass

from reports.contents import Holding


@dataclass(frozen=True, slots=True)
class Tile:
    """A key figure: its name, its value, and a note under it."""

    name: str
    value: str
    note: str


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the funnel with what is left of the open receivables and of the step before, by principal."""

    name: str
    meaning: str
    holding: Holding
    of_open: float | None
    of_before: float | None


@dataclass(frozen=True, slots=True)
class Cell:
    """A holding and its share of its column."""

    holding: Holding
    share: float | None


@dataclass(frozen=True, slots=True)
class Row:
    """A part of a composition; `outer` and `inner` are the lengths of the bars for eligible and batch."""

    label: str
    cells: tuple[Cell, ...]
    outer: float
    inner: float


@dataclass(frozen=True, slots=True)
class Stratum:
    """A composition as a table: rows, and the totals of its three columns."""

    trait: str
    title: str
    rows: tuple[Row, ...]
    totals: tuple[Holding, ...]
