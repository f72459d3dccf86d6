"""What the sweep works on: events as arrays, and a plan of operations that knows no feature's name."""

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
U64 = NDArray[np.uint64]
F64 = NDArray[np.float64]
Flags = NDArray[np.bool_]
NULL = np.iinfo(np.int64).min
"""Stands in a column of whole units where the log says nothing."""
FOREVER = np.iinfo(np.int32).max
"""An event that no later version ever withdraws is visible until then."""


class Events(NamedTuple):
    """The events of a slice of entities, in order of entity and time.

    Args:
        starts: Where each entity's events begin, and behind the last one their number.
        day: Local day of each event, as days since 1970.
        since: The later of the days on which it happened and was known: as-of days after it see it.
        until: The last as-of day that sees it, `FOREVER` without a later version.
        bits: One bit for each condition of the program that it meets, what is known of it among them.
        measures: A row for each measure, in whole units; what stands where one is unknown does not matter.
        codes: A row for each grouping, as numbers from 0, -1 where unknown.
        kinds: How many codes each grouping has.
    """

    starts: I64
    day: I32
    since: I32
    until: I32
    bits: U64
    measures: I64
    codes: I32
    kinds: I64


class Kind(IntEnum):
    """What an operation makes of the events that take part in it."""

    TALLY = 0
    FIRST = 1
    TOTAL = 2
    EXTREMES = 3
    SQUARES = 4
    RUN = 5
    VARIETY = 6
    TOP = 7
    ENTROPY = 8


CELL_ROWS = {
    Kind.TALLY: 1,
    Kind.FIRST: 3,
    Kind.TOTAL: 1,
    Kind.EXTREMES: 2,
    Kind.SQUARES: 3,
    Kind.RUN: 2,
    Kind.VARIETY: 1,
    Kind.TOP: 2,
    Kind.ENTROPY: 1,
}
"""How many rows of cells each fills: a row has a cell for each window."""


class Op(NamedTuple):
    """One operation.

    Args:
        measure: Row of the measure; -1 for none.
        by: Row of the code; -1 for none.
        row: Its first row of cells.
    """

    measure: int
    by: int
    row: int


class Plan(NamedTuple):
    """What to compute, as arrays: who takes part, operations, windows, and how outputs are made of operations.

    Args:
        needs: For each choice of events the bits that they must have.
        limits: For each choice how many of the latest such events take part.
        first: For each choice its first operation, and behind the last one their number.
        ops: For each operation: kind, measure, by, first row of cells.
        rows: How many rows of cells all operations have.
        windows: Days that each window reaches back, the shortest first; `FOREVER` without an end.
        outputs: A row for each output: form, row of cells, other row of cells, window.
        scales: What each output is divided by.
    """

    needs: U64
    limits: I64
    first: I64
    ops: I64
    rows: int
    windows: I64
    outputs: I32
    scales: F64


class Form(IntEnum):
    """What an output is made of: a row of cells, and another that says of how many."""

    WHOLE = 0
    POSSIBLE = 1
    LAST = 2
    RATIO = 3
    WHERE_ANY = 4
    STD = 5
    REAL = 6
