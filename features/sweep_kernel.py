"""The borrower sweep: one compiled walk, backwards in time, that fills every window of every as-of day.

The kernel knows bits, measures, codes, windows and days; it never sees a feature's name. Each entity's events are
looked through once for each as-of day, the latest first: the latest k events are the first k that it meets, and a
window is where it stops counting. Sums are of whole numbers, so no order of rows or tasks changes a bit of the result.
It holds no lock of Python's, so tasks run side by side.

Loops read arrays by names of their own: a tuple's field named within a loop would be counted as a reference, and
forgotten, once an event.
"""

import numpy as np
from numba import njit

from features.sweep_forms import combine
from features.sweep_operations import (
    Choice,
    Parts,
    Seen,
    choose,
    entropy,
    extremes,
    first,
    run,
    squares,
    tally,
    top,
    total,
    variety,
)
from features.sweep_plan import F64, I32, I64, NULL, U64, Events, Kind, Op, Plan

TALLY, FIRST, TOTAL, EXTREMES, SQUARES, RUN, VARIETY, TOP = (int(kind) for kind in list(Kind)[:8])


@njit(nogil=True, cache=True, error_model="numpy")
def sweep(events: Events, plan: Plan, days: I64, filled: F64, entity: I32, place: I32) -> int:
    """Fill one row for each entity and as-of day that sees an event within reach; give how many.

    Args:
        events: The slice.
        plan: What to compute.
        days: The as-of days, ascending, as days since 1970.
        filled: Takes a column of doubles for each output, NaN for null; as long as entities times days at most.
        entity: Takes for each row the entity's position in the slice.
        place: Takes for each row the as-of day's position in `days`.
    """
    size, many = _longest(events.starts), plan.windows.shape[0]
    kept = Events(
        events.starts,
        np.empty(size, np.int32),
        events.since,
        events.until,
        np.empty(size, np.uint64),
        np.empty((events.measures.shape[0], size), np.int64),
        np.empty((events.codes.shape[0], size), np.int32),
        events.kinds,
    )
    choice = Choice(np.empty(size + 1, np.int64), np.empty(many, np.int64))
    parts = Parts(np.zeros(size, np.bool_), np.zeros(size + 1, np.int32), np.zeros(size, np.int64))
    cells, ends = np.zeros((plan.rows, many), np.int64), np.empty(many, np.int64)
    names, named = _unnamed(events.kinds), np.zeros(size, np.int32)
    rows, entities = 0, events.starts.shape[0] - 1
    starts, windows = events.starts, plan.windows
    for each in range(entities):
        begin, behind = starts[entities - each - 1], starts[entities - each]
        _rename(events.codes[:, begin:behind], names, named)
        for number in range(days.shape[0]):
            seen = _look(events, windows, begin, behind, days[number], ends, kept)
            if ends[-1] > seen.begin:
                _operate(plan, seen, choice, parts, cells)
                combine(plan, cells, cells.view(np.float64), filled, rows)
                entity[rows] = each
                place[rows] = number
                rows += 1
    return rows


@njit(nogil=True, cache=True, forceinline=True, error_model="numpy")
def _longest(starts: I64) -> int:
    longest = 0
    for each in range(starts.shape[0] - 1):
        longest = max(longest, starts[each + 1] - starts[each])
    return longest


@njit(nogil=True, cache=True, forceinline=True, error_model="numpy")
def _unnamed(kinds: I64) -> I32:
    most = 0
    for grouping in range(kinds.shape[0]):
        most = max(most, kinds[grouping])
    return np.full(most, -1, np.int32)


@njit(nogil=True, cache=True, forceinline=True, error_model="numpy")
def _rename(codes: I32, names: I32, named: I32) -> None:
    """Number an entity's codes from 0 in the order of their events, so that what is kept by code stays small."""
    for grouping in range(codes.shape[0]):
        found = 0
        for event in range(codes.shape[1]):
            code = codes[grouping, event]
            if code >= 0:
                if names[code] < 0:
                    names[code] = found
                    named[found] = code
                    found += 1
                codes[grouping, event] = names[code]
        for place in range(found):
            names[named[place]] = -1


@njit(nogil=True, cache=True, forceinline=True, error_model="numpy")
def _look(events: Events, windows: I64, begin: int, behind: int, as_of: int, ends: I64, kept: Events) -> Seen:
    """Find what an entity shows as of a day; events that do not lie together are copied to where they do."""
    day, since, until = events.day, events.since, events.until
    while begin < behind and day[begin] >= as_of:
        begin += 1
    place = begin
    for window in range(windows.shape[0]):
        oldest = as_of - windows[window]
        while place < behind and day[place] >= oldest:
            place += 1
        ends[window] = place
    hidden = 0
    for event in range(begin, place):
        hidden += (since[event] >= as_of) | (until[event] < as_of)
    if hidden:
        _keep(events, begin, as_of, ends, kept)
        return Seen(as_of, kept.day, kept.bits, kept.measures, kept.codes, 0, ends)
    return Seen(as_of, events.day, events.bits, events.measures, events.codes, begin, ends)


@njit(nogil=True, cache=True, forceinline=True, error_model="numpy")
def _keep(events: Events, begin: int, as_of: int, ends: I64, kept: Events) -> None:
    """Copy the events that a day sees to the front, and say where each window ends there."""
    since, until = events.since, events.until
    count, event = 0, begin
    for window in range(ends.shape[0]):
        while event < ends[window]:
            if since[event] < as_of <= until[event]:
                kept.day[count], kept.bits[count] = events.day[event], events.bits[event]
                kept.measures[:, count] = events.measures[:, event]
                kept.codes[:, count] = events.codes[:, event]
                count += 1
            event += 1
        ends[window] = count


@njit(nogil=True, cache=True, forceinline=True, error_model="numpy")
def _operate(plan: Plan, seen: Seen, choice: Choice, parts: Parts, cells: I64) -> None:
    """Choose the events that take part, and do all that is to be done with them, choice by choice."""
    needs, limits, first_op, ops = plan.needs, plan.limits, plan.first, plan.ops
    for each in range(needs.shape[0]):
        begin, behind = first_op[each], first_op[each + 1]
        if behind - begin == 1 and ops[begin, 0] == TALLY:
            tally(needs[each], limits[each], seen, cells[ops[begin, 3]])
            continue
        choose(needs[each], limits[each], seen, choice)
        for number in range(begin, behind):
            op = Op(ops[number, 1], ops[number, 2], ops[number, 3])
            _do(ops[number, 0], op, seen, choice, parts, cells)


@njit(nogil=True, cache=True, forceinline=True, error_model="numpy")
def _do(kind: int, op: Op, seen: Seen, choice: Choice, parts: Parts, cells: I64) -> None:
    if kind == TALLY:
        cells[op.row] = choice.ends
    elif kind == FIRST:
        first(op, seen, choice, cells)
    elif kind == TOTAL:
        total(op, seen, choice, cells)
    elif kind == EXTREMES:
        extremes(op, seen, choice, cells)
    elif kind == SQUARES:
        squares(op, seen, choice, cells)
    elif kind == RUN:
        run(op, seen, choice, cells)
    else:
        _do_by_code(kind, op, seen, choice, parts, cells)


@njit(nogil=True, cache=True, forceinline=True, error_model="numpy")
def _do_by_code(kind: int, op: Op, seen: Seen, choice: Choice, parts: Parts, cells: I64) -> None:
    if kind == VARIETY:
        variety(op, seen, choice, parts, cells)
    elif kind == TOP:
        top(op, seen, choice, parts, cells)
    else:
        entropy(op, seen, choice, parts, cells.view(np.float64))


@njit(nogil=True, cache=True, error_model="numpy")
def mark_codes(bits: U64, codes: I32, meaning: U64) -> None:
    """Set the bits that each event's code means; -1 means none."""
    for event in range(codes.shape[0]):
        if codes[event] >= 0:
            bits[event] |= meaning[codes[event]]


@njit(nogil=True, cache=True, error_model="numpy")
def mark_numbers(bits: U64, values: I64, known: np.uint64, is_set: np.uint64) -> None:
    """Set one bit where a number is known, another where it is 1."""
    for event in range(values.shape[0]):
        bits[event] |= (known if values[event] != NULL else np.uint64(0)) | (
            is_set if values[event] == 1 else np.uint64(0)
        )
