"""Fairness figures: by hand on few rows, equal treatment beside unequal, the not recorded as a group of their own."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from models.evaluate import Sample
from models.fairness import by_group

CUT = 0.1


def test_by_hand() -> None:
    """Two groups of four: three and one approved of which all good, so the ratio is a third."""
    group = np.array(["a", "a", "a", "a", "b", "b", "b", "b"], dtype=object)
    outcome = np.array([0.0, 0, 0, 1, 0, 0, 0, 1])
    probability = np.array([0.01, 0.02, 0.03, 0.5, 0.04, 0.2, 0.3, 0.6])
    found = by_group(group, Sample.of(outcome, probability), CUT).set_index("group")
    assert found["approval_rate"].tolist() == [0.75, 0.25]
    assert found["approval_ratio"].tolist() == [1, pytest.approx(1 / 3)]
    assert found["good_approval_rate"].tolist() == [1, pytest.approx(1 / 3)]
    assert found["equal_opportunity_difference"].tolist() == [0, pytest.approx(-2 / 3)]
    assert found["auc"].tolist() == [1, 1]


def test_groups_treated_alike_look_alike() -> None:
    """Where risk does not hang on the group, ratios are near 1 and differences near 0; each AUC is its group's."""
    draw = np.random.default_rng(2)
    odds, group = draw.normal(-2.5, 1, 20_000), draw.choice(["F", "M"], 20_000)
    outcome = (draw.random(20_000) < expit(odds)).astype(float)
    found = by_group(group, Sample.of(outcome, expit(odds)), CUT).set_index("group")
    assert found["approval_ratio"].min() > 0.95
    assert found["equal_opportunity_difference"].abs().max() < 0.05
    inside = group == "F"
    assert found.loc["F", "auc"] == pytest.approx(roc_auc_score(outcome[inside], odds[inside]))


def test_weights_stand_for_rows() -> None:
    """A row of weight three is three rows."""
    group, outcome = np.array(["a", "b", "b"], dtype=object), np.array([0.0, 1, 0])
    probability, weight = np.array([0.05, 0.2, 0.05]), np.array([1, 2, 3])
    weighted = by_group(group, Sample.of(outcome, probability, weight.astype(float)), CUT)
    repeated = by_group(group.repeat(weight), Sample.of(outcome.repeat(weight), probability.repeat(weight)), CUT)
    columns = ["approval_rate", "approval_ratio", "good_approval_rate", "observed_rate", "predicted_rate"]
    assert weighted[columns].to_numpy() == pytest.approx(repeated[columns].to_numpy())


def test_what_is_not_recorded_is_a_group_and_gaps_stay_gaps() -> None:
    """None is named; defaults only leave no good one to approve; where nobody is approved there is no ratio."""
    group = np.array([None, "a", np.nan], dtype=object)
    found = by_group(group, Sample.of(np.array([0.0, 1, 0]), np.full(3, 0.5)), CUT).set_index("group")
    assert found["row_count"].to_dict() == {"a": 1, "not recorded": 2}
    assert np.isnan(found.loc["a", "good_approval_rate"])
    assert found["approval_ratio"].isna().all()
    assert found["auc"].isna().all()
