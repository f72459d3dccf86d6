"""Receivables of the simulated platform with what is known when they are made, and the true default probability."""

from datetime import date, timedelta

import numpy as np
import pandas as pd

from models.parameters import FeatureNote
from simulate.lending import HORIZON_DAYS, Loans, loans
from simulate.parameters import Parameters, Traits
from simulate.people import Population, people
from simulate.seasons import day_weights
from simulate.shopping import Orders, orders
from simulate.shops import shops

FIRST = date(2024, 1, 1)
DAYS = 900
TRUTH = "true_probability"
KEYS = ("receivable_id", "borrower_id", "as_of", "is_default", TRUTH)


def receivables(seed: int, borrowers: int, days: int = DAYS) -> pd.DataFrame:
    """Draw a platform; give its receivables whose window is over: keys, outcome, truth, and features at origination."""
    streams = iter(np.random.default_rng(seed).spawn(4))
    population = people(next(streams), borrowers, days, Parameters())
    merchants = shops(next(streams), borrowers, Parameters())
    bought = orders(next(streams), population, merchants, day_weights(FIRST, days))
    lent, _ = loans(next(streams), population, merchants, bought, FIRST)
    is_over = lent.day + HORIZON_DAYS <= days
    return _frame(population, bought, lent.take(np.flatnonzero(is_over)))


def _frame(population: Population, bought: Orders, lent: Loans) -> pd.DataFrame:
    source = bought.take(lent.order)
    traits = Traits.__dataclass_fields__
    return pd.DataFrame(
        {
            "receivable_id": [f"L{number}" for number in range(lent.size)],
            "borrower_id": [f"B{number}" for number in lent.borrower],
            "as_of": [_month(day) for day in lent.day.tolist()],
            "is_default": lent.is_default,
            TRUTH: lent.default_probability,
            "utilisation": lent.utilisation,
            "principal": lent.principal,
            "share_of_limit": lent.principal / population.limit_on(lent.borrower, lent.day),
            "term": lent.term,
            "annual_rate": lent.annual_rate,
            "log_income": population.log_income[lent.borrower],
            "home_region": population.region[lent.borrower],
            "category": source.category,
            "is_virtual": source.is_virtual,
            "is_night": source.is_night,
            "tenure_days": lent.day - population.registered_on[lent.borrower],
            "earlier_loans": pd.Series(lent.borrower).groupby(lent.borrower).cumcount().to_numpy(),
            **{name: population.trait(name, lent.borrower, lent.day) for name in traits},
        }
    )


def _month(day: int) -> date:
    return (FIRST + timedelta(days=day)).replace(day=1)


def notes(frame: pd.DataFrame) -> list[FeatureNote]:
    """Give what training is told of each feature: its name; no direction is claimed."""
    return [FeatureNote(name, 0) for name in frame.columns if name not in KEYS]
