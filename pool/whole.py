"""The best batch of whole receivables, for the few among which that can be searched."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_matrix, csr_matrix, hstack, vstack

from pool.offer import Mask, Whole
from pool.program import Listed, Programme, rows_of

NODES = 20_000
ATTEMPTS = 50
"""Most batches that may turn out to miss a bound by less than the solver sees."""


@dataclass(frozen=True, slots=True)
class Floor:
    """A least number of distinct members.

    Args:
        members: Whose each row is.
        size: Number of members there are.
        needed: Members that the batch must bring beside those that the pool has.
        is_held: Which members the pool has already.
    """

    members: Whole
    needed: int
    is_held: Mask


def best_whole(
    programme: Programme,
    listed: Listed,
    floors: tuple[Floor, ...],
    is_kept: Callable[[Mask], bool],
    gap: float = 0.0,
    nodes: int = NODES,
) -> Mask | None:
    """Find the rows that bring most within all forms, listed members and floors; None where no rows do.

    The solver sees in floating point: a batch that `is_kept` refuses is cut off, and the search goes on.
    """
    count = len(programme.amounts)
    extra = sum(len(floor.is_held) for floor in floors)
    constraints = [_kept(programme, listed, extra), *_floors(floors, count, extra)]
    for _ in range(ATTEMPTS):
        found = milp(
            np.append(-programme.gain, np.zeros(extra)),
            constraints=constraints,
            integrality=np.append(np.ones(count), np.zeros(extra)),
            bounds=Bounds(0, 1),
            options={"node_limit": nodes, "mip_rel_gap": gap},
        )
        if found.x is None:
            return None
        chosen = found.x[:count] > 0.5
        if is_kept(chosen):
            return np.asarray(chosen)
        differs = np.append(np.where(chosen, -1.0, 1.0), np.zeros(extra))
        constraints.append(LinearConstraint(differs[None, :], 1 - chosen.sum(), np.inf))
    return None


def _kept(programme: Programme, listed: Listed, extra: int) -> LinearConstraint:
    """Write the programme's rows over whole receivables, the batch's principal put in for itself."""
    cells = np.arange(len(programme.amounts))
    matrix, rooms, _ = rows_of(programme, cells, listed)
    whole = matrix[:, -1].toarray()
    dense = (matrix[:, :-1].toarray() + whole) * programme.amounts
    size = np.maximum(np.abs(dense).max(axis=1), 1.0)
    scaled = np.column_stack([dense / size[:, None], np.zeros((len(size), extra))])
    return LinearConstraint(scaled, -np.inf, rooms / size)


def _floors(floors: tuple[Floor, ...], count: int, extra: int) -> list[LinearConstraint]:
    """Let a member count only where one of its rows is taken, and ask for enough of them."""
    constraints, start = [], 0
    for floor in floors:
        size = len(floor.is_held)
        taken = coo_matrix((np.full(count, -1.0), (floor.members, np.arange(count))), shape=(size, count))
        place = csr_matrix((np.ones(size), (np.arange(size), start + np.arange(size))), shape=(size, extra))
        constraints.append(LinearConstraint(hstack([taken, place]), -np.inf, 0.0))
        counted = np.zeros(count + extra)
        counted[count + start : count + start + size] = ~floor.is_held
        constraints.append(LinearConstraint(vstack([csr_matrix(counted)]), float(floor.needed), np.inf))
        start += size
    return constraints


def shortfall(floor: Floor, chosen: Mask) -> int:
    """Give how many members a batch lacks."""
    new = np.zeros(len(floor.is_held), dtype=np.bool_)
    new[floor.members[chosen]] = True
    return max(0, floor.needed - int((new & ~floor.is_held).sum()))
