"""Tagging on the engine: every open receivable gets the model's word, in Arrow batches."""

import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyspark.sql import DataFrame
from pyspark.sql.functions import col, lit
from scipy.special import logit

from models.scorer import Scored, Scorer
from models.term import STANDING, TERM_FILE, TermModel, lifetime, standing_of
from schemas.derived import RECEIVABLE_TAGS
from schemas.errors import ModelError
from schemas.spark import conform, struct_type

PRINCIPAL = "current_principal_amount"
CENT = Decimal("0.01")


def expected_loss(minor_units: NDArray[np.int64], probability: NDArray[np.float64], lost: float) -> NDArray[np.int64]:
    """Give probability x principal x share lost in default, in minor units.

    The one way it is computed: a double product from left to right, `principal * probability * lost`, then rounded
    half up (`floor(x + 1/2)`) to whole minor units.

    >>> expected_loss(np.array([100_000, 250]), np.array([0.02, 0.01]), 0.6).tolist()
    [1200, 2]
    """
    found: NDArray[np.int64] = np.floor(minor_units * probability * lost + 0.5).astype(np.int64)
    return found


def _money(minor_units: NDArray[np.int64]) -> pa.Array:
    """Give minor units as money."""
    return pc.multiply(pa.array(minor_units).cast(pa.decimal128(19, 0)), pa.scalar(CENT)).cast(pa.decimal128(18, 2))


def _whole_term(
    batch: pa.RecordBatch, term: TermModel | None, scored: Scored, minor: NDArray[np.int64], lost: float
) -> list[pa.Array]:
    """Give lifetime default probability, lifetime loss and expected life; null without a term structure."""
    if term is None:
        return [pa.nulls(len(batch), kind) for kind in (pa.float64(), pa.decimal128(18, 2), pa.float64())]
    standing = standing_of(batch.select(list(STANDING)).to_pandas(), logit(scored.default_probability))
    found = lifetime(term, standing, scored.default_probability, lost)
    amount = _money(expected_loss(minor, found.loss_share, 1.0))
    return [pa.array(found.default_probability), amount, pa.array(found.life_months)]


def tag_batch(
    batch: pa.RecordBatch,
    scorer: Scorer,
    term: TermModel | None,
    loss_given_default: float,
    model_version: str,
    feature_snapshot: str,
) -> pa.RecordBatch:
    """Give the tag rows of a batch that holds receivable_id, as_of, current_principal_amount and the features."""
    scored = scorer.score(scorer.matrix(batch))
    minor = pc.multiply(batch[PRINCIPAL], pa.scalar(Decimal(100))).cast(pa.int64()).to_numpy(zero_copy_only=False)
    lost = _money(expected_loss(minor, scored.default_probability, loss_given_default))
    reasons = [] if scored.reasons is None else [pa.array(column, pa.string()) for column in scored.reasons.T]
    columns = [
        batch["receivable_id"],
        batch["as_of"],
        pa.array(scored.default_probability),
        pa.array(scored.default_probability_upper),
        pa.array(scored.grade, pa.string()),
        *reasons,
        lost,
        *_whole_term(batch, term, scored, minor, loss_given_default),
        pa.repeat(pa.scalar(model_version), len(batch)),
        pa.repeat(pa.scalar(feature_snapshot), len(batch)),
    ]
    return pa.RecordBatch.from_arrays(columns, names=list(RECEIVABLE_TAGS.names))


def _tagger(
    files: Mapping[str, str], loss_given_default: float, model_version: str, feature_snapshot: str
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    packed = zlib.compress(json.dumps(dict(files)).encode())

    def tag(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        texts = json.loads(zlib.decompress(packed))
        scorer = Scorer.from_files(texts, threads=1)
        term = TermModel.from_text(texts[TERM_FILE]) if TERM_FILE in texts else None
        for batch in batches:
            yield tag_batch(batch, scorer, term, loss_given_default, model_version, feature_snapshot)

    return tag


def tag_receivables(
    features: DataFrame,
    states: DataFrame,
    scorer_files: Mapping[str, str],
    as_of: date,
    model_version: str,
    feature_snapshot: str,
    loss_given_default: float,
) -> DataFrame:
    """Give one row of `receivable_tags` for every open receivable of a day.

    Each task makes the scorer once from its texts and scores with one thread: the engine runs tasks side by side. An
    open receivable without features is scored with all of them missing, so that tags and open receivables are as many.

    Args:
        features: The features table; other days and columns are ignored.
        states: Receivable states; only the day's open ones are tagged.
        scorer_files: The model's texts.
        as_of: The day.
        model_version: Name of the registered version that the texts are of.
        feature_snapshot: Snapshot of the features table.
        loss_given_default: Share of the principal that is lost in default.

    Raises:
        ModelError: The features table lacks a column that the model needs.
    """
    own = STANDING if TERM_FILE in scorer_files else ()
    needed = list(dict.fromkeys([*Scorer.from_files(scorer_files).features, *own]))
    missing = [name for name in needed if name not in features.columns]
    if missing:
        raise ModelError(
            f"no column {', '.join(missing)} in the features table",
            f"all {len(needed)} features of model {model_version}",
            "train a model on the features as they are now, or restore the columns in features/catalogue.py",
        )
    day = lit(as_of)
    wanted = states.where((col("as_of") == day) & col("is_open")).select("receivable_id", "as_of", PRINCIPAL)
    known = features.where(col("as_of") == day).select("receivable_id", *needed)
    tagger = _tagger(scorer_files, loss_given_default, model_version, feature_snapshot)
    tagged = wanted.join(known, on="receivable_id", how="left").mapInArrow(tagger, struct_type(RECEIVABLE_TAGS))
    return conform(tagged, RECEIVABLE_TAGS)
