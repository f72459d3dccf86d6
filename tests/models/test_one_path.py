"""One scoring path: a row, a batch, the engine and the registry say the same, bit for bit, of every input type."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from models.fit import TrainedModel, train
from models.parameters import BoosterParameters, FeatureNote, ScorecardParameters
from models.registry import Registry
from models.scorer import POINTS, Scored, Scorer
from models.spark import Tagging, tag_receivables
from models.versions import Run, Trainer
from tests.models.known import SMALL

AS_OF = date(2025, 1, 31)
ROWS, DATES = 2_400, 4
HOMES = ("east", "north", "south", "west")
NOTES = (
    FeatureNote("late_count", 1, theme="late"),
    FeatureNote("owed_amount", 1),
    FeatureNote("is_verified", -1),
    FeatureNote("utilisation", 1),
    FeatureNote("tiny_count"),
    FeatureNote("home", is_category=True),
    FeatureNote("pace"),
)
NAMES = [note.name for note in NOTES]
TYPES = pa.schema(
    [
        ("receivable_id", pa.string()),
        ("as_of", pa.date32()),
        ("late_count", pa.int32()),
        ("owed_amount", pa.decimal128(18, 2)),
        ("is_verified", pa.bool_()),
        ("utilisation", pa.float32()),
        ("tiny_count", pa.int8()),
        ("home", pa.string()),
        ("pace", pa.float64()),
    ]
)


def typed(rows: int, seed: int, *, strange: bool = False) -> pa.Table:
    """Draw receivables with a column of every type, nulls in each; strange ones have values that training never saw."""
    draw = np.random.default_rng(seed)
    homes = [*HOMES, "mars", ""] if strange else list(HOMES)
    columns = {
        "late_count": [int(each) for each in draw.poisson(1.0, rows)],
        "owed_amount": [Decimal(int(each)).scaleb(-2) for each in draw.integers(1, 900_000, rows)],
        "is_verified": [bool(each) for each in draw.random(rows) < 0.7],
        "utilisation": [float(each) for each in draw.random(rows, dtype=np.float32)],
        "tiny_count": [int(each) for each in draw.integers(-3, 4, rows)],
        "home": [str(each) for each in draw.choice(homes, rows)],
        "pace": [float(each) for each in draw.normal(size=rows)],
    }
    for values in columns.values():
        for place in np.flatnonzero(draw.random(rows) < 0.08):
            values[place] = None
    if strange:
        columns["pace"][:4] = [np.inf, -np.inf, np.nan, 1e300]
        columns["late_count"][:2] = [-(2**31), 2**31 - 1]
    keys = {"receivable_id": [f"R{number:05d}" for number in range(rows)], "as_of": [AS_OF] * rows}
    return pa.table({**keys, **columns}, schema=TYPES)


@pytest.fixture(scope="module")
def mixed() -> TrainedModel:
    """Train two shapes of trees and a scorecard on all types, with unlike weights of each."""
    table = typed(ROWS, 5)
    frame = table.to_pandas()
    draw = np.random.default_rng(6)
    odds = -2.2 + 0.6 * frame["late_count"].fillna(0) + 1.2 * frame["utilisation"].fillna(0)
    odds += np.where(frame["home"] == "south", 1.2, 0.0) - 0.6 * (frame["is_verified"] == True)  # noqa: E712 - nulls
    told = frame.assign(
        borrower_id=[f"B{number // DATES:05d}" for number in range(ROWS)],
        as_of=pd.Timestamp("2025-01-01") + pd.to_timedelta(np.tile(np.arange(DATES), ROWS // DATES) * 30, "D"),
        is_default=pd.array(draw.random(ROWS) < 1 / (1 + np.exp(-odds.to_numpy())), dtype="boolean"),
    )
    other = BoosterParameters(learning_rate=0.3, rounds=20, num_leaves=4, min_data_in_leaf=30, threads=1, seeds=(1, 2))
    parameters = SMALL.model_copy(update={"further_boosters": (other,), "scorecard": ScorecardParameters()})
    return train(told, parameters, NOTES)


@pytest.fixture(scope="module")
def scorer(mixed: TrainedModel) -> Scorer:
    """Give it ready to score."""
    return Scorer.from_files(mixed.files)


def said(scored: Scored) -> list[tuple[object, ...]]:
    """Give all that is said of each row, to be compared bit for bit."""
    assert scored.reasons is not None
    numbers = (scored.default_probability, scored.default_probability_upper, scored.grade)
    told = (column.tolist() for column in numbers)
    return [(*one, *why) for *one, why in zip(*told, scored.reasons.tolist(), strict=True)]


def test_single_rows_frames_and_tables_say_the_same(scorer: Scorer) -> None:
    """From Arrow as a table, a batch or a row; from pandas as a frame or a row; by one or two threads."""
    table = typed(300, 7, strange=True)
    wanted = said(scorer.score(scorer.matrix(table)))
    frame = table.to_pandas()
    assert said(scorer.score(scorer.matrix(frame))) == wanted
    assert said(scorer.score(np.ascontiguousarray(scorer.matrix(table)))) == wanted
    both = Scorer.from_files(scorer.to_files(), threads=2)
    assert said(both.score(both.matrix(table.to_batches()[0]))) == wanted
    for place in range(0, 300, 7):
        assert said(scorer.score(scorer.matrix(table.slice(place, 1)))) == [wanted[place]]
        assert said(scorer.score(scorer.matrix(frame.iloc[[place]]))) == [wanted[place]]
        one = pd.DataFrame([{name: table[name][place].as_py() for name in NAMES}])
        assert said(scorer.score(scorer.matrix(one))) == [wanted[place]]


def test_what_training_never_saw_is_missing(scorer: Scorer) -> None:
    """An unseen category is no category, an infinite number no number."""
    row = typed(1, 8).to_pandas()
    for name, strange, missing in (("home", "mars", None), ("pace", np.inf, np.nan)):
        told = [said(scorer.score(scorer.matrix(row.assign(**{name: [value]})))) for value in (strange, missing)]
        assert told[0] == told[1]


def test_the_engine_and_the_registry_say_the_same(
    engine: SparkSession, mixed: TrainedModel, scorer: Scorer, tmp_path: Path
) -> None:
    """Tags of a batch on the engine, by the model as it comes back from the registry, are the scorer's own words."""
    registry = Registry(f"sqlite:///{tmp_path / 'mlflow.db'}", tmp_path / "models")
    version = registry.record(mixed, Run("one", {}, {}, Trainer("dana", is_signed=True), {}, {}))
    found = registry.load(version)
    assert found is not None
    table = typed(9_000, 9, strange=True)
    amount = pa.array([Decimal("1000.00")] * len(table), pa.decimal128(18, 2))
    states = table.select(["receivable_id", "as_of"]).append_column("current_principal_amount", amount)
    states = states.append_column("is_open", pa.array([True] * len(table)))
    tags = tag_receivables(
        engine.createDataFrame(table), engine.createDataFrame(states), found[1], AS_OF, Tagging(version, "s", 0.6)
    )
    rows = sorted(tags.collect(), key=lambda row: str(row["receivable_id"]))
    columns = ["default_probability", "default_probability_upper", "grade", *(f"reason_{k}" for k in range(1, 5))]
    assert [tuple(row[name] for name in columns) for row in rows] == said(scorer.score(scorer.matrix(table)))


def test_the_model_under_test_has_all_kinds_of_members(scorer: Scorer) -> None:
    """Trees with a categorical split and a points table: else the tests above would show little."""
    files = scorer.to_files()
    assert POINTS in files
    texts = [text for name, text in files.items() if name.startswith("booster")]
    assert len(texts) >= 2
    assert any(f"num_cat={number}" in text for text in texts for number in range(1, 5))
