"""Tagging on the engine: every open receivable gets the model's word, in Arrow batches."""

import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyspark.sql import DataFrame
from pyspark.sql.functions import col, lit

from models.explain import REASONS
from models.scorer import Scored, Scorer
from schemas.derived import RECEIVABLE_TAGS
from schemas.errors import ModelError
from schemas.spark import conform, struct_type

Batches = Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]

PRINCIPAL, PROBABILITY = "current_principal_amount", "default_probability"
CENT = Decimal("0.01")
REALS = (PROBABILITY, "default_probability_upper")
WORDS = (*REALS, "grade", *(f"reason_{number}" for number in range(1, REASONS + 1)))
"""Columns of the model's word."""
SCORED_TYPE = ", ".join(f"{name} {'double' if name in REALS else 'string'}" for name in ("receivable_id", *WORDS))


@dataclass(frozen=True, slots=True)
class Tagging:
    """What a day's tags are made with, beside the model's texts.

    Args:
        model_version: Name of the registered version that the texts are of.
        feature_snapshot: Snapshot of the features table.
        loss_given_default: Share of the principal that is lost in default.
        explained_from: Default probability from which reasons are found, which takes nearly all of the time; of those
            below it they are null.
    """

    model_version: str
    feature_snapshot: str
    loss_given_default: float
    explained_from: float = 0.0


def expected_loss(minor_units: NDArray[np.int64], probability: NDArray[np.float64], lost: float) -> NDArray[np.int64]:
    """Give probability x principal x share lost in default, in minor units.

    The one way it is computed: a double product from left to right, `principal * probability * lost`, then rounded
    half up (`floor(x + 1/2)`) to whole minor units.

    >>> expected_loss(np.array([100_000, 250]), np.array([0.02, 0.01]), 0.6).tolist()
    [1200, 2]
    """
    found: NDArray[np.int64] = np.floor(minor_units * probability * lost + 0.5).astype(np.int64)
    return found


def score_batch(batch: pa.RecordBatch, scorer: Scorer, explained_from: float) -> pa.RecordBatch:
    """Give the model's word on a batch that holds receivable_id and the features."""
    words = _words(scorer.score(scorer.matrix(batch), explained_from=explained_from))
    return pa.RecordBatch.from_arrays([batch["receivable_id"], *words], names=["receivable_id", *WORDS])


def _words(scored: Scored) -> list[pa.Array]:
    reasons = [] if scored.reasons is None else list(scored.reasons.T)
    told = [pa.array(column, pa.string()) for column in (scored.grade, *reasons)]
    return [pa.array(scored.default_probability), pa.array(scored.default_probability_upper), *told]


def value_batch(batch: pa.RecordBatch, unknown: Scored, tagging: Tagging) -> pa.RecordBatch:
    """Give the tag rows of a batch of open receivables with the model's word on each.

    Args:
        batch: receivable_id, as_of, current_principal_amount and the word; null where there are no features.
        unknown: The word on a receivable of which nothing is known.
        tagging: What the tags are made with.
    """
    is_scored = pc.is_valid(batch[PROBABILITY])
    given = zip(WORDS, _words(unknown), strict=True)
    words = [pc.if_else(is_scored, batch[name], one[0]) for name, one in given]
    minor = pc.multiply(batch[PRINCIPAL], pa.scalar(Decimal(100))).cast(pa.int64()).to_numpy(zero_copy_only=False)
    lost = pa.array(expected_loss(minor, words[0].to_numpy(zero_copy_only=False), tagging.loss_given_default))
    amount = pc.multiply(lost.cast(pa.decimal128(19, 0)), pa.scalar(CENT)).cast(pa.decimal128(18, 2))
    told = [pa.repeat(pa.scalar(each), len(batch)) for each in (tagging.model_version, tagging.feature_snapshot)]
    columns = [batch["receivable_id"], batch["as_of"], *words, amount, *told]
    return pa.RecordBatch.from_arrays(columns, names=list(RECEIVABLE_TAGS.names))


def _scoring(packed: bytes, tagging: Tagging) -> Batches:
    def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        scorer = _scorer(packed)
        for batch in batches:
            yield score_batch(batch, scorer, tagging.explained_from)

    return run


def _valuing(packed: bytes, tagging: Tagging) -> Batches:
    def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        scorer = _scorer(packed)
        nothing = np.full((1, len(scorer.features)), np.nan)
        unknown = scorer.score(nothing, explained_from=tagging.explained_from)
        for batch in batches:
            yield value_batch(batch, unknown, tagging)

    return run


def _scorer(packed: bytes) -> Scorer:
    return Scorer.from_files(json.loads(zlib.decompress(packed)), threads=1)


def tag_receivables(
    features: DataFrame, states: DataFrame, scorer_files: Mapping[str, str], as_of: date, tagging: Tagging
) -> DataFrame:
    """Give one row of `receivable_tags` for every open receivable of a day.

    Each task makes the scorer once from its texts and scores with one thread: the engine runs tasks side by side. The
    features are scored as they are read, before anything is joined: what moves between tasks is the model's word, not
    hundreds of columns. An open receivable without features is scored with all of them missing, so that tags and open
    receivables are as many.

    Args:
        features: The features table; other days and columns are ignored.
        states: Receivable states; only the day's open ones are tagged.
        scorer_files: The model's texts.
        as_of: The day.
        tagging: What the tags are made with.

    Raises:
        ModelError: The features table lacks a column that the model needs.
    """
    needed = Scorer.from_files(scorer_files).features
    missing = [name for name in needed if name not in features.columns]
    if missing:
        raise ModelError(
            f"no column {', '.join(missing)} in the features table",
            f"all {len(needed)} features of model {tagging.model_version}",
            "train a model on the features as they are now, or restore the columns in features/catalogue.py",
        )
    day = lit(as_of)
    wanted = states.where((col("as_of") == day) & col("is_open")).select("receivable_id", "as_of", PRINCIPAL)
    known = features.where(col("as_of") == day).select("receivable_id", *needed)
    packed = zlib.compress(json.dumps(dict(scorer_files)).encode())
    scored = known.mapInArrow(_scoring(packed, tagging), SCORED_TYPE)
    tagged = wanted.join(scored, on="receivable_id", how="left")
    return conform(tagged.mapInArrow(_valuing(packed, tagging), struct_type(RECEIVABLE_TAGS)), RECEIVABLE_TAGS)
