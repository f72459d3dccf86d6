"""The leakage audit: each detector speaks up over a leak that was planted, and is quiet over an honest world."""

import numpy as np
import pandas as pd
import pytest

from models import leakage
from models.leakage import Finding, Sides
from models.parameters import LeakageBounds
from tests.models.known import NAMES, World

BOUNDS = LeakageBounds()
HONEST = ("late_days_90d", "login_count_30d", "utilisation_now", "noise_a", "noise_b")


def rows(known: World) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give features, outcomes and borrowers of the known world."""
    frame = known.frame
    outcome = frame["is_default"].to_numpy(dtype=np.float64)
    return frame[list(NAMES)].to_numpy(dtype=np.float64), outcome, frame["borrower_id"].to_numpy(dtype=object)


def codes(found: list[Finding]) -> list[str]:
    """Give the codes, having seen that each finding says all four things."""
    assert all(one.found and one.bound and one.where for one in found)
    return [one.code for one in found]


@pytest.mark.fires("AUC_TOO_GOOD")
@pytest.mark.quiet("AUC_TOO_GOOD")
def test_an_auc_above_the_bound_is_found_and_one_at_it_is_not() -> None:
    """0.9001 speaks, 0.9 does not."""
    assert codes(leakage.too_good(0.9001, BOUNDS, "out of time")) == [leakage.TOO_GOOD]
    assert leakage.too_good(0.9, BOUNDS, "out of time") == []


@pytest.mark.fires("FEATURE_EXPLAINS_ALONE")
def test_a_feature_that_holds_the_outcome_is_found(known: World) -> None:
    """A copy of the outcome with some noise speaks, upside down or hidden in what is missing too."""
    features, outcome, _ = rows(known)
    noise = np.random.default_rng(1).random(len(outcome))
    planted = np.where(noise < 0.1, noise, outcome)
    missing = np.where(planted > 0.5, np.nan, features[:, 4])
    found = leakage.single_aucs(
        np.column_stack([features, -planted, missing]), outcome, [*NAMES, "copy", "gone when bad"]
    )
    calm = pd.DataFrame({"feature": [], "gain": []})
    told = leakage.single_features(found, calm, BOUNDS)
    assert codes(told) == [leakage.ALONE] * 2
    assert {"copy", "gone when bad"} == {one.found.split(" alone")[0] for one in told}


@pytest.mark.quiet("FEATURE_EXPLAINS_ALONE", "FEATURE_CARRIES_THE_GAIN")
def test_honest_features_stay_quiet(known: World) -> None:
    """The strongest honest feature ranks well, and under the bound; no order of the rows changes that."""
    features, outcome, _ = rows(known)
    found = leakage.single_aucs(features, outcome, NAMES)
    assert found["feature"][0] == "late_days_90d"
    assert 0.7 < found["auc"][0] < BOUNDS.single_auc
    shares = pd.DataFrame({"feature": NAMES, "gain": [0.5, 0.3, 0.1, 0.05, 0.05]})
    assert leakage.single_features(found, shares, BOUNDS) == []
    mixed = np.random.default_rng(3).permutation(len(outcome))
    again = leakage.single_aucs(features[mixed], outcome[mixed], NAMES, np.ones(len(outcome)))
    assert again["auc"].tolist() == pytest.approx(found["auc"].tolist())


@pytest.mark.fires("FEATURE_CARRIES_THE_GAIN")
def test_a_feature_that_carries_the_gain_is_found() -> None:
    """Just over half of what the trees gained speaks."""
    shares = pd.DataFrame({"feature": ["one", "other"], "gain": [0.501, 0.499]})
    found = leakage.single_features(pd.DataFrame({"feature": [], "auc": []}), shares, BOUNDS)
    assert codes(found) == [leakage.CARRIES]
    assert found[0].where == "poolwright features lineage one"


@pytest.mark.fires("FEATURE_TELLS_THE_CALENDAR", "TEST_ROWS_TELL_THEMSELVES_APART")
def test_a_calendar_among_the_features_is_found(known: World) -> None:
    """A column that only grows with time tells test rows from training rows; it is named first."""
    features, _, borrowers = rows(known)
    day = known.frame["as_of"].rank().to_numpy()
    late = day > np.quantile(day, 0.7)
    planted = np.column_stack([features, day + np.random.default_rng(4).normal(0, 100, len(day))])
    sides = Sides.of((planted[~late], planted[late]), (borrowers[~late], borrowers[late]), most_rows=3000)
    told = leakage.separation(sides, [*NAMES, "clock"])
    found = leakage.separable(told, BOUNDS)
    assert codes(found) == [leakage.CALENDAR, leakage.SEPARABLE]
    assert found[0].found.startswith("clock alone")
    assert told.features["feature"][0] == "clock"
    assert told.features["auc"][0] > 0.95


@pytest.mark.quiet("FEATURE_TELLS_THE_CALENDAR", "TEST_ROWS_TELL_THEMSELVES_APART", "HISTORIES_STILL_GROW")
def test_rows_of_one_population_cannot_be_told_apart(known: World) -> None:
    """Two halves of the borrowers look alike, whatever the shares of the sides; the same twice."""
    features, _, borrowers = rows(known)
    side = np.array([str(one)[-1] in "01" for one in borrowers])
    sides, who = (features[~side], features[side]), (borrowers[~side], borrowers[side])
    told = leakage.separation(Sides.of(sides, who, most_rows=20_000), NAMES)
    assert abs(told.auc - 0.5) < 0.06
    assert leakage.separable(told, BOUNDS) == []
    again = leakage.separation(Sides.of(sides, who, most_rows=20_000), NAMES)
    assert again.auc == told.auc
    pd.testing.assert_frame_equal(again.features, told.features)


def day_frame() -> pd.DataFrame:
    """Give one day's features of three receivables."""
    return pd.DataFrame({"receivable_id": ["R1", "R2", "R3"], "sum_30d": [1.0, np.nan, 3.0], "count_7d": [1, 2, 3]})


@pytest.mark.fires("FEATURE_SEES_LATER_DATA")
@pytest.mark.quiet("LATER_DATA_CHANGES_THE_ROWS")
def test_a_feature_that_later_data_moves_is_found() -> None:
    """A changed value, and a missing one that became known, are counted with an example and the day."""
    whole = day_frame().assign(sum_30d=[1.0, 5.0, 4.0])
    (found,) = leakage.sees_later(whole, day_frame(), ["receivable_id"], "2025-01-31")
    assert found.code == leakage.SEES_LATER
    assert found.found == "sum_30d of 2 rows changes, as 5.0 to nan of R2"
    assert "2025-01-31" in found.bound


@pytest.mark.quiet("FEATURE_SEES_LATER_DATA", "LATER_DATA_CHANGES_THE_ROWS")
def test_features_that_later_data_leaves_stay_quiet() -> None:
    """The same values in another order of rows and columns are no finding."""
    shuffled = day_frame().iloc[::-1][["count_7d", "receivable_id", "sum_30d"]]
    assert leakage.sees_later(shuffled, day_frame(), ["receivable_id"], "2025-01-31") == []


@pytest.mark.fires("LATER_DATA_CHANGES_THE_ROWS")
@pytest.mark.quiet("FEATURE_SEES_LATER_DATA")
def test_rows_and_columns_that_come_or_go_are_found() -> None:
    """A receivable that only later data brings, and a feature that is on one side only."""
    found = leakage.sees_later(day_frame().assign(extra=1), day_frame().head(2), ["receivable_id"], "2025-01-31")
    assert codes(found) == [leakage.ROWS_DIFFER]
    assert "1 rows and 1 columns" in found[0].found


@pytest.mark.fires("TEST_ROWS_TELL_THEMSELVES_APART")
@pytest.mark.quiet("FEATURE_TELLS_THE_CALENDAR")
def test_many_features_together_are_no_clock() -> None:
    """Forty features that each moved a little tell the sides apart together, and no single one is named a clock."""
    draw = np.random.default_rng(6)
    before, after = draw.normal(size=(1500, 40)), draw.normal(0.7, 1.0, size=(1500, 40))
    who = np.array([f"B{number}" for number in range(1500)], dtype=object)
    names = [f"f{number}" for number in range(40)]
    told = leakage.separation(Sides.of((before, after), (who, who), most_rows=3000), names)
    assert codes(leakage.separable(told, BOUNDS)) == [leakage.SEPARABLE]
    assert told.settled_auc == told.auc
    assert len(told.alone) == 40
    assert told.alone["auc"].max() < 0.75


@pytest.mark.fires("HISTORIES_STILL_GROW", "TEST_ROWS_TELL_THEMSELVES_APART")
@pytest.mark.quiet("HISTORIES_STILL_GROW", "TEST_ROWS_TELL_THEMSELVES_APART")
def test_histories_that_grow_are_told_from_another_population() -> None:
    """Only features that were not full yet tell the sides apart: that is said; where others do too, it is drift."""
    draw = np.random.default_rng(7)
    before, after = draw.normal(size=(1500, 60)), draw.normal(size=(1500, 60))
    after[:, :40] += 0.7
    who = np.array([f"B{number}" for number in range(1500)], dtype=object)
    names = [f"f{number}" for number in range(60)]
    growing = set(names[:40])
    told = leakage.separation(Sides.of((before, after), (who, who), most_rows=3000), names, growing)
    assert told.auc > 0.95
    assert abs(told.settled_auc - 0.5) < 0.06
    (found,) = leakage.separable(told, BOUNDS)
    assert (found.code, "without the features that look further back" in found.found) == (leakage.GROWING, True)
    half = leakage.separation(Sides.of((before, after), (who, who), most_rows=3000), names, set(names[:3]))
    assert codes(leakage.separable(half, BOUNDS)) == [leakage.SEPARABLE]
