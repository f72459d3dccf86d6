"""From Arrow rows of a stream to the arrays that the sweep walks, and from what it filled back to Arrow."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.sweep_kernel import sweep
from features.sweep_plan import FOREVER, I32, I64, NULL, U64, Events, Flags
from features.sweep_program import Condition, Program

Whole = TypeVar("Whole", np.int32, np.int64)
EPOCH = date(1970, 1, 1)


def swept(rows: pa.Table, program: Program, as_of: Sequence[date]) -> pa.RecordBatch:
    """Sweep a slice: a row for each entity and as-of day that sees an event within reach.

    Args:
        rows: Events in order of entity and time, no entity null: the entity's column, `day` and `since` as whole days
            since 1970, `until` likewise where versions were withdrawn, and the program's columns: measures and flags
            as whole numbers, codes as dictionaries or plain values.
        program: What to compute.
        as_of: The days, ascending.

    Returns:
        The entity's column, `as_of`, and a double for each output; null where the definition says nothing.
    """
    rows = rows.combine_chunks()
    events, entities = _events(rows, program)
    days = np.array([(day - EPOCH).days for day in as_of], np.int64)
    most = (len(events.starts) - 1) * len(days)
    filled = np.empty((len(program.names), most))
    entity, place = np.empty(most, np.int32), np.empty(most, np.int32)
    count = sweep(events, program.plan, days, filled, entity, place)
    columns = [
        entities.take(pa.array(entity[:count])),
        pa.array(days[place[:count]].astype(np.int32), pa.int32()).cast(pa.date32()),
        *(pa.array(column[:count], from_pandas=True) for column in filled),
    ]
    return pa.RecordBatch.from_arrays(columns, [program.entity, "as_of", *program.names])


def _events(rows: pa.Table, program: Program) -> tuple[Events, pa.Array]:
    number = rows.num_rows
    entity = coded(rows.column(program.entity))
    named = entity.indices.to_numpy()
    changes = np.flatnonzero(named[1:] != named[:-1]) + 1
    starts = np.concatenate([[0], changes, [number]]).astype(np.int64) if number else np.zeros(1, np.int64)
    until = whole(rows.column("until")) if "until" in rows.column_names else np.full(number, FOREVER)
    codes = [coded(rows.column(name)) for name in program.codes]
    events = Events(
        starts=starts,
        day=whole(rows.column("day")).astype(np.int32),
        since=whole(rows.column("since")).astype(np.int32),
        until=until.astype(np.int32),
        bits=_bits(rows, program.conditions),
        measures=_stacked(
            np.empty((number, len(program.measures)), np.int64), (whole(rows.column(name)) for name in program.measures)
        ),
        codes=_stacked(np.empty((number, len(codes)), np.int32), map(numbers, codes)),
        kinds=np.array([len(each.dictionary) for each in codes], np.int64),
    )
    return events, entity.dictionary.take(entity.indices.take(pa.array(starts[:-1])))


def coded(column: pa.ChunkedArray) -> pa.DictionaryArray:
    """Give a column as one dictionary and positions in it, null where null."""
    one = column.combine_chunks()
    return one if pa.types.is_dictionary(one.type) else one.dictionary_encode()


def whole(column: pa.ChunkedArray) -> I64:
    """Give a column of whole numbers, days or flags as 64-bit numbers, `NULL` where null."""
    one = column.combine_chunks()
    if pa.types.is_date(one.type):
        one = one.cast(pa.int32())
    numbers: I64 = pc.fill_null(one.cast(pa.int64()), NULL).to_numpy()
    return numbers


def numbers(codes: pa.DictionaryArray) -> I32:
    """Give codes as positions in their dictionary, -1 where null."""
    positions: I32 = pc.fill_null(codes.indices, -1).to_numpy().astype(np.int32)
    return positions


def _stacked(table: NDArray[Whole], columns: Iterable[NDArray[Whole]]) -> NDArray[Whole]:
    """Stand columns side by side, so that what one event says lies together."""
    for place, column in enumerate(columns):
        table[:, place] = column
    return table


def _bits(rows: pa.Table, conditions: Sequence[Condition]) -> U64:
    bits = np.zeros(rows.num_rows, np.uint64)
    for place, condition in enumerate(conditions):
        met = _met(rows.column(condition.column), condition)
        bits |= met.astype(np.uint64) << np.uint64(place)
    return bits


def _met(column: pa.ChunkedArray, condition: Condition) -> Flags:
    """Say which rows meet a condition; a null meets none."""
    if condition.is_known:
        met: Flags = np.asarray(pc.is_valid(column))
    elif condition.values:
        codes = coded(column)
        wanted = np.append(np.asarray(pc.is_in(codes.dictionary, pa.array(condition.values))), [False])
        met = wanted[numbers(codes)]
    else:
        met = whole(column) == 1
    return met
