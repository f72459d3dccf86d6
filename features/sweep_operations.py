"""The operations of the sweep: each runs over the events that one entity has as of one day, the latest first.

An operation fills cells: a row for each thing that it counts, a column for each window. It counts by slot, the stretch
between one window and the next, and then makes windows of slots.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from features.sweep_plan import F64, I32, I64, NULL, U64, Flags, Op
from features.sweep_wide import add, squared

HIGHEST = np.iinfo(np.int64).max
NOTHING = -1


class Seen(NamedTuple):
    """What an entity shows as of a day, the latest first: positions of events, with slot, age and bits."""

    event: I64
    slot: I64
    age: I64
    bits: U64


class Parts(NamedTuple):
    """What is kept by code while an operation runs; clean between runs, and small: codes are numbered by entity."""

    is_met: Flags
    met: I32
    sums: I64


@njit(nogil=True, cache=True)
def tally(op: Op, seen: Seen, count: int, cells: I64) -> None:
    """Count events."""
    cells[op.row] = 0
    taken = 0
    for place in range(count):
        if seen.bits[place] & op.needs == op.needs:
            cells[op.row, seen.slot[place]] += 1
            taken += 1
            if taken == op.limit:
                break
    _cumulate(cells[op.row])


@njit(nogil=True, cache=True)
def _cumulate(cells: I64) -> None:
    for slot in range(1, cells.shape[0]):
        cells[slot] += cells[slot - 1]


@njit(nogil=True, cache=True)
def first(op: Op, seen: Seen, count: int, measures: I64, cells: I64) -> None:
    """Find the latest event's age and value, and the oldest's age."""
    ages, values, oldest = cells[op.row], cells[op.row + 1], cells[op.row + 2]
    ages[:] = NOTHING
    values[:] = NULL
    oldest[:] = NOTHING
    taken = 0
    for place in range(count):
        if seen.bits[place] & op.needs != op.needs:
            continue
        value = measures[seen.event[place], op.measure] if op.measure >= 0 else 1
        if value == NULL:
            continue
        slot = seen.slot[place]
        if taken == 0:
            ages[slot:] = seen.age[place]
            values[slot:] = value
        oldest[slot] = seen.age[place]
        taken += 1
        if taken == op.limit:
            break
    for slot in range(1, oldest.shape[0]):
        oldest[slot] = max(oldest[slot], oldest[slot - 1])


@njit(nogil=True, cache=True)
def amount(op: Op, seen: Seen, count: int, measures: I64, cells: I64) -> None:
    """Count and add up a measure, and find its extremes."""
    number, total, least, most = cells[op.row], cells[op.row + 1], cells[op.row + 2], cells[op.row + 3]
    number[:] = 0
    total[:] = 0
    least[:] = HIGHEST
    most[:] = NULL
    taken = 0
    for place in range(count):
        if seen.bits[place] & op.needs != op.needs:
            continue
        value = measures[seen.event[place], op.measure]
        if value == NULL:
            continue
        slot = seen.slot[place]
        number[slot] += 1
        total[slot] += value
        least[slot] = min(least[slot], value)
        most[slot] = max(most[slot], value)
        taken += 1
        if taken == op.limit:
            break
    for slot in range(1, number.shape[0]):
        number[slot] += number[slot - 1]
        total[slot] += total[slot - 1]
        least[slot] = min(least[slot], least[slot - 1])
        most[slot] = max(most[slot], most[slot - 1])


@njit(nogil=True, cache=True)
def squares(op: Op, seen: Seen, count: int, measures: I64, cells: I64) -> None:
    """Count, add up, and add up the squares of a measure: the squares in 128 bits, as two halves."""
    number, total = cells[op.row], cells[op.row + 1]
    high, low = cells[op.row + 2].view(np.uint64), cells[op.row + 3].view(np.uint64)
    cells[op.row : op.row + 4] = 0
    taken = 0
    for place in range(count):
        if seen.bits[place] & op.needs != op.needs:
            continue
        value = measures[seen.event[place], op.measure]
        if value == NULL:
            continue
        slot = seen.slot[place]
        number[slot] += 1
        total[slot] += value
        above, below = squared(value)
        high[slot], low[slot] = add(high[slot], low[slot], above, below)
        taken += 1
        if taken == op.limit:
            break
    for slot in range(1, number.shape[0]):
        number[slot] += number[slot - 1]
        total[slot] += total[slot - 1]
        high[slot], low[slot] = add(high[slot], low[slot], high[slot - 1], low[slot - 1])


@njit(nogil=True, cache=True)
def run(op: Op, seen: Seen, count: int, measures: I64, cells: I64) -> None:
    """Count events, those of the present unbroken run of a flag, and those of its longest."""
    number, present, longest = cells[op.row], cells[op.row + 1], cells[op.row + 2]
    cells[op.row : op.row + 3] = 0
    taken, length, is_broken = 0, 0, False
    for place in range(count):
        value = measures[seen.event[place], op.measure]
        if seen.bits[place] & op.needs != op.needs or value == NULL:
            continue
        slot = seen.slot[place]
        number[slot] += 1
        is_broken = is_broken or value == 0
        length = 0 if value == 0 else length + 1
        present[slot] += 0 if is_broken else 1
        longest[slot] = max(longest[slot], length)
        taken += 1
        if taken == op.limit:
            break
    for slot in range(1, number.shape[0]):
        number[slot] += number[slot - 1]
        present[slot] += present[slot - 1]
        longest[slot] = max(longest[slot], longest[slot - 1])


@njit(nogil=True, cache=True)
def variety(op: Op, seen: Seen, count: int, codes: I32, parts: Parts, cells: I64) -> None:
    """Count codes, each in the slot of its latest event."""
    cells[op.row] = 0
    taken, found = 0, 0
    for place in range(count):
        code = codes[seen.event[place], op.by]
        if code < 0 or seen.bits[place] & op.needs != op.needs:
            continue
        if not parts.is_met[code]:
            parts.is_met[code] = True
            parts.met[found] = code
            found += 1
            cells[op.row, seen.slot[place]] += 1
        taken += 1
        if taken == op.limit:
            break
    for place in range(found):
        parts.is_met[parts.met[place]] = False
    _cumulate(cells[op.row])


@njit(nogil=True, cache=True)
def share_out(op: Op, seen: Seen, count: int, measures: I64, codes: I32, parts: Parts) -> int:
    """Add up a measure, or count events, by code and window; give how many codes were met."""
    taken, found = 0, 0
    for place in range(count):
        code = codes[seen.event[place], op.by]
        value = measures[seen.event[place], op.measure] if op.measure >= 0 else 1
        if code < 0 or value == NULL or seen.bits[place] & op.needs != op.needs:
            continue
        if not parts.is_met[code]:
            parts.is_met[code] = True
            parts.met[found] = code
            parts.sums[code] = 0
            found += 1
        parts.sums[code, seen.slot[place]] += value
        taken += 1
        if taken == op.limit:
            break
    for place in range(found):
        parts.is_met[parts.met[place]] = False
        _cumulate(parts.sums[parts.met[place]])
    return found


@njit(nogil=True, cache=True)
def top(op: Op, found: int, parts: Parts, cells: I64) -> None:
    """Find the largest part, and the whole."""
    largest, whole = cells[op.row], cells[op.row + 1]
    largest[:] = NULL
    whole[:] = 0
    for place in range(found):
        sums = parts.sums[parts.met[place]]
        for slot in range(whole.shape[0]):
            whole[slot] += sums[slot]
            largest[slot] = max(largest[slot], sums[slot])


@njit(nogil=True, cache=True)
def entropy(op: Op, found: int, parts: Parts, cells: F64) -> None:
    """Measure how evenly the whole is shared out: minus the sum of share times its logarithm; NaN without a whole."""
    for slot in range(cells.shape[1]):
        whole, told = 0, 0.0
        for place in range(found):
            whole += parts.sums[parts.met[place], slot]
        for place in range(found):
            part = parts.sums[parts.met[place], slot]
            told -= part / whole * math.log(part / whole) if whole > 0 and part > 0 else 0.0
        cells[op.row, slot] = told if whole > 0 else np.nan
