"""The term structure of default: a discrete-time hazard over the months that a receivable has left.

A receivable that is open as of a day defaults, is paid off, or goes on, month by month (of 30 days, counted from the
day). The hazard of each is a logistic regression on person-months (Singer and Willett 1993), all observation days
together (the landmark supermodel of van Houwelingen 2007). It looks at the risk score, fading with the months, at age
on the books, at what is left of the term, at how late the receivable is on the day, and at the months from the first in
which the instalment that is due next can be a default, as it stays unpaid for so long, to the last in which one can.
Both hazards give the cumulative incidence: default in month u is survival up to it times its hazard.

The fixed-horizon probability stays the model's: what it says changes how likely default within the horizon is, and
neither when it comes if it comes nor what follows if it does not (Jeffrey's rule, 1965). So a month in which the
schedule leaves no default gets none, and the probability, the lifetime probability, the expected loss and the expected
life of a receivable cannot contradict each other.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from schemas.errors import ModelError
from schemas.hashing import canonical_json

Reals = NDArray[np.float64]
Counts = NDArray[np.int64]

TERM_FILE = "term.json"
FORMAT = 3
PERIOD_DAYS = 30
MOST_PERIODS = 120
EARLY = 4
"""So many first months in which a default can come have levels of their own, by how late the receivable is."""
KNOTS = (3.0, 6.0, 12.0, 24.0)
FADING = 3.0
"""Months after which what the score says beyond its lasting part has faded to a third."""


class Standing(NamedTuple):
    """Receivables as of a day, an array each.

    Args:
        score: Any number that grows with risk; log-odds of the default probability, as a rule.
        age: Months on the books.
        left: Months until the last instalment falls due; not positive when it has.
        coming: Days until the next unpaid instalment falls due; below zero, how long it is past due.
    """

    score: Reals
    age: Reals
    left: Reals
    coming: Reals

    @property
    def late(self) -> Reals:
        """Give the days past due."""
        return np.maximum(-self.coming, 0)

    def take(self, rows: Counts) -> "Standing":
        """Give some of them, as often as they are named."""
        return Standing(*(column[rows] for column in self))


STANDING = ("own__age_days", "own__days_to_final_due", "own__days_past_due", "own__days_to_next_due")
"""Features that say how a receivable stands, beside its score."""


def standing_of(rows: pd.DataFrame, score: Reals) -> Standing:
    """Give how receivables stand, by their features `STANDING`; an unknown due day counts as today's."""
    told = (np.nan_to_num(rows[name].to_numpy(dtype=np.float64, na_value=np.nan)) for name in STANDING)
    age, left, late, coming = told
    return Standing(score, age / PERIOD_DAYS, left / PERIOD_DAYS, np.where(late > 0, -late, coming))


class Curves(NamedTuple):
    """The term structure of receivables: a row each, a column a month.

    Args:
        default: Probability of default in the month.
        payoff: Probability of the payoff in the month.
        alive: Probability of neither before the month.
    """

    default: Reals
    payoff: Reals
    alive: Reals


@dataclass(frozen=True, slots=True)
class TermModel:
    """Fitted hazards, as plain numbers.

    Args:
        horizon_periods: Months over which the default probability is the model's own.
        arrears_periods: Months that an unpaid instalment takes to be a default.
        score_mean: Mean score of the training receivables.
        score_scale: Its standard deviation.
        oldest: Age in months beyond which nothing was learned: older is taken for as old.
        nearest: Months left below which nothing was learned: nearer to the last instalment is taken for as near.
        default: Weights of the default hazard, the intercept first.
        payoff: The same of the payoff hazard.
    """

    horizon_periods: int
    arrears_periods: int
    score_mean: float
    score_scale: float
    oldest: float
    nearest: float
    default: tuple[float, ...]
    payoff: tuple[float, ...]

    def to_text(self) -> str:
        """Write the model as canonical JSON."""
        return canonical_json({"format": FORMAT, **asdict(self)}) + "\n"

    @classmethod
    def from_text(cls, text: str) -> "TermModel":
        """Read a model back, number for number.

        Raises:
            ModelError: The text is not such a model.
        """
        try:
            return _model(json.loads(text))
        except (ValueError, KeyError, TypeError) as error:
            raise ModelError(f"{TERM_FILE}: {error!r}", f"a term structure of format {FORMAT}") from error

    def periods(self, standing: Standing) -> int:
        """Give the months in which one of these receivables can default by its schedule, at least the horizon."""
        longest = int(np.ceil(np.nanmax(standing.left, initial=0.0))) + self.arrears_periods + 1
        return int(np.clip(longest, self.horizon_periods, MOST_PERIODS))

    def curves(self, standing: Standing, probability: Reals | None = None, periods: int | None = None) -> Curves:
        """Give the term structure of receivables.

        Args:
            standing: They, as of a day.
            probability: Their default probability over the horizon, which the curves then add up to; None leaves the
                hazards as they were fitted.
            periods: Months to give; by default all in which one of them can default by its schedule.
        """
        months = periods or self.periods(standing)
        odds, ends = self._odds(standing, months)
        found = _curves(expit(odds), 1 - expit(ends))
        return found if probability is None else _anchored(found, probability, min(self.horizon_periods, months))

    def _odds(self, standing: Standing, months: int) -> tuple[Reals, Reals]:
        """Give the log-odds of default and of the payoff, a column a month; none beyond what the schedule allows."""
        number = len(standing.score)
        row, month = np.repeat(np.arange(number), months), np.tile(np.arange(1, months + 1), number)
        columns = design(standing.take(row), month, self)
        found = [_line(columns, each).reshape(number, months) for each in (self.default, self.payoff)]
        left = standing.left[:, None] - np.arange(months)[None, :]
        is_over = left < -self.arrears_periods
        return np.where(is_over, -np.inf, found[0]), np.where(is_over, -np.inf, found[1])


def _model(told: dict[str, Any]) -> TermModel:
    if told.pop("format") != FORMAT:
        raise ValueError("another format")
    weights: dict[str, Any] = {name: tuple(told.pop(name)) for name in ("default", "payoff")}
    return TermModel(**told, **weights)


def _curves(hazard: Reals, alive_after: Reals) -> Curves:
    """Chain hazards: who does not default in a month may be paid off in it."""
    kept = (1 - hazard) * alive_after
    alive = np.cumprod(np.concatenate([np.ones((len(kept), 1)), kept[:, :-1]], axis=1), axis=1)
    return Curves(alive * hazard, alive * (1 - hazard) * (1 - alive_after), alive)


def _anchored(fitted: Curves, probability: Reals, horizon: int) -> Curves:
    """Make default within the horizon as likely as is said, where it can happen at all."""
    within = summed(fitted.default[:, :horizon])
    told = np.where(within > 0, probability, 0.0)
    raised = (told / np.where(within > 0, within, 1.0))[:, None]
    others = ((1 - told) / np.where(within < 1, 1 - within, 1.0))[:, None]
    is_within = np.arange(fitted.default.shape[1])[None, :] < horizon
    default, payoff = fitted.default * np.where(is_within, raised, others), fitted.payoff * others
    ended = np.cumsum((default + payoff)[:, :-1], axis=1)
    return Curves(default, payoff, np.concatenate([np.ones((len(default), 1)), np.maximum(1 - ended, 0)], axis=1))


def summed(months: Reals) -> Reals:
    """Add months up from the first on: the same bits however many receivables and later months stand beside."""
    found: Reals = np.cumsum(months, axis=1)[:, -1]
    return found


def _line(columns: Sequence[Reals], weights: Sequence[float]) -> Reals:
    """Add up weighted columns one after the other: the same bits however many rows there are."""
    found = np.zeros(len(columns[0]))
    for column, weight in zip(columns, weights, strict=True):
        found += weight * column
    return found


def design(standing: Standing, month: Counts, scale: TermModel) -> list[Reals]:
    """Give the columns that the hazards are regressed on, a row a person-month."""
    score = (standing.score - scale.score_mean) / scale.score_scale
    age = np.minimum(standing.age + month - 1, scale.oldest)
    left = np.maximum(standing.left - (month - 1), scale.nearest)
    since = month - _month_of(standing.coming / PERIOD_DAYS + scale.arrears_periods)
    until = _month_of(standing.left + scale.arrears_periods) - month
    fading = np.exp(-np.maximum(since, 0) / FADING)
    is_late, is_later = standing.late > 0, standing.late >= PERIOD_DAYS
    columns = [np.ones(len(score)), score, score * fading, np.log1p(np.maximum(age, 0))]
    columns += [np.maximum(age - knot, 0) for knot in KNOTS]
    columns += [(left <= edge).astype(float) for edge in (0, 1, 2)] + [np.log1p(np.maximum(left, 0))]
    columns += [(until <= 0).astype(float), (since < 0).astype(float), is_late * fading, is_later * fading]
    for each in range(EARLY):
        inside = since == each
        columns += [inside.astype(float), (inside & is_late).astype(float), (inside & is_later).astype(float)]
    return columns


def _month_of(months: Reals) -> Reals:
    """Give the month, the first being 1, in which a moment so many months after the day lies."""
    found: Reals = np.floor(np.maximum(months, 0)) + 1
    return found


class Lifetime(NamedTuple):
    """What the whole term makes of each receivable.

    Args:
        default_probability: Until the last instalment is due and past due for as long as a default takes.
        loss_share: Expected loss over the principal owed as of the day.
        life_months: Expected months that a unit of principal stays owed, by those who neither default nor pay off.
    """

    default_probability: Reals
    loss_share: Reals
    life_months: Reals


def lifetime(model: TermModel, standing: Standing, probability: Reals, loss_given_default: float) -> Lifetime:
    """Sum up the term structure; principal runs off evenly over the months that are left.

    What is owed in default is what was owed when payments stopped, the months of arrears before.
    """
    curves = model.curves(standing, probability)
    months = curves.default.shape[1]
    left = np.maximum(np.ceil(standing.left), 1.0)[:, None]
    begun = np.arange(months)[None, :]
    owed = np.clip(1 - begun / left, 0, 1)
    stopped = np.clip(1 - np.maximum(begun - model.arrears_periods, 0) / left, 0, 1)
    return Lifetime(
        summed(curves.default),
        summed(curves.default * stopped) * loss_given_default,
        summed(curves.alive * owed),
    )
