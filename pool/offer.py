"""What a purchase may choose from: the rows on offer, their price, and each limit as a sum over rows."""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pool.deal import Deal
from pool.limits import Measure, Rows
from pool.price import price_minor, to_minor

Reals = NDArray[np.float64]
Whole = NDArray[np.int64]
Mask = NDArray[np.bool_]

CASH = "CASH"
LARGEST = "BATCH"
SMALLEST = "SMALLEST"
LEAST = "LEAST"


@dataclass(frozen=True, slots=True)
class Offer:
    """What could be bought, with what money; all amounts in minor units.

    Args:
        rows: What the pool holds and what is offered, in drawing order.
        price: Price of each row.
        is_free: Which rows are offered.
        cash: Cash available.
        largest: Most principal that one batch may have.
        smallest: Least principal that one batch may have.
        least: Least cash that the batch must use, for aims that come after the use of cash.
    """

    rows: Rows
    price: Whole
    is_free: Mask
    cash: int
    largest: int
    smallest: int
    least: int = 0

    @property
    def pool_total(self) -> int:
        """Give the pool's principal in minor units."""
        return int(self.rows.principal[self.rows.is_pooled].sum())


@dataclass(frozen=True, slots=True)
class Form:
    """A promise as a sum: over the batch, `weights` add up to at most `room`; `is_limit` tells the pool's limits."""

    code: str
    weights: Reals
    room: float
    is_limit: bool = False


def make_offer(rows: Rows, deal: Deal, cash_minor: int) -> Offer:
    """Price the rows, which stand in drawing order, and offer those that are free, owe something and are measured."""
    is_free = ~rows.is_pooled & (rows.principal > 0)
    for measure in rows.measures:
        if measure.limit.measure == "weighted_average":
            is_free &= ~np.isnan(measure.values)
    price = price_minor(rows.principal, deal.price.discount_rate)
    bounds = (to_minor(deal.batch.maximum_amount), to_minor(deal.batch.minimum_amount))
    return Offer(rows, price, is_free, cash_minor, *bounds)


def drawing_order(names: NDArray[np.object_], seed: str) -> Whole:
    """Order ids by SHA-256 of seed, a slash and id: nobody can place an id who does not know the seed beforehand."""
    start = hashlib.sha256(f"{seed}/".encode())
    marks = []
    for name in names:
        mark = start.copy()
        mark.update(str(name).encode())
        marks.append(mark.digest()[:16])
    halves = np.frombuffer(b"".join(marks), dtype=">u8").reshape(len(marks), 2)
    return np.lexsort((halves[:, 1], halves[:, 0])).astype(np.int64)


def forms_of(offer: Offer) -> list[Form]:
    """Give cash, batch size and every limit that is one sum over rows."""
    principal = offer.rows.principal.astype(np.float64)
    price = offer.price.astype(np.float64)
    forms = [Form(CASH, price, float(offer.cash)), Form(LARGEST, principal, float(offer.largest))]
    if offer.smallest:
        forms.append(Form(SMALLEST, -principal, -float(offer.smallest)))
    if offer.least:
        forms.append(Form(LEAST, -price, -float(offer.least)))
    pooled = offer.rows.is_pooled
    for measure in offer.rows.measures:
        code, bound = measure.limit.code, float(measure.bound)
        if measure.limit.measure == "total_amount":
            inside = principal * measure.values
            forms.append(Form(code, inside, bound * 100 - float(inside[pooled].sum()), is_limit=True))
        elif not measure.limit.measure.startswith("member_"):
            weights = _weights(measure, principal)
            forms.append(Form(code, weights, -float(weights[pooled].sum()), is_limit=True))
    return forms


def _weights(measure: Measure, principal: Reals) -> Reals:
    bound = float(measure.bound)
    values = np.where(np.isnan(measure.values), bound, measure.values)
    return principal * (values - bound if measure.limit.is_cap else bound - values)
