"""The borrower sweep: one compiled walk that fills every window of every as-of day, block of entities by block.

The kernel knows bits, measures, codes, windows and days; it never sees a feature's name. Each entity's events are laid
out once for all as-of days, the latest first: what a day sees within a window is a stretch of them, and the latest k
are the first k of it. Only where something in a stretch is hidden from its day (known later, or withdrawn) is what the
day sees copied apart. Sums are of whole numbers, so no order of rows or tasks changes a bit of the result. It holds no
lock of Python's, so tasks run side by side.

Loops read arrays by names of their own: a tuple's field named within a loop would be counted as a reference, and
forgotten, once an event.
"""

from typing import NamedTuple

import numpy as np

from features.sweep_block import MOST_EVENTS, MOST_ROWS, Block, Rows, block_of, lay, look, next_block, rows_of
from features.sweep_compiled import compiled
from features.sweep_forms import combine
from features.sweep_operations import (
    NOTHING,
    Choice,
    Parts,
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
    """What the walk uses over and over.

    Args:
        block: The events.
        rows: What is seen of them, by whom.
        choice: The events that take part in an operation.
        sums: What they add up to.
        parts: What is kept by code.
        cells: What the operations tell.
    """

    block: Block
    rows: Rows
    choice: Choice
    sums: Sums
    parts: Parts
    cells: I64


@compiled
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
    space = _space(events, plan, MOST_EVENTS, MOST_ROWS + days.shape[0])
    filled_rows, begin = 0, 0
    while begin + 1 < events.starts.shape[0]:
        behind = next_block(events.starts, begin, days.shape[0])
        many, size = look(events, plan.windows, days, begin, behind, space.rows)
        if size > space.block.source.shape[0]:
            space = _larger(events, space, 2 * size)
        if many:
            lay(events, begin, behind, space.rows, many, space.block)
            _operate(plan, size, many, space)
            combine(plan, many, space.cells, filled, filled_rows)
            entity[filled_rows : filled_rows + many] = space.rows.entity[:many]
            place[filled_rows : filled_rows + many] = space.rows.number[:many]
            filled_rows += many
        begin = behind
    return filled_rows


@compiled
def _space(events: Events, plan: Plan, size: int, rows: int) -> Space:
    """Give room for so many events and rows."""
    windows = plan.windows.shape[0]
    return Space(
        block_of(size, events.measures.shape[0], events.codes.shape[0]),
        rows_of(rows, windows),
        _choice(size, rows, windows),
        _sums(size),
        _parts(events.kinds, size),
        np.zeros((plan.rows, rows, windows), np.int64),
    )


@compiled
def _larger(events: Events, space: Space, size: int) -> Space:
    """Give room for more events, the rows as they are."""
    rows, windows = space.rows.ends.shape
    return Space(
        block_of(size, events.measures.shape[0], events.codes.shape[0]),
        space.rows,
        _choice(size, rows, windows),
        _sums(size),
        _parts(events.kinds, size),
        space.cells,
    )


@compiled
def _choice(size: int, rows: int, windows: int) -> Choice:
    return Choice(
        np.zeros(size + 1, np.int64),
        np.zeros(size + 1, np.int64),
        np.zeros(rows, np.int64),
        np.zeros((rows, windows), np.int64),
    )


@compiled
def _sums(size: int) -> Sums:
    return Sums(np.zeros(size + 1, np.int64), np.zeros(size + 1, np.uint64), np.zeros(size + 1, np.uint64))


@compiled
def _parts(kinds: I64, size: int) -> Parts:
    most = 0
    for grouping in range(kinds.shape[0]):
        most = max(most, kinds[grouping])
    latest, sums = np.full(most, NOTHING, np.int64), np.zeros(most, np.int64)
    return Parts(latest, np.zeros(size + 1, np.int32), sums, np.zeros(size, np.int64))


@compiled
def _operate(plan: Plan, size: int, many: int, space: Space) -> None:
    """Choose the events that take part, and do all that is to be done with them, choice by choice."""
    needs, limits, first_op, ops = plan.needs, plan.limits, plan.first, plan.ops
    for each in range(needs.shape[0]):
        chosen = choose(needs[each], limits[each], space.block, size, space.rows, many, space.choice)
        for number in range(first_op[each], first_op[each + 1]):
            op = Op(ops[number, 1], ops[number, 2], ops[number, 3])
            _do(ops[number, 0], op, space, many, chosen, space.cells[op.row :])


@compiled
def _do(kind: int, op: Op, space: Space, many: int, chosen: int, cells: I64) -> None:
    block, choice = space.block, space.choice
    if kind == TALLY:
        tally(many, choice, cells)
    elif kind == FIRST:
        first(op, block, space.rows, many, choice, cells)
    elif kind == TOTAL:
        total(op, block, many, choice, chosen, space.sums, cells)
    elif kind == EXTREMES:
        extremes(op, block, many, choice, cells)
    elif kind == SQUARES:
        squares(op, block, many, choice, chosen, space.sums, cells)
    elif kind == RUN:
        run(op, block, many, choice, cells)
    else:
        _do_by_code(kind, op, space, many, chosen, cells)


@compiled
def _do_by_code(kind: int, op: Op, space: Space, many: int, chosen: int, cells: I64) -> None:
    block, choice, parts = space.block, space.choice, space.parts
    if kind == VARIETY:
        variety(op, block, many, choice, chosen, parts, cells)
    elif kind == TOP:
        top(op, block, many, choice, parts, cells)
    else:
        entropy(op, block, many, choice, parts, cells.view(np.float64))


@compiled
def mark_codes(bits: U64, codes: I32, meaning: U64) -> None:
    """Set the bits that each event's code means; -1 means none."""
    for event in range(codes.shape[0]):
        if codes[event] >= 0:
            bits[event] |= meaning[codes[event]]


@compiled
def mark_numbers(bits: U64, values: I64, known: np.uint64, is_set: np.uint64) -> None:
    """Set one bit where a number is known, another where it is 1."""
    for event in range(values.shape[0]):
        bits[event] |= (known if values[event] != NULL else np.uint64(0)) | (
            is_set if values[event] == 1 else np.uint64(0)
        )
