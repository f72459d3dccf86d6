"""Features on the engine: one row for every open receivable, one column for every feature of the catalogue."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from features.catalogue import FEATURES, features_table
from features.declarations import PLATFORM, Aggregate, Feature, Term, feature_name, leaves
from features.spark_compile import aggregated, value_of
from features.spark_cut import attached, visible
from features.spark_frames import FRAME_PREPARATIONS
from features.spark_streams import AsOf
from features.spark_sweep import swept_frame
from features.streams import FRAMES
from schemas.spark import conform

__all__ = ["AsOf", "build_features", "by_expressions", "visible"]

Means = Callable[[AsOf, Sequence[Aggregate]], Sequence[DataFrame]]
"""From what was known at the start of a day, and aggregates of one stream and entity, to frames of a row an entity."""

KEYS = (PLATFORM, "category_code", "region_code", "merchant_id", "receivable_id", "borrower_id")
"""The columns by which frames join, the coarsest first; within one, narrow frames first, so that little is copied."""


def swept(known: AsOf, aggregates: Sequence[Aggregate]) -> Sequence[DataFrame]:
    """Sweep what belongs to one borrower; groups that hold a large part of all rows are for the engine to add up."""
    first = aggregates[0]
    events = known.stream(first.stream)
    if first.entity in {"borrower_id", "receivable_id"}:
        return [swept_frame(events, aggregates, known.day)]
    return aggregated(events, aggregates)


def swept_before(known: AsOf, aggregates: Sequence[Aggregate], laid: Mapping[str, DataFrame]) -> Sequence[DataFrame]:
    """Take what was swept from the layout already, a row a borrower by stream; sweep the rest."""
    first = aggregates[0]
    if first.entity == "borrower_id" and first.stream in laid:
        return [laid[first.stream].select(first.entity, *map(feature_name, aggregates))]
    return swept(known, aggregates)


def by_expressions(known: AsOf, aggregates: Sequence[Aggregate]) -> Sequence[DataFrame]:
    """Compute all aggregates by expressions of the engine: clear and slow, the sweep's reference."""
    return aggregated(known.stream(aggregates[0].stream), aggregates)


def build_features(known: AsOf, features: Sequence[Feature] = FEATURES, means: Means = swept) -> DataFrame:
    """Describe every open receivable as of the start of a local day, from what was known before it (`features_table`).

    Args:
        known: The logs behind the cut, with the receivable states of the same day, all of them, open or not.
        features: What to compute; the whole catalogue by default.
        means: What computes aggregates: the sweep, or as its reference expressions of the engine.
    """
    needed = {leaf: None for feature in features for leaf in leaves(feature.definition)}
    rows = _open_receivables(known)
    parts = _parts(known, needed, means)
    for key, part in sorted(parts, key=lambda keyed: (KEYS.index(keyed[0]), len(keyed[1].columns))):
        rows = rows.crossJoin(part) if key == PLATFORM else attached(rows, part, key)
    columns = (value_of(feature.definition).cast("double").alias(feature.name) for feature in features)
    told = rows.select("receivable_id", F.lit(known.day).alias("as_of"), "borrower_id", *columns)
    return conform(told, features_table(features))


def _parts(known: AsOf, needed: Iterable[Aggregate | Term], means: Means) -> Iterator[tuple[str, DataFrame]]:
    """Give the frames that hold what features are made of, each with the column by which it joins."""
    passes: dict[tuple[str, str], list[Aggregate]] = defaultdict(list)
    for leaf in needed:
        if isinstance(leaf, Aggregate):
            passes[leaf.stream, leaf.entity].append(leaf)
    for (stream, entity), aggregates in passes.items():
        for number, part in enumerate(means(known, aggregates)):
            yield entity, known.held(f"{stream}_{entity}_{number}", partial(_same, part))
    for frame in dict.fromkeys(leaf.frame for leaf in needed if isinstance(leaf, Term)):
        yield FRAMES[frame][0], known.held(frame, partial(FRAME_PREPARATIONS[frame], known))


def _same(frame: DataFrame) -> DataFrame:
    return frame


def _open_receivables(known: AsOf) -> DataFrame:
    groups = known.loans("merchant_id", "region_code", "category_code")
    states = known.states.where("is_open").select("receivable_id", "borrower_id")
    return states.join(groups, "receivable_id").withColumn(PLATFORM, F.lit(1))
