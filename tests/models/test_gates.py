"""The gates: each keeps a version out where it must, and stays quiet over one that is fit."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from models import gates
from models.assess import Assessment
from models.compare import Comparison, compare
from models.gates import Gate, failed, judge
from models.grade import Scale
from models.leakage import CALENDAR, SEES_LATER, SEPARABLE, TOO_GOOD, Finding
from models.parameters import MASTER_SCALE, GateBounds
from models.probe import Probe
from models.versions import Trainer
from schemas.errors import ModelError

BOUNDS = GateBounds()
DANA = Trainer("dana", is_signed=True)
FIT = Assessment(
    judged_on="out_of_time",
    rows=2000,
    days=("2025-01-01", "2025-02-01", "2024-01-01", "2024-07-01"),
    metrics={
        "auc": 0.8,
        "calibration_slope": 1.0,
        "calibration_slope_low": 0.9,
        "calibration_slope_high": 1.1,
        "calibration_error": 0.01,
        "calibration_error_low": 0.008,
        "calibration_error_high": 0.02,
    },
    calibration=[],
    lift=[],
    grades=[{"grade": "A", "row_count": 2000, "default_count": 60}],
    parts={},
    groups={},
    score_shift={"index": 0.05, "noise": 0.02},
    shifts=[],
    features=[],
    separation=None,
    probe=Probe(12, 40, ()),
    findings=(),
)


def asked(told: Assessment = FIT, trainer: Trainer = DANA, champion: Comparison | str | None = None) -> set[str]:
    """Give the gates that a version does not pass."""
    found = judge(told, trainer, BOUNDS, champion)
    assert all(isinstance(one, Gate) and one.found and one.bound for one in found)
    return set(failed(found))


def measured(**metrics: float) -> Assessment:
    """Give the fit version with other metrics."""
    return replace(FIT, metrics={**FIT.metrics, **metrics})


@pytest.mark.quiet("NOT_WORSE", "MEASURED", "CALIBRATED", "STABLE", "NO_LEAK", "MONOTONE", "SIGNED")
def test_a_fit_version_passes_every_gate() -> None:
    """The first model has nobody to be worse than."""
    assert asked() == set()
    assert len(judge(FIT, DANA, BOUNDS, None)) == 7


def rivals(noise: float, seed: int = 1, rows: int = 4000) -> Comparison:
    """Compare a good model with one whose odds carry noise."""
    draw = np.random.default_rng(seed)
    odds = draw.normal(-2.5, 1.2, rows)
    table = pd.DataFrame(
        {
            "borrower_id": [f"B{number // 2}" for number in range(rows)],
            "is_default": draw.random(rows) < expit(odds),
            "first": expit(odds + draw.normal(0, 0.3, rows)),
            "second": expit(odds + draw.normal(0, noise, rows)),
        }
    )
    return compare(table, ("1", "2"), Scale.of(MASTER_SCALE), "drawn")


@pytest.mark.fires("NOT_WORSE")
@pytest.mark.quiet("NOT_WORSE")
def test_a_version_that_is_worse_beyond_the_interval_stays_out() -> None:
    """Much noise is shown to be worse; about as much as the champion's is not; nor is a better one."""
    assert asked(champion=rivals(2.5)) == {gates.NOT_WORSE}
    assert asked(champion=rivals(0.3)) == set()
    assert asked(champion=rivals(0.0)) == set()


@pytest.mark.fires("NOT_WORSE")
def test_what_cannot_be_compared_stays_out() -> None:
    """No common rows is no pass."""
    assert asked(champion="no common rows") == {gates.NOT_WORSE}


@pytest.mark.parametrize(
    ("metrics", "out"),
    [
        ({"calibration_slope": 0.7, "calibration_slope_low": 0.65, "calibration_slope_high": 0.79}, True),
        ({"calibration_slope": 0.7, "calibration_slope_low": 0.55, "calibration_slope_high": 0.85}, False),
        ({"calibration_slope": 1.4, "calibration_slope_low": 1.3, "calibration_slope_high": 1.5}, True),
        ({"calibration_error": 0.04, "calibration_error_low": 0.021}, True),
        ({"calibration_error": 0.025, "calibration_error_low": 0.015}, False),
        ({"calibration_error": 0.04, "calibration_error_low": 0.03, "calibration_error_noise": 0.035}, False),
        ({"calibration_error": 0.04, "calibration_error_low": 0.03, "calibration_error_noise": 0.025}, True),
    ],
)
@pytest.mark.fires("CALIBRATED")
@pytest.mark.quiet("CALIBRATED")
def test_calibration_is_judged_beyond_chance(metrics: dict[str, float], *, out: bool) -> None:
    """A bound is broken by the whole interval; what few rows leave open is no reason to stay out."""
    assert asked(measured(**metrics)) == ({gates.CALIBRATED} if out else set())


def test_without_intervals_the_figure_itself_is_judged() -> None:
    """And with one outcome only there is no slope, which is no pass."""
    bare = {"calibration_slope": 0.7, "calibration_error": 0.01}
    assert asked(replace(FIT, metrics=bare)) == {gates.CALIBRATED}
    assert asked(replace(FIT, metrics={**bare, "calibration_slope": 0.9})) == set()
    assert asked(replace(FIT, metrics={"calibration_error": 0.01})) == {gates.CALIBRATED}


@pytest.mark.fires("MEASURED")
@pytest.mark.quiet("MEASURED")
def test_too_few_defaults_show_nothing() -> None:
    """Twenty-nine are too few, thirty are enough."""
    for defaults, out in ((29, {gates.MEASURED}), (30, set())):
        assert asked(replace(FIT, grades=[{"grade": "A", "default_count": defaults}])) == out


@pytest.mark.fires("STABLE")
@pytest.mark.quiet("STABLE")
def test_a_score_that_moved_stays_out() -> None:
    """Beyond the bound and beyond the noise; within the noise of few borrowers it may be chance."""
    assert asked(replace(FIT, score_shift={"index": 0.3, "noise": 0.05})) == {gates.STABLE}
    assert asked(replace(FIT, score_shift={"index": 0.3, "noise": 0.35})) == set()
    assert asked(replace(FIT, score_shift=None)) == {gates.STABLE}


@pytest.mark.fires("NO_LEAK")
@pytest.mark.quiet("NO_LEAK")
def test_a_finding_stays_out_unless_it_is_accepted() -> None:
    """A leak bars; test rows that many features together tell apart are accepted as shipped."""
    drift = Finding(SEPARABLE, "found", "bound", "where")
    for code in (TOO_GOOD, CALENDAR, SEES_LATER):
        assert asked(replace(FIT, findings=(drift, replace(drift, code=code)))) == {gates.NO_LEAK}
    assert asked(replace(FIT, findings=(drift,))) == set()
    strict = BOUNDS.model_copy(update={"accepted_findings": ()})
    assert failed(judge(replace(FIT, findings=(drift,)), DANA, strict, None)) == (gates.NO_LEAK,)


@pytest.mark.fires("MONOTONE")
def test_a_broken_direction_stays_out() -> None:
    """The feature is named."""
    broken = replace(FIT, probe=Probe(12, 40, ("late_days_90d",)))
    assert asked(broken) == {gates.MONOTONE}
    assert "late_days_90d" in str(judge(broken, DANA, BOUNDS, None))


@pytest.mark.fires("SIGNED")
def test_a_training_that_nobody_signed_stays_out() -> None:
    """The machine's user is nobody's word."""
    assert asked(trainer=Trainer("dana", is_signed=False)) == {gates.SIGNED}


def test_a_comparison_says_what_moved() -> None:
    """Grades add up to the rows, metrics are both models', the difference is DeLong's by borrower."""
    found = rivals(1.0)
    assert sum(sum(row.values()) for row in found.grades.values()) == found.rows == 4000
    assert found.borrowers == 2000
    assert found.metrics["auc"] == pytest.approx((found.auc.first, found.auc.second))
    assert found.auc.difference < 0
    assert found.auc.p_value < 0.001
    assert found.shift.index > found.shift.noise
    calm = pd.DataFrame({"borrower_id": ["B1"], "is_default": [False], "first": [0.1], "second": [0.2]})
    with pytest.raises(ModelError, match="0 defaults"):
        compare(calm, ("1", "2"), Scale.of(MASTER_SCALE), "drawn")


def test_a_comparison_counts_rows_by_their_weight() -> None:
    """A row of weight two is two rows of its borrower: the same metrics and difference as of rows written twice."""
    draw = np.random.default_rng(4)
    odds = draw.normal(-2.0, 1.2, 600)
    rows = pd.DataFrame(
        {
            "borrower_id": [f"B{number}" for number in range(600)],
            "is_default": draw.random(600) < expit(odds),
            "first": expit(odds),
            "second": expit(odds + draw.normal(0, 1, 600)),
            "weight": draw.integers(1, 3, 600).astype(float),
        }
    )
    written_out = rows.loc[rows.index.repeat(rows["weight"].astype(int))].drop(columns="weight")
    one, other = (compare(each, ("1", "2"), Scale.of(MASTER_SCALE), "drawn") for each in (rows, written_out))
    plain = compare(rows.drop(columns="weight"), ("1", "2"), Scale.of(MASTER_SCALE), "drawn")
    for name in ("auc", "brier", "log_loss", "ks", "observed_rate"):
        assert one.metrics[name] == pytest.approx(other.metrics[name])
    assert one.metrics["auc"] != pytest.approx(plain.metrics["auc"])
    assert (one.auc.difference, one.auc.low) == pytest.approx((other.auc.difference, other.auc.low))
    assert one.shift.index == pytest.approx(other.shift.index, rel=0.2)
