"""One scoring path: a single row, a batch, any number type and a reloaded model give the same bits."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from models.fit import TrainedModel
from models.grade import Scale
from models.matrix import matrix
from models.scorer import MODEL_FILE, Scorer
from schemas.errors import ModelError
from tests.models.known import NAMES, World


@pytest.fixture(scope="module")
def scorer(trained: TrainedModel) -> Scorer:
    """Give the trained model ready to score."""
    return Scorer.from_files(trained.files)


def test_single_row_batch_and_reloaded_are_equal_bit_for_bit(known: World, scorer: Scorer) -> None:
    """Neither the size of a batch, nor threads, nor a round through text changes a bit."""
    rows = scorer.matrix(known.frame.head(300))
    batch = scorer.score(rows)
    reloaded = Scorer.from_files(scorer.to_files(), threads=2).score(rows)
    singles = [scorer.score(rows[k : k + 1]) for k in range(len(rows))]
    assert (batch.default_probability == reloaded.default_probability).all()
    assert [each.default_probability[0] for each in singles] == batch.default_probability.tolist()
    assert batch.reasons is not None
    assert reloaded.reasons is not None
    assert (batch.reasons == reloaded.reasons).all()
    assert [each.reasons[0].tolist() for each in singles if each.reasons is not None] == batch.reasons.tolist()
    assert [each.grade[0] for each in singles] == batch.grade.tolist()


def test_the_training_measured_what_is_scored(known: World, scorer: Scorer, trained: TrainedModel) -> None:
    """The out-of-time predictions are those that anybody gets from the files."""
    rows = trained.out_of_time.merge(known.frame.drop(columns=["is_default"]), on=["receivable_id", "as_of"])
    found = scorer.score(scorer.matrix(rows), explained=False)
    assert (found.default_probability == rows["default_probability"].to_numpy()).all()
    assert found.reasons is None


def test_number_types_and_column_order_do_not_matter() -> None:
    """Integers, decimals, booleans, float32 and nulls become the same doubles from pandas and from Arrow."""
    table = pa.table(
        {
            "flag": pa.array([True, None]),
            "money": pa.array([Decimal("1.50"), None], pa.decimal128(18, 2)),
            "count": pa.array([3, None], pa.int32()),
            "real": pa.array([0.5, None], pa.float32()),
            "other": ["x", "y"],
        }
    )
    names = ["real", "count", "money", "flag"]
    wanted = np.array([[0.5, 3, 1.5, 1], [np.nan] * 4])
    for frame in (table, table.to_batches()[0], table.to_pandas(), pd.DataFrame(table.to_pylist())):
        assert np.array_equal(matrix(frame, names), wanted, equal_nan=True)


def test_a_missing_or_textual_feature_is_named(known: World, scorer: Scorer) -> None:
    """The error says which feature is not there or no number."""
    with pytest.raises(ModelError, match="login_count_30d"):
        scorer.matrix(known.frame.drop(columns="login_count_30d"))
    with pytest.raises(ModelError, match="login_count_30d"):
        scorer.matrix(known.frame.assign(login_count_30d="often"))
    with pytest.raises(ModelError, match="shape"):
        scorer.score(np.zeros((2, 3)))


def test_missing_values(known: World, scorer: Scorer) -> None:
    """Missing is allowed where training saw it; elsewhere the training median stands in; infinite counts as missing."""
    rows = scorer.matrix(known.frame.head(50))
    place = NAMES.index("utilisation_now")
    base = scorer.card.base_values["utilisation_now"]
    empty, median, endless = rows.copy(), rows.copy(), rows.copy()
    empty[:, place], median[:, place], endless[:, place] = np.nan, base, np.inf
    wanted = scorer.score(median).default_probability
    assert (scorer.score(empty).default_probability == wanted).all()
    assert (scorer.score(endless).default_probability == wanted).all()
    assert "noise_a" not in scorer.card.base_values
    assert np.isfinite(scorer.score(np.full((1, len(NAMES)), np.nan)).default_probability).all()


def test_no_rows(scorer: Scorer) -> None:
    """An empty batch gives empty answers."""
    found = scorer.score(np.empty((0, len(NAMES))))
    assert len(found.default_probability) == len(found.grade) == 0
    assert found.reasons is not None
    assert found.reasons.shape == (0, 4)


def test_grades_follow_the_scale(known: World, scorer: Scorer) -> None:
    """Each grade holds the probabilities of its band only, best first."""
    scored = scorer.score(scorer.matrix(known.frame), explained=False)
    scale: Scale = scorer.card.scale
    lows = (0.0, *scale.below[:-1])
    for grade, low, high in zip(scale.grades, lows, scale.below, strict=True):
        inside = scored.default_probability[scored.grade == grade]
        assert ((inside >= low) & (inside < high)).all()
    assert len(set(scored.grade)) > 3


def test_broken_files_are_refused(scorer: Scorer) -> None:
    """Missing texts, other formats and boosters of other features give a plain error."""
    files = scorer.to_files()
    card = files[MODEL_FILE]
    for broken in (
        {"booster.txt": files["booster.txt"]},
        {MODEL_FILE: card},
        {**files, MODEL_FILE: card[:-20]},
        {**files, MODEL_FILE: card.replace('"format":2', '"format":9')},
        {**files, MODEL_FILE: card.replace("noise_a", "noise_x")},
        {**files, "booster.txt": "not a booster"},
    ):
        with pytest.raises(ModelError):
            Scorer.from_files(broken)
