"""The orders: how often, when, what, from whom, for how much, and whether credit is asked for."""

from dataclasses import dataclass

import numpy as np

from simulate.arrays import DAY, Columns, Flags, Floats, Ints, between, chance, choose, logistic
from simulate.parameters import CATEGORIES, REGIONS, VIRTUAL_CATEGORIES
from simulate.people import Population
from simulate.seasons import draw_days, draw_seconds
from simulate.shops import CATEGORY_SHARES, DIGITAL, Shops, draw_shops

CATEGORY_LOG_YUAN = (4.2, 4.9, 5.2, 4.9, 5.1, 6.9, 6.8, 5.3, 6.2, 4.3, 4.9, 5.3)
NIGHT_LOG_ODDS, NIGHT_WEIGHT = -2.4, 0.75
VIRTUAL_LOG_ODDS, VIRTUAL_WEIGHT = -2.0, 0.75
CREDIT_LOG_ODDS, CREDIT_APPETITE, CREDIT_AMOUNT = -0.45, 0.60, 0.45
REFUSED_SHARE, UNPAID_SHARE = 0.012, 0.012
ENTRY_SHARES = (0.72, 0.08, 0.20)


@dataclass(frozen=True, slots=True)
class Orders(Columns):
    """All orders by time, one array a property.

    Args:
        second: When it was made.
        amount: Total in fen.
        device: Generation of the borrower's device.
        is_invented: Made up by the ring.
        wants_credit: Credit is asked for; whether it is given is the lender's word.
        outcome: 0 goes through, 1 payment refused, 2 never paid.
    """

    borrower: Ints
    second: Ints
    category: Ints
    shop: Ints
    amount: Ints
    entry: Ints
    device: Ints
    region: Ints
    is_night: Flags
    is_invented: Flags
    wants_credit: Flags
    outcome: Ints

    @property
    def size(self) -> int:
        """Give how many orders there are."""
        return int(self.second.size)

    @property
    def day(self) -> Ints:
        """Give the day of each order."""
        return self.second // DAY

    @property
    def is_virtual(self) -> Flags:
        """Tell which orders need no delivery."""
        return np.asarray(self.category >= len(CATEGORIES), dtype=np.bool_)


def orders(rng: np.random.Generator, population: Population, merchants: Shops, weights: Floats) -> Orders:
    """Draw all orders of the history, the ring's invented ones among them, in order of time."""
    borrower, day = _ordinary(rng, population, weights)
    false_borrower, false_day = _invented(rng, population, weights.size)
    both, days = np.concatenate([borrower, false_borrower]), np.concatenate([day, false_day])
    invented = np.arange(both.size) >= borrower.size
    night = chance(rng, logistic(NIGHT_LOG_ODDS + NIGHT_WEIGHT * population.trait("night", both, days)), both.size)
    category = np.where(invented, DIGITAL, _categories(rng, population, both, days))
    amount = np.where(invented, between(rng, 80_000, 300_000, both.size), _amounts(rng, category))
    ring = np.flatnonzero(merchants.is_ring)
    outcome = choose(rng, (1.0 - REFUSED_SHARE - UNPAID_SHARE, REFUSED_SHARE, UNPAID_SHARE), both.size)
    second = days * DAY + draw_seconds(rng, night)
    away = chance(rng, 0.06, both.size)
    everything = Orders(
        borrower=both,
        second=second,
        category=category,
        shop=np.where(invented, rng.choice(ring, both.size), draw_shops(rng, merchants, category)),
        amount=amount,
        entry=choose(rng, ENTRY_SHARES, both.size),
        device=device_generation(population, both, days),
        region=np.where(away, between(rng, 0, len(REGIONS) - 1, both.size), population.region[both]),
        is_night=night,
        is_invented=invented,
        wants_credit=invented | _credit_wanted(rng, population, both, days, amount),
        outcome=np.where(invented, 0, outcome),
    )
    return everything.take(np.argsort(second, kind="stable"))


def device_generation(population: Population, borrower: Ints, day: Ints) -> Ints:
    """Count a borrower's device changes so far: riskier borrowers change devices more often."""
    every_days = 400.0 * np.exp(-0.5 * population.trait("changes", borrower, np.zeros_like(day)))
    phase = population.age_days[borrower] % 997 / 997
    return np.floor(day / every_days + phase).astype(np.int64)


def _ordinary(rng: np.random.Generator, population: Population, weights: Floats) -> tuple[Ints, Ints]:
    start = np.maximum(population.registered_on, 0)
    ahead = np.cumsum(weights[::-1])[::-1][start]
    borrower = np.repeat(np.arange(population.size), rng.poisson(population.activity * ahead))
    return borrower, draw_days(rng, start[borrower], weights)


def _invented(rng: np.random.Generator, population: Population, days: int) -> tuple[Ints, Ints]:
    ring = population.parameters.ring
    members = np.flatnonzero(population.is_colluder)
    borrower = np.repeat(members, 1 + rng.poisson(ring.orders_mean, members.size))
    return borrower, between(rng, int(ring.starts * days), max(int(ring.ends * days), 1), borrower.size)


def _categories(rng: np.random.Generator, population: Population, borrower: Ints, day: Ints) -> Ints:
    goods = len(CATEGORIES)
    taste = population.trait("virtual", borrower, day)
    virtual = chance(rng, logistic(VIRTUAL_LOG_ODDS + VIRTUAL_WEIGHT * taste), borrower.size)
    tangible = choose(rng, CATEGORY_SHARES[:goods], borrower.size)
    return np.where(virtual, goods + between(rng, 0, len(VIRTUAL_CATEGORIES) - 1, borrower.size), tangible)


def _amounts(rng: np.random.Generator, category: Ints) -> Ints:
    yuan = np.exp(np.asarray(CATEGORY_LOG_YUAN)[category] + 0.7 * rng.standard_normal(category.size))
    return np.asarray(np.clip(np.round(100 * yuan), 500, 3_000_000), dtype=np.int64)


def _credit_wanted(rng: np.random.Generator, population: Population, borrower: Ints, day: Ints, amount: Ints) -> Flags:
    appetite = population.trait("appetite", borrower, day)
    size = np.log(amount / 20_000)
    odds = CREDIT_LOG_ODDS + CREDIT_APPETITE * appetite + CREDIT_AMOUNT * size
    return chance(rng, logistic(odds), borrower.size) & (amount >= 5_000)
