"""Two models on the same rows: against all pairs by plain loops, by hand, and by what intervals promise."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from models.delong import delong
from schemas.errors import ModelError
from tests.oracles import evaluation as oracle

Row = tuple[bool, int, int, int]
ROWS = st.lists(st.tuples(st.booleans(), st.integers(0, 6), st.integers(0, 6), st.integers(0, 9)), min_size=4)


def usable(rows: list[Row]) -> bool:
    """Tell whether the formula's factors I / (I - 1) exist: two groups on either side."""
    return min(len({row[3] for row in rows if row[0] is flag}) for flag in (True, False)) > 1


@settings(max_examples=60, deadline=None)
@given(ROWS, st.sampled_from([True, False]))
def test_all_pairs_give_the_same(rows: list[Row], alone: object) -> None:
    """Difference and error equal the sums over all pairs, with ties, for single rows and for groups."""
    named = [(flag, one, two, place if alone else group) for place, (flag, one, two, group) in enumerate(rows)]
    if not usable(named):
        return
    outcome = np.array([float(row[0]) for row in named])
    models = (np.array([row[1] / 7 for row in named]), np.array([row[2] / 7 for row in named]))
    groups = np.array([f"B{row[3]}" for row in named], dtype=object)
    found = delong(outcome, models, groups=groups)
    pairs = list(zip(*(model.tolist() for model in models), strict=True))
    apart, error = oracle.delong(outcome.tolist(), pairs, groups.tolist())
    assert found.difference == pytest.approx(apart, abs=1e-12)
    assert found.standard_error == pytest.approx(error, abs=1e-7)
    assert found.first == pytest.approx(roc_auc_score(outcome, models[0]))
    assert found.low <= found.difference <= found.high
    assert 0 <= found.p_value <= 1


@settings(max_examples=40, deadline=None)
@given(ROWS, st.data())
def test_a_weighted_row_is_that_many_rows_of_one_borrower(rows: list[Row], data: st.DataObject) -> None:
    """Weights give what copies within a group of their own give, zero weights included."""
    weight = np.array(data.draw(st.lists(st.integers(0, 3), min_size=len(rows), max_size=len(rows))))
    outcome = np.array([float(row[0]) for row in rows])
    if min(weight @ outcome, weight @ (1 - outcome)) == 0:
        return
    models = (np.array([row[1] / 7 for row in rows]), np.array([row[2] / 7 for row in rows]))
    found = delong(outcome, models, weight=weight.astype(float))
    repeated = (models[0].repeat(weight), models[1].repeat(weight))
    copies = delong(outcome.repeat(weight), repeated, groups=np.arange(len(rows)).repeat(weight).astype(object))
    assert (found.first, found.second) == pytest.approx((copies.first, copies.second))
    assert found.standard_error == pytest.approx(copies.standard_error, abs=1e-9)


def test_by_hand() -> None:
    """Defaults at 3 and 1, others at 2 and 0: components 1, 1/2 and 1/2, 1 around 3/4 give a variance of 1/8."""
    found = delong(np.array([1.0, 1, 0, 0]), (np.full(4, 0.5), np.array([0.3, 0.1, 0.2, 0.0])))
    assert (found.first, found.second) == (0.5, 0.75)
    assert found.standard_error == pytest.approx(sqrt(1 / 8))
    assert found.high - found.difference == pytest.approx(1.959964 * sqrt(1 / 8))
    assert found.p_value == pytest.approx(0.4795001)


def test_a_model_beside_itself_and_beside_its_opposite() -> None:
    """No difference has p 1; with nothing to doubt, a difference has p 0."""
    outcome, rising = np.array([0.0, 0, 1, 1]), np.array([0.1, 0.2, 0.3, 0.4])
    same = delong(outcome, (rising, rising * 2))
    assert (same.difference, same.standard_error, same.p_value) == (0, 0, 1)
    opposite = delong(outcome, (rising, -rising))
    assert (opposite.difference, opposite.standard_error, opposite.p_value) == (-1, 0, 0)


@pytest.mark.parametrize("outcome", [0.0, 1.0])
def test_one_outcome_is_refused(outcome: float) -> None:
    """Without both outcomes there is nothing to rank."""
    with pytest.raises(ModelError, match="both outcomes"):
        delong(np.full(3, outcome), (np.arange(3.0), np.arange(3.0)))


def world(seed: int, borrowers: int, rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Draw borrowers whose rows share their risk, and two equally good models of it."""
    draw = np.random.default_rng(seed)
    level = np.repeat(draw.normal(-1, 4, borrowers), rows)
    noise = [np.repeat(draw.normal(0, 4, borrowers), rows) for _ in range(2)]
    outcome = (draw.random(len(level)) < expit(level)).astype(float)
    return outcome, level + noise[0], level + noise[1], np.repeat(np.arange(borrowers), rows).astype(object)


def test_equal_models_are_told_apart_as_seldom_as_promised() -> None:
    """Of 300 worlds with five rows a borrower, about 5 % show p under 0.05 by borrower, and far more row by row."""
    by_borrower, by_row = [], []
    for seed in range(300):
        outcome, one, two, groups = world(seed, 80, 5)
        by_borrower.append(delong(outcome, (one, two), groups=groups).p_value < 0.05)
        by_row.append(delong(outcome, (one, two)).p_value < 0.05)
    assert 0.02 < np.mean(by_borrower) < 0.09
    assert np.mean(by_row) > 0.2


def test_copies_of_rows_add_no_knowledge() -> None:
    """Ten copies of each row within its borrower leave the error as it was; weights of ten do too."""
    outcome, one, two, groups = world(1, 200, 1)
    once = delong(outcome, (one, two), groups=groups)
    ten = delong(np.repeat(outcome, 10), (np.repeat(one, 10), np.repeat(two, 10)), groups=np.repeat(groups, 10))
    heavy = delong(outcome, (one, two), weight=np.full(200, 10.0))
    for other in (ten, heavy):
        assert (other.difference, other.standard_error) == pytest.approx((once.difference, once.standard_error))


def test_a_row_of_no_weight_is_not_there() -> None:
    """Weight 0 is absence."""
    outcome, one, two, _ = world(2, 60, 1)
    kept = np.arange(60) % 3 > 0
    weighted = delong(outcome, (one, two), weight=kept.astype(float))
    assert weighted == delong(outcome[kept], (one[kept], two[kept]))


def test_many_rows_take_no_pairs() -> None:
    """Three hundred thousand rows are compared in no more than a few seconds: no table of pairs is made."""
    outcome, one, two, groups = world(3, 100_000, 3)
    assert delong(outcome, (one, two), groups=groups).standard_error < 0.01
