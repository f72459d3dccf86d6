"""The linear programme over cells: how much of each kind of receivable a batch should take.

Receivables that no limit tells apart form a cell. All limits but counts are linear in what is taken of each cell, even
over pool and batch together: a share of at most s says (part) - s (whole) <= 0.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_matrix, hstack, vstack

from pool.limits import Measure, member_sums
from pool.offer import Mask, Offer, Reals, Whole, forms_of

AVERAGE_BINS = 4
NODES = 20_000
NEGLIGIBLE = 1e-9


@dataclass(frozen=True, slots=True)
class Plan:
    """What the programme would take.

    Args:
        places: The rows that it could take, in drawing order.
        cells: Cell of each.
        taken: Principal to take of each cell, in minor units.
        cash: Cash that it uses, in minor units: no batch of these rows uses more.
        binding: Codes of what stops it from using more.
    """

    places: Whole
    cells: Whole
    taken: Reals
    cash: float
    binding: frozenset[str]


@dataclass(frozen=True, slots=True)
class Programme:
    """Cells, what each gains, and what all of them together must keep: matrix x (amounts, whole batch) <= rooms.

    Amounts and rooms are parts of all that is offered. The last column stands for the batch's whole principal, so that
    a share limit is a short row.
    """

    places: Whole
    cells: Whole
    upper: Reals
    gain: Reals
    matrix: csr_matrix
    rooms: Reals
    codes: tuple[str, ...]
    scale: float

    @property
    def whole(self) -> csr_matrix:
        """Give the row that says that the amounts add up to the whole batch."""
        return csr_matrix(np.append(np.ones(len(self.upper)), -1.0))


def programme_of(offer: Offer, available: Mask, margin: float = 0.0) -> Programme:
    """Put the available rows into cells, and write cash, batch size and limits over them.

    Args:
        offer: The offer.
        available: Rows of it that may be taken.
        margin: By which part every bound is drawn tighter, so that whole rows fit after.
    """
    places = np.flatnonzero(available)
    is_apart = offer.is_small or offer.is_rowwise
    cells = np.arange(len(places), dtype=np.int64) if is_apart else _cells(offer, places)
    amounts = np.bincount(cells, weights=offer.rows.principal[places]).astype(np.float64)
    first = places[np.unique(cells, return_index=True)[1]]
    sums = [
        (form.code, np.append(np.bincount(cells, form.weights[places]) / amounts, margin * form.bound), form.room)
        for form in forms_of(offer)
    ]
    written = [*sums, *_member_rows(offer, first, margin)]
    scale = float(amounts.sum())
    return Programme(
        places=places,
        cells=cells,
        upper=amounts / scale,
        gain=np.bincount(cells, weights=offer.price[places]) / amounts,
        matrix=vstack([csr_matrix(row) for _, row, _ in written], format="csr"),
        rooms=np.array([room for _, _, room in written]) / scale,
        codes=tuple(code for code, _, _ in written),
        scale=scale,
    )


def solve(programme: Programme) -> Plan | None:
    """Find what uses most cash; None where the pool breaks a limit that nothing on offer mends."""
    size = len(programme.upper)
    found = linprog(
        np.append(-programme.gain, 0.0),
        A_ub=programme.matrix,
        b_ub=programme.rooms,
        A_eq=programme.whole,
        b_eq=[0.0],
        bounds=np.column_stack([np.zeros(size + 1), np.append(programme.upper, np.inf)]),
        method="highs",
    )
    if found.status != 0:
        return None
    duals = zip(programme.codes, found.ineqlin.marginals, strict=True)
    binding = frozenset(code for code, dual in duals if abs(dual) > NEGLIGIBLE)
    scale = programme.scale
    return Plan(programme.places, programme.cells, found.x[:size] * scale, -found.fun * scale, binding)


def in_whole_rows(programme: Programme, best: Plan) -> Plan:
    """Among batches of whole rows find the one that uses most cash; the plan itself where the search gives up."""
    matrix = vstack([programme.matrix, programme.whole])
    upper = np.append(programme.upper, 1.0)
    found = milp(
        np.append(-programme.gain * programme.upper, 0.0),
        constraints=LinearConstraint(
            csr_matrix(matrix.multiply(upper)),
            np.append(np.full(len(programme.rooms), -np.inf), 0.0),
            np.append(programme.rooms, 0.0),
        ),
        integrality=np.append(np.ones(len(programme.upper)), 0),
        bounds=Bounds(0, np.append(np.ones(len(programme.upper)), np.inf)),
        options={"node_limit": NODES, "mip_rel_gap": 1e-7},
    )
    if found.x is None:
        return best
    return replace(best, taken=np.round(found.x[:-1]) * programme.upper * programme.scale)


def fairly(programme: Programme, best: Plan) -> Plan:
    """Among plans that use as much cash find the one nearest to the same share of every cell.

    An amount is its fair share, plus what is over, less what is under; the sum of both is made least.
    """
    size = len(programme.upper)
    use = best.cash / programme.scale
    share = min(1.0, use / float(programme.gain @ programme.upper))
    fair = share * programme.upper
    rows = vstack([programme.matrix, csr_matrix(np.append(-programme.gain, 0.0))], format="csr")
    right = np.append(programme.rooms, -use * (1 - 1e-7)) - rows[:, :size] @ fair
    both = hstack([rows[:, :size], -rows[:, :size], rows[:, size:]], format="csr")
    found = linprog(
        np.append(np.ones(2 * size), 0.0),
        A_ub=both,
        b_ub=right,
        A_eq=csr_matrix(np.concatenate([np.ones(size), -np.ones(size), [-1.0]])),
        b_eq=[-fair.sum()],
        bounds=np.column_stack([np.zeros(2 * size + 1), np.concatenate([programme.upper - fair, fair, [np.inf]])]),
        method="highs",
    )
    if found.status != 0:
        return best
    taken = fair + found.x[:size] - found.x[size : 2 * size]
    return replace(best, taken=taken * programme.scale)


def _member_rows(offer: Offer, first: Whole, margin: float) -> Iterator[tuple[str, Reals, float]]:
    """Write, of each share limit, the heavy members and the member that is heaviest in the pool already."""
    for measure in offer.rows.measures:
        if measure.limit.measure != "member_share":
            continue
        share = float(measure.limit.bound) * (1 - margin)
        held = member_sums(measure, offer.rows.principal, offer.rows.is_pooled)
        for member in np.union1d(np.flatnonzero(offer.heavy(measure)), [int(held.argmax())]):
            row = np.append((measure.members[first] == member).astype(np.float64), -share)
            yield measure.limit.code, row, share * offer.pool_total - float(held[member])


def _cells(offer: Offer, places: Whole) -> Whole:
    cells = np.zeros(len(places), dtype=np.int64)
    for measure in offer.rows.measures:
        trait = _trait(offer, measure, places)
        cells = np.unique(cells * (int(trait.max()) + 1) + trait, return_inverse=True)[1].astype(np.int64)
    return cells


def _trait(offer: Offer, measure: Measure, places: Whole) -> Whole:
    if measure.limit.measure == "member_count":
        return np.zeros(len(places), dtype=np.int64)
    if measure.limit.measure == "member_share":
        heavy = offer.heavy(measure)
        return np.where(heavy, np.cumsum(heavy), 0)[measure.members[places]]
    values = measure.values[places]
    if measure.limit.measure == "weighted_average":
        edges = np.quantile(values, np.linspace(0, 1, AVERAGE_BINS + 1)[1:-1])
        return np.searchsorted(edges, values).astype(np.int64)
    return values.astype(np.int64)
