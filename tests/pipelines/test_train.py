"""What training keeps for others: predicted beside observed defaults, rows by their weight."""

import numpy as np
import pandas as pd
import pytest

from models.parameters import TrainingParameters
from pipelines.train import evidence

PARAMETERS = TrainingParameters()


def judged(rows: int = 600, seed: int = 3) -> pd.DataFrame:
    """Draw judging rows with weights of one to three."""
    draw = np.random.default_rng(seed)
    probability = draw.uniform(0.001, 0.3, rows)
    return pd.DataFrame(
        {
            "is_default": draw.random(rows) < probability,
            "default_probability": probability,
            "weight": draw.integers(1, 4, rows).astype(float),
        }
    )


def test_a_row_of_weight_three_counts_as_three_rows() -> None:
    """The same evidence as of the rows written out one by one; bins may part equal rows, so within one of them."""
    rows = judged()
    written_out = rows.loc[rows.index.repeat(rows["weight"].astype(int))].assign(weight=1.0)
    one, other = (evidence(each, PARAMETERS) for each in (rows, written_out))
    assert one["counts"] == other["counts"] == {"rows": len(written_out), "defaults": int(written_out.is_default.sum())}
    for grade, same in zip(one["grades"], other["grades"], strict=True):
        assert grade == {**same, "predicted": pytest.approx(same["predicted"])}
    for tenth, same in zip(one["bins"], other["bins"], strict=True):
        assert tenth["predicted"] == pytest.approx(same["predicted"], abs=0.002)
        assert tenth["count"] == pytest.approx(same["count"], abs=3)


def test_without_weights_the_counts_are_those_of_the_rows() -> None:
    """The plain sums, grade by grade."""
    rows = judged().assign(weight=1.0)
    found = evidence(rows, PARAMETERS)
    assert sum(one["count"] for one in found["bins"]) == len(rows)
    best = rows[rows["default_probability"] < 0.005]
    assert found["grades"][0] == {
        "label": "A",
        "count": len(best),
        "defaults": int(best["is_default"].sum()),
        "predicted": pytest.approx(best["default_probability"].mean()),
    }
