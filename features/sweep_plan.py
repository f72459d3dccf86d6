"""What the sweep works on: events as arrays, and a plan of operations that knows no feature's name."""

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
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
    """The events of a slice of entities, in order of entity and time, as the walk reads them.

    Args:
        starts: Where each entity's events begin, and behind the last one their number.
        day: Local day of each event, as days since 1970.
        since: The later of the days on which it happened and was known: as-of days after it see it.
        until: The last as-of day that sees it, `FOREVER` without a later version.
        bits: One bit for each condition of the program that it meets.
        measures: A column for each measure, in whole units, `NULL` where unknown.
        codes: A column for each grouping, as numbers from 0, -1 where unknown.
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
    """What an operation counts, and how many rows of cells it fills."""

    TALLY = 0
    FIRST = 1
    AMOUNT = 2
    SQUARES = 3
    RUN = 4
    VARIETY = 5
    TOP = 6
    ENTROPY = 7


CELL_ROWS = {
    Kind.TALLY: 1,
    Kind.FIRST: 3,
    Kind.AMOUNT: 4,
    Kind.SQUARES: 4,
    Kind.RUN: 3,
    Kind.VARIETY: 1,
    Kind.TOP: 2,
    Kind.ENTROPY: 1,
}


class Op(NamedTuple):
    """One operation.

    Args:
        needs: Bits that an event must have.
        measure: Column of the measure, which must not be null; -1 for none.
        by: Column of the code; -1 for none.
        limit: How many of the latest events take part; 0 for all.
        row: Its first row of cells.
    """

    needs: int
    measure: int
    by: int
    limit: int
    row: int


class Plan(NamedTuple):
    """What to compute, as arrays: operations, windows, and how outputs are made of operations.

    Args:
        needs: For each operation the bits that an event must have.
        ops: For each operation: kind, measure, by, limit, first row of cells.
        rows: How many rows of cells all operations have.
        slots: For each age in days, the shortest window that reaches it.
        reach: The longest window in days; -1 where one has no end.
        windows: How many windows.
        outputs: A row for each output: form, row of cells, other row of cells, window.
        scales: What each output is divided by.
    """

    needs: U64
    ops: I64
    rows: int
    slots: U8
    reach: int
    windows: int
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
