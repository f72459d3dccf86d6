"""The points table: what a person adds up by hand is what the machine scores, for every kind of value."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.points import BinnedFeature, PointsTable
from schemas.errors import ModelError

NUMBER = BinnedFeature("late_days", (0.0, 30.0), (), (5_012, 2_000, -750), 1_111, 3_000.5)
NAMED = BinnedFeature("home", (), (0, 1, -1, 0), (1_200, 300), 640, 900.0)
TABLE = PointsTable((NUMBER, NAMED), 600.0, 50.0, 20.0)
COLUMNS = {"home": 0, "late_days": 1}
value = st.one_of(
    st.floats(), st.sampled_from([math.nan, math.inf, -0.0, 0.0, 29.999, 30.0, 1e300]), st.integers(-2, 6).map(float)
)


def by_hand(home: float, late: float) -> float:
    """Add a receivable's points up, one look-up after the other."""
    known = 5_012 if late < 0 else 2_000 if late < 30 else -750
    first = known if math.isfinite(late) else 1_111
    second = {0: 1_200, 1: 300, 3: 1_200}.get(int(home), 640) if math.isfinite(home) and 0 <= home < 4 else 640
    return (first + second) / 100


@given(st.lists(st.tuples(value, value), min_size=1, max_size=20))
def test_points_are_what_a_hand_adds_up(rows: list[tuple[float, float]]) -> None:
    """Missing, infinite and unseen values have the points of what is not known."""
    whole = [(math.trunc(home) if math.isfinite(home) else home, late) for home, late in rows]
    matrix = np.array(whole, dtype=np.float64).reshape(-1, 2)
    assert TABLE.points(matrix, COLUMNS).tolist() == [by_hand(home, late) for home, late in whole]


@given(st.lists(st.tuples(value, value), min_size=1, max_size=20))
def test_contributions_add_up_to_the_score(rows: list[tuple[float, float]]) -> None:
    """The rest is the mean row's score, in the last column."""
    matrix = np.array(rows, dtype=np.float64).reshape(-1, 2)
    told = TABLE.contributions(matrix, COLUMNS)
    np.testing.assert_allclose(told.sum(axis=1), TABLE.score(matrix, COLUMNS), rtol=0, atol=1e-12)
    assert len(set(told[:, -1])) == 1


def test_twenty_points_double_the_odds() -> None:
    """At the base points the odds of not defaulting are the base odds."""
    assert TABLE.log_odds(np.array([600.0]))[0] == pytest.approx(-math.log(50))
    assert TABLE.log_odds(np.array([620.0]))[0] == pytest.approx(-math.log(100))


def test_the_text_gives_the_same_table_back() -> None:
    """Number for number."""
    assert PointsTable.from_text(TABLE.to_text()) == TABLE


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"format":1', '"format":7'),
        ("[0.0,30.0]", "[30.0,0.0]"),
        ("[5012,2000,-750]", "[5012,2000]"),
        ("[0,1,-1,0]", "[0,1,-1,2]"),
        ('"base_odds"', '"odds"'),
    ],
)
def test_what_is_no_table_is_refused(old: str, new: str) -> None:
    """Another format, cuts out of order, bins without points, unknown names."""
    text = TABLE.to_text()
    assert old in text
    with pytest.raises(ModelError, match="points table"):
        PointsTable.from_text(text.replace(old, new))
