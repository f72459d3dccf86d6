"""Monitoring: each alarm fires where it must, and stays quiet where nothing is shown."""

from dataclasses import replace

import numpy as np
import pytest

from models.monitoring import SCORE, Agreement, Alarm, AlarmRule, Drift, MonitoringParameters, Watched, alarms
from models.stability import Shift, shift

RULES = MonitoringParameters()
STILL = Shift(0.02, 0.0, 0.04, 0.03, 0.1, 0.05, 0.06)
CALM = Watched(
    drifts=[Drift(SCORE, STILL, 1.0), Drift("late_days", STILL, 0.2)], agreements=[], untagged=0, age_days=90
)
OVER = Agreement("scoring_day", "2025-01-01", 180, 180, 4000, 200, 200.0)
YOUNG = Agreement("pool", "deal 2025-06", 30, 180, 4000, 20, 200.0)


def fired(watched: Watched, rules: MonitoringParameters = RULES) -> list[tuple[str, str]]:
    """Give code and subject of each alarm, having seen that each says what it found and against what."""
    found = alarms(watched, rules)
    assert all(
        (isinstance(one, Alarm) and one.found and one.value > one.threshold) or "BELOW" in one.code for one in found
    )
    return [(one.code, one.subject) for one in found]


def moved(**change: float) -> Watched:
    """Give a day on which the feature moved so."""
    return replace(CALM, drifts=[CALM.drifts[0], Drift("late_days", replace(STILL, **change), 0.2)])


def agreed(*rows: Agreement) -> Watched:
    """Give a day with such outcomes."""
    return replace(CALM, agreements=rows)


@pytest.mark.quiet(
    "SCORE_MOVED",
    "FEATURE_MOVED",
    "FEATURE_MISSING_MOVED",
    "DEFAULTS_ABOVE_PREDICTED",
    "DEFAULTS_BELOW_PREDICTED",
    "POOL_DEFAULTS_ABOVE_PREDICTED",
    "POOL_WITHOUT_TAG",
    "MODEL_OLD",
)
def test_a_calm_day_has_no_alarm() -> None:
    """Nothing moved, what was said came to pass, the pool is young and well, the model is fresh."""
    assert fired(CALM) == []
    assert fired(agreed(OVER, YOUNG)) == []


@pytest.mark.fires("SCORE_MOVED")
@pytest.mark.quiet("SCORE_MOVED")
def test_a_score_that_moved_stops() -> None:
    """Beyond the bound and beyond the noise of few borrowers; at the bound, or within the noise, it is quiet."""
    loud, still, noisy = (
        Drift(SCORE, replace(STILL, index=index, noise=noise), 1.0)
        for index, noise in ((0.26, 0.1), (0.25, 0.1), (0.26, 0.3))
    )
    assert fired(replace(CALM, drifts=[loud])) == [("SCORE_MOVED", SCORE)]
    assert alarms(replace(CALM, drifts=[loud]), RULES)[0].severity == "stop"
    assert fired(replace(CALM, drifts=[still])) == fired(replace(CALM, drifts=[noisy])) == []


@pytest.mark.fires("FEATURE_MOVED")
@pytest.mark.quiet("FEATURE_MOVED")
def test_a_feature_that_moved_is_looked_at() -> None:
    """The severity is look; one that carries next to nothing of the gain raises no alarm."""
    assert fired(moved(index=0.3)) == [("FEATURE_MOVED", "late_days")]
    assert alarms(moved(index=0.3), RULES)[0].severity == "look"
    assert fired(moved(index=0.2)) == []
    assert fired(replace(CALM, drifts=[Drift("late_days", replace(STILL, index=9.0), 0.009)])) == []


@pytest.mark.fires("FEATURE_MISSING_MOVED")
@pytest.mark.quiet("FEATURE_MISSING_MOVED")
def test_a_feature_that_goes_missing_or_comes_back_is_looked_at() -> None:
    """More than a tenth of the rows, either way; less is quiet."""
    assert fired(moved(missing_after=0.16)) == [("FEATURE_MISSING_MOVED", "late_days")]
    assert fired(moved(missing_before=0.9, missing_after=0.0)) == [("FEATURE_MISSING_MOVED", "late_days")]
    assert fired(moved(missing_after=0.14)) == []


@pytest.mark.parametrize(
    ("rows", "defaults", "code"),
    [(4000, 320, "ABOVE"), (4000, 260, ""), (40, 4, ""), (4000, 100, "BELOW"), (4000, 170, "")],
)
@pytest.mark.fires("DEFAULTS_ABOVE_PREDICTED", "DEFAULTS_BELOW_PREDICTED")
@pytest.mark.quiet("DEFAULTS_ABOVE_PREDICTED", "DEFAULTS_BELOW_PREDICTED")
def test_outcomes_off_the_prediction_beyond_chance_are_told(rows: int, defaults: int, code: str) -> None:
    """Of 5 % predicted: 8 % of many rows is above, 2.5 % below; 6.5 % or 4 %, or 10 % of forty rows, show nothing."""
    one = replace(OVER, rows=rows, defaults=defaults, predicted=rows * 0.05)
    wanted = [(f"DEFAULTS_{code}_PREDICTED", "scoring_day 2025-01-01")] if code else []
    assert fired(agreed(one)) == wanted


@pytest.mark.fires("POOL_DEFAULTS_ABOVE_PREDICTED")
@pytest.mark.quiet("POOL_DEFAULTS_ABOVE_PREDICTED")
def test_a_handful_shows_nothing() -> None:
    """One default of five where 3 % were predicted happens one time in seven; four of five do not."""
    few = replace(YOUNG, rows=5, defaults=1, predicted=0.15)
    assert fired(agreed(few)) == []
    assert fired(agreed(replace(few, defaults=4))) == [("POOL_DEFAULTS_ABOVE_PREDICTED", "pool deal 2025-06")]


@pytest.mark.quiet("DEFAULTS_BELOW_PREDICTED")
def test_outcomes_are_not_judged_before_their_time() -> None:
    """With half of the horizon gone, few defaults are no sign that the prediction was too high."""
    assert fired(agreed(replace(OVER, after_days=90, defaults=20))) == []


@pytest.mark.fires("POOL_DEFAULTS_ABOVE_PREDICTED")
@pytest.mark.quiet("POOL_DEFAULTS_ABOVE_PREDICTED")
def test_a_cohort_that_defaults_more_than_was_ever_predicted_stops_early() -> None:
    """After thirty days, 300 defaults where 200 were predicted for 180; 205 may be chance; an older mark is past."""
    loud, chance = (replace(YOUNG, defaults=number) for number in (300, 205))
    assert fired(agreed(loud)) == [("POOL_DEFAULTS_ABOVE_PREDICTED", "pool deal 2025-06")]
    assert fired(agreed(chance)) == []
    assert (
        fired(agreed(loud, replace(OVER, kind="pool", part=YOUNG.part, rows=8000, predicted=400.0, defaults=400))) == []
    )


@pytest.mark.fires("POOL_WITHOUT_TAG")
@pytest.mark.quiet("POOL_WITHOUT_TAG")
def test_bought_receivables_without_a_tag_are_counted() -> None:
    """One is enough; none is quiet."""
    assert fired(replace(CALM, untagged=1)) == [("POOL_WITHOUT_TAG", "pool")]


@pytest.mark.fires("MODEL_OLD")
@pytest.mark.quiet("MODEL_OLD")
def test_an_old_model_is_looked_at() -> None:
    """A year and a day; a year is not yet old."""
    assert fired(replace(CALM, age_days=366)) == [("MODEL_OLD", "model")]
    assert fired(replace(CALM, age_days=365)) == []


def test_thresholds_and_severities_are_configuration() -> None:
    """A lenient rule is quiet, a grave one stops and comes first."""
    lenient = RULES.model_copy(update={"feature_moved": AlarmRule(severity="look", threshold=0.5)})
    assert fired(moved(index=0.3), lenient) == []
    grave = RULES.model_copy(update={"model_old": AlarmRule(severity="stop", threshold=30)})
    assert [one.code for one in alarms(replace(moved(index=0.3), age_days=90), grave)] == ["MODEL_OLD", "FEATURE_MOVED"]


@pytest.mark.fires("FEATURE_MOVED")
@pytest.mark.quiet("FEATURE_MOVED")
def test_a_drawn_shift_raises_the_alarm_and_a_drawn_calm_does_not() -> None:
    """A feature moved by half a deviation is found by its own rows; another sample of the same is not."""
    draw = np.random.default_rng(2)
    base, again, later = draw.normal(size=3000), draw.normal(size=3000), draw.normal(0.6, 1.0, 3000)
    for values, wanted in ((again, []), (later, [("FEATURE_MOVED", "late_days")])):
        assert fired(replace(CALM, drifts=[Drift("late_days", shift(base, values), 0.5)])) == wanted
