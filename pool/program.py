"""The linear programme over cells: how much of each kind of receivable a batch should take.

Receivables that no limit tells apart form a cell. All limits but counts are linear in what is taken of each cell, even
over pool and batch together: a share of at most s says (part) - s (whole) <= 0.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_matrix, eye, hstack, vstack

from pool.limits import Measure, Rows

Reals = NDArray[np.float64]
Whole = NDArray[np.int64]
Mask = NDArray[np.bool_]

CELL_MEMBERS = 64
"""A limit with more members than this is kept on rows, not in cells."""
AVERAGE_BINS = 4
EXACT_ROWS = 40
"""Up to so many receivables each is a cell that is taken whole or left."""
NODES = 20_000
NEGLIGIBLE = 1e-9
CASH = "CASH"
BATCH = "BATCH"


@dataclass(frozen=True, slots=True)
class Offer:
    """What could be bought, with what money.

    Args:
        rows: What the pool holds and what is offered, in drawing order.
        price: Price of each row, in minor units.
        is_free: Which rows are offered.
        cash: Cash available, in minor units.
        largest: Most principal that one batch may have, in minor units.
    """

    rows: Rows
    price: Whole
    is_free: Mask
    cash: int
    largest: int

    @property
    def pool_total(self) -> int:
        """Give the pool's principal in minor units."""
        return int(self.rows.principal[self.rows.is_pooled].sum())

    @property
    def is_small(self) -> bool:
        """Tell whether the rows are few enough to be taken or left one by one."""
        return int(self.is_free.sum()) <= EXACT_ROWS

    def in_programme(self, measure: Measure) -> bool:
        """Tell whether a limit on members is kept by the programme itself, not by caps on rows before it."""
        return measure.limit.measure == "member_share" and (self.is_small or len(measure.names) <= CELL_MEMBERS)


@dataclass(frozen=True, slots=True)
class Form:
    """A limit as a sum: over the batch, `weights` add up to at most `room`."""

    code: str
    weights: Reals
    room: float


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


def forms_of(offer: Offer) -> list[Form]:
    """Give cash, batch size and every limit that is one sum over rows."""
    principal = offer.rows.principal.astype(np.float64)
    forms = [
        Form(CASH, offer.price.astype(np.float64), float(offer.cash)),
        Form(BATCH, principal, float(offer.largest)),
    ]
    for measure in offer.rows.measures:
        if not measure.limit.measure.startswith("member_"):
            weights = _weights(measure, principal)
            ceiling = float(measure.limit.bound) * 100 if measure.limit.measure == "total_amount" else 0.0
            forms.append(Form(measure.limit.code, weights, ceiling - float(weights[offer.rows.is_pooled].sum())))
    return forms


def plan(offer: Offer, available: Mask) -> Plan | None:
    """Find the batch of available rows that uses most cash and, among those, is nearest to a fair share of all.

    Gives None where nothing is available, or where no batch mends a limit that the pool breaks already.
    """
    places = np.flatnonzero(available)
    if not len(places):
        return None
    cells = np.arange(len(places), dtype=np.int64) if offer.is_small else _cells(offer, places)
    amounts = np.bincount(cells, weights=offer.rows.principal[places]).astype(np.float64)
    gain = np.bincount(cells, weights=offer.price[places]) / amounts
    matrix, rooms, codes = _constraints(offer, places, cells, amounts)
    scale = float(amounts.sum())
    upper, rooms = amounts / scale, rooms / scale
    bounds = np.column_stack([np.zeros_like(upper), upper])
    best = linprog(-gain, A_ub=matrix, b_ub=rooms, bounds=bounds, method="highs")
    if best.status != 0:
        return None
    duals = zip(codes, best.ineqlin.marginals, strict=True)
    binding = frozenset(code for code, dual in duals if abs(dual) > NEGLIGIBLE)
    taken = _whole(gain, matrix, rooms, upper) if offer.is_small else _fair(gain, matrix, rooms, upper, -best.fun)
    return Plan(places, cells, (best.x if taken is None else taken) * scale, -best.fun * scale, binding)


def _whole(gain: Reals, matrix: csr_matrix, rooms: Reals, upper: Reals) -> Reals | None:
    found = milp(
        -gain * upper,
        constraints=LinearConstraint(csr_matrix(matrix.multiply(upper)), -np.inf, rooms),
        integrality=np.ones(len(upper)),
        bounds=Bounds(0, 1),
        options={"node_limit": NODES, "mip_rel_gap": 1e-7},
    )
    return None if found.x is None else np.asarray(np.round(found.x) * upper)


def _fair(gain: Reals, matrix: csr_matrix, rooms: Reals, upper: Reals, best: float) -> Reals | None:
    """Among plans that use the cash as well, take the one nearest to the same share of every cell."""
    size = len(upper)
    fair = upper * (best / float(gain @ upper))
    same, none = eye(size, format="csr"), csr_matrix((matrix.shape[0], size))
    use = hstack([csr_matrix(-gain), csr_matrix((1, size))])
    rows = vstack([hstack([matrix, none]), use, hstack([same, -same]), hstack([-same, -same])], format="csr")
    right = np.concatenate([rooms, [-best * (1 - 1e-7)], fair, -fair])
    bounds = np.column_stack([np.zeros(2 * size), np.concatenate([upper, np.full(size, np.inf)])])
    cost = np.concatenate([np.zeros(size), np.ones(size)])
    found = linprog(cost, A_ub=rows, b_ub=right, bounds=bounds, method="highs")
    return np.asarray(found.x[:size]) if found.status == 0 else None


def _constraints(offer: Offer, places: Whole, cells: Whole, amounts: Reals) -> tuple[csr_matrix, Reals, list[str]]:
    forms = forms_of(offer)
    rows = [np.bincount(cells, weights=form.weights[places]) / amounts for form in forms]
    rooms, codes = [form.room for form in forms], [form.code for form in forms]
    first = places[np.unique(cells, return_index=True)[1]]
    for measure in offer.rows.measures:
        if offer.in_programme(measure):
            for row, room in _member_rows(offer, measure, measure.members[first]):
                rows.append(row)
                rooms.append(room)
                codes.append(measure.limit.code)
    return csr_matrix(np.array(rows)), np.array(rooms), codes


def _member_rows(offer: Offer, measure: Measure, members: Whole) -> Iterator[tuple[Reals, float]]:
    share, pooled = float(measure.limit.bound), offer.rows.is_pooled
    held = np.bincount(measure.members[pooled], offer.rows.principal[pooled], minlength=len(measure.names))
    for member in np.union1d(members, [int(held.argmax())]):
        yield (members == member) - share, share * offer.pool_total - float(held[member])


def _weights(measure: Measure, principal: Reals) -> Reals:
    if measure.limit.measure == "total_amount":
        return principal * measure.values
    bound = float(measure.limit.bound)
    values = np.where(np.isnan(measure.values), bound, measure.values)
    return principal * (values - bound if measure.limit.is_cap else bound - values)


def _cells(offer: Offer, places: Whole) -> Whole:
    cells = np.zeros(len(places), dtype=np.int64)
    for measure in offer.rows.measures:
        trait = _trait(offer, measure, places)
        if trait is not None:
            cells = np.unique(cells * (int(trait.max()) + 1) + trait, return_inverse=True)[1].astype(np.int64)
    return cells


def _trait(offer: Offer, measure: Measure, places: Whole) -> Whole | None:
    if measure.limit.measure.startswith("member_"):
        return measure.members[places] if offer.in_programme(measure) else None
    values = measure.values[places]
    if measure.limit.measure == "weighted_average":
        edges = np.quantile(values, np.linspace(0, 1, AVERAGE_BINS + 1)[1:-1])
        return np.searchsorted(edges, values).astype(np.int64)
    return values.astype(np.int64)
