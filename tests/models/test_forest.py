"""The compiled walk: LightGBM's own `predict` is the oracle, bit for bit, whatever the splits and the values."""

from typing import Any

import lightgbm as lgb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.forest import Forest
from models.walk import BLOCK
from schemas.errors import ModelError

Reals = NDArray[np.float64]

ROWS, NUMBERS, CODES = 1200, 4, 2
EDGES = (np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-35, -1e-35, 1e-36, 2e-35, 1e300, -1e300, -0.5, -1.0, 2.0**31, 40.0)
VARIANTS: dict[str, dict[str, Any]] = {
    "missing is NaN": {},
    "missing is zero": {"zero_as_missing": True},
    "nothing is missing": {"use_missing": False},
    "monotone": {"monotone_constraints": [1, -1, 0, 0, 0, 0]},
    "one hot": {"max_cat_to_onehot": 40},
}


def learned(seed: int = 0, **more: Any) -> Any:
    """Train on numbers with gaps and zeros, and on two codes, one of more than 32 categories."""
    draw = np.random.default_rng(seed)
    numbers = np.round(draw.normal(size=(ROWS, NUMBERS)), 2)
    numbers[draw.random(numbers.shape) < 0.15] = np.nan
    numbers[draw.random(numbers.shape) < 0.2] = 0.0
    codes = np.column_stack([draw.integers(0, 5, ROWS), draw.integers(0, 40, ROWS)]).astype(np.float64)
    codes[draw.random(codes.shape) < 0.1] = np.nan
    odds = np.nan_to_num(numbers) @ [1.0, -1.0, 0.5, 0.2] + np.sin(np.nan_to_num(codes[:, 1])) + (codes[:, 0] == 3)
    told = draw.random(ROWS) < 1 / (1 + np.exp(-odds))
    features = np.column_stack([numbers, codes])
    shape = {
        "objective": "binary",
        "num_leaves": 12,
        "min_data_in_leaf": 10,
        "min_data_per_group": 5,
        "cat_smooth": 1.0,
        "seed": seed,
        "num_threads": 1,
        "deterministic": True,
        "verbosity": -1,
        **more,
    }
    return lgb.train(shape, lgb.Dataset(features, told, categorical_feature=[NUMBERS, NUMBERS + 1]), 20)


@pytest.fixture(scope="module", params=VARIANTS, ids=lambda name: name.replace(" ", "-"))
def booster(request: pytest.FixtureRequest) -> Any:
    """Give a booster of one way to treat what is missing."""
    return learned(**VARIANTS[request.param])


def predicted(booster: Any, values: NDArray[np.floating]) -> list[float]:
    """Give LightGBM's own sums."""
    return [float(each) for each in booster.predict(values, raw_score=True, num_threads=1)]


def thresholds(booster: Any) -> list[float]:
    """Give the values at which splits turn."""
    lines = [line for line in booster.model_to_string().splitlines() if line.startswith("threshold=")]
    return sorted({float(each) for line in lines for each in line.partition("=")[2].split()})


def test_the_forest_has_what_is_to_be_tested(booster: Any) -> None:
    """There are categorical splits, and values that turn exactly at a threshold go LightGBM's way."""
    text = booster.model_to_string()
    assert sum(int(line[8:]) for line in text.splitlines() if line.startswith("num_cat=")) > 5
    turns = np.array(thresholds(booster))
    around = np.concatenate([turns, np.nextafter(turns, np.inf), np.nextafter(turns, -np.inf)])
    values = np.repeat(around[:, None], NUMBERS + CODES, axis=1)
    assert Forest.from_text(text).score(values, is_filled=True).tolist() == predicted(booster, values)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_values_give_the_bits_of_lightgbm(booster: Any, data: st.DataObject) -> None:
    """NaN, zeros, infinities, strange codes; rows laid out by row or by column; one row or many; float32 or float64."""
    one = st.one_of(st.sampled_from(EDGES), st.floats(-3, 3), st.integers(-2, 45).map(float))
    row = st.lists(one, min_size=NUMBERS + CODES, max_size=NUMBERS + CODES)
    values = np.array(data.draw(st.lists(row, min_size=1, max_size=8)))
    forest = Forest.from_text(booster.model_to_string())
    wanted = predicted(booster, values)
    assert forest.score(values, is_filled=True).tolist() == wanted
    assert forest.score(np.asfortranarray(values), is_filled=True).tolist() == wanted
    with np.errstate(over="ignore"):
        single = values.astype(np.float32)
    assert forest.score(single.astype(np.float64), is_filled=True).tolist() == predicted(booster, single)


def test_neither_threads_nor_blocks_change_a_bit(booster: Any) -> None:
    """Rows around the size of a block, by one to three threads."""
    forest = Forest.from_text(booster.model_to_string())
    values = np.random.default_rng(1).normal(size=(2 * BLOCK + 3, NUMBERS + CODES)) * 3
    wanted = predicted(booster, values)
    for rows in (0, 1, BLOCK - 1, BLOCK, BLOCK + 1, len(values)):
        for threads in (1, 2, 3):
            assert forest.score(values[:rows], threads=threads, is_filled=True).tolist() == wanted[:rows]


def test_what_stands_in_is_what_lightgbm_would_have_been_given(booster: Any) -> None:
    """Where a value is not finite its stand-in is scored, NaN where there is none."""
    names = booster.feature_name()
    forest = Forest.from_text(booster.model_to_string(), {names[0]: 0.7, names[3]: 0.0, names[4]: 3.0})
    values = np.random.default_rng(2).choice([np.nan, np.inf, -np.inf, 0.0, 1.0, -0.3], (200, NUMBERS + CODES))
    base = np.array([0.7, np.nan, np.nan, 0.0, 3.0, np.nan])
    assert forest.score(values).tolist() == predicted(booster, np.where(np.isfinite(values), values, base))


def test_trees_of_one_leaf() -> None:
    """Where nothing could be learned every row gets the same."""
    values = np.zeros((40, 1))
    stump = lgb.train({"objective": "binary", "verbosity": -1}, lgb.Dataset(values, np.arange(40) % 4 == 0), 3)
    assert Forest.from_text(stump.model_to_string()).score(values).tolist() == predicted(stump, values)


def test_what_is_not_walked_is_refused() -> None:
    """Linear leaves, several classes, averaged trees and broken texts."""
    draw = np.random.default_rng(3)
    values, classes = draw.normal(size=(400, 2)), draw.integers(0, 3, 400)
    quiet = {"verbosity": -1, "num_threads": 1}
    linear = lgb.train({**quiet, "linear_tree": True}, lgb.Dataset(values, values[:, 0] ** 2), 2)
    many = lgb.train({**quiet, "objective": "multiclass", "num_class": 3}, lgb.Dataset(values, classes), 2)
    mean = {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5, **quiet}
    averaged = lgb.train(mean, lgb.Dataset(values, values[:, 0]), 2)
    text = learned().model_to_string()
    for broken in (*(each.model_to_string() for each in (linear, many, averaged)), "not a booster", text[:9000]):
        with pytest.raises(ModelError):
            Forest.from_text(broken)
