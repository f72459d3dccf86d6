"""The borrower sweep: one compiled walk, backwards in time, that fills every window of every as-of day.

The kernel knows bits, measures, codes, windows and days; it never sees a feature's name. Each entity's events are
looked through once for each as-of day, the latest first: the latest k events are the first k that it meets, and a
window is where it stops counting. Sums are of whole numbers, so no order of rows or tasks changes a bit of the result.
It holds no lock of Python's, so tasks run side by side.
"""

import numpy as np
from numba import njit

from features.sweep_forms import combine
from features.sweep_operations import (
    Parts,
    Seen,
    amount,
    entropy,
    first,
    run,
    share_out,
    squares,
    tally,
    top,
    variety,
)
from features.sweep_plan import F64, I32, I64, Events, Kind, Op, Plan

TALLY, FIRST, AMOUNT, SQUARES, RUN = (int(kind) for kind in list(Kind)[:5])
VARIETY, TOP = int(Kind.VARIETY), int(Kind.TOP)


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
    longest = _longest(events.starts)
    size = np.int64(longest)
    seen = Seen(np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.uint64))
    parts = Parts(np.zeros(size, np.bool_), np.zeros(size, np.int32), np.zeros((size, plan.windows), np.int64))
    cells = np.zeros((plan.rows, plan.windows), np.int64)
    names, named = _unnamed(events.kinds), np.zeros(size, np.int32)
    rows = 0
    for each in range(events.starts.shape[0] - 1):
        begin, behind = events.starts[each], events.starts[each + 1]
        _rename(events.codes[begin:behind], names, named)
        for number in range(days.shape[0]):
            count = _look(events, plan, begin, behind, days[number], seen)
            if count:
                _operate(events, plan, seen, count, parts, cells)
                combine(plan, cells, cells.view(np.float64), filled, rows)
                entity[rows] = each
                place[rows] = number
                rows += 1
    return rows


@njit(nogil=True, cache=True)
def _longest(starts: I64) -> int:
    longest = 0
    for each in range(starts.shape[0] - 1):
        longest = max(longest, starts[each + 1] - starts[each])
    return longest


@njit(nogil=True, cache=True)
def _unnamed(kinds: I64) -> I32:
    most = 0
    for grouping in range(kinds.shape[0]):
        most = max(most, kinds[grouping])
    return np.full(most, -1, np.int32)


@njit(nogil=True, cache=True)
def _rename(codes: I32, names: I32, named: I32) -> None:
    """Number an entity's codes from 0 in the order of their events, so that what is kept by code stays small."""
    for grouping in range(codes.shape[1]):
        found = 0
        for event in range(codes.shape[0]):
            code = codes[event, grouping]
            if code >= 0:
                if names[code] < 0:
                    names[code] = found
                    named[found] = code
                    found += 1
                codes[event, grouping] = names[code]
        for place in range(found):
            names[named[place]] = -1


@njit(nogil=True, cache=True)
def _look(events: Events, plan: Plan, begin: int, behind: int, as_of: int, seen: Seen) -> int:
    """Collect what an entity shows as of a day, the latest first; give how many events."""
    count = 0
    for event in range(behind - 1, begin - 1, -1):
        age = as_of - events.day[event]
        if age < 1 or events.since[event] >= as_of or events.until[event] < as_of:
            continue
        if plan.reach >= 0 and age > plan.reach:
            break
        seen.event[count] = event
        seen.slot[count] = plan.slots[age] if age < plan.slots.shape[0] else plan.windows - 1
        seen.age[count] = age
        seen.bits[count] = events.bits[event]
        count += 1
    return count


@njit(nogil=True, cache=True)
def _operate(events: Events, plan: Plan, seen: Seen, count: int, parts: Parts, cells: I64) -> None:
    measures = events.measures
    for number in range(plan.ops.shape[0]):
        kind = plan.ops[number, 0]
        op = Op(plan.needs[number], plan.ops[number, 1], plan.ops[number, 2], plan.ops[number, 3], plan.ops[number, 4])
        if kind == TALLY:
            tally(op, seen, count, cells)
        elif kind == FIRST:
            first(op, seen, count, measures, cells)
        elif kind == AMOUNT:
            amount(op, seen, count, measures, cells)
        elif kind == SQUARES:
            squares(op, seen, count, measures, cells)
        elif kind == RUN:
            run(op, seen, count, measures, cells)
        else:
            _operate_by_code(op, kind, seen, count, events, parts, cells)


@njit(nogil=True, cache=True)
def _operate_by_code(op: Op, kind: int, seen: Seen, count: int, events: Events, parts: Parts, cells: I64) -> None:
    if kind == VARIETY:
        variety(op, seen, count, events.codes, parts, cells)
        return
    found = share_out(op, seen, count, events.measures, events.codes, parts)
    if kind == TOP:
        top(op, found, parts, cells)
    else:
        entropy(op, found, parts, cells.view(np.float64))
