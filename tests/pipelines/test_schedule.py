"""Observation days: spread over the month, the same for the same configuration, their windows over."""

from calendar import monthrange
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.schedule import TrainingDays
from schemas.errors import ConfigurationError
from schemas.moments import month_starts

FIRST, LAST, HORIZON = date(2022, 1, 1), date(2026, 3, 1), 180
LONG = TrainingDays(most=1_000)
seeds = st.integers(0, 10_000)


@given(seeds)
def test_a_years_days_lie_all_over_the_month(seed: int) -> None:
    """Whatever the seed, no tenth of a month goes unseen in two years, and none holds much more than its share."""
    days = LONG.model_copy(update={"spread_seed": seed}).between(FIRST, LAST, HORIZON)[:24]
    places = [(day.day - 0.5) / monthrange(day.year, day.month)[1] for day in days]
    counts, _ = np.histogram(places, bins=10, range=(0, 1))
    assert (counts.min() >= 1, counts.max() <= 5) == (True, True)


@given(seeds, st.sampled_from(["month", "quarter"]))
def test_one_day_in_each_month_within_the_bounds(seed: int, every: str) -> None:
    """A day for each month (each quarter's first), after the history, its window over; those at the ends may miss."""
    asked = TrainingDays.model_validate({"every": every, "spread_seed": seed, "most": 1_000})
    days = asked.between(FIRST, LAST, HORIZON)
    first, last = FIRST + timedelta(days=90), LAST - timedelta(days=HORIZON)
    starts = [day for day in month_starts(first.replace(day=1), last) if every == "month" or day.month % 3 == 1]
    assert first <= days[0]
    assert days[-1] <= last
    assert {(day.year, day.month) for day in days} >= {(day.year, day.month) for day in starts[1:-1]}
    assert len({(day.year, day.month) for day in days}) == len(days)


@given(seeds, st.integers(1, 400))
def test_training_later_observes_on_the_same_days(seed: int, later: int) -> None:
    """More logs add days and change none."""
    asked = LONG.model_copy(update={"spread_seed": seed})
    before, after = (asked.between(FIRST, LAST + timedelta(days=more), HORIZON) for more in (0, later))
    assert after[: len(before)] == before


def test_the_seed_decides_and_null_takes_the_first_of_the_month() -> None:
    """Another seed, other days; without one, month starts as ever; the latest ones are kept; weeks are Mondays."""
    one, other = (LONG.model_copy(update={"spread_seed": seed}).between(FIRST, LAST, HORIZON) for seed in (1, 2))
    assert one != other
    plain = LONG.model_copy(update={"spread_seed": None})
    assert plain.between(FIRST, LAST, HORIZON) == month_starts(FIRST + timedelta(90), LAST - timedelta(HORIZON))
    assert plain.model_copy(update={"most": 2}).between(FIRST, LAST, HORIZON) == [date(2025, 8, 1), date(2025, 9, 1)]
    weeks = plain.model_copy(update={"every": "week"}).between(FIRST, LAST, HORIZON)
    assert {day.weekday() for day in weeks} == {0}


def test_logs_that_are_too_short_are_told() -> None:
    """There is no day with history before it and a window behind it."""
    with pytest.raises(ConfigurationError, match="a window of 180 days"):
        LONG.between(FIRST, FIRST + timedelta(days=200), HORIZON)
