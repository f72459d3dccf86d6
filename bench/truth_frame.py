"""Receivables of the simulated platform with what is known when they are made, and the true default probability.

The features are what a platform has on its shelves that moment: the borrower's traits, income, age, region and limit,
the purchase, what is in use, and how the loans of the shop, the category and the region have turned out so far. The
hidden risk of a borrower and a shop, from which traits and outcomes come, is not among them: what they leave open, no
model can know.
"""

from datetime import date, timedelta
from typing import Literal

import numpy as np
import pandas as pd

from models.parameters import FeatureNote
from simulate.arrays import Ints
from simulate.lending import BAD_DAYS, HORIZON_DAYS, Loans, loans
from simulate.parameters import CATEGORIES, REGIONS, VIRTUAL_CATEGORIES, Parameters, Traits
from simulate.people import Population, people
from simulate.seasons import day_weights
from simulate.shopping import Orders, orders
from simulate.shops import shops

FIRST = date(2024, 1, 1)
DAYS = 900
TRUTH = "true_probability"
KEYS = ("receivable_id", "borrower_id", "as_of", "is_default", TRUTH)
NAMED = ("home_region", "category")
PRIOR = 20.0
"""Loans' worth by which a share of bad ones is drawn to the platform's."""
SAFER = ("bill_views", "log_income", "limit", "tenure_days", "age_days")
FREE = ("principal", "annual_rate", "earlier_loans", *NAMED)
"""Features that claim no direction; of all others more is riskier, but of `SAFER`, of which more is safer."""


def receivables(seed: int, borrowers: int, days: int = DAYS) -> pd.DataFrame:
    """Draw a platform; give its receivables whose window is over: keys, outcome, truth, and features at origination."""
    streams = iter(np.random.default_rng(seed).spawn(4))
    population = people(next(streams), borrowers, days, Parameters())
    merchants = shops(next(streams), borrowers, Parameters())
    bought = orders(next(streams), population, merchants, day_weights(FIRST, days))
    lent, _ = loans(next(streams), population, merchants, bought, FIRST)
    is_over = np.flatnonzero(lent.day + HORIZON_DAYS <= days)
    return _frame(population, bought, lent).iloc[is_over].reset_index(drop=True)


def _frame(population: Population, bought: Orders, lent: Loans) -> pd.DataFrame:
    source, who = bought.take(lent.order), lent.borrower
    region = population.region[who]
    limit = population.limit_on(who, lent.day)
    return pd.DataFrame(
        {
            "receivable_id": [f"L{number}" for number in range(lent.size)],
            "borrower_id": [f"B{number}" for number in who],
            "as_of": [_month(day) for day in lent.day.tolist()],
            "is_default": lent.is_default,
            TRUTH: lent.default_probability,
            "utilisation": lent.utilisation,
            "principal": lent.principal,
            "limit": limit,
            "share_of_limit": lent.principal / limit,
            "term": lent.term,
            "annual_rate": lent.annual_rate,
            "log_income": population.log_income[who],
            "age_days": population.age_days[who] + lent.day,
            "home_region": np.array(REGIONS, dtype=object)[region],
            "category": np.array((*CATEGORIES, *VIRTUAL_CATEGORIES), dtype=object)[source.category],
            "is_virtual": source.is_virtual,
            "is_night": source.is_night,
            "tenure_days": lent.day - population.registered_on[who],
            "earlier_loans": pd.Series(who).groupby(who).cumcount().to_numpy(),
            "shop_bad_ratio": bad_ratio(source.shop, lent),
            "category_bad_ratio": bad_ratio(source.category, lent),
            "region_bad_ratio": bad_ratio(region, lent),
            **{name: population.trait(name, who, lent.day) for name in Traits.__dataclass_fields__},
        }
    )


def bad_ratio(group: Ints, lent: Loans) -> np.ndarray:
    """Give, as known when each loan is made, its group's share of bad loans over the platform's on the same day.

    A loan is known as bad 60 days after the instalment that was not paid, as good when its window is over.
    """
    known_on = np.where(lent.is_default, lent.stopped_on + BAD_DAYS, lent.day + HORIZON_DAYS)
    told = pd.DataFrame({"day": known_on, "group": group, "bad": lent.is_default, "all": 1}).sort_values("day")
    told["whole_bad"], told["whole"] = told["bad"].cumsum(), told["all"].cumsum()
    told["bad"], told["all"] = (told.groupby("group")[name].cumsum() for name in ("bad", "all"))
    asked = pd.DataFrame({"day": lent.day, "group": group, "row": np.arange(lent.size)}).sort_values("day")
    whole = pd.merge_asof(asked, told[["day", "whole_bad", "whole"]], on="day", allow_exact_matches=False)
    own = pd.merge_asof(asked, told[["day", "group", "bad", "all"]], on="day", by="group", allow_exact_matches=False)
    base = (whole["whole_bad"].fillna(0) + 1) / (whole["whole"].fillna(0) + PRIOR)
    ratio = (own["bad"].fillna(0) + PRIOR * base) / (own["all"].fillna(0) + PRIOR) / base
    found: np.ndarray = ratio.to_numpy()[np.argsort(asked["row"].to_numpy())]
    return found


def _month(day: int) -> date:
    return (FIRST + timedelta(days=day)).replace(day=1)


def notes(frame: pd.DataFrame) -> list[FeatureNote]:
    """Give what training is told of each feature: its name, which way it may point, and whether it is a category."""
    names = [name for name in frame.columns if name not in KEYS]
    return [FeatureNote(name, _direction(name), is_category=name in NAMED) for name in names]


def _direction(name: str) -> Literal[-1, 0, 1]:
    if name in FREE:
        return 0
    return -1 if name in SAFER else 1
