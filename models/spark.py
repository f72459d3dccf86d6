"""Tagging on the engine: every open receivable gets the model's word, found as the features are read."""

import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import Column, DataFrame
from pyspark.sql.functions import col, floor, lit, when
from scipy.special import logit

from models.explain import REASONS
from models.scorer import Scored, Scorer
from models.term import STANDING, TERM_FILE, TermModel, lifetime, standing_of
from schemas.derived import RECEIVABLE_TAGS
from schemas.errors import ModelError
from schemas.spark import conform

Batches = Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]

PRINCIPAL, PROBABILITY = "current_principal_amount", "default_probability"
LIFETIME, LOSS_SHARE, LIFE = "lifetime_default_probability", "lifetime_loss_share", "expected_life_months"
CENT = Decimal("0.01")
TEXTS = ("grade", *(f"reason_{number}" for number in range(1, REASONS + 1)))
REALS = (PROBABILITY, "default_probability_upper", LIFETIME, LOSS_SHARE, LIFE)
WORD = pa.schema([*((name, pa.float64()) for name in REALS), *((name, pa.string()) for name in TEXTS)])
"""The model's word on a receivable: all that needs no principal."""
WORD_TYPE = ", ".join(["receivable_id string", *(f"{x} double" for x in REALS), *(f"{x} string" for x in TEXTS)])


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


class Judge:
    """A model with its term structure, made from its texts, that gives its word on rows of features."""

    def __init__(self, files: Mapping[str, str], tagging: Tagging) -> None:
        """Load the model; it scores with one thread, for the engine runs tasks side by side."""
        self._scorer, self._tagging = Scorer.from_files(files, threads=1), tagging
        self._term = TermModel.from_text(files[TERM_FILE]) if TERM_FILE in files else None

    @property
    def columns(self) -> list[str]:
        """Give the columns of the features table that it needs."""
        return list(dict.fromkeys([*self._scorer.features, *(STANDING if self._term else ())]))

    def word(self, rows: pa.RecordBatch) -> pa.RecordBatch:
        """Give the model's word on each row."""
        scored = self._scorer.score(self._scorer.matrix(rows), explained_from=self._tagging.explained_from)
        reasons = [] if scored.reasons is None else list(scored.reasons.T)
        reals = [scored.default_probability, scored.default_probability_upper, *self._whole_term(rows, scored)]
        columns = [pa.array(each, pa.float64()) for each in reals]
        columns += [pa.array(each, pa.string()) for each in (scored.grade, *reasons)]
        return pa.RecordBatch.from_arrays(columns, schema=WORD)

    def _whole_term(self, rows: pa.RecordBatch, scored: Scored) -> list[NDArray[np.float64] | pa.Array]:
        """Give lifetime default probability, share of the principal lost and expected life; null without a term."""
        if self._term is None:
            return [pa.nulls(len(rows), pa.float64())] * 3
        standing = standing_of(rows.select(list(STANDING)).to_pandas(), logit(scored.default_probability))
        found = lifetime(self._term, standing, scored.default_probability, self._tagging.loss_given_default)
        return [found.default_probability, found.loss_share, found.life_months]

    def unknown(self) -> dict[str, float | str | None]:
        """Give its word on a receivable of which nothing is known."""
        nothing = {name: pa.nulls(1, pa.float64()) for name in self.columns}
        told: dict[str, float | str | None] = self.word(pa.RecordBatch.from_pydict(nothing)).to_pylist()[0]
        return told


def _judging(files: Mapping[str, str], tagging: Tagging) -> Batches:
    packed = zlib.compress(json.dumps(dict(files)).encode())

    def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        judge = Judge(json.loads(zlib.decompress(packed)), tagging)
        for batch in batches:
            told = judge.word(batch)
            names = ["receivable_id", *WORD.names]
            yield pa.RecordBatch.from_arrays([batch["receivable_id"], *told.columns], names=names)

    return run


def expected_loss(*shares: Column) -> Column:
    """Give principal x shares, as money.

    The one way it is computed: principal in minor units times each share, from left to right in doubles, then rounded
    half up (`floor(x + 1/2)`) to whole minor units.
    """
    product = (col(PRINCIPAL) * lit(Decimal(100))).cast("bigint").cast("double")
    for share in shares:
        product = product * share
    whole = floor(product + lit(0.5)).cast("decimal(18,0)")
    return (whole * lit(CENT)).cast("decimal(18,2)")


def tag_receivables(
    features: DataFrame, states: DataFrame, scorer_files: Mapping[str, str], as_of: date, tagging: Tagging
) -> DataFrame:
    """Give one row of `receivable_tags` for every open receivable of a day.

    The features are scored as they are read, before anything is joined: what moves between tasks is the model's word,
    not hundreds of columns. An open receivable without features gets the word on one of which nothing is known, so
    that tags and open receivables are as many.

    Args:
        features: The features table; other days and columns are ignored.
        states: Receivable states; only the day's open ones are tagged.
        scorer_files: The model's texts.
        as_of: The day.
        tagging: What the tags are made with.

    Raises:
        ModelError: The features table lacks a column that the model needs.
    """
    judge = Judge(scorer_files, tagging)
    missing = [name for name in judge.columns if name not in features.columns]
    if missing:
        raise ModelError(
            f"no column {', '.join(missing)} in the features table",
            f"all {len(judge.columns)} features of model {tagging.model_version}",
            "train a model on the features as they are now, or restore the columns in features/catalogue.py",
        )
    day = lit(as_of)
    known = features.where(col("as_of") == day).select("receivable_id", *judge.columns)
    words = known.mapInArrow(_judging(scorer_files, tagging), WORD_TYPE)
    wanted = states.where((col("as_of") == day) & col("is_open")).select("receivable_id", "as_of", PRINCIPAL)
    told = wanted.join(words, on="receivable_id", how="left").select(
        "receivable_id", "as_of", PRINCIPAL, *_words(judge.unknown())
    )
    return conform(told.select(*_tag(tagging)), RECEIVABLE_TAGS)


def _words(unknown: Mapping[str, float | str | None]) -> list[Column]:
    """Let the word on what is unknown stand in where there is none."""
    is_known = col(PROBABILITY).isNotNull()
    return [
        when(is_known, col(item.name))
        .otherwise(lit(unknown[item.name]).cast("double" if item.name in REALS else "string"))
        .alias(item.name)
        for item in WORD
    ]


def _tag(tagging: Tagging) -> list[Column]:
    own = {
        "expected_loss_amount": expected_loss(col(PROBABILITY), lit(tagging.loss_given_default)),
        "lifetime_loss_amount": expected_loss(col(LOSS_SHARE)),
        "model_version": lit(tagging.model_version),
        "feature_snapshot": lit(tagging.feature_snapshot),
    }
    return [own.get(name, col(name)).alias(name) for name in RECEIVABLE_TAGS.names]
