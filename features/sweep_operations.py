"""The operations of the sweep: each makes something of the events that take part in it, for all rows of a block.

What a row sees within a window is a stretch of the block's events, and of those chosen for an operation too. What adds
up is added up once through the whole block; a stretch is then a difference.

An operation fills cells: a table for each thing that it tells, with a line for each row and a column for each window.
"""

import math
from typing import NamedTuple

import numpy as np

from features.sweep_block import Block, Rows
from features.sweep_compiled import compiled, inlined
from features.sweep_plan import F64, I32, I64, NULL, U64, Op
from features.sweep_wide import add, minus, squared

HIGHEST = np.iinfo(np.int64).max
NOTHING = -1


class Choice(NamedTuple):
    """The events that take part.

    Args:
        event: Which they are.
        rank: How many of them lie before each event of the block.
        begins: For each row, the first of them.
        ends: For each row and window, behind the last of them.
    """

    event: I64
    rank: I64
    begins: I64
    ends: I64


class Sums(NamedTuple):
    """What the events before one add up to, of those that take part: a number, and one of 128 bits."""

    whole: I64
    high: U64
    low: U64


class Parts(NamedTuple):
    """What is kept by code while an operation runs.

    Args:
        latest: Of each code, where it was met; `NOTHING` between runs.
        met: The codes that were met.
        sums: Of each code, what is added up; 0 between runs.
        later: For each event that takes part, where the next later one of its code is.
    """

    latest: I64
    met: I32
    sums: I64
    later: I64


@compiled
def choose(needs: int, limit: int, block: Block, size: int, rows: Rows, many: int, choice: Choice) -> int:
    """Find the events that take part, and the rows' stretches of them; give how many events."""
    bits, event, rank = block.bits, choice.event, choice.rank
    number = 0
    for each in range(size):
        rank[each] = number
        event[number] = each
        number += bits[each] & needs == needs
    rank[size] = number
    all_begins, all_ends, begins, ends = rows.begins, rows.ends, choice.begins, choice.ends
    for row in range(many):
        begins[row] = rank[all_begins[row]]
        for window in range(ends.shape[1]):
            ends[row, window] = min(rank[all_ends[row, window]], begins[row] + limit)
    return number


@compiled
def tally(many: int, choice: Choice, cells: I64) -> None:
    """Count events."""
    begins, ends = choice.begins, choice.ends
    for row in range(many):
        for window in range(ends.shape[1]):
            cells[0, row, window] = ends[row, window] - begins[row]


@compiled
def first(op: Op, block: Block, rows: Rows, many: int, choice: Choice, cells: I64) -> None:
    """Find the latest event's age and value, and the oldest's age."""
    begins, ends, event, day, as_of = choice.begins, choice.ends, choice.event, block.day, rows.as_of
    values, has_value = block.values[max(op.measure, 0)], op.measure >= 0
    for row in range(many):
        latest = event[begins[row]]
        for window in range(ends.shape[1]):
            end = ends[row, window]
            is_any = end > begins[row]
            cells[0, row, window] = as_of[row] - day[latest] if is_any else NOTHING
            cells[1, row, window] = values[latest] if is_any and has_value else NULL
            cells[2, row, window] = as_of[row] - day[event[end - 1]] if is_any else NOTHING


@compiled
def total(op: Op, block: Block, many: int, choice: Choice, chosen: int, sums: Sums, cells: I64) -> None:
    """Add up a measure."""
    begins, ends, event, whole, values = choice.begins, choice.ends, choice.event, sums.whole, block.values[op.measure]
    whole[0] = 0
    for number in range(chosen):
        whole[number + 1] = whole[number] + values[event[number]]
    for row in range(many):
        for window in range(ends.shape[1]):
            cells[0, row, window] = whole[ends[row, window]] - whole[begins[row]]


@compiled
def squares(op: Op, block: Block, many: int, choice: Choice, chosen: int, sums: Sums, cells: I64) -> None:
    """Add up a measure, and its squares: those in 128 bits, as two halves."""
    begins, ends, event, values, halves = (
        *(choice.begins, choice.ends, choice.event),
        *(block.values[op.measure], cells.view(np.uint64)),
    )
    whole, high, low = sums
    whole[0], high[0], low[0] = 0, 0, 0
    for number in range(chosen):
        value = values[event[number]]
        above, below = squared(value)
        whole[number + 1] = whole[number] + value
        high[number + 1], low[number + 1] = add(high[number], low[number], above, below)
    for row in range(many):
        begin = begins[row]
        for window in range(ends.shape[1]):
            end = ends[row, window]
            above, below = minus(high[end], low[end], high[begin], low[begin])
            cells[0, row, window] = whole[end] - whole[begin]
            halves[1, row, window], halves[2, row, window] = above, below


@compiled
def extremes(op: Op, block: Block, many: int, choice: Choice, cells: I64) -> None:
    """Find a measure's least and most."""
    begins, ends, event, values = choice.begins, choice.ends, choice.event, block.values[op.measure]
    for row in range(many):
        least, most, begin = HIGHEST, NULL, begins[row]
        for window in range(ends.shape[1]):
            for number in range(begin, ends[row, window]):
                value = values[event[number]]
                least = min(least, value)
                most = max(most, value)
            cells[0, row, window], cells[1, row, window] = least, most
            begin = ends[row, window]


@compiled
def run(op: Op, block: Block, many: int, choice: Choice, cells: I64) -> None:
    """Count the events of a flag's present unbroken run, and those of its longest."""
    begins, ends, event, values = choice.begins, choice.ends, choice.event, block.values[op.measure]
    for row in range(many):
        present, longest, length, begin, is_broken = 0, 0, 0, begins[row], False
        for window in range(ends.shape[1]):
            for number in range(begin, ends[row, window]):
                value = values[event[number]]
                is_broken = is_broken or value == 0
                length = 0 if value == 0 else length + 1
                present += 0 if is_broken else 1
                longest = max(longest, length)
            cells[0, row, window], cells[1, row, window] = present, longest
            begin = ends[row, window]


@compiled
def variety(op: Op, block: Block, many: int, choice: Choice, chosen: int, parts: Parts, cells: I64) -> None:
    """Count different codes: events whose code no later event of the stretch has."""
    begins, ends, event = choice.begins, choice.ends, choice.event
    codes, latest, later = block.codes[op.by], parts.latest, parts.later
    for number in range(chosen):
        code = codes[event[number]]
        later[number] = latest[code]
        latest[code] = number
    for number in range(chosen):
        latest[codes[event[number]]] = NOTHING
    for row in range(many):
        found, begin = 0, begins[row]
        for window in range(ends.shape[1]):
            for number in range(begin, ends[row, window]):
                found += later[number] < begins[row]
            cells[0, row, window] = found
            begin = ends[row, window]


@compiled
def top(op: Op, block: Block, many: int, choice: Choice, parts: Parts, cells: I64) -> None:
    """Find the largest part that one code has of a measure, or of the number of events, and the whole."""
    begins, ends, met, sums = choice.begins, choice.ends, parts.met, parts.sums
    for row in range(many):
        found, whole, begin = 0, 0, begins[row]
        for window in range(ends.shape[1]):
            found, more = _share_out(op, block, choice, begin, ends[row, window], found, parts)
            whole += more
            largest = NULL
            for place in range(found):
                largest = max(largest, sums[met[place]])
            cells[0, row, window], cells[1, row, window] = largest, whole
            begin = ends[row, window]
        _forget(found, parts)


@compiled
def entropy(op: Op, block: Block, many: int, choice: Choice, parts: Parts, cells: F64) -> None:
    """Measure how evenly the whole is shared out: minus the sum of share times its logarithm; NaN without a whole."""
    begins, ends, met, sums = choice.begins, choice.ends, parts.met, parts.sums
    for row in range(many):
        found, whole, begin = 0, 0, begins[row]
        for window in range(ends.shape[1]):
            found, more = _share_out(op, block, choice, begin, ends[row, window], found, parts)
            whole += more
            told = 0.0
            for place in range(found):
                part = sums[met[place]]
                told -= part / whole * math.log(part / whole) if whole > 0 and part > 0 else 0.0
            cells[0, row, window] = told if whole > 0 else np.nan
            begin = ends[row, window]
        _forget(found, parts)


@inlined
def _share_out(op: Op, block: Block, choice: Choice, begin: int, end: int, found: int, parts: Parts) -> tuple[int, int]:
    """Add some events to the parts of their codes; give how many codes were met so far, and what was added."""
    codes, values, event, has_value = (
        block.codes[op.by],
        block.values[max(op.measure, 0)],
        choice.event,
        op.measure >= 0,
    )
    latest, met, sums = parts.latest, parts.met, parts.sums
    added = 0
    for number in range(begin, end):
        code = codes[event[number]]
        value = values[event[number]] if has_value else 1
        met[found] = code
        found += latest[code] == NOTHING
        latest[code] = number
        sums[code] += value
        added += value
    return found, added


@inlined
def _forget(found: int, parts: Parts) -> None:
    latest, met, sums = parts.latest, parts.met, parts.sums
    for place in range(found):
        latest[met[place]] = NOTHING
        sums[met[place]] = 0
