"""Metrics: each against scikit-learn or its plain formula, with ties and weights."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from scipy.stats import beta, ks_2samp
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from models import evaluate
from models.evaluate import Sample
from models.hmeasure import class_ratio_severity, h_measure
from models.stability import population_stability
from tests.oracles import evaluation as oracle

DRAW = np.random.default_rng(11)
ODDS = DRAW.normal(-2, 1.2, 5000)
TRUTH = expit(ODDS)
OUTCOME = (DRAW.random(5000) < TRUTH).astype(float)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 12), st.integers(1, 3)), min_size=2, max_size=60))
def test_metrics_equal_scikit_learn(rows: list[tuple[bool, int, int]]) -> None:
    """AUC, PR-AUC, KS, Brier and log loss agree for any ties and weights."""
    outcome = np.array([float(flag) for flag, _, _ in rows])
    if len(set(outcome)) < 2:
        return
    probability = np.array([(level + 0.5) / 13 for _, level, _ in rows])
    weight = np.array([float(each) for _, _, each in rows])
    sample = Sample.of(outcome, probability, weight)
    repeated = weight.astype(int)
    both = np.repeat(outcome, repeated), np.repeat(probability, repeated)
    assert evaluate.auc(sample) == pytest.approx(roc_auc_score(*both))
    assert evaluate.gini(sample) == pytest.approx(2 * roc_auc_score(*both) - 1)
    assert evaluate.pr_auc(sample) == pytest.approx(average_precision_score(*both))
    assert evaluate.ks(sample) == pytest.approx(ks_2samp(both[1][both[0] == 1], both[1][both[0] == 0]).statistic)
    assert evaluate.brier(sample) == pytest.approx(brier_score_loss(*both))
    assert evaluate.log_loss(sample) == pytest.approx(log_loss(*both))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5), st.integers(0, 3)), min_size=2, max_size=25))
def test_h_measure_and_capture_equal_plain_loops(rows: list[tuple[bool, int, int]]) -> None:
    """The H-measure equals the integral over costs of the best cut; the captured share a walk from the riskiest."""
    outcome = np.array([float(flag) for flag, _, _ in rows])
    probability = np.array([level / 6 for _, level, _ in rows])
    weight = np.array([each for _, _, each in rows])
    repeated = outcome.repeat(weight)
    if len(set(repeated.tolist())) < 2:
        return
    sample = Sample.of(outcome, probability, weight.astype(float))
    scores = probability.repeat(weight).tolist()
    severity = beta(*class_ratio_severity(float(repeated.mean())))
    wanted = oracle.h_measure(repeated.tolist(), scores, severity.pdf)
    assert evaluate.h_measure(sample) == pytest.approx(wanted, abs=2e-4)
    for share in (0.05, 0.1, 0.5, 1.0):
        caught = oracle.captured(repeated.tolist(), scores, [1.0] * len(repeated), share)
        assert evaluate.captured_at(sample, share) == pytest.approx(caught)
        assert evaluate.lift_at(sample, share) == pytest.approx(caught / share)


def test_h_measure_by_hand() -> None:
    """Rates 1/4 and 3/4 in two halves under Beta(2, 2): L is 0.111328125 of 0.15625, so H is 0.2875."""
    assert h_measure(np.array([1.0, 3]), np.array([3.0, 1]), (2, 2)) == pytest.approx(0.2875)
    assert h_measure(np.array([0.0, 5]), np.array([9.0, 0])) == pytest.approx(1)
    assert h_measure(np.array([2.0, 1]), np.array([2.0, 1])) == pytest.approx(0)
    assert h_measure(np.array([3.0, 1]), np.array([1.0, 3]), (2, 2)) == pytest.approx(0)


def test_the_severity_has_its_mode_at_the_default_rate() -> None:
    """(a - 1) / (a + b - 2) is the default rate."""
    a, b = class_ratio_severity(0.07)
    assert (a - 1) / (a + b - 2) == pytest.approx(0.07)


def test_calibration_error_is_the_mean_gap_of_ten_equal_bins() -> None:
    """Against the formula written out."""
    order = np.argsort(TRUTH)
    parts = np.array_split(order, 10)
    wanted = np.mean([abs(OUTCOME[part].mean() - TRUTH[part].mean()) for part in parts])
    assert evaluate.calibration_error(Sample.of(OUTCOME, TRUTH)) == pytest.approx(wanted)


def test_a_perfectly_calibrated_model_stays_under_its_noise() -> None:
    """The truth's error is under the noise in about 95 of 100 samples; a distorted model's is over it."""
    odds = DRAW.normal(-2, 1, 600)
    drawn = [(np.random.default_rng(seed).random(600) < expit(odds)).astype(float) for seed in range(200)]
    samples = [Sample.of(outcome, expit(odds)) for outcome in drawn]
    noise = evaluate.calibration_noise(samples[0])
    assert 0.9 < np.mean([evaluate.calibration_error(sample) < noise for sample in samples]) < 0.99
    assert evaluate.calibration_error(Sample.of(drawn[0], expit(odds + 0.7))) > noise


def test_the_true_probabilities_are_calibrated_and_distorted_ones_are_not() -> None:
    """Slope and intercept name the distortion: odds twice as wide need a slope of one half."""
    intercept, slope = evaluate.calibration_line(Sample.of(OUTCOME, TRUTH))
    assert abs(intercept) < 0.25
    assert abs(slope - 1) < 0.1
    assert evaluate.calibration_line(Sample.of(OUTCOME, expit(2 * ODDS)))[1] == pytest.approx(slope / 2, rel=1e-3)
    assert evaluate.calibration_line(Sample.of(OUTCOME, expit(ODDS + 1)))[0] == pytest.approx(
        intercept - slope, rel=1e-3
    )


def test_interval_resamples_borrowers_not_rows() -> None:
    """Ten copies of each borrower's row add no knowledge: the interval stays as wide."""
    names = np.array([f"B{number}" for number in range(1000)], dtype=object)
    outcome, probability = OUTCOME[:1000], TRUTH[:1000]
    one = evaluate.interval(evaluate.auc, Sample.of(outcome, probability), names, replicates=100, seed=1)
    copies = Sample.of(np.repeat(outcome, 10), np.repeat(probability, 10))
    ten = evaluate.interval(evaluate.auc, copies, np.repeat(names, 10), replicates=100, seed=1)
    alone = evaluate.interval(evaluate.auc, copies, np.arange(10_000).astype(object), replicates=100, seed=1)
    assert one is not None
    assert ten is not None
    assert alone is not None
    assert ten == pytest.approx(one)
    assert (alone[1] - alone[0]) < 0.5 * (ten[1] - ten[0])
    assert one[0] < evaluate.auc(Sample.of(outcome, probability)) < one[1]


def test_one_outcome_leaves_discrimination_out() -> None:
    """Where nobody defaulted there is no AUC, but there is a Brier score."""
    found = evaluate.measure(Sample.of(np.zeros(5), np.full(5, 0.1)))
    assert "auc" not in found
    assert found["brier"] == pytest.approx(0.01)
    assert found["observed_rate"] == 0


def test_lift_and_parts_add_up() -> None:
    """The riskiest tenth leads, all defaults are caught in the end, and the parts hold all rows."""
    sample = Sample.of(OUTCOME, TRUTH)
    table = evaluate.lift_table(sample)
    assert table["captured_share"].iloc[-1] == pytest.approx(1)
    assert table["lift"].iloc[0] > 2
    month = np.where(np.arange(5000) < 2000, "2025-01", "2025-02").astype(object)
    parts = evaluate.by_part(month, sample, "month")
    assert parts["row_count"].tolist() == [2000, 3000]
    assert parts["auc"].iloc[0] == pytest.approx(roc_auc_score(OUTCOME[:2000], TRUTH[:2000]))


def test_stability_is_small_for_the_same_population_and_large_for_another() -> None:
    """PSI against its formula's meaning: halves of one sample under 0.02, a shifted one above 0.25."""
    assert population_stability(TRUTH[::2], TRUTH[1::2]) < 0.02
    assert population_stability(TRUTH, expit(ODDS + 1)) > 0.25
