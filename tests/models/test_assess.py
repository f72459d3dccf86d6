"""The assessment: it says of the judging rows what they are, survives its own text, and divides without loss."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from models.assess import Assessment, Frame, assess
from models.evaluate import wilson
from models.fit import TrainedModel, cross_validate, train
from models.leakage import ALONE, CALENDAR, SEPARABLE
from models.parameters import FeatureNote
from models.probe import probe
from models.scorer import Scorer
from tests.models.known import FEATURES, NAMES, SMALL, World


def framed(known: World) -> Frame:
    """Divide the known world by a product that some rows do not say, and by gender."""
    number = np.arange(len(known.frame))
    rows = known.frame.assign(
        product_code=np.array(["short", "long", None], dtype=object)[number // 6 % 3],
        gender=np.array(["F", "M"], dtype=object)[known.frame["borrower_id"].str[-1].astype(int) % 2],
    )
    return Frame(rows, {"product": "product_code"}, {"gender": "gender"})


@pytest.fixture(scope="module")
def told(trained: TrainedModel, known: World) -> Assessment:
    """Assess the small model."""
    return assess(lenient(trained), framed(known), FEATURES)


def lenient(trained: TrainedModel) -> TrainedModel:
    """Let one of three features carry most of the gain, as it honestly does in so small a world."""
    bounds = trained.parameters.leakage.model_copy(update={"gain_share": 0.9})
    return replace(trained, parameters=trained.parameters.model_copy(update={"leakage": bounds}))


def test_it_survives_its_own_text(told: Assessment) -> None:
    """What is read back is what was written, and writes the same bytes."""
    again = Assessment.from_text(told.to_text())
    assert again.to_text() == told.to_text()
    assert again.findings == told.findings
    assert again.probe == told.probe


def test_features_that_the_model_left_out_are_no_evidence(
    told: Assessment, trained: TrainedModel, known: World
) -> None:
    """A feature that selection dropped stands in the rows still: nothing is asked of it, and nothing else changes."""
    framed_rows = framed(known)
    wider = replace(framed_rows, rows=framed_rows.rows.assign(dropped=np.arange(len(framed_rows.rows), dtype=float)))
    again = assess(lenient(trained), wider, [FeatureNote("dropped"), *FEATURES])
    assert again.to_text() == told.to_text()


def test_every_table_holds_every_judging_row(told: Assessment, trained: TrainedModel) -> None:
    """Rows and defaults of each table add up; what is not said is a part of its own."""
    rows, defaults = len(trained.out_of_time), int(trained.out_of_time["is_default"].sum())
    assert (told.judged_on, told.rows) == ("out_of_time", rows)
    for table in (told.calibration, told.lift, told.grades, *told.parts.values(), *told.groups.values()):
        assert sum(row["row_count"] for row in table) == rows
        assert sum(row["default_count"] for row in table) == defaults
    assert set(told.parts) == {"month", "product"}
    assert [row["product"] for row in told.parts["product"]] == ["long", "not said", "short"]
    assert all(row["low"] <= row["observed_rate"] <= row["high"] for row in told.calibration)
    assert told.metrics["auc_low"] < told.metrics["auc"] < told.metrics["auc_high"]


@pytest.mark.quiet(
    "HISTORIES_STILL_GROW",
    "AUC_TOO_GOOD",
    "FEATURE_EXPLAINS_ALONE",
    "FEATURE_CARRIES_THE_GAIN",
    "FEATURE_TELLS_THE_CALENDAR",
    "TEST_ROWS_TELL_THEMSELVES_APART",
)
def test_an_honest_world_has_no_finding(told: Assessment) -> None:
    """Directions hold, nothing moved beyond noise that matters, and no detector speaks."""
    assert told.findings == ()
    assert told.probe.broken == ()
    assert told.probe.features == 3
    assert told.score_shift is not None
    assert told.score_shift["index"] < 0.1
    assert told.separation is not None
    assert told.separation["auc"] < 0.7


@pytest.mark.fires("FEATURE_EXPLAINS_ALONE", "FEATURE_TELLS_THE_CALENDAR", "TEST_ROWS_TELL_THEMSELVES_APART")
@pytest.mark.quiet("AUC_TOO_GOOD")
def test_planted_leaks_are_found(trained: TrainedModel, known: World) -> None:
    """A feature that holds the outcome, and one that holds the calendar."""
    frame = framed(known)
    late = pd.to_datetime(frame.rows["as_of"]) > pd.Timestamp("2025-04-15")
    noise = np.random.default_rng(1).random(len(frame.rows))
    planted = frame.rows.assign(
        noise_a=np.where(noise < 0.1, noise, frame.rows["is_default"]), noise_b=late + noise / 10
    )
    found = assess(lenient(trained), replace(frame, rows=planted), FEATURES)
    assert [one.code for one in found.findings] == [ALONE, CALENDAR, SEPARABLE]
    assert "noise_a" in found.findings[0].found
    assert "noise_b" in found.findings[1].found


def test_few_rows_are_judged_by_cross_validation(trained: TrainedModel, known: World) -> None:
    """The judging rows are then all rows."""
    checked = cross_validate(known.frame, SMALL, FEATURES)
    told = assess(trained, framed(known), FEATURES, checked)
    assert (told.judged_on, told.rows) == ("cross_validated", len(known.frame))
    assert told.metrics["auc"] == checked.metrics["auc"]


def test_without_a_test_side_nothing_is_compared(trained: TrainedModel, known: World) -> None:
    """Out of fold there is no shift and no separation to tell."""
    alone = replace(trained, out_of_time=trained.out_of_time.head(0))
    told = assess(alone, framed(known), FEATURES)
    assert (told.judged_on, told.score_shift, told.shifts, told.separation) == ("out_of_fold", None, [], None)
    assert told.rows == len(trained.out_of_fold)


@pytest.mark.fires("MONOTONE")
@pytest.mark.quiet("MONOTONE")
def test_a_direction_that_the_model_breaks_is_named(trained: TrainedModel, known: World) -> None:
    """Promised the other way round, the directions of the two strong features are broken."""
    scorer = Scorer.from_files(trained.files)
    wrong = [FeatureNote(note.name, -note.monotone) for note in FEATURES]  # type: ignore[arg-type]
    rows = known.frame[list(NAMES)].to_numpy(dtype=np.float64)
    assert probe(scorer, rows, FEATURES, NAMES).broken == ()
    assert set(probe(scorer, rows, wrong, NAMES).broken) >= {"late_days_90d", "login_count_30d"}
    assert probe(scorer, rows, wrong, ["noise_a"]).features == 0


def test_wilson_holds_the_truth_as_often_as_promised() -> None:
    """Of 2000 samples of 60 rows at 5 %, 95 % intervals hold it about 95 times in 100."""
    counted = np.random.default_rng(8).binomial(60, 0.05, 2000)
    held = [low <= 0.05 <= high for low, high in (wilson(int(one), 60) for one in counted)]
    assert 0.93 < np.mean(held) < 0.99


def test_weights_count_rows_in_every_figure(known: World) -> None:
    """Rows of weight two, one and none: tables add up to the weights, and what moved is told of the weighted rows."""
    frame = framed(known)
    rows = frame.rows.assign(weight=np.array([2.0, 1.0, 0.0])[np.arange(len(known.frame)) % 3])
    fitted = lenient(train(rows, SMALL, FEATURES))
    told, ignored = (assess(fitted, each, FEATURES) for each in (replace(frame, rows=rows), frame))
    judged = fitted.out_of_time.drop(columns="weight").merge(
        rows[["receivable_id", "as_of", "weight"]], on=["receivable_id", "as_of"]
    )
    for table in (told.calibration, told.grades, *told.parts.values(), *told.groups.values()):
        assert sum(row["row_count"] for row in table) == pytest.approx(judged["weight"].sum())
        assert sum(row["default_count"] for row in table) == pytest.approx(judged["weight"] @ judged["is_default"])
    assert told.score_shift != ignored.score_shift
    assert told.shifts != ignored.shifts
    assert told.separation != ignored.separation


def test_features_that_look_further_back_than_the_logs_are_growing() -> None:
    """A window longer than the history, and all that was ever known; nothing where the history is not told."""
    notes = [FeatureNote(str(days), reach_days=days) for days in (0, 30, 90, 180, None)]
    rows = pd.DataFrame()
    assert Frame(rows, {}, {}, 90).growing(notes) == {"180", "None"}
    assert Frame(rows, {}, {}).growing(notes) == set()
