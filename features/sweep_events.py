"""From Arrow rows of a stream to the arrays that the sweep walks, and from what it filled back to Arrow."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.sweep_columns import doubles
from features.sweep_kernel import mark_codes, mark_numbers, sweep
from features.sweep_plan import F64, FOREVER, I32, I64, NULL, U64, Events
from features.sweep_program import Condition, Program

Whole = TypeVar("Whole", np.int32, np.int64)
EPOCH = date(1970, 1, 1)
MOST_CELLS = 4_000_000
"""So many numbers of a slice are held at once, 32 MB of doubles: borrowers with an event each have many rows."""


def swept(
    rows: pa.Table, program: Program, as_of: Sequence[date], most_cells: int = MOST_CELLS
) -> Iterator[pa.RecordBatch]:
    """Sweep a slice: a row for each entity and as-of day that sees an event within reach.

    Args:
        rows: Events in order of entity and time, no entity null: the entity's column, `day` and `since` as whole days
            since 1970, `until` likewise where versions were withdrawn, and the program's columns: measures and flags
            as whole numbers, codes as dictionaries or plain values.
        program: What to compute.
        as_of: The days, ascending.
        most_cells: So many numbers at once, unless one entity has more.

    Yields:
        Some entities after others; among them day by day, entities in order: the entity's column, `as_of`, and a double
        for each output; null where the definition says nothing.
    """
    events, entities = events_of(rows, program)
    step = max(most_cells // max(len(as_of) * len(program.names), 1), 1)
    for begin in range(0, max(len(entities), 1), step):
        part = events._replace(starts=events.starts[begin : begin + step + 1])
        yield named(walked(part, program, as_of), entities.slice(begin, step), program)


class Found(NamedTuple):
    """What a walk filled: for each row its entity's position, its day since 1970, and a double for each output.

    Args:
        entity: Positions, row by row.
        day: Days.
        filled: A line for each output, its numbers as the walk came to them.
        order: Where each row's number stands in a line.
    """

    entity: I32
    day: I32
    filled: F64
    order: I64


def walked(events: Events, program: Program, as_of: Sequence[date]) -> Found:
    """Walk the events of some entities once for all days; give rows day by day, entities in order."""
    wanted = np.array([(day - EPOCH).days for day in as_of], np.int64)
    most = (len(events.starts) - 1) * len(wanted)
    filled = np.empty((len(program.names), most))
    entity, place = np.empty(most, np.int32), np.empty(most, np.int32)
    count = sweep(events, program.plan, wanted, filled, entity, place)
    order = np.argsort(place[:count], kind="stable")
    return Found(entity[order], wanted[place[order]].astype(np.int32), filled, order)


def named(found: Found, entities: pa.Array, program: Program) -> pa.RecordBatch:
    """Give what a walk filled as columns, NaN as null."""
    day = pa.array(found.day, pa.int32()).cast(pa.date32())
    columns = [entities.take(pa.array(found.entity)), day, *doubles(found.filled, found.order)]
    return pa.RecordBatch.from_arrays(columns, [program.entity, "as_of", *program.names])


def events_of(rows: pa.Table, program: Program) -> tuple[Events, pa.Array]:
    """Lay the rows of a slice out as the arrays that the walk reads; give the entities beside."""
    rows = rows.combine_chunks()
    number = rows.num_rows
    entity = coded(rows.column(program.entity))
    owner = entity.indices.to_numpy()
    changes = np.flatnonzero(owner[1:] != owner[:-1]) + 1
    starts = np.concatenate([[0], changes, [number]]).astype(np.int64) if number else np.zeros(1, np.int64)
    codes = [coded(rows.column(name)) for name in program.codes]
    until = rows.column("until") if "until" in rows.column_names else None
    measures = (whole(rows.column(name)) for name in program.measures)
    events = Events(
        starts=starts,
        day=days(rows.column("day")),
        since=days(rows.column("since")),
        until=_fixed(np.full(number, FOREVER, np.int32)) if until is None else days(until),
        bits=_bits(rows, program.conditions),
        measures=_stacked(np.empty((len(program.measures), number), np.int64), measures),
        codes=_stacked(np.empty((len(codes), number), np.int32), map(numbers, codes)),
        kinds=np.array([len(each.dictionary) for each in codes], np.int64),
    )
    return events, entity.dictionary.take(entity.indices.take(pa.array(starts[:-1])))


def coded(column: pa.ChunkedArray) -> pa.DictionaryArray:
    """Give a column as one dictionary and positions in it, null where null."""
    one = column.combine_chunks()
    return one if pa.types.is_dictionary(one.type) else one.dictionary_encode()


def days(column: pa.ChunkedArray) -> I32:
    """Give a column of days, none null, as days since 1970."""
    return _fixed(column.combine_chunks().cast(pa.int32()).to_numpy())


def whole(column: pa.ChunkedArray) -> I64:
    """Give a column of whole numbers, days or flags as 64-bit numbers, `NULL` where null."""
    one = column.combine_chunks()
    if pa.types.is_date(one.type):
        one = one.cast(pa.int32())
    one = one.cast(pa.int64())
    return _fixed((pc.fill_null(one, NULL) if one.null_count else one).to_numpy())


def numbers(codes: pa.DictionaryArray) -> I32:
    """Give codes as positions in their dictionary, -1 where null."""
    found = codes.indices.cast(pa.int32())
    return _fixed((pc.fill_null(found, -1) if found.null_count else found).to_numpy())


def _fixed(column: NDArray[Whole]) -> NDArray[Whole]:
    """Forbid writing, as Arrow does for what it lends: the kernel is compiled for one kind of array, not two."""
    column.setflags(write=False)
    return column


def _stacked(table: NDArray[Whole], columns: Iterable[NDArray[Whole]]) -> NDArray[Whole]:
    """Lay columns one under another."""
    for place, column in enumerate(columns):
        table[place] = column
    return table


def _bits(rows: pa.Table, conditions: Sequence[Condition]) -> U64:
    """Say of each row which conditions it meets; a null meets none."""
    bits = np.zeros(rows.num_rows, np.uint64)
    for name in dict.fromkeys(each.column for each in conditions):
        places = {place: each for place, each in enumerate(conditions) if each.column == name}
        column = rows.column(name)
        if pa.types.is_dictionary(column.type) or pa.types.is_string(column.type):
            codes = coded(column)
            mark_codes(bits, numbers(codes), _meaning(codes.dictionary, places))
        else:
            known = sum(1 << place for place, each in places.items() if each.is_known)
            is_set = sum(1 << place for place, each in places.items() if not each.is_known)
            mark_numbers(bits, whole(column), np.uint64(known), np.uint64(is_set))
    return bits


def _meaning(codes: pa.Array, places: Mapping[int, Condition]) -> U64:
    """Give for each code the conditions that it meets."""
    met = np.zeros(len(codes), np.uint64)
    for place, condition in places.items():
        is_met = np.asarray(pc.is_in(codes, pa.array(condition.values, pa.string()))) | condition.is_known
        met |= is_met.astype(np.uint64) << np.uint64(place)
    return met
