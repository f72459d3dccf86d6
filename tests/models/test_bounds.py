"""Upper bounds of grades: exact for independent rows, wider where borrowers default together, and they cover."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from models.bounds import design_effect, grade_bounds, upper_bound, upper_probability
from models.grade import Scale
from models.rows import Rows

SCALE = Scale(("A", "B", "C"), (0.02, 0.1, 1.0))


def drawn(outcome: np.ndarray, borrowers: np.ndarray) -> Rows:
    """Give rows of an outcome."""
    keys = pd.DataFrame({"receivable_id": "r", "borrower_id": borrowers, "as_of": date(2025, 1, 1)})
    return Rows(keys, np.empty((len(outcome), 0)), (), {}, outcome, np.ones(len(outcome)))


@pytest.mark.parametrize(("defaults", "rows"), [(0, 10), (3, 40), (17, 900)])
def test_the_bound_is_the_rate_that_would_show_so_few_in_one_of_twenty(defaults: int, rows: int) -> None:
    """Beside the binomial sum itself."""
    assert binom.cdf(defaults, rows, upper_bound(defaults, rows)) == pytest.approx(0.05)


def test_the_design_effect_is_one_for_single_rows_and_their_number_for_copies() -> None:
    """Five copies of a row are worth one."""
    dice = np.random.default_rng(1)
    probability = np.full(20_000, 0.1)
    miss = (dice.random(20_000) < 0.1) - probability
    names = np.arange(20_000).astype(str).astype(object)
    grade = np.full(20_000, "A", dtype=object)
    ones = np.ones(20_000)
    assert design_effect(miss, ones, probability, names, grade) == pytest.approx(1, abs=0.05)
    copies = [np.repeat(each, 5) for each in (miss, ones, probability, names, grade)]
    assert design_effect(*copies) == pytest.approx(5, abs=0.25)


def test_bounds_cover_the_truth_where_borrowers_default_together() -> None:
    """In at least 94 of 100 grades over 200 draws; taking rows for independent would cover less."""
    dice = np.random.default_rng(2)
    covered, naive, told = 0, 0, 0
    for _ in range(200):
        truth = np.repeat(dice.beta(0.8, 12, 600), 3)
        fate = np.repeat(dice.random(600), 3)
        fate = np.where(dice.random(1_800) < 0.6, fate, dice.random(1_800))
        outcome = (fate < truth).astype(float)
        rows = drawn(outcome, np.repeat(np.arange(600), 3).astype(str).astype(object))
        grade = SCALE.grade(truth)
        for name, bound in grade_bounds(SCALE, truth, rows).items():
            inside = grade == name
            told += 1
            covered += truth[inside].mean() <= bound.upper
            naive += truth[inside].mean() <= upper_bound(outcome[inside].sum(), inside.sum())
    assert covered / told >= 0.94
    assert naive < covered


def test_a_grade_without_rows_takes_the_bound_of_worse_ones() -> None:
    """And the worst one, without rows, is bounded by nothing."""
    probability = np.full(100, 0.05)
    outcome = (np.arange(100) < 4).astype(float)
    names = np.arange(100).astype(str).astype(object)
    found = grade_bounds(SCALE, probability, drawn(outcome, names))
    assert found["A"].upper == found["B"].upper
    assert found["C"].upper == 1
    raised = upper_probability(np.array([0.001, 0.05, 0.5]), np.array(["A", "B", "C"], dtype=object), found)
    assert raised[1] == pytest.approx(found["B"].upper)
    assert raised[2] == 1
