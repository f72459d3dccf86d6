"""The default equation: what makes a receivable reach 60 days past due within 180 days of disbursement."""

from dataclasses import dataclass

import numpy as np

from simulate.arrays import DAY, Flags, Floats, Ints, logistic
from simulate.parameters import REGIONS
from simulate.people import Population
from simulate.shopping import Orders
from simulate.shops import Shops

CATEGORY_RISK = (-0.8, 0.0, -0.6, 0.2, -0.9, 1.2, -0.2, 0.0, 0.4, 0.3, 1.6, 1.0)
TERM_RISK = (-0.8, -0.3, 0.4, 0.7, 1.4)
LONG_TENURE_DAYS = 400.0
EPOCH_DAYS = 30
"""Troubles are shared by a borrower's receivables of the same 30 days; a freeze comes later than that."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What is known of each receivable when it is made, apart from its borrower.

    Args:
        utilisation: Part of the limit in use just before, by plan.
        size: Principal as part of the limit.
        product: Position in `PRODUCTS`.
    """

    orders: Orders
    utilisation: Floats
    size: Floats
    product: Ints


def default_probabilities(population: Population, merchants: Shops, setting: Setting) -> Floats:
    """Give the true probability of default of each receivable."""
    weights, bought = population.parameters.risk, setting.orders
    region = _standardised(np.arange(len(REGIONS), dtype=np.float64))
    tenure = np.log1p(bought.day - population.registered_on[bought.borrower])
    odds = (
        weights.intercept
        + weights.latent * population.risk(bought.borrower, bought.day)
        + weights.utilisation * (np.clip(setting.utilisation, 0, 1.2) - 0.3) / 0.3
        + weights.size * (np.log(np.maximum(setting.size, 1e-3)) + 3.0)
        + weights.income * population.log_income[bought.borrower]
        + weights.region * region[population.region[bought.borrower]]
        + weights.category * np.asarray(CATEGORY_RISK)[bought.category]
        + weights.virtual * bought.is_virtual
        + weights.night * bought.is_night
        + weights.shop * merchants.leaning[bought.shop]
        + weights.term * np.asarray(TERM_RISK)[setting.product]
        + weights.tenure * (tenure - np.log1p(LONG_TENURE_DAYS))
        + weights.invented * bought.is_invented
    )
    return logistic(odds)


def draw_defaults(rng: np.random.Generator, population: Population, bought: Orders, probability: Floats) -> Flags:
    """Draw who defaults, each with exactly its probability.

    A share of receivables of one borrower and epoch takes the same draw, so that defaults come together.
    """
    epoch = bought.second // (EPOCH_DAYS * DAY)
    common = rng.random((population.size, int(epoch.max(initial=0)) + 1))[bought.borrower, epoch]
    shares_fate = rng.random(bought.size) < population.parameters.risk.shared_fate
    return np.asarray(np.where(shares_fate, common, rng.random(bought.size)) < probability, dtype=np.bool_)


def _standardised(value: Floats) -> Floats:
    return np.asarray((value - value.mean()) / value.std(), dtype=np.float64)
