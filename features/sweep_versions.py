"""Which as-of days see which version of an event, and what was known beside it: intervals of days, kept by joins.

A version is seen by the as-of days after `since` (the later of the days on which it happened and became known), until a
later version of the same thing is seen. A tombstone is a version that only ends others.
"""

from typing import NamedTuple

import numpy as np

from features.sweep_compiled import compiled
from features.sweep_plan import FOREVER, I32, I64, Flags


class Versions(NamedTuple):
    """Rows that speak of things: who owns each, its key, when it became known, and whether it only ends others.

    A tombstone gives way to a row of the same thing and moment: that one belongs to several owners at once.
    """

    owner: I64
    key: I64
    known: I64
    since: I32
    is_deleted: Flags


def visible_until(rows: Versions, is_revision: Flags) -> I32:
    """Give the last as-of day that sees each row, `FOREVER` where no later version of its thing ever comes.

    Args:
        rows: Versions, in any order.
        is_revision: Rows that may not be the first version of their thing; the others of that thing are found by key.
    """
    until = np.full(len(rows.key), FOREVER, np.int32)
    if not is_revision.any():
        return until
    several = np.flatnonzero(np.isin(rows.key, np.unique(rows.key[is_revision])))
    sorted_by = (~rows.is_deleted, rows.known, rows.key, rows.owner)
    order = several[np.lexsort([column[several] for column in sorted_by])]
    _withdraw(order, rows, until)
    return until


@compiled
def _withdraw(order: I64, rows: Versions, until: I32) -> None:
    """Walk each thing's versions from the last known one backwards, keeping the first day that sees a later one."""
    soonest = FOREVER
    for place in range(order.shape[0] - 1, -1, -1):
        row = order[place]
        if place + 1 < order.shape[0]:
            later = order[place + 1]
            if rows.key[later] != rows.key[row] or rows.owner[later] != rows.owner[row]:
                soonest = FOREVER
        until[row] = soonest
        soonest = min(soonest, rows.since[row])


class Intervals(NamedTuple):
    """The days that see something: after `since`, up to and with `until`."""

    since: I32
    until: I32


class Pieces(NamedTuple):
    """Rows divided where what is known beside them changes.

    Args:
        row: The row that a piece belongs to; pieces of one row lie together.
        fact: The fact that its days see, -1 for none.
        since: The day after which it begins.
        until: Its last day.
    """

    row: I64
    fact: I64
    since: I32
    until: I32


@compiled
def beside(rows: Intervals, first: I64, behind: I64, facts: Intervals) -> Pieces:
    """Join rows with facts: each row in pieces, each with the last of its facts that all its days see.

    Args:
        rows: When each row is seen.
        first: Where each row's facts begin.
        behind: Where they end.
        facts: When each fact is seen; of several seen at once the last one stands.
    """
    most = rows.since.shape[0] + 2 * np.sum(behind - first)
    pieces = Pieces(
        np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int32), np.empty(most, np.int32)
    )
    count = 0
    for row in range(rows.since.shape[0]):
        begin = rows.since[row]
        while begin < rows.until[row]:
            fact, end = _next(begin, rows.until[row], first[row], behind[row], facts)
            pieces.row[count], pieces.fact[count] = row, fact
            pieces.since[count], pieces.until[count] = begin, end
            count += 1
            begin = end
    return Pieces(pieces.row[:count], pieces.fact[:count], pieces.since[:count], pieces.until[:count])


@compiled
def _next(begin: int, end: int, first: int, behind: int, facts: Intervals) -> tuple[int, int]:
    """Give the fact seen on the day after `begin`, and the last day up to which nothing changes."""
    for fact in range(behind - 1, first - 1, -1):
        if facts.since[fact] <= begin < facts.until[fact]:
            return fact, min(end, facts.until[fact])
        if begin < facts.since[fact] < facts.until[fact]:
            end = min(end, facts.since[fact])
    return -1, end
