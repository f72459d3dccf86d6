"""What a purchase may choose from: the rows on offer, their price, and each limit as a sum over rows."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pool.limits import Measure, Rows, member_sums

Reals = NDArray[np.float64]
Whole = NDArray[np.int64]
Mask = NDArray[np.bool_]

HEAVY_MEMBERS = 150
"""Most members of one limit that the programme looks at one by one."""
HEAVY_SHARE = 0.75
"""From this part of its limit on, in what is held and offered, a member is looked at; the others are capped by rows."""
EXACT_ROWS = 40
"""Up to so many receivables each is a cell that is taken whole or left."""
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
        is_rowwise: Whether each row is a cell of its own.
    """

    rows: Rows
    price: Whole
    is_free: Mask
    cash: int
    largest: int
    is_rowwise: bool = False

    @property
    def pool_total(self) -> int:
        """Give the pool's principal in minor units."""
        return int(self.rows.principal[self.rows.is_pooled].sum())

    @property
    def is_small(self) -> bool:
        """Tell whether the rows are few enough to find the best batch of whole ones."""
        return int(self.is_free.sum()) <= EXACT_ROWS

    def heavy(self, measure: Measure) -> Mask:
        """Tell which members of a share limit the programme keeps itself: those that could come near it.

        What is cut from a heavy member is filled by the others, which may make them heavy in turn.
        """
        free = member_sums(measure, self.rows.principal, self.is_free)
        if self.is_small:
            return free > 0
        whole = free + member_sums(measure, self.rows.principal, self.rows.is_pooled)
        if self.is_rowwise:
            least = HEAVY_SHARE * float(measure.limit.bound) * max(self.pool_total, whole.sum() / 2)
            return np.asarray((whole >= least) & (free > 0))
        heavy = np.zeros(len(whole), dtype=np.bool_)
        for _ in range(len(whole)):
            wider = whole * lift(measure, whole, heavy) >= HEAVY_SHARE * float(measure.limit.bound) * whole.sum()
            if wider.sum() == heavy.sum():
                break
            heavy = wider
        heavy[np.argsort(-whole, kind="stable")[HEAVY_MEMBERS:]] = False
        return np.asarray(heavy & (free > 0))

    def beside(self, fixed: Mask, marginal: Mask) -> "Offer":
        """Give the offer of some rows one by one, once others are bought."""
        return Offer(
            rows=replace(self.rows, is_pooled=self.rows.is_pooled | fixed),
            price=self.price,
            is_free=marginal,
            cash=self.cash - int(self.price[fixed].sum()),
            largest=self.largest - int(self.rows.principal[fixed].sum()),
            is_rowwise=True,
        )


@dataclass(frozen=True, slots=True)
class Form:
    """A limit as a sum: over the batch, `weights` add up to at most `room`; `bound` is that of a mean."""

    code: str
    weights: Reals
    room: float
    bound: float = 0.0


def lift(measure: Measure, whole: Whole, heavy: Mask) -> float:
    """Give by how much the share of the other members grows where the heavy ones are cut to their limit."""
    rest = 1 - float(whole[heavy].sum()) / max(1, int(whole.sum()))
    room = 1 - float(measure.limit.bound) * int(heavy.sum())
    return max(1.0, room / rest) if rest > 0 else 1.0


def forms_of(offer: Offer) -> list[Form]:
    """Give cash, batch size and every limit that is one sum over rows."""
    principal = offer.rows.principal.astype(np.float64)
    forms = [
        Form(CASH, offer.price.astype(np.float64), float(offer.cash)),
        Form(BATCH, principal, float(offer.largest)),
    ]
    pooled = offer.rows.is_pooled
    for measure in offer.rows.measures:
        code, bound = measure.limit.code, float(measure.limit.bound)
        if measure.limit.measure == "total_amount":
            inside = principal * measure.values
            forms.append(Form(code, inside, bound * 100 - float(inside[pooled].sum())))
        elif not measure.limit.measure.startswith("member_"):
            weights = _weights(measure, principal)
            forms.append(Form(code, weights, -float(weights[pooled].sum()), bound))
    return forms


def _weights(measure: Measure, principal: Reals) -> Reals:
    bound = float(measure.limit.bound)
    values = np.where(np.isnan(measure.values), bound, measure.values)
    return principal * (values - bound if measure.limit.is_cap else bound - values)
