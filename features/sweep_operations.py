"""The operations of the sweep: each makes something of the events that take part in it, for all as-of days together.

An entity's events lie the latest first, so what a day sees within a window is a stretch of them, and of those chosen
for an operation too. What adds up is added up once from the latest event on; a stretch is then a difference.

An operation fills cells: for each day a row for each thing that it tells, with a column for each window.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from features.sweep_plan import F64, I32, I64, NULL, U64, Op
from features.sweep_wide import add, minus, squared

HIGHEST = np.iinfo(np.int64).max
NOTHING = -1


class Seen(NamedTuple):
    """What an entity shows on some as-of days.

    Args:
        day: Day of each event.
        bits: Conditions that each meets.
        values: A row for each measure.
        codes: A row for each grouping.
        days: Which of the as-of days.
        as_of: All of them.
        begins: For each, its latest event.
        ends: For each and each window, behind the oldest event.
    """

    day: I32
    bits: U64
    values: I64
    codes: I32
    days: I64
    as_of: I64
    begins: I64
    ends: I64


class Choice(NamedTuple):
    """The events that take part.

    Args:
        event: Which they are, the latest first.
        rank: For each event of the entity, how many of them are later.
        begins: For each day, the first of them.
        ends: For each day and window, behind the last of them.
    """

    event: I64
    rank: I64
    begins: I64
    ends: I64


class Sums(NamedTuple):
    """What was added up from the latest event on, before each event and behind the last: a number, and 128 bits."""

    whole: I64
    high: U64
    low: U64


class Parts(NamedTuple):
    """What is kept by code while an operation runs; small, as codes are numbered by entity.

    Args:
        latest: Of each code, where it was met; `NOTHING` between runs.
        met: The codes that were met.
        sums: Of each code, what is added up; 0 between runs.
    """

    latest: I64
    met: I32
    sums: I64


@njit(nogil=True, cache=True, forceinline=True)
def choose(needs: int, limit: int, seen: Seen, begin: int, behind: int, choice: Choice) -> None:
    """Find the events that take part, and their stretches."""
    bits, event, rank = seen.bits, choice.event, choice.rank
    days, number = seen.days, 0
    for each in range(begin, behind):
        rank[each - begin] = number
        event[number] = each
        number += bits[each] & needs == needs
    rank[behind - begin] = number
    seen_begins, seen_ends, begins, ends = seen.begins, seen.ends, choice.begins, choice.ends
    for day in days:
        begins[day] = rank[seen_begins[day] - begin]
        for window in range(ends.shape[1]):
            ends[day, window] = min(rank[seen_ends[day, window] - begin], begins[day] + limit)


@njit(nogil=True, cache=True, forceinline=True)
def tally(op: Op, seen: Seen, choice: Choice, cells: I64) -> None:
    """Count events."""
    days, begins, ends, row = seen.days, choice.begins, choice.ends, op.row
    for day in days:
        for window in range(ends.shape[1]):
            cells[day, row, window] = ends[day, window] - begins[day]


@njit(nogil=True, cache=True, forceinline=True)
def first(op: Op, seen: Seen, choice: Choice, cells: I64) -> None:
    """Find the latest event's age and value, and the oldest's age."""
    days, begins, ends, event = seen.days, choice.begins, choice.ends, choice.event
    on, as_of, row = seen.day, seen.as_of, op.row
    for day in days:
        latest = event[begins[day]]
        for window in range(ends.shape[1]):
            end = ends[day, window]
            is_any = end > begins[day]
            cells[day, row, window] = as_of[day] - on[latest] if is_any else NOTHING
            cells[day, row + 1, window] = seen.values[op.measure, latest] if is_any and op.measure >= 0 else NULL
            cells[day, row + 2, window] = as_of[day] - on[event[end - 1]] if is_any else NOTHING


@njit(nogil=True, cache=True, forceinline=True)
def total(op: Op, seen: Seen, choice: Choice, sums: Sums, cells: I64) -> None:
    """Add up a measure."""
    days, begins, ends, event = seen.days, choice.begins, choice.ends, choice.event
    values, whole, row = seen.values[op.measure], sums.whole, op.row
    whole[begins[days[-1]]] = 0
    for number in range(begins[days[-1]], ends[days[0], -1]):
        whole[number + 1] = whole[number] + values[event[number]]
    for day in days:
        for window in range(ends.shape[1]):
            cells[day, row, window] = whole[ends[day, window]] - whole[begins[day]]


@njit(nogil=True, cache=True, forceinline=True)
def squares(op: Op, seen: Seen, choice: Choice, sums: Sums, cells: I64) -> None:
    """Add up a measure, and its squares: those in 128 bits, as two halves."""
    days, begins, ends, event = seen.days, choice.begins, choice.ends, choice.event
    values, row, halves = seen.values[op.measure], op.row, cells.view(np.uint64)
    whole, high, low = sums
    start = begins[days[-1]]
    whole[start], high[start], low[start] = 0, 0, 0
    for number in range(start, ends[days[0], -1]):
        value = values[event[number]]
        above, below = squared(value)
        whole[number + 1] = whole[number] + value
        high[number + 1], low[number + 1] = add(high[number], low[number], above, below)
    for day in days:
        begin = begins[day]
        for window in range(ends.shape[1]):
            end = ends[day, window]
            above, below = minus(high[end], low[end], high[begin], low[begin])
            cells[day, row, window] = whole[end] - whole[begin]
            halves[day, row + 1, window], halves[day, row + 2, window] = above, below


@njit(nogil=True, cache=True, forceinline=True)
def extremes(op: Op, seen: Seen, choice: Choice, cells: I64) -> None:
    """Find a measure's least and most."""
    days, begins, ends, event = seen.days, choice.begins, choice.ends, choice.event
    values, row = seen.values[op.measure], op.row
    for day in days:
        least, most, begin = HIGHEST, NULL, begins[day]
        for window in range(ends.shape[1]):
            for number in range(begin, ends[day, window]):
                value = values[event[number]]
                least = min(least, value)
                most = max(most, value)
            cells[day, row, window], cells[day, row + 1, window] = least, most
            begin = ends[day, window]


@njit(nogil=True, cache=True, forceinline=True)
def run(op: Op, seen: Seen, choice: Choice, cells: I64) -> None:
    """Count the events of a flag's present unbroken run, and those of its longest."""
    days, begins, ends, event = seen.days, choice.begins, choice.ends, choice.event
    values, row = seen.values[op.measure], op.row
    for day in days:
        present, longest, length, begin, is_broken = 0, 0, 0, begins[day], False
        for window in range(ends.shape[1]):
            for number in range(begin, ends[day, window]):
                value = values[event[number]]
                is_broken = is_broken or value == 0
                length = 0 if value == 0 else length + 1
                present += 0 if is_broken else 1
                longest = max(longest, length)
            cells[day, row, window], cells[day, row + 1, window] = present, longest
            begin = ends[day, window]


@njit(nogil=True, cache=True, forceinline=True)
def variety(op: Op, seen: Seen, choice: Choice, parts: Parts, later: I64, cells: I64) -> None:
    """Count different codes: events whose code no later event of the stretch has."""
    days, begins, ends, event = seen.days, choice.begins, choice.ends, choice.event
    codes, latest, row = seen.codes[op.by], parts.latest, op.row
    start, behind = begins[days[-1]], ends[days[0], -1]
    for number in range(start, behind):
        code = codes[event[number]]
        later[number] = latest[code]
        latest[code] = number
    for number in range(start, behind):
        latest[codes[event[number]]] = NOTHING
    for day in days:
        found, begin = 0, begins[day]
        for window in range(ends.shape[1]):
            for number in range(begin, ends[day, window]):
                found += later[number] < begins[day]
            cells[day, row, window] = found
            begin = ends[day, window]


@njit(nogil=True, cache=True, forceinline=True)
def top(op: Op, seen: Seen, choice: Choice, parts: Parts, cells: I64) -> None:
    """Find the largest part that one code has of a measure, or of the number of events, and the whole."""
    days, begins, ends, met, sums = seen.days, choice.begins, choice.ends, parts.met, parts.sums
    for day in days:
        found, whole, begin = 0, 0, begins[day]
        for window in range(ends.shape[1]):
            found, more = _share_out(op, seen, choice, begin, ends[day, window], found, parts)
            whole += more
            largest = NULL
            for place in range(found):
                largest = max(largest, sums[met[place]])
            cells[day, op.row, window], cells[day, op.row + 1, window] = largest, whole
            begin = ends[day, window]
        _forget(found, parts)


@njit(nogil=True, cache=True, forceinline=True)
def entropy(op: Op, seen: Seen, choice: Choice, parts: Parts, cells: F64) -> None:
    """Measure how evenly the whole is shared out: minus the sum of share times its logarithm; NaN without a whole."""
    days, begins, ends, met, sums = seen.days, choice.begins, choice.ends, parts.met, parts.sums
    for day in days:
        found, whole, begin = 0, 0, begins[day]
        for window in range(ends.shape[1]):
            found, more = _share_out(op, seen, choice, begin, ends[day, window], found, parts)
            whole += more
            told = 0.0
            for place in range(found):
                part = sums[met[place]]
                told -= part / whole * math.log(part / whole) if whole > 0 and part > 0 else 0.0
            cells[day, op.row, window] = told if whole > 0 else np.nan
            begin = ends[day, window]
        _forget(found, parts)


@njit(nogil=True, cache=True, forceinline=True)
def _share_out(op: Op, seen: Seen, choice: Choice, begin: int, end: int, found: int, parts: Parts) -> tuple[int, int]:
    """Add some events to the parts of their codes; give how many codes were met so far, and what was added."""
    codes, values, event = seen.codes[op.by], seen.values[op.measure], choice.event
    latest, met, sums = parts
    added = 0
    for number in range(begin, end):
        code = codes[event[number]]
        value = values[event[number]] if op.measure >= 0 else 1
        met[found] = code
        found += latest[code] == NOTHING
        latest[code] = number
        sums[code] += value
        added += value
    return found, added


@njit(nogil=True, cache=True, forceinline=True)
def _forget(found: int, parts: Parts) -> None:
    latest, met, sums = parts
    for place in range(found):
        latest[met[place]] = NOTHING
        sums[met[place]] = 0
