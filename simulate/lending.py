"""The receivables: which orders are paid on credit, on what terms, and who will default."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from simulate.arrays import NEVER, Columns, Flags, Floats, Ints, chance, standing
from simulate.parameters import LONGEST_TERM, PRODUCTS, TERMS, Payment
from simulate.people import Population
from simulate.risk import Setting, default_probabilities, draw_defaults
from simulate.schedules import due_days
from simulate.shopping import Orders
from simulate.shops import Shops

HORIZON_DAYS = 180
BAD_DAYS = 60
NO_PERIOD = LONGEST_TERM + 1
"""The period that stops being paid, where none does."""
RATES = (0.0, 0.126, 0.138, 0.146, 0.152)
FEE_PLAN_SHARE, INTEREST_FREE_SHARE, FULL_CREDIT_SHARE = 0.25, 0.05, 0.80


@dataclass(frozen=True, slots=True)
class Loans(Columns):
    """All receivables by time of origination, one array a property; row `i` comes from order `order[i]`.

    Args:
        principal: Fen.
        annual_rate: Annual decimal.
        due_on: Due days by period, `NEVER` beyond the term.
        default_probability: The truth: reaching 60 days past due within 180 days of disbursement.
        is_default: The draw from it.
        stops_at: Position of the first instalment that is not paid in time to stay under 60; `NO_PERIOD` when all are.
    """

    order: Ints
    borrower: Ints
    second: Ints
    day: Ints
    product: Ints
    principal: Ints
    annual_rate: Floats
    is_fee_plan: Flags
    due_on: Ints
    utilisation: Floats
    default_probability: Floats
    latent: Floats
    is_default: Flags
    stops_at: Ints

    @property
    def size(self) -> int:
        """Give how many receivables there are."""
        return int(self.second.size)

    @property
    def term(self) -> Ints:
        """Give the number of instalments."""
        return np.asarray(TERMS)[self.product]

    @property
    def stopped_on(self) -> Ints:
        """Give the due day of the first instalment that is not paid; `NEVER` when all are."""
        place = np.minimum(self.stops_at, LONGEST_TERM - 1)
        day = np.take_along_axis(self.due_on, place[:, None], axis=1)[:, 0]
        return np.where(self.stops_at < NO_PERIOD, day, NEVER)


def loans(
    rng: np.random.Generator, population: Population, merchants: Shops, bought: Orders, first_day: date
) -> tuple[Loans, Ints]:
    """Grant credit, draw defaults, and stop lending to a borrower once a default is 30 days old.

    Returns:
        The receivables, and by borrower the day on which the line is frozen (`NEVER` when it is not).
    """
    asked = np.flatnonzero(bought.wants_credit & (bought.outcome == 0))
    wanted = bought.take(asked)
    product = _products(rng, wanted)
    part = np.where(chance(rng, FULL_CREDIT_SHARE, asked.size), 1.0, rng.uniform(0.5, 0.9, asked.size))
    principal = np.where(wanted.is_invented, wanted.amount, (wanted.amount * part).astype(np.int64))
    due = due_days(wanted.day, product, first_day)
    limit = population.limit_on(wanted.borrower, wanted.day)
    fits = planned_use(wanted, product, principal, due) + principal <= limit
    granted = np.flatnonzero(fits)
    drawn = _drawn(
        rng, population, merchants, bought, (asked[granted], product[granted], principal[granted], due[granted])
    )
    frozen_on = _freezes(population, drawn)
    return drawn.take(np.flatnonzero(drawn.day < frozen_on[drawn.borrower])), frozen_on


def planned_use(wanted: Orders, product: Ints, principal: Ints, due: Ints) -> Ints:
    """Give what each borrower has in use just before each purchase, if all pay to plan, in fen."""
    term = np.asarray(TERMS)[product]
    row, period = np.nonzero(due < NEVER)
    part = np.where(period == 0, principal[row] - principal[row] // term[row] * (term[row] - 1), 0)
    part = np.where(period == 0, part, principal[row] // term[row])
    group = np.concatenate([wanted.borrower, wanted.borrower[row]])
    order = np.concatenate([wanted.second, due[row, period] * 86_400])
    change = np.concatenate([principal, -part])
    return standing(group, order, change)[: principal.size]


def _products(rng: np.random.Generator, wanted: Orders) -> Ints:
    """Draw the product: the dearer the purchase, the longer the term; the ring takes the longest."""
    taste = np.log(wanted.amount / 20_000) + 1.3 * rng.standard_normal(wanted.size)
    product = np.searchsorted(np.array([0.1, 1.0, 2.0, 2.5]), taste).astype(np.int64)
    return np.where(wanted.is_invented, len(PRODUCTS) - 1, product)


def _drawn(
    rng: np.random.Generator,
    population: Population,
    merchants: Shops,
    bought: Orders,
    terms: tuple[Ints, Ints, Ints, Ints],
) -> Loans:
    order, product, principal, due = terms
    source = bought.take(order)
    limit = population.limit_on(source.borrower, source.day)
    utilisation = planned_use(source, product, principal, due) / limit
    setting = Setting(source, utilisation, principal / limit, product)
    probability = default_probabilities(population, merchants, setting)
    is_default = draw_defaults(rng, population, source, probability)
    free = chance(rng, INTEREST_FREE_SHARE, order.size)
    return Loans(
        order=order,
        borrower=source.borrower,
        second=source.second,
        day=source.day,
        product=product,
        principal=principal,
        annual_rate=np.where(free, 0.0, np.asarray(RATES)[product]),
        is_fee_plan=chance(rng, FEE_PLAN_SHARE, order.size) & (product > 0),
        due_on=due,
        utilisation=utilisation,
        default_probability=probability,
        latent=population.risk(source.borrower, source.day),
        is_default=is_default,
        stops_at=_stops(rng, population, due, source, (probability, is_default)),
    )


def _stops(
    rng: np.random.Generator, population: Population, due: Ints, source: Orders, fate: tuple[Floats, Flags]
) -> Ints:
    """Choose the instalment at which payment stops: inside the label's window for a default, else rarely beyond it."""
    probability, is_default = fate
    parameters = population.parameters
    inside = due - source.day[:, None] < HORIZON_DAYS - BAD_DAYS
    shares = np.zeros(LONGEST_TERM)
    given = np.asarray(parameters.payment.default_period_shares)
    shares[: given.size] = given
    weight = np.where(inside, shares, 0.0) * np.where(source.is_invented[:, None], [4.0] + [1.0] * 11, 1.0)
    bounds = np.cumsum(weight, axis=1)
    early = (rng.random(source.size)[:, None] * bounds[:, -1:] >= bounds).sum(axis=1)
    hazard = parameters.risk.later_hazard * probability[:, None]
    hit = (rng.random(due.shape) < hazard) & ~inside & (due < NEVER)
    late = np.where(hit.any(axis=1), hit.argmax(axis=1), NO_PERIOD)
    return np.where(is_default, early, late).astype(np.int64)


def _freezes(population: Population, drawn: Loans) -> Ints:
    after: Payment = population.parameters.payment
    frozen_on = np.full(population.size, NEVER, dtype=np.int64)
    np.minimum.at(frozen_on, drawn.borrower, np.minimum(drawn.stopped_on + after.frozen_after_days, NEVER))
    return frozen_on
