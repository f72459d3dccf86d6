"""The compiled walk: every row from the root of every tree to a leaf, a block of rows at a time.

Rows of a block go down a tree side by side, one step at a time, so that the processor takes many steps at once. A row
that has reached its leaf stays there. The values of the leaves are added tree by tree, as LightGBM adds them, so the
sum has the same bits. It holds no lock of Python's, so tasks run side by side.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemas.compiled import Compiler

BLOCK = 256
"""Rows that go down together: their values stay in the processor's second cache."""
LANES = 16
"""Rows that the processor takes at once: a last block is walked up to a multiple of it."""
TINY = 1e-35
"""What is no further from 0 is 0 (LightGBM's zero threshold, as a single-precision number)."""
ZERO = float(np.float32(TINY))
PLAIN, ZERO_IS_MISSING, MEMBER = 0, 1, 2
"""What a column of a block holds: the value; the value, or NaN for 0; 0 for a category of a set, 1 for any other."""
WORD_BITS = 32
LARGEST_CODE = 2.0**31

Reals = NDArray[np.float64]
Words = NDArray[np.uint32]
Numbers = NDArray[np.int64]

compiled = Compiler("models", "walk").compiled


class Columns(NamedTuple):
    """What the splits of a forest look at, one column for each kind of look at a feature.

    Args:
        feature: Which feature a column is made of.
        kind: `PLAIN`, `ZERO_IS_MISSING` or `MEMBER`.
        start: Where a member column's set begins in `bits`, and in the next entry where it ends.
        bits: The sets of categories, a bit a code.
        stand_in: By column, what stands in for a value that is not finite; NaN for none.
    """

    feature: Numbers
    kind: Numbers
    start: Numbers
    bits: Words
    stand_in: Reals


class Nodes(NamedTuple):
    """The nodes of all trees, leaves too; the two below a node lie side by side, the one for greater values first.

    Args:
        look: Where the column's values begin in a block, doubled; plus 1 where NaN goes with the lesser values.
        threshold: Values up to it go with the lesser ones.
        below: The first of the two below; of a leaf the place before its own, so that whoever is there stays.
        leaf: What a leaf adds.
        root: By tree, its root.
        depth: By tree, its most steps.
    """

    look: Words
    threshold: Reals
    below: Words
    leaf: Reals
    root: Words
    depth: Numbers


@compiled
def walk(values: Reals, columns: Columns, nodes: Nodes, start: int, stop: int, is_filled: bool, out: Reals) -> None:  # noqa: FBT001 - compiled
    """Add up the leaves of the rows from `start` to before `stop`; `is_filled` says that nothing stands in."""
    look, threshold, below, leaf = nodes.look, nodes.threshold, nodes.below, nodes.leaf
    root, depth = nodes.root, nodes.depth
    block = np.zeros((len(columns.feature), BLOCK))
    flat = block.ravel()
    node = np.zeros(BLOCK, np.uint32)
    total = np.zeros(BLOCK)
    for first in range(start, stop, BLOCK):
        rows = min(BLOCK, stop - first)
        width = -(-rows // LANES) * LANES
        _lay(values, columns, first, rows, is_filled, block)
        total[:] = 0.0
        for tree in range(len(root)):
            node[:] = root[tree]
            for _ in range(depth[tree]):
                for row in range(width):
                    here = node[row]
                    told = look[here]
                    value = flat[np.uint32((told >> np.uint32(1)) + np.uint32(row))]
                    is_less = np.uint32(value <= threshold[here])
                    is_lost = np.uint32(told & np.uint32(1)) & np.uint32(value != value)  # noqa: PLR0124 - NaN
                    node[row] = below[here] + (is_less | is_lost)
            for row in range(width):
                total[row] += leaf[node[row]]
        for row in range(rows):
            out[first + row] = total[row]


@compiled
def _lay(values: Reals, columns: Columns, first: int, rows: int, is_filled: bool, block: Reals) -> None:  # noqa: FBT001 - compiled
    """Fill a block's columns from the rows that begin at `first`."""
    for column in range(len(columns.feature)):
        feature, kind, stand_in = columns.feature[column], columns.kind[column], columns.stand_in[column]
        start, end = columns.start[column], columns.start[column + 1]
        for row in range(rows):
            value = values[first + row, feature]
            if not is_filled and not np.isfinite(value):
                value = stand_in
            if abs(value) <= ZERO:
                value = 0.0
            if kind == ZERO_IS_MISSING and value == 0.0:
                value = np.nan
            if kind == MEMBER:
                value = 0.0 if _is_member(value, columns.bits, start, end) else 1.0
            block[column, row] = value


@compiled
def _is_member(value: float, bits: Words, start: int, end: int) -> bool:
    """Tell whether a category's code, cut to a whole number, is in a set; NaN and what is no code is in none."""
    if not (-1.0 < value < LARGEST_CODE):
        return False
    code = np.int64(value)
    word = start + code // WORD_BITS
    return bool(word < end and (bits[word] >> np.uint32(code % WORD_BITS)) & np.uint32(1))
