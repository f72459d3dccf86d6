"""Who trains and who tests: no borrower on both sides, no label from the test's time, the same on every machine."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.parameters import SplitParameters, TrainingParameters
from models.split import folds, hash_share, out_of_time
from schemas.errors import ModelError

DAY = np.timedelta64(1, "D")


def rows(borrowers: int = 400, dates: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Give borrower and date of a full panel, 30 days from date to date."""
    names = np.array([f"B{number}" for number in range(borrowers)], dtype=object)
    days = np.datetime64("2025-01-01") + 30 * DAY * np.arange(dates)
    return np.repeat(names, dates), np.tile(days, borrowers)


def test_no_borrower_is_on_both_sides_and_no_row_is_lost() -> None:
    """Training and test share no borrower; every row is counted once."""
    borrowers, as_of = rows()
    split = out_of_time(borrowers, as_of, TrainingParameters(horizon_days=60))
    assert not set(borrowers[split.training]) & set(borrowers[split.test])
    assert sum(split.counts.values()) == len(borrowers)
    assert split.counts["training"] == split.training.sum() > 0
    assert split.counts["test"] == split.test.sum() > 0


def test_training_windows_end_before_the_first_test_date() -> None:
    """The embargo is the horizon unless said otherwise; a window that ends just on the first test day is allowed."""
    borrowers, as_of = rows()
    split = out_of_time(borrowers, as_of, TrainingParameters(horizon_days=60))
    first = as_of[split.test].min()
    assert as_of[split.training].max() + 60 * DAY == first
    shorter = SplitParameters(embargo_days=30)
    split = out_of_time(borrowers, as_of, TrainingParameters(horizon_days=60, split=shorter))
    assert as_of[split.training].max() + 30 * DAY == first


def test_a_borrowers_side_hangs_on_the_id_alone() -> None:
    """Dropping a borrower's dates or other borrowers moves nobody."""
    borrowers, as_of = rows()
    parameters = TrainingParameters(horizon_days=30)
    whole = set(borrowers[out_of_time(borrowers, as_of, parameters).test])
    kept = np.arange(len(borrowers)) % 3 != 0
    fewer = set(borrowers[kept][out_of_time(borrowers[kept], as_of[kept], parameters).test])
    assert fewer <= whole
    assert len(fewer) > 0


def test_an_empty_side_is_a_plain_error() -> None:
    """Two dates within the horizon cannot be split; the error says what to change."""
    borrowers, as_of = rows(dates=2)
    with pytest.raises(ModelError, match="embargo_days"):
        out_of_time(borrowers, as_of, TrainingParameters(horizon_days=180))


def test_without_an_out_of_time_share_everything_trains() -> None:
    """Share 0 leaves the test to cross-validation."""
    borrowers, as_of = rows(dates=1)
    split = out_of_time(borrowers, as_of, TrainingParameters(split=SplitParameters(out_of_time_share=0)))
    assert split.training.all()
    assert not split.test.any()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.booleans()), min_size=40, max_size=200), st.integers(2, 5))
def test_folds_keep_borrowers_whole_and_defaults_even(given: list[tuple[int, bool]], count: int) -> None:
    """A borrower has one fold, and folds differ by at most one defaulted borrower, whatever comes."""
    borrowers = np.array([f"B{number}" for number, _ in given], dtype=object)
    is_default = np.array([flag for _, flag in given])
    bad = {name for name, flag in zip(borrowers, is_default, strict=True) if flag}
    if min(len(bad), len(set(borrowers) - bad)) < count:
        with pytest.raises(ModelError, match="borrowers with a default"):
            folds(borrowers, is_default, count, "1")
        return
    found = folds(borrowers, is_default, count, "1")
    of_borrower = {name: set(found[borrowers == name]) for name in set(borrowers)}
    assert all(len(numbers) == 1 for numbers in of_borrower.values())
    sizes = np.bincount([of_borrower[name].pop() for name in bad], minlength=count)
    assert sizes.max() - sizes.min() <= 1


def test_hash_share_is_spread_evenly() -> None:
    """A share of the ids falls under each threshold, within sampling noise."""
    shares = np.array([hash_share(f"B{number}", "1") for number in range(4000)])
    assert abs((shares < 0.3).mean() - 0.3) < 0.03
    assert 0 <= shares.min() < shares.max() < 1
