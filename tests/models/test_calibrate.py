"""Calibration: recovers a known distortion, keeps the order, is chosen honestly."""

import numpy as np
import pytest
from scipy.special import expit

from models.calibrate import METHODS, Calibration, Method, calibrate, choose, cross_fitted, fit_line, log_loss

DRAW = np.random.default_rng(3)
SCORE = DRAW.normal(-2, 1.5, 20_000)
ONES = np.ones_like(SCORE)
FOLD = np.arange(len(SCORE)) % 4


def outcomes(log_odds: np.ndarray) -> np.ndarray:
    """Draw outcomes of these log-odds."""
    found: np.ndarray = (np.random.default_rng(4).random(len(log_odds)) < expit(log_odds)).astype(float)
    return found


@pytest.mark.parametrize("method", METHODS)
def test_a_linear_distortion_is_undone(method: Method) -> None:
    """Scores twice too wide and half a unit too high come out as the true probabilities."""
    truth = 0.5 * SCORE - 0.5
    fitted = calibrate(method, SCORE, outcomes(truth), ONES)
    assert np.abs(fitted.probability(SCORE) - expit(truth)).mean() < 0.01


def test_a_bent_distortion_is_undone_by_isotonic_only() -> None:
    """Where the truth is no line in the score, isotonic is chosen, and is near the truth."""
    truth = np.where(SCORE > -2, SCORE, -2 + 0.1 * (SCORE + 2)) + 1.0
    outcome = outcomes(truth)
    chosen, _ = choose("auto", SCORE, outcome, ONES, FOLD)
    assert chosen.method == "isotonic"
    assert np.abs(chosen.probability(SCORE) - expit(truth)).mean() < 0.015
    assert np.abs(calibrate("sigmoid", SCORE, outcome, ONES).probability(SCORE) - expit(truth)).mean() > 0.015


@pytest.mark.parametrize("method", METHODS)
def test_order_is_kept_and_no_probability_is_certain(method: Method) -> None:
    """A higher score never has a lower probability; blocks without a default do not become 0."""
    outcome = outcomes(3 * SCORE - 2)
    fitted = calibrate(method, SCORE, outcome, ONES)
    probability = fitted.probability(np.linspace(-12, 8, 2001))
    assert (np.diff(probability) >= 0).all()
    assert probability.min() > 0
    assert probability.max() < 1


def test_one_score_and_many_give_the_same_bits() -> None:
    """A single row goes the way of a batch."""
    fitted = calibrate("isotonic", SCORE, outcomes(SCORE), ONES)
    batch = fitted.probability(SCORE[:500])
    assert all(fitted.probability(SCORE[k : k + 1])[0] == batch[k] for k in range(500))


def test_useless_scores_give_everybody_the_base_rate() -> None:
    """A score that falls with default carries no order to keep."""
    fitted = calibrate("sigmoid", SCORE, outcomes(-SCORE - 4), ONES)
    assert fitted.slope == 0
    assert np.unique(fitted.probability(SCORE)).size == 1


def test_cross_fitting_never_sees_the_row() -> None:
    """Turning the outcomes of one fold changes no probability in that fold."""
    outcome = outcomes(SCORE)
    turned = np.where(FOLD == 1, 1 - outcome, outcome)
    before, after = (cross_fitted("isotonic", SCORE, each, ONES, FOLD) for each in (outcome, turned))
    assert (before[FOLD == 1] == after[FOLD == 1]).all()
    assert (before[FOLD == 0] != after[FOLD == 0]).any()


def test_weights_are_rows() -> None:
    """A weight of two is the row twice."""
    score, outcome = SCORE[:2000], outcomes(SCORE)[:2000]
    weighted = fit_line(score, outcome, np.full(2000, 2.0))
    assert np.allclose(weighted, fit_line(np.tile(score, 2), np.tile(outcome, 2), np.ones(4000)), atol=1e-8)
    assert log_loss(outcome, expit(score), np.full(2000, 2.0)) == pytest.approx(
        log_loss(outcome, expit(score), np.ones(2000))
    )


def test_all_one_score_is_calibrated() -> None:
    """Boosters that learned nothing give one score; it becomes the base rate."""
    outcome = (np.arange(1000) % 10 == 0).astype(float)
    for method in METHODS:
        fitted: Calibration = calibrate(method, np.full(1000, -1.0), outcome, np.ones(1000))
        assert fitted.probability(np.array([-1.0]))[0] == pytest.approx(0.1, abs=0.005)


def test_beta_undoes_what_a_line_cannot() -> None:
    """Two slopes, one at each end, are recovered; the first is a times ln s, the second -b times ln(1 - s)."""
    log_bad, log_good = -np.logaddexp(0, -SCORE), np.logaddexp(0, SCORE)
    truth = 0.5 * log_bad + 2.5 * log_good - 1
    outcome = outcomes(truth)
    found, line = (calibrate(method, SCORE, outcome, ONES) for method in ("beta", "sigmoid"))
    gaps = [np.abs(each.probability(SCORE) - expit(truth)).mean() for each in (found, line)]
    assert gaps[0] < 0.006 < gaps[1]
    assert choose("auto", SCORE, outcome, ONES, FOLD)[0].method == "beta"


def test_anchoring_moves_the_mean_and_no_order() -> None:
    """Whatever the method."""
    outcome = outcomes(SCORE)
    for method in METHODS:
        fitted = calibrate(method, SCORE, outcome, ONES)
        moved = fitted.anchored(SCORE, ONES, 0.03)
        assert moved.probability(SCORE).mean() == pytest.approx(0.03, abs=1e-9)
        assert (np.argsort(fitted.probability(SCORE)) == np.argsort(moved.probability(SCORE))).mean() > 0.999
