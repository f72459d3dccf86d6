"""Stability: the index by plain loops and by hand, what its interval and its noise promise."""

from dataclasses import asdict
from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.stability import Bins, Shift, feature_shifts, population_stability, shift
from tests.oracles import evaluation as oracle

VALUES = st.lists(st.none() | st.integers(-3, 12), min_size=1, max_size=60)


def reals(values: list[int | None]) -> np.ndarray:
    """Give numbers with NaN for the missing."""
    return np.array([np.nan if value is None else float(value) for value in values])


@settings(max_examples=80, deadline=None)
@given(VALUES, VALUES)
def test_the_index_equals_the_plain_sum(base: list[int | None], other: list[int | None]) -> None:
    """Ties, missing values and one-valued samples included; it is never negative."""
    bins = Bins.of(reals(base))
    found = shift(reals(base), reals(other))
    assert found.index == pytest.approx(oracle.stability(base, other, bins.edges))
    assert 0 <= found.low <= found.index + 1e-12
    assert found.index <= found.high
    assert found.missing_after == pytest.approx(np.mean([value is None for value in other]))
    assert shift(reals(base), reals(base)).index == 0


def test_by_hand() -> None:
    """Halves that become a quarter and three quarters (half a row added): w is a half."""
    base, other = np.repeat([0.0, 1.0], [500, 500]), np.repeat([0.0, 1.0], [250, 750])
    found = shift(base, other)
    a, b = 250.5 / 1001, 750.5 / 1001
    assert found.index == pytest.approx((a - 0.5) * log(a / 0.5) + (b - 0.5) * log(b / 0.5))
    assert found.effect_size == pytest.approx(0.5, abs=0.001)


def test_bins_hold_about_equal_counts_and_missing_apart() -> None:
    """Ten bins of the known values, and one for what is not known or infinite."""
    values = np.append(np.arange(1000.0), [np.nan, np.inf, -np.inf])
    bins = Bins.of(values)
    counted = np.bincount(bins.place(values), minlength=len(bins))
    assert counted.tolist()[-1] == 3
    assert max(counted[:-1]) - min(counted[:-1]) <= 2
    assert len(counted) == 11


def test_a_value_that_becomes_missing_is_seen() -> None:
    """The known values keep their distribution, yet a third of them is gone."""
    draw = np.random.default_rng(1)
    base, other = draw.normal(size=3000), draw.normal(size=3000)
    other[::3] = np.nan
    found = shift(base, other)
    assert found.index > 0.25
    assert (found.missing_before, found.missing_after) == (0, pytest.approx(1 / 3))


def drawn(seed: int, moved: float, rows: int = 4) -> Shift:
    """Draw two samples of 300 borrowers whose rows are alike, the second moved."""
    draw = np.random.default_rng(seed)
    samples = [np.repeat(draw.normal(size=300), rows) + 0.1 * draw.normal(size=300 * rows) for _ in range(2)]
    names = np.repeat(np.arange(300), rows)
    fixed = Bins(tuple(np.linspace(-1.3, 1.3, 9)))
    return shift(samples[0], samples[1] + moved, (names, names), fixed)


def test_the_noise_is_seldom_exceeded_where_nothing_moved() -> None:
    """About 5 of 100 samples of the same population, for rows that go together by borrower."""
    exceeded = np.mean([drawn(seed, 0.0).index > drawn(seed, 0.0).noise for seed in range(300)])
    assert 0.005 < exceeded < 0.09


def test_the_interval_holds_the_truth() -> None:
    """The index of a very large sample lies in at least nine of ten intervals, and most are not vast."""
    draw = np.random.default_rng(0)
    large = [draw.normal(size=400_000) + 0.1 * draw.normal(size=400_000) for _ in range(2)]
    truth = shift(large[0], large[1] + 0.7, bins=Bins(tuple(np.linspace(-1.3, 1.3, 9)))).index
    found = [drawn(seed, 0.7) for seed in range(200)]
    assert np.mean([one.low <= truth <= one.high for one in found]) > 0.9
    assert np.median([one.high - one.low for one in found]) < truth


def test_rows_of_one_borrower_are_one_witness() -> None:
    """Copies of each borrower's row leave interval and noise as they were."""
    draw = np.random.default_rng(3)
    base, other, names = draw.normal(size=200), draw.normal(0.5, 1, 200), np.arange(200)
    once = shift(base, other, (names, names))
    ten = shift(np.repeat(base, 10), np.repeat(other, 10), (np.repeat(names, 10), np.repeat(names, 10)))
    assert ten.noise == pytest.approx(once.noise)
    assert ten.high - ten.index == pytest.approx(once.high - once.index, rel=0.1)


def test_features_are_told_largest_shift_first() -> None:
    """The one that moved leads."""
    draw = np.random.default_rng(5)
    base, other = draw.normal(size=(2000, 3)), draw.normal(size=(2000, 3))
    other[:, 1] += 1
    names = np.arange(2000)
    found = feature_shifts(base, other, ["a", "b", "c"], (names, names))
    assert found["feature"][0] == "b"
    assert found["index"][0] > 0.25
    assert found["index"][1] < 0.02
    assert population_stability(base[:, 0], other[:, 0]) in found["index"].to_list()


ROWS = st.lists(st.tuples(st.none() | st.integers(-3, 6), st.integers(0, 3)), min_size=1, max_size=40)
WEIGHTED = ROWS.filter(lambda rows: any(number for _, number in rows))


@settings(max_examples=60, deadline=None)
@given(WEIGHTED, WEIGHTED)
def test_a_weight_is_so_many_rows_of_its_group(
    base: list[tuple[int | None, int]], other: list[tuple[int | None, int]]
) -> None:
    """Weighted rows give what copies within their group give: bins, index, interval, noise; a weight of 0 is no row."""
    values = [reals([value for value, _ in rows]) for rows in (base, other)]
    first, second = (np.array([number for _, number in rows]) for rows in (base, other))
    names = [np.arange(len(each)) for each in values]
    weighted = shift(values[0], values[1], (names[0], names[1]), weights=(first.astype(float), second.astype(float)))
    copies = shift(values[0].repeat(first), values[1].repeat(second), (names[0].repeat(first), names[1].repeat(second)))
    assert asdict(weighted) == pytest.approx(asdict(copies))
