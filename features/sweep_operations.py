"""The operations of the sweep: each makes something of the events that take part in it, the latest first.

An operation fills cells: a row for each thing that it tells, a column for each window, the shortest first. Events come
by age, so a window is where the next begins: what stands at its end is the window's cell.
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
    """What an entity shows as of a day: a stretch of events, the latest first.

    Args:
        as_of: The day.
        day: Day of each event.
        bits: Conditions that each meets.
        values: A row for each measure.
        codes: A row for each grouping.
        begin: Where the stretch begins.
        ends: Where each window ends.
    """

    as_of: int
    day: I32
    bits: U64
    values: I64
    codes: I32
    begin: int
    ends: I64


class Choice(NamedTuple):
    """The events that take part: where they are, and how many of them each window reaches."""

    place: I64
    ends: I64


class Parts(NamedTuple):
    """What is kept by code while an operation runs; clean between runs, and small: codes are numbered by entity."""

    is_met: Flags
    met: I32
    sums: I64


@njit(nogil=True, cache=True, forceinline=True)
def tally(needs: int, limit: int, seen: Seen, cells: I64) -> None:
    """Count the events that take part, without keeping their places."""
    number, begin = 0, seen.begin
    for window in range(cells.shape[0]):
        for place in range(begin, seen.ends[window]):
            number += seen.bits[place] & needs == needs
        cells[window] = min(number, limit)
        begin = seen.ends[window]


@njit(nogil=True, cache=True, forceinline=True)
def choose(needs: int, limit: int, seen: Seen, choice: Choice) -> None:
    """Keep the places of the events that take part."""
    number, begin = 0, seen.begin
    for window in range(seen.ends.shape[0]):
        for place in range(begin, seen.ends[window]):
            choice.place[number] = place
            number += seen.bits[place] & needs == needs
        choice.ends[window] = min(number, limit)
        begin = seen.ends[window]


@njit(nogil=True, cache=True, forceinline=True)
def first(op: Op, seen: Seen, choice: Choice, cells: I64) -> None:
    """Find the latest event's age and value, and the oldest's age."""
    for window in range(choice.ends.shape[0]):
        end = choice.ends[window]
        latest, oldest = choice.place[0], choice.place[max(end - 1, 0)]
        cells[op.row, window] = seen.as_of - seen.day[latest] if end else NOTHING
        cells[op.row + 1, window] = seen.values[op.measure, latest] if end and op.measure >= 0 else NULL
        cells[op.row + 2, window] = seen.as_of - seen.day[oldest] if end else NOTHING


@njit(nogil=True, cache=True, forceinline=True)
def total(op: Op, seen: Seen, choice: Choice, cells: I64) -> None:
    """Add up a measure."""
    values = seen.values[op.measure]
    whole, begin = 0, 0
    for window in range(choice.ends.shape[0]):
        for number in range(begin, choice.ends[window]):
            whole += values[choice.place[number]]
        cells[op.row, window] = whole
        begin = choice.ends[window]


@njit(nogil=True, cache=True, forceinline=True)
def extremes(op: Op, seen: Seen, choice: Choice, cells: I64) -> None:
    """Find a measure's least and most."""
    values = seen.values[op.measure]
    least, most, begin = HIGHEST, NULL, 0
    for window in range(choice.ends.shape[0]):
        for number in range(begin, choice.ends[window]):
            value = values[choice.place[number]]
            least = min(least, value)
            most = max(most, value)
        cells[op.row, window], cells[op.row + 1, window] = least, most
        begin = choice.ends[window]


@njit(nogil=True, cache=True, forceinline=True)
def squares(op: Op, seen: Seen, choice: Choice, cells: I64) -> None:
    """Add up a measure, and its squares: those in 128 bits, as two halves."""
    values, halves = seen.values[op.measure], cells.view(np.uint64)
    whole, begin = 0, 0
    high, low = np.uint64(0), np.uint64(0)
    for window in range(choice.ends.shape[0]):
        for number in range(begin, choice.ends[window]):
            value = values[choice.place[number]]
            whole += value
            above, below = squared(value)
            high, low = add(high, low, above, below)
        cells[op.row, window] = whole
        halves[op.row + 1, window], halves[op.row + 2, window] = high, low
        begin = choice.ends[window]


@njit(nogil=True, cache=True, forceinline=True)
def run(op: Op, seen: Seen, choice: Choice, cells: I64) -> None:
    """Count the events of a flag's present unbroken run, and those of its longest."""
    values = seen.values[op.measure]
    present, longest, length, begin, is_broken = 0, 0, 0, 0, False
    for window in range(choice.ends.shape[0]):
        for number in range(begin, choice.ends[window]):
            value = values[choice.place[number]]
            is_broken = is_broken or value == 0
            length = 0 if value == 0 else length + 1
            present += 0 if is_broken else 1
            longest = max(longest, length)
        cells[op.row, window], cells[op.row + 1, window] = present, longest
        begin = choice.ends[window]


@njit(nogil=True, cache=True, forceinline=True)
def variety(op: Op, seen: Seen, choice: Choice, parts: Parts, cells: I64) -> None:
    """Count different codes."""
    codes = seen.codes[op.by]
    found, begin = 0, 0
    for window in range(choice.ends.shape[0]):
        for number in range(begin, choice.ends[window]):
            found = _meet(codes[choice.place[number]], found, parts)
        cells[op.row, window] = found
        begin = choice.ends[window]
    _forget(found, parts)


@njit(nogil=True, cache=True, forceinline=True)
def top(op: Op, seen: Seen, choice: Choice, parts: Parts, cells: I64) -> None:
    """Find the largest part that one code has of a measure, or of the number of events, and the whole."""
    found, whole, begin = 0, 0, 0
    for window in range(choice.ends.shape[0]):
        found, more = _share_out(op, seen, choice, begin, choice.ends[window], found, parts)
        whole += more
        largest = NULL
        for place in range(found):
            largest = max(largest, parts.sums[parts.met[place]])
        cells[op.row, window], cells[op.row + 1, window] = largest, whole
        begin = choice.ends[window]
    _forget(found, parts)


@njit(nogil=True, cache=True, forceinline=True)
def entropy(op: Op, seen: Seen, choice: Choice, parts: Parts, cells: F64) -> None:
    """Measure how evenly the whole is shared out: minus the sum of share times its logarithm; NaN without a whole."""
    found, whole, begin = 0, 0, 0
    for window in range(choice.ends.shape[0]):
        found, more = _share_out(op, seen, choice, begin, choice.ends[window], found, parts)
        whole += more
        told = 0.0
        for place in range(found):
            part = parts.sums[parts.met[place]]
            told -= part / whole * math.log(part / whole) if whole > 0 and part > 0 else 0.0
        cells[op.row, window] = told if whole > 0 else np.nan
        begin = choice.ends[window]
    _forget(found, parts)


@njit(nogil=True, cache=True, forceinline=True)
def _share_out(op: Op, seen: Seen, choice: Choice, begin: int, end: int, found: int, parts: Parts) -> tuple[int, int]:
    """Add some events to the parts of their codes; give how many codes were met so far, and what was added."""
    codes, added = seen.codes[op.by], 0
    for number in range(begin, end):
        place = choice.place[number]
        value = seen.values[op.measure, place] if op.measure >= 0 else 1
        found = _meet(codes[place], found, parts)
        parts.sums[codes[place]] += value
        added += value
    return found, added


@njit(nogil=True, cache=True, forceinline=True)
def _meet(code: int, found: int, parts: Parts) -> int:
    parts.met[found] = code
    is_new = not parts.is_met[code]
    parts.is_met[code] = True
    return found + is_new


@njit(nogil=True, cache=True, forceinline=True)
def _forget(found: int, parts: Parts) -> None:
    for place in range(found):
        parts.is_met[parts.met[place]] = False
        parts.sums[parts.met[place]] = 0
