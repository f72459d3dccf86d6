"""The plan of a purchase: how much of which kind of receivable, with a proof of how good it is.

All that is offered begins as one cell, of which every receivable is taken in the same share. The programme over cells
sets a price on each limit that binds; where a price tells receivables of one cell apart, the ones worth taking from the
ones not, the cell is split there. The plan is done when what all cells disagree about is a ten-thousandth of its value.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_matrix, hstack, vstack

from pool.offer import Reals, Whole
from pool.program import Listed, Programme, Solution, bound, nobody, profits, rows_of, solve

ROUNDS = 60
"""Most times that cells are split; a plan that is not done by then says its own bound."""
GAP = 1e-4
"""The plan is done when its bound is above its value by that part."""
SPLIT = 0.95
"""In each round the cells are split that hold this part of what is disagreed about."""
GIVEN_UP = 1e-4
"""Part of the aim that is given up to take kinds in more equal shares."""
FEASIBLE = 1e-9


@dataclass(frozen=True, slots=True)
class Plan:
    """What the programme would take.

    Args:
        programme: Its rows and limits.
        cells: Cell of each row.
        listed: Members whose shares were kept, by family.
        found: Shares of the cells, prices of the limits.
        bound: What no batch can pass, however its rows are cut; in the unit of the aim.
    """

    programme: Programme
    cells: Whole
    listed: Listed
    found: Solution
    bound: float

    @property
    def taken(self) -> Reals:
        """Give the principal that is taken of each row."""
        return np.asarray(self.found.shares[self.cells] * self.programme.amounts)


def make_plan(programme: Programme) -> Plan | None:
    """Find shares of cells that bring as much as any batch could, up to a ten-thousandth; None where there are none."""
    cells, listed = np.zeros(len(programme.amounts), dtype=np.int64), nobody(programme)
    best, found, lowest = None, None, np.inf
    for _ in range(ROUNDS):
        found = solve(programme, cells, listed)
        aim = programme.gain if found else np.zeros_like(programme.gain)
        step = found or solve(programme, cells, listed, is_mending=True)
        if step is None:
            return best
        profit = profits(programme, step, aim)
        most = bound(programme, step, profit)
        wider = programme.overfilled(step.shares[cells] * programme.amounts, listed)
        is_whole = sum(map(len, wider)) == sum(map(len, listed))
        if found:
            lowest = min(lowest, most)
            if is_whole:
                best = Plan(programme, cells, listed, found, lowest)
                if lowest - found.value <= GAP * abs(found.value):
                    break
        elif most < -FEASIBLE * programme.scale:
            return None
        listed, finer = wider, split(cells, profit)
        if is_whole and finer.max() == cells.max():
            break
        cells = finer
    return best


def split(cells: Whole, profit: Reals) -> Whole:
    """Part the cells that hold most of the disagreement, each into rows worth taking and rows not."""
    count = int(cells.max()) + 1
    gains = np.bincount(cells, np.maximum(profit, 0.0), count)
    disagreement = gains - np.maximum(np.bincount(cells, profit, count), 0.0)
    order = np.argsort(-disagreement, kind="stable")
    needed = int(np.searchsorted(np.cumsum(disagreement[order]), SPLIT * disagreement.sum())) + 1
    is_split = np.zeros(count, dtype=np.bool_)
    is_split[order[:needed]] = disagreement[order[:needed]] > 0
    halves = 2 * cells + (is_split[cells] & (profit > 0))
    return np.asarray(np.cumsum(np.bincount(halves, minlength=2 * count) > 0)[halves] - 1)


def evened(plan: Plan) -> Plan:
    """Among plans that bring as much, up to a ten-thousandth, find the one nearest to the same share of every cell.

    An amount is its fair share, plus what is over, less what is under; the sum of both is made least.
    """
    listed = plan.listed
    for _ in range(ROUNDS):
        shares = _evened(plan, listed)
        if shares is None:
            return plan
        even = replace(plan, listed=listed, found=replace(plan.found, shares=shares))
        wider = plan.programme.overfilled(even.taken, listed)
        if sum(map(len, wider)) == sum(map(len, listed)):
            return even
        listed = wider
    return plan


def _evened(plan: Plan, listed: Listed) -> Reals | None:
    programme, cells = plan.programme, plan.cells
    scale = programme.scale
    matrix, rooms, _ = rows_of(programme, cells, listed)
    sizes = np.bincount(cells, programme.amounts) / scale
    count = len(sizes)
    fair = sizes * float(plan.found.shares @ sizes)
    brings = np.append(-np.bincount(cells, programme.gain) / scale / sizes, 0.0)
    least = -plan.found.value / scale + GIVEN_UP * abs(plan.found.value) / scale
    rows = vstack([matrix, csr_matrix(brings)], format="csr")
    right = np.append(rooms / scale, least) - rows[:, :count] @ fair
    found = linprog(
        np.append(np.ones(2 * count), 0.0),
        A_ub=hstack([rows[:, :count], -rows[:, :count], rows[:, count:]], format="csr"),
        b_ub=right,
        A_eq=csr_matrix(np.concatenate([np.ones(count), -np.ones(count), [-1.0]])),
        b_eq=[-fair.sum()],
        bounds=np.column_stack([np.zeros(2 * count + 1), np.concatenate([sizes - fair, fair, [np.inf]])]),
        method="highs",
    )
    if found.status != 0:
        return None
    return np.asarray(np.clip((fair + found.x[:count] - found.x[count : 2 * count]) / sizes, 0.0, 1.0))
