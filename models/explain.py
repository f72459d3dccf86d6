"""Reasons: what raised a receivable's probability most, from exact tree contributions.

Contributions are Shapley values of the trees in log-odds (Lundberg 2018), one a feature: what the receivable's own
value adds to the score of the average training row. Features about the same thing, such as windows of one measure, make
one theme, so that four reasons are four different things. A theme's reason is the feature of it that adds most among
those whose value speaks for it: a value beyond what is usual (the median of the training rows), on the side that is
riskier where the catalogue says which, or a missing one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]
Side = Literal["high", "usual", "low", "missing", ""]

REASONS = 4


@dataclass(frozen=True, slots=True)
class Hint:
    """What a reason needs to know of a feature.

    Args:
        theme: What it is about; features of one theme give one reason together. Empty: a theme of its own.
        monotone: +1 where more is riskier, -1 where less is, 0 where it is free.
        typical: Its median over the training rows that have it; None for a category.
    """

    theme: str = ""
    monotone: int = 0
    typical: float | None = None


class Guide:
    """The hints of a model's features, in their order."""

    def __init__(self, features: Sequence[str], hints: Mapping[str, Hint]) -> None:
        """Take the features in the order of a row's values; one without a hint stands for itself."""
        told = [hints.get(name, Hint()) for name in features]
        self.features = np.array(features, dtype=np.object_)
        self.monotone = np.array([each.monotone for each in told], dtype=np.int64)
        self.typical = np.array([np.nan if each.typical is None else each.typical for each in told], dtype=np.float64)
        self.themes = [each.theme or name for each, name in zip(told, features, strict=True)]
        self.members = [
            np.array([place for place, name in enumerate(self.themes) if name == theme])
            for theme in dict.fromkeys(self.themes)
        ]

    def speaks(self, values: Reals) -> Flags:
        """Tell which values may be given as a reason for more risk, if they add to it."""
        is_known = np.isfinite(values)
        beyond = np.where(is_known, values, np.nan) - self.typical
        on_side = np.where(self.monotone == 0, beyond != 0, self.monotone * beyond > 0)
        found: Flags = np.where(np.isfinite(beyond), on_side, ~is_known | np.isnan(self.typical))
        return found

    def side(self, place: int, value: float) -> Side:
        """Tell on which side of what is usual a feature's value lies; nothing for a category."""
        if not np.isfinite(value):
            return "missing"
        if np.isnan(self.typical[place]):
            return ""
        if value == self.typical[place]:
            return "usual"
        return "high" if value > self.typical[place] else "low"

    def themed(self, contributions: Reals) -> Reals:
        """Add up contributions by theme, a column a theme: they still add up to the same."""
        return np.column_stack([contributions[:, members].sum(axis=1) for members in self.members])

    def spokesmen(self, contributions: Reals, values: Reals) -> NDArray[np.int64]:
        """Give for each row and theme the feature that adds most among those whose value speaks; -1 for none."""
        able = np.where((contributions > 0) & self.speaks(values), contributions, 0.0)
        return np.column_stack([_most(able[:, members], members) for members in self.members])


def _most(able: Reals, members: NDArray[np.int64]) -> NDArray[np.int64]:
    best = np.argmax(able, axis=1)
    found: NDArray[np.int64] = np.where(able[np.arange(len(able)), best] > 0, members[best], -1)
    return found


def ranked(contributions: Reals, values: Reals, guide: Guide) -> NDArray[np.int64]:
    """Give, for each row, the places of the four features that are its reasons, largest theme first; -1 for none.

    A theme that lowers the score or leaves it, or of which no value speaks for more risk, is no reason. Equal themes
    keep the order of their first features.

    >>> guide = Guide(["late_30d", "late_90d", "age"], {"late_30d": Hint("late"), "late_90d": Hint("late")})
    >>> ranked(np.array([[0.3, 0.2, 0.4]]), np.ones((1, 3)), guide).tolist()
    [[0, 2, -1, -1]]
    """
    spokesmen, themed = guide.spokesmen(contributions, values), guide.themed(contributions)
    weight = np.where((spokesmen >= 0) & (themed > 0), themed, 0.0)
    first = np.argsort(-weight, axis=1, kind="stable")[:, :REASONS]
    told = np.where(np.take_along_axis(weight, first, axis=1) > 0, np.take_along_axis(spokesmen, first, axis=1), -1)
    found = np.full((len(contributions), REASONS), -1, dtype=np.int64)
    found[:, : told.shape[1]] = told
    return found


def reasons(contributions: Reals, values: Reals, guide: Guide) -> NDArray[np.object_]:
    """Give the names of the features that `ranked` finds, None where there is none."""
    places = ranked(contributions, values, guide)
    named: NDArray[np.object_] = guide.features[places]
    named[places < 0] = None
    return named


@dataclass(frozen=True, slots=True)
class Reason:
    """What one theme does to one receivable's score.

    Args:
        feature: The feature that speaks for the theme.
        theme: What it is about.
        side: Where its value lies beside what is usual; empty for a category.
        value: The receivable's value, NaN for missing.
        typical: The median of the training rows, NaN for a category.
        contribution: What the theme adds to the score, in log-odds.
    """

    feature: str
    theme: str
    side: Side
    value: float
    typical: float
    contribution: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a receivable scores as it does, in log-odds before calibration.

    Args:
        base: Score of the average training row.
        score: Score of this one: the base and what all themes add.
        reasons: Up to four themes that raise it and whose value speaks for that, largest first.
        parts: All themes, those that move the score most first.
    """

    base: float
    score: float
    reasons: tuple[Reason, ...]
    parts: tuple[Reason, ...]


def explanation(contributions: Reals, values: Reals, guide: Guide) -> Explanation:
    """Explain one row by its contributions, the base last among them."""
    own, base = contributions[:-1], float(contributions[-1])
    places = [int(place) for place in ranked(own[None], values[None], guide)[0] if place >= 0]
    speaks = {guide.themes[place]: place for place in places}
    parts = [_part(members, own, values, guide, speaks) for members in guide.members]
    found = {one.feature: one for one in parts}
    told = tuple(found[str(guide.features[place])] for place in places)
    parts.sort(key=lambda one: -abs(one.contribution))
    return Explanation(base, base + float(own.sum()), told, tuple(parts))


def _part(members: NDArray[np.int64], own: Reals, values: Reals, guide: Guide, speaks: Mapping[str, int]) -> Reason:
    """Give a theme by its spokesman; where it is no reason, by the feature that moves most the way the theme moves."""
    total, theme = float(own[members].sum()), guide.themes[members[0]]
    most = int(members[np.argmax(own[members] * (1 if total >= 0 else -1))])
    place = speaks.get(theme, most)
    value, typical = float(values[place]), float(guide.typical[place])
    return Reason(str(guide.features[place]), theme, guide.side(place, value), value, typical, total)
