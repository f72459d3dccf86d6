"""Small array words that every part of the simulation speaks."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Self, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

DAY = 86_400
"""Seconds in a day. Times are seconds since the first day's local midnight; days are whole days since the first day."""

NEVER = 1_000_000
"""A day that does not come."""


@dataclass(frozen=True, slots=True)
class Columns:
    """A record of arrays of one length, one entry a member."""

    def take(self, rows: Ints) -> Self:
        """Give the chosen members."""
        return replace(self, **{column.name: getattr(self, column.name)[rows] for column in fields(self)})

    @staticmethod
    def join(parts: Sequence["Record"]) -> "Record":
        """Put the members of several records behind each other."""
        names = [column.name for column in fields(parts[0])]
        return replace(parts[0], **{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


Record = TypeVar("Record", bound=Columns)


def logistic(value: Floats) -> Floats:
    """Turn log-odds into a probability."""
    return np.asarray(1.0 / (1.0 + np.exp(-value)), dtype=np.float64)


def chance(rng: np.random.Generator, probability: Floats | float, size: int) -> Flags:
    """Toss one coin for each member."""
    return np.asarray(rng.random(size) < probability, dtype=np.bool_)


def noisy_copy(rng: np.random.Generator, value: Floats, correlation: float) -> Floats:
    """Give a standard normal number that correlates with another as stated."""
    noise = rng.standard_normal(value.size)
    return np.asarray(correlation * value + np.sqrt(1.0 - correlation**2) * noise, dtype=np.float64)


def choose(rng: np.random.Generator, shares: tuple[float, ...], size: int) -> Ints:
    """Draw positions with the given shares."""
    bounds = np.cumsum(np.asarray(shares, dtype=np.float64))
    return np.searchsorted(bounds / bounds[-1], rng.random(size), side="right").astype(np.int64)


def whole(value: Floats) -> Ints:
    """Round to whole numbers."""
    return np.rint(value).astype(np.int64)


def between(rng: np.random.Generator, low: int, high: int, size: int) -> Ints:
    """Draw whole numbers from low to high, both included."""
    return rng.integers(low, high + 1, size, dtype=np.int64)


def standing(group: Ints, order: Ints, change: Ints) -> Ints:
    """Give, for each change of a group's account, the balance just before it, changes taken in the given order.

    Args:
        group: Whose account.
        order: When; equal times keep their position.
        change: Amount added.
    """
    sequence = np.lexsort((order, group))
    sums = np.cumsum(change[sequence]) - change[sequence]
    ordered = group[sequence]
    first = np.flatnonzero(np.diff(ordered, prepend=-1))
    base = np.repeat(sums[first], np.diff(np.append(first, ordered.size)))
    before = np.empty_like(sums)
    before[sequence] = sums - base
    return before
