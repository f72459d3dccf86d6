"""What a bound stops: how much more cash a purchase could use if the bound were a little looser."""

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from pool.cells import Plan
from pool.offer import CASH, LARGEST, Offer
from pool.program import programme_of, solve

PART = Fraction(1, 100)
"""By which part of itself a bound is made looser."""
TURNS = 20


@dataclass(frozen=True, slots=True)
class Loosened:
    """A bound that binds, and what one hundredth of it would buy; money in minor units.

    Args:
        code: The limit, `CASH`, or `BATCH` for the largest batch.
        bound: The bound; of cash and batch in currency.
        looser: The same, one hundredth looser.
        priced: Cash more by the bound's price: what it would be if nothing else began to bind.
        gained: Cash more by the programme solved again, on the same cells.
    """

    code: str
    bound: float
    looser: float
    priced: float
    gained: float


def loosen(offer: Offer, plan: Plan, code: str) -> Loosened:
    """Make a bound one hundredth looser, by its price and by solving again."""
    looser, bounds = _looser(offer, code)
    programme = programme_of(looser, offer.price.astype(np.float64))
    found, listed = plan.found, plan.listed
    for _ in range(TURNS):
        found = solve(programme, plan.cells, listed) or plan.found
        wider = programme.overfilled(found.shares[plan.cells] * programme.amounts, listed)
        if sum(map(len, wider)) == sum(map(len, listed)):
            break
        listed = wider
    return Loosened(code, *bounds, _priced(offer, plan, code), max(0.0, found.value - plan.found.value))


def _looser(offer: Offer, code: str) -> tuple[Offer, tuple[float, float]]:
    if code == CASH:
        more = offer.cash + int(offer.cash * PART)
        return replace(offer, cash=more), (offer.cash / 100, more / 100)
    if code == LARGEST:
        more = offer.largest + int(offer.largest * PART)
        return replace(offer, largest=more), (offer.largest / 100, more / 100)
    measures, bounds = [], (0.0, 0.0)
    for measure in offer.rows.measures:
        wider = measure
        if measure.limit.code == code:
            wider = replace(measure, bound=measure.bound * (1 + PART if measure.limit.is_cap else 1 - PART))
            bounds = (float(measure.bound), float(wider.bound))
        measures.append(wider)
    return replace(offer, rows=replace(offer.rows, measures=tuple(measures))), bounds


def _priced(offer: Offer, plan: Plan, code: str) -> float:
    """Give price x room: a bound that is a share or an average gives its step on the whole pool with the batch."""
    programme, found = plan.programme, plan.found
    part = float(PART)
    whole = offer.pool_total + float(plan.taken.sum())
    for family, prices in zip(programme.families, found.member_prices, strict=True):
        if family.code == code:
            return float(prices.sum()) * part * family.share * whole
    price = float(found.prices[programme.codes.index(code)])
    if code in (CASH, LARGEST):
        return price * part * float(programme.rooms[programme.codes.index(code)])
    measure = next(each for each in offer.rows.measures if each.limit.code == code)
    if measure.limit.measure == "total_amount":
        return price * part * float(measure.bound) * 100
    unknown = float(offer.rows.principal[offer.rows.is_pooled & np.isnan(measure.values)].sum())
    return price * part * abs(float(measure.bound)) * (whole - unknown)
