"""From a plan to receivables: drawn in an order that no seller can choose, repaired until every limit holds exactly."""

import numpy as np

from pool.cells import Plan
from pool.offer import Mask, Offer, Whole
from pool.program import Programme, Solution, nobody, profits, solve
from pool.repair import repaired, running, topped_up
from pool.whole import best_whole

SLACK = 1e-6
BESIDE = 4.0
"""Rows around the cut of a cell that are settled one by one, in square roots of its rows."""
AT_LEAST = 2
CORE = 60
"""Least rows that are settled as whole ones: the split ones, and those that the limits' prices hardly decide."""
CORE_GAP = 1e-2
CORE_NODES = 100


def draw(offer: Offer, plan: Plan, fixed: Mask) -> Mask:
    """Turn a plan into whole rows, beside rows that are bought already, and keep cash, size, shares and averages.

    Of each cell the first drawn rows are taken, as far as the plan goes. The sums of what is drawn are a little off the
    plan, as those of every sample are: a programme over the rows around the cuts brings them back.
    """
    free = np.flatnonzero(offer.is_free & ~fixed)
    chosen = fixed.copy()
    chosen[free] = _settled(plan)
    return repaired(offer, topped_up(offer, repaired(offer, chosen)))


def _settled(plan: Plan) -> Mask:
    programme, cells = plan.programme, plan.cells
    wanted = np.bincount(cells, plan.taken)
    cut = running(cells, programme.amounts) - programme.amounts / 2 <= wanted[cells]
    for wider in (1, 4, 16):
        near = _near(cells, cut, wider)
        rows = programme.beside(cut & ~near, near)
        whole = _in_whole_rows(rows)
        if whole is not None:
            settled = cut & ~near
            settled[near] = whole
            return settled
    return cut


def _near(cells: Whole, cut: Mask, wider: int) -> Mask:
    """Tell which rows stand beside the cut of their cell, in drawing order."""
    number = running(cells, np.ones(len(cells)))
    sizes, taken = np.bincount(cells), np.bincount(cells, cut)
    reach = wider * np.maximum(AT_LEAST, BESIDE * np.sqrt(sizes) / np.sqrt(1 + len(sizes)))
    return np.asarray(np.abs(number - 0.5 - taken[cells]) <= reach[cells])


def _in_whole_rows(programme: Programme) -> Mask | None:
    """Take rows whole or not: the programme splits few, and those are settled with the rows nearest to them."""
    count = len(programme.amounts)
    found = _row_by_row(programme)
    if found is None:
        return None
    is_split = (found.shares > SLACK) & (found.shares < 1 - SLACK)
    nearness = np.round(np.abs(profits(programme, found, programme.gain)) / programme.amounts, 9)
    nearness[is_split] = -1.0
    core = np.zeros(count, dtype=np.bool_)
    core[np.lexsort((programme.amounts, nearness))[: CORE + 4 * int(is_split.sum())]] = True
    whole = (found.shares > 0.5) & ~core
    rest = programme.beside(whole, core)
    near_full = tuple(np.flatnonzero(family.used(rest.amounts) > family.rooms) for family in rest.families)
    best = best_whole(rest, near_full, (), lambda _: True, CORE_GAP, CORE_NODES)
    whole[core] = found.shares[core] > 1 - SLACK if best is None else best
    return whole


def _row_by_row(programme: Programme) -> Solution | None:
    """Solve with a cell for each row, until no member is overfilled."""
    own, listed = np.arange(len(programme.amounts)), nobody(programme)
    while True:
        found = solve(programme, own, listed)
        wider = programme.overfilled(found.shares * programme.amounts, listed) if found else listed
        if sum(map(len, wider)) == sum(map(len, listed)):
            return found
        listed = wider
