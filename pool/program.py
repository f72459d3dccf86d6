"""The linear programme of a purchase: what a batch could bring at most, receivables cut to the cent.

A cell is a set of receivables that are taken in the same share. All limits but counts are linear in these shares, even
over pool and batch together: a share of at most s says (part) - s (whole) <= 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_matrix, csr_matrix, hstack, vstack

from pool.limits import Measure, member_sums
from pool.offer import Mask, Offer, Reals, Whole, forms_of

NEGLIGIBLE = 1e-9
Listed = tuple[Whole, ...]
"""For each share limit over members, those that the programme keeps; what a plan overfills is listed after."""


@dataclass(frozen=True, slots=True)
class Family:
    """The members of one share limit.

    Args:
        code: The limit.
        members: Whose each offered row is.
        share: Most that one of them may have of the pool.
        rooms: That share of the pool without the batch, less what each has there.
    """

    code: str
    members: Whole
    share: float
    rooms: Reals

    def used(self, amounts: Reals) -> Reals:
        """Add up the amounts of each member."""
        return np.bincount(self.members, amounts, len(self.rooms)).astype(np.float64)

    def overfilled(self, amounts: Reals, slack: float) -> Whole:
        """Name the members that have more than their share if those amounts are bought."""
        return np.flatnonzero(self.used(amounts) - self.share * amounts.sum() > self.rooms + slack)


@dataclass(frozen=True, slots=True)
class Programme:
    """Rows on offer with what each brings, and what a batch of them must keep; all in minor units.

    Args:
        amounts: Principal of each row.
        gain: What each row brings to the aim.
        codes: Names of the forms.
        weights: What each row adds to each form.
        rooms: What each form may come to.
        is_limit: Which forms are limits of the pool; the others are bounds of the batch.
        families: The share limits over members.
    """

    amounts: Reals
    gain: Reals
    codes: tuple[str, ...]
    weights: Reals
    rooms: Reals
    is_limit: Mask
    families: tuple[Family, ...]

    @property
    def scale(self) -> float:
        """Give the whole principal on offer."""
        return float(self.amounts.sum())

    def beside(self, fixed: Mask, left: Mask) -> "Programme":
        """Give the programme of the rows that are left, once others are bought."""
        bought = np.where(fixed, self.amounts, 0.0)
        families = tuple(
            replace(each, members=each.members[left], rooms=each.rooms + each.share * bought.sum() - each.used(bought))
            for each in self.families
        )
        rooms = self.rooms - self.weights[:, fixed].sum(axis=1)
        return replace(
            self,
            amounts=self.amounts[left],
            gain=self.gain[left],
            weights=self.weights[:, left],
            rooms=rooms,
            families=families,
        )

    def overfilled(self, taken: Reals, listed: Listed) -> Listed:
        """List the members that those amounts overfill beside those that are listed already."""
        slack = NEGLIGIBLE * self.scale
        pairs = zip(self.families, listed, strict=True)
        return tuple(np.union1d(names, family.overfilled(taken, slack)) for family, names in pairs)


@dataclass(frozen=True, slots=True)
class Solution:
    """The best shares of cells, and what the limits' bounds are worth.

    Args:
        shares: Share that is taken of each cell.
        value: What they bring to the aim.
        excess: By how much, as part of all that is offered, limits had to give way; 0 where all are kept.
        prices: What one unit of room of each form would bring.
        member_prices: The same for each member of each family.
    """

    shares: Reals
    value: float
    excess: float
    prices: Reals
    member_prices: tuple[Reals, ...]


def programme_of(offer: Offer, gain: Reals) -> Programme:
    """Write cash, batch size and limits over the rows on offer."""
    free, forms = offer.is_free, forms_of(offer)
    return Programme(
        amounts=offer.rows.principal[free].astype(np.float64),
        gain=gain[free],
        codes=tuple(form.code for form in forms),
        weights=np.stack([form.weights[free] for form in forms]),
        rooms=np.array([form.room for form in forms]),
        is_limit=np.array([form.is_limit for form in forms]),
        families=tuple(_family(offer, each) for each in offer.rows.measures if each.limit.measure == "member_share"),
    )


def nobody(programme: Programme) -> Listed:
    """List of each family only the member that has least room."""
    return tuple(np.array([int(family.rooms.argmin())], dtype=np.int64) for family in programme.families)


def solve(programme: Programme, cells: Whole, listed: Listed, *, is_mending: bool = False) -> Solution | None:
    """Find the shares of cells that bring most; None where no shares keep all that must be kept.

    Args:
        programme: The programme.
        cells: Cell of each row.
        listed: The members whose shares are kept.
        is_mending: Let the limits give way, each by the same part of the offer, and make that part least instead.
    """
    scale, sizes = programme.scale, np.bincount(cells, programme.amounts)
    matrix, rooms, gives_way = rows_of(programme, cells, listed)
    count = len(sizes)
    cost = np.zeros(count) if is_mending else -np.bincount(cells, programme.gain) / sizes
    gives = csr_matrix(-gives_way[:, None] if is_mending else np.zeros((len(rooms), 1)))
    found = linprog(
        np.concatenate([cost, [0.0, float(is_mending)]]),
        A_ub=hstack([matrix, gives], format="csr"),
        b_ub=rooms / scale,
        A_eq=csr_matrix(np.concatenate([np.ones(count), [-1.0, 0.0]])),
        b_eq=[0.0],
        bounds=np.column_stack([np.zeros(count + 2), np.concatenate([sizes / scale, [np.inf, np.inf]])]),
        method="highs",
    )
    if found.status != 0:
        return None
    prices, *members = np.split(-found.ineqlin.marginals, np.cumsum([len(programme.codes), *map(len, listed)])[:-1])
    return Solution(
        shares=np.clip(found.x[:count] * scale / sizes, 0.0, 1.0),
        value=-float(found.fun) * scale,
        excess=float(found.x[-1]) if is_mending else 0.0,
        prices=prices,
        member_prices=tuple(
            np.bincount(names, given, len(family.rooms)).astype(np.float64)
            for family, names, given in zip(programme.families, listed, members, strict=True)
        ),
    )


def rows_of(programme: Programme, cells: Whole, listed: Listed) -> tuple[csr_matrix, Reals, Reals]:
    """Write forms and listed members over cells: matrix x (amounts of cells, whole batch) <= rooms.

    Returns:
        The matrix, the rooms, and 1 for each row that is a limit of the pool.
    """
    sizes = np.bincount(cells, programme.amounts)
    forms = np.stack([np.bincount(cells, weights, len(sizes)) for weights in programme.weights]) / sizes
    parts = [csr_matrix(np.column_stack([forms, np.zeros(len(forms))]))]
    rooms, limits = [programme.rooms], [programme.is_limit.astype(np.float64)]
    for family, names in zip(programme.families, listed, strict=True):
        place = np.full(len(family.rooms), -1)
        place[names] = np.arange(len(names))
        kept = np.flatnonzero(place[family.members] >= 0)
        at = (place[family.members[kept]], cells[kept])
        held = coo_matrix((programme.amounts[kept] / sizes[cells[kept]], at), shape=(len(names), len(sizes)))
        parts.append(hstack([held, csr_matrix(np.full((len(names), 1), -family.share))]))
        rooms.append(family.rooms[names])
        limits.append(np.ones(len(names)))
    return vstack(parts, format="csr"), np.concatenate(rooms), np.concatenate(limits)


def profits(programme: Programme, found: Solution, gain: Reals) -> Reals:
    """Give what each row brings less what it costs at the prices of the limits; above zero it is worth taking."""
    profit = gain - found.prices @ programme.weights
    for family, prices in zip(programme.families, found.member_prices, strict=True):
        if prices.any():
            profit += programme.amounts * (family.share * prices.sum() - prices[family.members])
    return np.asarray(profit)


def bound(programme: Programme, found: Solution, profit: Reals) -> float:
    """Give what no batch can pass, however its rows are cut: all profits, and the rooms at their prices.

    By weak duality this holds whatever the prices are, cells or no cells.
    """
    rooms = float(found.prices @ programme.rooms)
    for family, prices in zip(programme.families, found.member_prices, strict=True):
        rooms += float(prices @ family.rooms)
    return float(np.maximum(profit, 0.0).sum()) + rooms


def _family(offer: Offer, measure: Measure) -> Family:
    held = member_sums(measure, offer.rows.principal, offer.rows.is_pooled)
    share = float(measure.bound)
    rooms = np.asarray(share * offer.pool_total - held, dtype=np.float64)
    return Family(measure.limit.code, measure.members[offer.is_free], share, rooms)


def binding_codes(programme: Programme, found: Solution) -> frozenset[str]:
    """Name the forms and limits whose bounds have a price."""
    forms = {code for code, price in zip(programme.codes, found.prices, strict=True) if price > NEGLIGIBLE}
    pairs: Sequence[tuple[Family, Reals]] = list(zip(programme.families, found.member_prices, strict=True))
    return frozenset(forms | {family.code for family, prices in pairs if (prices > NEGLIGIBLE).any()})
