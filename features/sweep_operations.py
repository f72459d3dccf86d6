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


@njit(nogil=True, cache=True, forceinline=True, error_model="numpy")
def tally(needs: int, limit: int, seen: Seen, cells: I64) -> None:
    """Count the events that take part, without keeping their places."""
    bits, ends = seen.bits, seen.ends
    number, begin = 0, seen.begin
    for window in range(ends.shape[0]):
        for place in range(begin, ends[window]):
            number += bits[place] & needs == needs
        cells[window] = min(number, limit)
        begin = ends[window]


@njit(nogil=True, cache=True, forceinline=True, error_model="numpy")
def choose(needs: int, limit: int, seen: Seen, choice: Choice) -> None:
    """Keep the places of the events that take part."""
    bits, ends, places, chosen = seen.bits, seen.ends, choice.place, choice.ends
    number, begin = 0, seen.begin
    for window in range(ends.shape[0]):
        for place in range(begin, ends[window]):
            places[number] = place
            number += bits[place] & needs == needs
        chosen[window] = min(number, limit)
        begin = ends[window]


@njit(nogil=True, cache=True, forceinline=True, error_model="numpy")
def first(op: Op, seen: Seen, choice: Choice, cells: I64) -> None:
    """Find the latest event's age and value, and the oldest's age."""
    places, ends, day, as_of = choice.place, choice.ends, seen.day, seen.as_of
    latest = places[0]
    for window in range(ends.shape[0]):
        end = ends[window]
        cells[op.row, window] = as_of - day[latest] if end else NOTHING
        cells[op.row + 1, window] = seen.values[op.measure, latest] if end and op.measure >= 0 else NULL
        cells[op.row + 2, window] = as_of - day[places[end - 1]] if end else NOTHING


@njit(nogil=True, cache=True, forceinline=True, error_model="numpy")
def total(op: Op, seen: Seen, choice: Choice, cells: I64) -> None:
    """Add up a measure."""
    values, places, ends = seen.values[op.measure], choice.place, choice.ends
    whole, begin = 0, 0
    for window in range(ends.shape[0]):
        for number in range(begin, ends[window]):
            whole += values[places[number]]
        cells[op.row, window] = whole
        begin = ends[window]


@njit(nogil=True, cache=True, forceinline=True, error_model="numpy")
def extremes(op: Op, seen: Seen, choice: Choice, cells: I64) -> None:
    """Find a measure's least and most."""
    values, places, ends = seen.values[op.measure], choice.place, choice.ends
    least, most, begin = HIGHEST, NULL, 0
    for window in range(ends.shape[0]):
        for number in range(begin, ends[window]):
            value = values[places[number]]
            least = min(least, value)
            most = max(most, value)
        cells[op.row, window], cells[op.row + 1, window] = least, most
        begin = ends[window]


@njit(nogil=True, cache=True, forceinline=True, error_model="numpy")
def squares(op: Op, seen: Seen, choice: Choice, cells: I64) -> None:
    """Add up a measure, and its squares: those in 128 bits, as two halves."""
    values, places, ends = seen.values[op.measure], choice.place, choice.ends
    halves = cells.view(np.uint64)
    whole, begin = 0, 0
    high, low = np.uint64(0), np.uint64(0)
    for window in range(ends.shape[0]):
        for number in range(begin, ends[window]):
            value = values[places[number]]
            whole += value
            above, below = squared(value)
            high, low = add(high, low, above, below)
        cells[op.row, window] = whole
        halves[op.row + 1, window], halves[op.row + 2, window] = high, low
        begin = ends[window]


@njit(nogil=True, cache=True, forceinline=True, error_model="numpy")
def run(op: Op, seen: Seen, choice: Choice, cells: I64) -> None:
    """Count the events of a flag's present unbroken run, and those of its longest."""
    values, places, ends = seen.values[op.measure], choice.place, choice.ends
    present, longest, length, begin, is_broken = 0, 0, 0, 0, False
    for window in range(ends.shape[0]):
        for number in range(begin, ends[window]):
            value = values[places[number]]
            is_broken = is_broken or value == 0
            length = 0 if value == 0 else length + 1
            present += 0 if is_broken else 1
            longest = max(longest, length)
        cells[op.row, window], cells[op.row + 1, window] = present, longest
        begin = ends[window]


@njit(nogil=True, cache=True, forceinline=True, error_model="numpy")
def variety(op: Op, seen: Seen, choice: Choice, parts: Parts, cells: I64) -> None:
    """Count different codes."""
    codes, places, ends = seen.codes[op.by], choice.place, choice.ends
    is_met, met = parts.is_met, parts.met
    found, begin = 0, 0
    for window in range(ends.shape[0]):
        for number in range(begin, ends[window]):
            found = _meet(codes[places[number]], found, is_met, met)
        cells[op.row, window] = found
        begin = ends[window]
    _forget(found, parts)


@njit(nogil=True, cache=True, forceinline=True, error_model="numpy")
def top(op: Op, seen: Seen, choice: Choice, parts: Parts, cells: I64) -> None:
    """Find the largest part that one code has of a measure, or of the number of events, and the whole."""
    ends, met, sums = choice.ends, parts.met, parts.sums
    found, whole, begin = 0, 0, 0
    for window in range(ends.shape[0]):
        found, more = _share_out(op, seen, choice, begin, ends[window], found, parts)
        whole += more
        largest = NULL
        for place in range(found):
            largest = max(largest, sums[met[place]])
        cells[op.row, window], cells[op.row + 1, window] = largest, whole
        begin = ends[window]
    _forget(found, parts)


@njit(nogil=True, cache=True, forceinline=True, error_model="numpy")
def entropy(op: Op, seen: Seen, choice: Choice, parts: Parts, cells: F64) -> None:
    """Measure how evenly the whole is shared out: minus the sum of share times its logarithm; NaN without a whole."""
    ends, met, sums = choice.ends, parts.met, parts.sums
    found, whole, begin = 0, 0, 0
    for window in range(ends.shape[0]):
        found, more = _share_out(op, seen, choice, begin, ends[window], found, parts)
        whole += more
        told = 0.0
        for place in range(found):
            part = sums[met[place]]
            told -= part / whole * math.log(part / whole) if whole > 0 and part > 0 else 0.0
        cells[op.row, window] = told if whole > 0 else np.nan
        begin = ends[window]
    _forget(found, parts)


@njit(nogil=True, cache=True, forceinline=True, error_model="numpy")
def _share_out(op: Op, seen: Seen, choice: Choice, begin: int, end: int, found: int, parts: Parts) -> tuple[int, int]:
    """Add some events to the parts of their codes; give how many codes were met so far, and what was added."""
    codes, values, places = seen.codes[op.by], seen.values[max(op.measure, 0)], choice.place
    is_met, met, sums = parts
    added = 0
    for number in range(begin, end):
        place = places[number]
        code, value = codes[place], values[place] if op.measure >= 0 else 1
        found = _meet(code, found, is_met, met)
        sums[code] += value
        added += value
    return found, added


@njit(nogil=True, cache=True, forceinline=True, error_model="numpy")
def _meet(code: int, found: int, is_met: Flags, met: I32) -> int:
    met[found] = code
    is_new = not is_met[code]
    is_met[code] = True
    return found + is_new


@njit(nogil=True, cache=True, forceinline=True, error_model="numpy")
def _forget(found: int, parts: Parts) -> None:
    is_met, met, sums = parts
    for place in range(found):
        is_met[met[place]] = False
        sums[met[place]] = 0
