"""Fitting the hazards of a term structure: person-months of what became of receivables, two logistic regressions."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from models.term import MOST_PERIODS, PERIOD_DAYS, Standing, TermModel, design
from schemas.errors import ModelError

Reals = NDArray[np.float64]
Counts = NDArray[np.int64]

RIDGE = 1.0
SELDOM = 0.01
"""Share of the person-months at either end of the term that tell too little to go on from."""


class Ends(NamedTuple):
    """What became of receivables, in months from the day, the first being 1.

    Args:
        default: Month of default, 0 for none.
        payoff: Month of the payoff, 0 for none.
        seen: Months that were over when the data ended.
    """

    default: Counts
    payoff: Counts
    seen: Counts


class Months(NamedTuple):
    """Person-months: whose, which, and what happened in it."""

    row: Counts
    month: Counts
    is_default: NDArray[np.bool_]
    is_payoff: NDArray[np.bool_]


def person_months(ends: Ends, most: int = MOST_PERIODS) -> Months:
    """Give every month that a receivable was at risk in: up to and with that in which it ended, if it was seen.

    A month that was not over when the data ended is left out. Default comes first where both fall into one month.
    """
    never = np.iinfo(np.int64).max
    default, payoff = (np.where(each > 0, each, never) for each in (ends.default, ends.payoff))
    last = np.minimum(np.minimum(default, payoff), np.minimum(ends.seen, most))
    row = np.repeat(np.arange(len(last)), last)
    month = np.arange(len(row)) - np.repeat(np.cumsum(last) - last, last) + 1
    is_default = month == default[row]
    return Months(row, month, is_default, (month == payoff[row]) & ~is_default)


def fit_term(standing: Standing, ends: Ends, horizon_days: int, default_days: int) -> TermModel:
    """Fit both hazards to receivables as of some days and what became of them.

    Args:
        standing: The receivables, one for each day that they are looked at.
        ends: What became of them.
        horizon_days: Length of the window that the default probability speaks of.
        default_days: Days past due from which a receivable is in default.

    Raises:
        ModelError: No default, or no payoff, is among the months that were seen.
    """
    months = person_months(ends)
    if not months.is_default.any() or not months.is_payoff.any():
        told = f"{int(months.is_default.sum())} defaults and {int(months.is_payoff.sum())} payoffs in {len(months.row)}"
        raise ModelError(f"{told} months", "some of both, to learn when they come")
    passed = months.month - 1
    ages, lefts = standing.age[months.row] + passed, standing.left[months.row] - passed
    scale = TermModel(
        horizon_periods=max(1, round(horizon_days / PERIOD_DAYS)),
        arrears_periods=-(-default_days // PERIOD_DAYS),
        score_mean=float(standing.score.mean()),
        score_scale=float(max(standing.score.std(), 1e-9)),
        oldest=float(np.quantile(ages, 1 - SELDOM)),
        nearest=float(np.quantile(lefts, SELDOM)),
        default=(),
        payoff=(),
    )
    table = np.column_stack(design(standing.take(months.row), months.month, scale))
    stays = ~months.is_default
    weights = _regressed(table, months.is_default), _regressed(table[stays], months.is_payoff[stays])
    return replace(scale, default=weights[0], payoff=weights[1])


def _regressed(table: Reals, outcome: NDArray[np.bool_]) -> tuple[float, ...]:
    """Fit a logistic regression on columns brought to one scale; give the weights on the columns as they are."""
    spread = table.std(axis=0)
    spread[spread == 0] = 1.0
    model = LogisticRegression(C=1 / RIDGE, fit_intercept=False, max_iter=3_000, tol=1e-8)
    found = model.fit(table / spread, outcome).coef_[0] / spread
    return tuple(float(each) for each in found)
