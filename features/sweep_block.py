"""Some entities' events laid out for the walk, the latest first, and what each as-of day sees of them as stretches."""

from typing import NamedTuple

import numpy as np

from features.sweep_compiled import compiled, inlined
from features.sweep_plan import I32, I64, U64, Events, Flags

MOST_EVENTS = 4_096
MOST_ROWS = 256
"""A block takes so many events, or rows of entity and day, unless one entity has more: it is to stay in the cache."""


class Block(NamedTuple):
    """Events of some entities, each entity's latest first.

    Args:
        source: Where each event stands in the slice.
        day: Its day.
        bits: Conditions that it meets.
        values: A row for each measure.
        codes: A row for each grouping.
    """

    source: I64
    day: I32
    bits: U64
    values: I64
    codes: I32


class Rows(NamedTuple):
    """An entity as of a day, for each that sees any event: within a window it sees a stretch of the block's events.

    Args:
        entity: Position of the entity in the slice.
        number: Position of the as-of day.
        as_of: That day.
        is_apart: Whether something in the stretch is hidden from the day: known later, or withdrawn.
        begins: The latest event.
        ends: For each window, behind the oldest event.
    """

    entity: I64
    number: I64
    as_of: I64
    is_apart: Flags
    begins: I64
    ends: I64


@compiled
def block_of(size: int, measures: int, codes: int) -> Block:
    """Give room for so many events, and for one measure where there is none."""
    return Block(
        np.empty(size, np.int64),
        np.empty(size, np.int32),
        np.empty(size, np.uint64),
        np.empty((max(measures, 1), size), np.int64),
        np.empty((codes, size), np.int32),
    )


@compiled
def rows_of(most: int, windows: int) -> Rows:
    """Give room for so many rows."""
    return Rows(
        np.empty(most, np.int64),
        np.empty(most, np.int64),
        np.empty(most, np.int64),
        np.empty(most, np.bool_),
        np.empty(most, np.int64),
        np.empty((most, windows), np.int64),
    )


@compiled
def next_block(starts: I64, first: int, days: int) -> int:
    """Say behind which entity a block ends that begins with the first."""
    behind = first + 1
    while (
        behind + 1 < starts.shape[0]
        and starts[behind + 1] - starts[first] <= MOST_EVENTS
        and (behind + 1 - first) * days <= MOST_ROWS
    ):
        behind += 1
    return behind


@compiled
def look(events: Events, windows: I64, days: I64, first: int, behind: int, rows: Rows) -> tuple[int, int]:
    """Find the rows of some entities and their stretches; give how many, and how many events the block will have.

    A row that is apart gets a copy of what it sees, behind all others: its stretches still say where that comes from.
    """
    starts, since, until, begins, ends = events.starts, events.since, events.until, rows.begins, rows.ends
    many, size = 0, starts[behind] - starts[first]
    for entity in range(first, behind):
        oldest, last = starts[entity], starts[entity + 1]
        mirror = oldest - starts[first] + last
        after = oldest
        for number in range(days.shape[0]):
            as_of = days[number]
            after = _stretch(events.day, windows, as_of, oldest, last, after, ends[many])
            hidden, stretch = 0, after - ends[many, -1]
            for event in range(ends[many, -1], after):
                hidden += (since[event] >= as_of) | (until[event] < as_of)
            if hidden < stretch:
                rows.entity[many], rows.number[many], rows.as_of[many] = entity, number, as_of
                rows.is_apart[many], begins[many] = hidden > 0, mirror - after
                for window in range(windows.shape[0]):
                    ends[many, window] = mirror - ends[many, window]
                size += stretch - hidden if hidden else 0
                many += 1
    return many, size


@inlined
def _stretch(on: I32, windows: I64, as_of: int, oldest: int, last: int, after: int, firsts: I64) -> int:
    """Find for each window its first event in the slice's order; give the one behind the day's latest."""
    while after < last and on[after] < as_of:
        after += 1
    event = after
    for window in range(windows.shape[0]):
        while event > oldest and on[event - 1] >= as_of - windows[window]:
            event -= 1
        firsts[window] = event
    return after


@compiled
def lay(events: Events, first: int, behind: int, rows: Rows, many: int, block: Block) -> None:
    """Lay some entities' events out, and behind them what rows apart see."""
    starts, source, size = events.starts, block.source, 0
    for entity in range(first, behind):
        for event in range(starts[entity + 1] - 1, starts[entity] - 1, -1):
            source[size] = event
            size += 1
    for row in range(many):
        if rows.is_apart[row]:
            size = _copy(events, rows, row, source, size)
    _gather(events, size, block)


@compiled
def _gather(events: Events, size: int, block: Block) -> None:
    """Bring what the block's events say to where they are."""
    source, day, bits, on, marked = block.source, block.day, block.bits, events.day, events.bits
    for place in range(size):
        day[place], bits[place] = on[source[place]], marked[source[place]]
    values, measures, codes, groupings = block.values, events.measures, block.codes, events.codes
    for measure in range(measures.shape[0]):
        for place in range(size):
            values[measure, place] = measures[measure, source[place]]
    for grouping in range(codes.shape[0]):
        for place in range(size):
            codes[grouping, place] = groupings[grouping, source[place]]


@compiled
def _copy(events: Events, rows: Rows, row: int, source: I64, size: int) -> int:
    """Put the events that a row sees behind all others, and its stretches there."""
    since, until, begins, ends, as_of = events.since, events.until, rows.begins, rows.ends, rows.as_of[row]
    place, begins[row] = begins[row], size
    for window in range(ends.shape[1]):
        while place < ends[row, window]:
            if since[source[place]] < as_of <= until[source[place]]:
                source[size] = source[place]
                size += 1
            place += 1
        ends[row, window] = size
    return size
