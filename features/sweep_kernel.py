"""The borrower sweep: one compiled walk, backwards in time, that fills every window of every as-of day.

The kernel knows bits, measures, codes, windows and days; it never sees a feature's name. Each entity's events are
looked through once for all as-of days, the latest first: what a day sees within a window is a stretch of them, and the
latest k are the first k of it. Only where something in a stretch is hidden from its day (known later, or withdrawn) is
that day looked at apart. Sums are of whole numbers, so no order of rows or tasks changes a bit of the result.
It holds no lock of Python's, so tasks run side by side.

Loops read arrays by names of their own: a tuple's field named within a loop would be counted as a reference, and
forgotten, once an event.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from features.sweep_forms import combine
from features.sweep_operations import (
    NOTHING,
    Choice,
    Parts,
    Seen,
    Sums,
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


class Space(NamedTuple):
    """What the walk uses over and over: room for the longest entity and for all days.

    Args:
        kept: For events that do not lie together as a day sees them.
        begins: For each day, its latest event.
        ends: For each day and window, behind the oldest event.
        choice: For the events that take part in an operation.
        sums: For what is added up from the latest event on.
        parts: For what is kept by code.
        cells: For what the operations tell.
    """

    kept: Events
    begins: I64
    ends: I64
    choice: Choice
    sums: Sums
    parts: Parts
    cells: I64


@njit(nogil=True, cache=True)
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
    size = _longest(events.starts)
    space = _space(events, plan, days.shape[0], size)
    names, named = _unnamed(events.kinds), np.zeros(size, np.int32)
    seeing, together, apart = np.zeros((3, days.shape[0]), np.int64)
    starts, rows, entities = events.starts, 0, events.starts.shape[0] - 1
    for each in range(entities):
        begin, behind = starts[entities - each - 1], starts[entities - each]
        _rename(events.codes[:, begin:behind], names, named)
        many, plain = _look(events, plan.windows, begin, behind, days, (seeing, together, apart), space)
        if plain:
            _operate(plan, _seen(events, together[:plain], days, space), space)
        for number in range(many - plain):
            _keep(events, days, apart[number], space)
            _operate(plan, _seen(space.kept, apart[number : number + 1], days, space), space)
        combine(plan, seeing[:many], space.cells, filled, rows)
        entity[rows : rows + many] = each
        place[rows : rows + many] = seeing[:many]
        rows += many
    return rows


@njit(nogil=True, cache=True)
def _space(events: Events, plan: Plan, days: int, size: int) -> Space:
    windows = plan.windows.shape[0]
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
    begins, ends = np.zeros(days, np.int64), np.zeros((days, windows), np.int64)
    choice = Choice(np.zeros(size + 1, np.int64), np.zeros(size + 1, np.int64), begins.copy(), ends.copy())
    sums = Sums(np.zeros(size + 1, np.int64), np.zeros(size + 1, np.uint64), np.zeros(size + 1, np.uint64))
    parts = Parts(np.full(size, NOTHING, np.int64), np.zeros(size + 1, np.int32), np.zeros(size, np.int64))
    return Space(kept, begins, ends, choice, sums, parts, np.zeros((days, plan.rows, windows), np.int64))


@njit(nogil=True, cache=True, forceinline=True)
def _longest(starts: I64) -> int:
    longest = 0
    for each in range(starts.shape[0] - 1):
        longest = max(longest, starts[each + 1] - starts[each])
    return longest


@njit(nogil=True, cache=True, forceinline=True)
def _unnamed(kinds: I64) -> I32:
    most = 0
    for grouping in range(kinds.shape[0]):
        most = max(most, kinds[grouping])
    return np.full(most, -1, np.int32)


@njit(nogil=True, cache=True, forceinline=True)
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


@njit(nogil=True, cache=True, forceinline=True)
def _look(
    events: Events, windows: I64, begin: int, behind: int, days: I64, lists: tuple[I64, I64, I64], space: Space
) -> tuple[int, int]:
    """Find each day's stretches; list the days that see anything, those that see all that lies there, and the others.

    Returns:
        How many days see anything, and how many of these all that lies there.
    """
    _stretch(events.day, windows, begin, behind, days, space)
    since, until, begins, ends = events.since, events.until, space.begins, space.ends
    seeing, together, apart = lists
    many, plain = 0, 0
    for number in range(days.shape[0]):
        hidden, stretch = 0, ends[number, -1] - begins[number]
        for event in range(begins[number], ends[number, -1]):
            hidden += (since[event] >= days[number]) | (until[event] < days[number])
        if hidden == stretch:
            continue
        seeing[many] = number
        many += 1
        if hidden:
            apart[many - plain - 1] = number
        else:
            together[plain] = number
            plain += 1
    return many, plain


@njit(nogil=True, cache=True, forceinline=True)
def _stretch(on: I32, windows: I64, begin: int, behind: int, days: I64, space: Space) -> None:
    """Say for each day where its windows begin and end."""
    begins, ends = space.begins, space.ends
    for number in range(days.shape[0] - 1, -1, -1):
        while begin < behind and on[begin] >= days[number]:
            begin += 1
        begins[number], end = begin, begin
        for window in range(windows.shape[0]):
            while end < behind and on[end] >= days[number] - windows[window]:
                end += 1
            ends[number, window] = end


@njit(nogil=True, cache=True, forceinline=True)
def _seen(events: Events, numbers: I64, days: I64, space: Space) -> Seen:
    return Seen(events.day, events.bits, events.measures, events.codes, numbers, days, space.begins, space.ends)


@njit(nogil=True, cache=True, forceinline=True)
def _keep(events: Events, days: I64, number: int, space: Space) -> None:
    """Copy the events that a day sees to the front of their room, and say where its stretches are there."""
    on, since, until, begins, ends, kept = events.day, events.since, events.until, space.begins, space.ends, space.kept
    count, event, as_of = 0, begins[number], days[number]
    for window in range(ends.shape[1]):
        while event < ends[number, window]:
            if since[event] < as_of <= until[event]:
                kept.day[count], kept.bits[count] = on[event], events.bits[event]
                kept.measures[:, count] = events.measures[:, event]
                kept.codes[:, count] = events.codes[:, event]
                count += 1
            event += 1
        ends[number, window] = count
    begins[number] = 0


@njit(nogil=True, cache=True, forceinline=True)
def _operate(plan: Plan, seen: Seen, space: Space) -> None:
    """Choose the events that take part, and do all that is to be done with them, choice by choice."""
    begin, behind = seen.begins[seen.days[-1]], seen.ends[seen.days[0], -1]
    needs, limits, first_op, ops, choice = plan.needs, plan.limits, plan.first, plan.ops, space.choice
    for each in range(needs.shape[0]):
        choose(needs[each], limits[each], seen, begin, behind, choice)
        for number in range(first_op[each], first_op[each + 1]):
            op = Op(ops[number, 1], ops[number, 2], ops[number, 3])
            _do(ops[number, 0], op, seen, space)


@njit(nogil=True, cache=True, forceinline=True)
def _do(kind: int, op: Op, seen: Seen, space: Space) -> None:
    choice, cells = space.choice, space.cells
    if kind == TALLY:
        tally(op, seen, choice, cells)
    elif kind == FIRST:
        first(op, seen, choice, cells)
    elif kind == TOTAL:
        total(op, seen, choice, space.sums, cells)
    elif kind == EXTREMES:
        extremes(op, seen, choice, cells)
    elif kind == SQUARES:
        squares(op, seen, choice, space.sums, cells)
    elif kind == RUN:
        run(op, seen, choice, cells)
    else:
        _do_by_code(kind, op, seen, space)


@njit(nogil=True, cache=True, forceinline=True)
def _do_by_code(kind: int, op: Op, seen: Seen, space: Space) -> None:
    if kind == VARIETY:
        variety(op, seen, space.choice, space.parts, space.sums.whole, space.cells)
    elif kind == TOP:
        top(op, seen, space.choice, space.parts, space.cells)
    else:
        entropy(op, seen, space.choice, space.parts, space.cells.view(np.float64))


@njit(nogil=True, cache=True)
def mark_codes(bits: U64, codes: I32, meaning: U64) -> None:
    """Set the bits that each event's code means; -1 means none."""
    for event in range(codes.shape[0]):
        if codes[event] >= 0:
            bits[event] |= meaning[codes[event]]


@njit(nogil=True, cache=True)
def mark_numbers(bits: U64, values: I64, known: np.uint64, is_set: np.uint64) -> None:
    """Set one bit where a number is known, another where it is 1."""
    for event in range(values.shape[0]):
        bits[event] |= (known if values[event] != NULL else np.uint64(0)) | (
            is_set if values[event] == 1 else np.uint64(0)
        )
