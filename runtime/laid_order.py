"""The order of laid-out events: by borrower, then by time; several sorted layers become one without sorting anew."""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit
from numpy.typing import NDArray

OWNER = "borrower_id"
ORDER = ("happened_at", "key_hash", "known_at")
"""Behind the borrower, what events are sorted by."""
I64: TypeAlias = NDArray[np.int64]


class Keys(NamedTuple):
    """What events are sorted by: the borrower's rank by the bytes of the id, then the numbers of `ORDER`."""

    owner: I64
    happened: I64
    key: I64
    known: I64


def in_order(table: pa.Table) -> pa.Table:
    """Sort events by borrower, then by the columns of `ORDER`."""
    return table.take(pa.array(np.lexsort(keys(table)[::-1])))


def merged(parts: Sequence[pa.Table]) -> pa.Table:
    """Merge sorted tables into one sorted table."""
    whole = pa.concat_tables(parts).unify_dictionaries().combine_chunks()
    if len(parts) == 1:
        return whole
    starts = np.cumsum([0, *(part.num_rows for part in parts)], dtype=np.int64)
    return whole.take(pa.array(_merged(keys(whole), starts)))


def keys(table: pa.Table) -> Keys:
    """Give what events are sorted by, as numbers."""
    owners = table.column(OWNER).combine_chunks()
    rank = np.empty(len(owners.dictionary), np.int64)
    rank[pc.array_sort_indices(owners.dictionary).to_numpy()] = np.arange(len(rank))
    times = (table.column(name).combine_chunks().cast(pa.int64()).to_numpy().astype(np.int64) for name in ORDER)
    return Keys(rank[owners.indices.to_numpy()], *times)


def cuts(table: pa.Table, most: int) -> list[int]:
    """Say where to cut sorted events into parts of about so many rows, so that no borrower is divided."""
    owner = table.column(OWNER).combine_chunks().indices.to_numpy()
    ends = np.append(np.flatnonzero(owner[1:] != owner[:-1]) + 1, len(owner))
    found = [0]
    while found[-1] < len(owner):
        found.append(int(ends[min(int(np.searchsorted(ends, found[-1] + most)), len(ends) - 1)]))
    return found


@njit(nogil=True, cache=True)
def _merged(held: Keys, starts: I64) -> I64:
    """Give the order of sorted runs merged, two by two; of equal events the earlier run's comes first."""
    order, other = np.arange(starts[-1]), np.empty(starts[-1], np.int64)
    runs = starts.shape[0] - 1
    width = 1
    while width < runs:
        for run in range(0, runs, 2 * width):
            middle, behind = min(run + width, runs), min(run + 2 * width, runs)
            _merge_two(held, order, other, starts[run], starts[middle], starts[behind])
        order, other = other, order
        width *= 2
    return order


@njit(nogil=True, cache=True)
def _merge_two(held: Keys, order: I64, into: I64, begin: int, middle: int, behind: int) -> None:
    left, right = begin, middle
    for place in range(begin, behind):
        if right == behind or (left < middle and not _is_before(held, order[right], order[left])):
            into[place] = order[left]
            left += 1
        else:
            into[place] = order[right]
            right += 1


@njit(nogil=True, cache=True)
def _is_before(held: Keys, one: int, other: int) -> bool:
    """Tell whether one event comes before another."""
    if held.owner[one] != held.owner[other]:
        return bool(held.owner[one] < held.owner[other])
    if held.happened[one] != held.happened[other]:
        return bool(held.happened[one] < held.happened[other])
    if held.key[one] != held.key[other]:
        return bool(held.key[one] < held.key[other])
    return bool(held.known[one] < held.known[other])
