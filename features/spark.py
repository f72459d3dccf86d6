"""Features on the engine: one row for every open receivable, one column for every feature of the catalogue."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import partial

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from features.catalogue import FEATURES, features_table
from features.declarations import PLATFORM, Aggregate, Feature, Term, leaves
from features.spark_compile import aggregated, value_of
from features.spark_cut import Hold, Logs, as_planned, attached, visible
from features.spark_frames import FRAME_PREPARATIONS
from features.spark_streams import AsOf
from features.states import StateConvention
from features.streams import FRAMES
from schemas.spark import conform

__all__ = ["build_features", "visible"]

DEFAULT_CONVENTION = StateConvention()
KEYS = (PLATFORM, "category_code", "region_code", "merchant_id", "receivable_id", "borrower_id")
"""The columns by which frames join, the coarsest first; within one, narrow frames first, so that little is copied."""


def build_features(
    logs: Logs,
    states: DataFrame,
    as_of: date,
    time_zone: str,
    convention: StateConvention = DEFAULT_CONVENTION,
    hold: Hold = as_planned,
    features: Sequence[Feature] = FEATURES,
) -> DataFrame:
    """Describe every open receivable as of the start of a local day, from what was known before it (`features_table`).

    Args:
        logs: Every log table, uncut.
        states: The receivable states of the same day, all of them, open or not.
        as_of: The day.
        time_zone: The platform's.
        convention: How the states' days past due were counted.
        hold: Where what is used more than once is computed once; without it the engine plans and computes everything
            anew for every use, which takes several times longer.
        features: What to compute; the whole catalogue by default.
    """
    known = AsOf(logs, states, as_of, time_zone, convention, hold)
    needed = {leaf: None for feature in features for leaf in leaves(feature.definition)}
    rows = _open_receivables(known)
    for key, part in sorted(_parts(known, needed), key=lambda keyed: (KEYS.index(keyed[0]), len(keyed[1].columns))):
        rows = rows.crossJoin(part) if key == PLATFORM else attached(rows, part, key)
    columns = (value_of(feature.definition).cast("double").alias(feature.name) for feature in features)
    told = rows.select("receivable_id", F.lit(as_of).alias("as_of"), "borrower_id", *columns)
    return conform(told, features_table(features))


def _parts(known: AsOf, needed: Iterable[Aggregate | Term]) -> Iterator[tuple[str, DataFrame]]:
    """Give the frames that hold what features are made of, each with the column by which it joins."""
    passes: dict[tuple[str, str], list[Aggregate]] = defaultdict(list)
    for leaf in needed:
        if isinstance(leaf, Aggregate):
            passes[leaf.stream, leaf.entity].append(leaf)
    for (stream, entity), aggregates in passes.items():
        for number, part in enumerate(aggregated(known.stream(stream), aggregates)):
            yield entity, known.held(f"{stream}_{entity}_{number}", partial(_same, part))
    for frame in dict.fromkeys(leaf.frame for leaf in needed if isinstance(leaf, Term)):
        yield FRAMES[frame][0], known.held(frame, partial(FRAME_PREPARATIONS[frame], known))


def _same(frame: DataFrame) -> DataFrame:
    return frame


def _open_receivables(known: AsOf) -> DataFrame:
    groups = known.loans("merchant_id", "region_code", "category_code")
    states = known.states.where("is_open").select("receivable_id", "borrower_id")
    return states.join(groups, "receivable_id").withColumn(PLATFORM, F.lit(1))
