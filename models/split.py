"""Who trains and who tests: by time and by borrower, the same on every machine."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.parameters import TrainingParameters
from schemas.errors import ModelError

Texts = NDArray[np.object_]
Days = NDArray[np.datetime64]
Flags = NDArray[np.bool_]
Reals = NDArray[np.float64]
Counts = NDArray[np.int64]

HASH_BYTES = 7
"""56 bits of a digest fit a double exactly."""


@dataclass(frozen=True, slots=True)
class Folds:
    """Which rows each fold trains on and which it holds out; a row is held out once at most.

    Args:
        number: Fold that holds each row out, -1 for none.
        training: Rows that each fold trains on.
        is_by_time: Whether folds train on earlier dates than they hold out.
    """

    number: Counts
    training: tuple[Flags, ...]
    is_by_time: bool = False

    def __len__(self) -> int:
        """Give how many folds there are."""
        return len(self.training)

    def __iter__(self) -> Iterator[tuple[Flags, Flags]]:
        """Give of each fold the rows that it trains on and those that it holds out."""
        for place, training in enumerate(self.training):
            yield training, np.equal(self.number, place)

    @property
    def is_held(self) -> Flags:
        """Tell which rows are held out by some fold."""
        return np.greater_equal(self.number, 0)


@dataclass(frozen=True, slots=True)
class Split:
    """Rows that train and rows that test, with what was left out and why.

    Args:
        training: Early dates of borrowers that train.
        test: The last dates of borrowers that test.
        counts: Rows by what became of them: training, test, embargo, other_side.
    """

    training: Flags
    test: Flags
    counts: dict[str, int]


def hash_share(text: str, salt: str) -> float:
    """Give a number in [0, 1) that depends on the id and the salt alone.

    >>> round(hash_share("B1", "1"), 6), hash_share("B1", "1") == hash_share("B1", "2")
    (0.674551, False)
    """
    found = hashlib.sha256(f"{len(salt)}:{salt}|{text}".encode()).digest()[:HASH_BYTES]
    return float(int.from_bytes(found, "big") / 256**HASH_BYTES)


def _by_borrower(borrowers: Texts, salt: str) -> Reals:
    names, place = np.unique(borrowers.astype(str), return_inverse=True)
    return np.array([hash_share(str(name), salt) for name in names], dtype=np.float64)[place]


def out_of_time(borrowers: Texts, as_of: Days, parameters: TrainingParameters) -> Split:
    """Set the last dates of some borrowers aside as the test, and train on the early dates of the others.

    The side of a borrower hangs on the id alone, never on which dates the borrower has: whoever defaults has fewer
    dates, so any rule that looks at them would move defaults from one side to the other. A late row of a training
    borrower, and an early row of a test borrower, is left out. A training date ends its embargo by the first test date.

    Raises:
        ModelError: No training or no test row is left.
    """
    wanted = parameters.split
    if wanted.out_of_time_share == 0:
        everything = np.ones(len(borrowers), dtype=np.bool_)
        return Split(everything, ~everything, _counts(everything, ~everything, ~everything))
    dates = np.unique(as_of)
    first_test = dates[-max(1, round(wanted.out_of_time_share * len(dates)))]
    late: Flags = as_of >= first_test
    early: Flags = as_of + np.timedelta64(parameters.embargo_days, "D") <= first_test
    tests: Flags = _by_borrower(borrowers, f"side {wanted.salt}") < wanted.test_borrower_share
    found = Split(early & ~tests, late & tests, _counts(early & ~tests, late & tests, ~early & ~late))
    _require_both_sides(found, parameters.embargo_days, dates)
    return found


def _counts(training: Flags, test: Flags, embargo: Flags) -> dict[str, int]:
    kept = {"training": int(training.sum()), "test": int(test.sum()), "embargo": int(embargo.sum())}
    return {**kept, "other_side": len(training) - sum(kept.values())}


def _require_both_sides(found: Split, embargo_days: int, dates: Days) -> None:
    if found.training.any() and found.test.any():
        return
    raise ModelError(
        f"{found.counts} rows over {len(dates)} as-of dates from {dates[0]} to {dates[-1]}",
        f"rows to train on and rows to test on, {embargo_days} days apart",
        "more as-of dates, a shorter split.embargo_days, or split.out_of_time_share: 0 in conf/model.yaml",
    )


def folds(borrowers: Texts, is_default: Flags, count: int, salt: str) -> Counts:
    """Deal the borrowers into folds, so that each has about as many defaulted ones; give the fold of each row.

    Borrowers are dealt in the order of their defaults, then of their hash: a borrower is in one fold only.

    Raises:
        ModelError: Fewer borrowers of either outcome than folds.
    """
    names, place = np.unique(borrowers.astype(str), return_inverse=True)
    bad = np.bincount(place, weights=is_default, minlength=len(names))
    if min((bad > 0).sum(), (bad == 0).sum()) < count:
        raise ModelError(
            f"{(bad > 0).sum()} borrowers with a default and {(bad == 0).sum()} without",
            f"at least {count} of each, one for every fold",
            "more training dates, or fewer split.folds in conf/model.yaml",
        )
    shares = np.array([hash_share(str(name), f"fold {salt}") for name in names])
    dealt = np.empty(len(names), dtype=np.int64)
    dealt[np.lexsort((shares, -bad))] = np.arange(len(names)) % count
    found: Counts = dealt[place]
    return found


def folds_of(borrowers: Texts, as_of: Days, is_default: Flags, parameters: TrainingParameters) -> Folds:
    """Deal rows into folds by borrower, and by time where `split.time_blocks` asks for it and the dates allow it.

    By time, the dates behind a first block are held out block by block: each fold holds out one group of borrowers in
    one block, and trains on the other borrowers' rows of dates that lie an embargo before it. Where no fold would have
    both outcomes to train on, folds are by borrower alone.
    """
    wanted = parameters.split
    group = folds(borrowers, is_default, wanted.folds, wanted.salt)
    number, training = np.full(len(group), -1, dtype=np.int64), list[Flags]()
    for block in np.array_split(np.unique(as_of), wanted.time_blocks + 1)[1:]:
        inside = np.isin(as_of, block)
        early = as_of + np.timedelta64(parameters.embargo_days, "D") <= block.min() if len(block) else inside
        for each in range(wanted.folds):
            held, trained = inside & (group == each), early & (group != each)
            if held.any() and len(np.unique(is_default[trained])) > 1:
                number[held] = len(training)
                training.append(trained)
    if training and len(np.unique(is_default[number >= 0])) > 1:
        return Folds(number, tuple(training), is_by_time=True)
    return Folds(group, tuple(np.not_equal(group, each) for each in range(wanted.folds)))
