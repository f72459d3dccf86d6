"""Statements of credit lines made ready for the sweep: each beside its neighbours in the line, as a day knew them."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.sweep_events import coded, numbers, whole
from features.sweep_laid import divided, intervals, seen_rows
from features.sweep_plan import FOREVER, I64, Flags
from features.sweep_versions import Intervals, beside


class Lines(NamedTuple):
    """Some borrowers' statements line by line, in order of time; for each row, where to look for its neighbours.

    Args:
        order: The row at each place.
        seen: The days that see what is at each place.
        before: Where what came before a row begins; it ends at the row's own place.
        place: Each row's own place.
        behind: Where what came after a row ends.
    """

    order: I64
    seen: Intervals
    before: I64
    place: I64
    behind: I64


def statements(rows: pa.Table) -> pa.Table:
    """Make laid-out statements ready: `is_raised`, `is_cut` and `is_latest` as each day knew their line."""
    told = seen_rows(rows)
    lines = _lines(told)
    pieces = beside(intervals(told), lines.before, lines.place, lines.seen)
    limit = told.column("limit_amount").combine_chunks()
    told, now, earlier = divided(told, pieces), limit.take(pa.array(pieces.row)), _at(limit, lines.order, pieces.fact)
    told = told.append_column("is_raised", pc.greater(now, earlier).cast(pa.int8()))
    told = told.append_column("is_cut", pc.less(now, earlier).cast(pa.int8()))
    later = beside(intervals(told), lines.place[pieces.row] + 1, lines.behind[pieces.row], lines.seen)
    return divided(told, later).append_column("is_latest", pa.array((later.fact < 0).astype(np.int8)))


def _at(values: pa.Array, order: I64, fact: I64) -> pa.Array:
    """Give the values at some places, null where a place is -1."""
    return values.take(pa.array(order[fact], mask=fact < 0)) if len(order) else values


def _lines(rows: pa.Table) -> Lines:
    number = rows.num_rows
    named = numbers(coded(rows.column("borrower_id"))), whole(rows.column("line_hash"))
    order = np.lexsort((whole(rows.column("happened_at")), *named[::-1]))
    seen, places = intervals(rows, order), np.arange(number)
    begins = np.ones(number, np.bool_)
    begins[1:] = np.any([each[order][1:] != each[order][:-1] for each in named], axis=0)
    starts, line = np.flatnonzero(begins), np.cumsum(begins) - 1
    ends = np.append(starts[1:], number)
    is_steady = _steady(seen, begins, starts)[line]
    place = np.empty(number, np.int64)
    place[order] = places
    before = np.where(is_steady, np.maximum(starts[line], places - 1), starts[line])
    behind = np.where(is_steady, np.minimum(ends[line], places + 2), ends[line])
    return Lines(order, seen, before[place], place, behind[place])


def _steady(seen: Intervals, begins: Flags, starts: I64) -> Flags:
    """Say of each line whether it was told in order and never corrected: then only the next neighbours matter."""
    is_odd = seen.until != FOREVER
    is_odd[1:] |= (seen.since[1:] < seen.since[:-1]) & ~begins[1:]
    odd: Flags = ~np.logical_or.reduceat(is_odd, starts) if len(starts) else np.empty(0, np.bool_)
    return odd
