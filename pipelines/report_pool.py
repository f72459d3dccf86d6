"""The pool part of a report: who is eligible, proposed, held; why not; how they divide. Counted by the engine."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from features.spark import visible
from pipelines.deals import all_pledges
from pipelines.funnel import patterns
from pipelines.pool_traits import COMPARED, chosen
from pool.deal import Deal
from pool.funnel import funnel
from pool.price import to_amount
from reports.contents import Composition, Funnel, Holding
from reports.evidence import DefaultProbabilities, ProbabilityBin
from reports.shares import compose
from reports.words import NOT_SAID
from runtime.stage import part
from runtime.workspace import Workspace
from schemas import derived, lending
from schemas.table import Table

PROBABILITY_EDGES = (0.0, 0.0025, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.06, 0.08, 0.12, 0.2, 1.0)
Failures = Mapping[str, tuple[int, int, int, Decimal]]


@dataclass(frozen=True, slots=True)
class Populations:
    """The open receivables of a day by what became of them.

    Args:
        funnel: From open to booked.
        failures: For each criterion that anything fails: failed, unknown, only reason, principal.
        compositions: How eligible, batch and pool divide.
        probabilities: How default probabilities spread.
    """

    funnel: Funnel
    failures: Failures
    compositions: tuple[Composition, ...]
    probabilities: DefaultProbabilities

    @staticmethod
    def holding(count: int, minor: int | None) -> Holding:
        """Give a count with principal in minor units."""
        return Holding(count, to_amount(minor or 0))


def populations(workspace: Workspace, as_of: date, deal: Deal) -> Populations:
    """Count the receivables of a day for a deal."""
    with workspace.scratch(f"report-{deal.name}") as scratch:
        place = (scratch / "rows").as_uri()
        _rows(workspace, as_of, deal).write.parquet(place)
        rows = workspace.session.read.parquet(place)
        return Populations(
            funnel=_funnel(rows),
            failures=_failures(workspace, as_of, deal),
            compositions=tuple(_composition(rows, trait, label, most) for trait, label, most in chosen(COMPARED)),
            probabilities=_probabilities(rows),
        )


def _rows(workspace: Workspace, as_of: date, deal: Deal) -> DataFrame:
    """Lay out every open receivable with its traits and its standing."""

    def read(table: Table) -> DataFrame:
        return workspace.catalog.read(workspace.session, table, part(table, as_of, deal.name))

    states = read(derived.RECEIVABLE_STATES).where("is_open")
    tags = read(derived.RECEIVABLE_TAGS).select("receivable_id", "default_probability", "grade")
    screenings = read(derived.SCREENINGS).select("receivable_id", "is_eligible")
    batch = read(derived.PROPOSALS).select("receivable_id", F.lit(True).alias("is_proposed"))
    zone = workspace.settings.platform.time_zone
    contracts = visible(read(lending.RECEIVABLES), lending.RECEIVABLES, as_of, zone)
    terms = contracts.select("receivable_id", "region_code", "category_code", "term_number", "annual_rate")
    held = _held(workspace, as_of, deal)
    joined = states.select(
        "receivable_id",
        "receivable_key",
        (F.col("current_principal_amount") * 100).cast("bigint").alias("minor"),
        "original_principal_amount",
    )
    for other in (tags, screenings, batch, terms):
        joined = joined.join(other, "receivable_id", "left")
    joined = joined.join(held, "receivable_key", "left")
    flags = ("is_eligible", "is_proposed", "is_held", "is_booked")
    return joined.withColumns({name: F.coalesce(F.col(name), F.lit(False)) for name in flags})


def _held(workspace: Workspace, as_of: date, deal: Deal) -> DataFrame:
    pledges = [one for one in all_pledges(workspace) if one.deal == deal.name and one.closed_sequence is None]
    known = [one for one in pledges if one.bought_on <= as_of]
    columns = {
        "receivable_key": pa.array([one.receivable_key for one in known], pa.string()),
        "is_booked": pa.array([one.bought_on == as_of for one in known], pa.bool_()),
        "is_held": pa.array([one.bought_on < as_of for one in known], pa.bool_()),
    }
    schema = "receivable_key string, is_booked boolean, is_held boolean"
    return workspace.session.createDataFrame(pa.table(columns), schema)


def _sums(name: str, condition: Column) -> list[Column]:
    return [
        F.count(F.when(condition, 1)).alias(f"{name}_count"),
        F.sum(F.when(condition, F.col("minor"))).alias(f"{name}_minor"),
    ]


def _funnel(rows: DataFrame) -> Funnel:
    steps = {
        "opened": F.lit(True),
        "scored": F.col("default_probability").isNotNull(),
        "eligible": F.col("is_eligible"),
        "proposed": F.col("is_proposed"),
        "booked": F.col("is_proposed") & F.col("is_booked"),
    }
    counted = rows.agg(*(column for name, condition in steps.items() for column in _sums(name, condition))).collect()[0]
    found = {name: Populations.holding(counted[f"{name}_count"], counted[f"{name}_minor"]) for name in steps}
    return Funnel(**found)


def _failures(workspace: Workspace, as_of: date, deal: Deal) -> Failures:
    steps = funnel(deal.criteria, patterns(workspace, as_of, deal.name)).steps
    return {
        one.criterion.code: (one.failed, one.unknown, one.only_count, one.amount)
        for one in steps
        if one.failed or one.unknown
    }


def _composition(rows: DataFrame, trait: str, label: Column, largest: int | None) -> Composition:
    pooled = F.col("is_held") | F.col("is_proposed")
    groups = {"eligible": F.col("is_eligible"), "batch": F.col("is_proposed"), "pool": pooled}
    sums = [column for name, condition in groups.items() for column in _sums(name, condition)]
    named = rows.withColumn("label", F.coalesce(label, F.lit(NOT_SAID)))
    found = sorted(named.groupBy("label").agg(*sums).collect(), key=lambda row: str(row["label"]))
    parts = {
        name: {
            str(row["label"]).rpartition("|")[2]: Populations.holding(row[f"{name}_count"], row[f"{name}_minor"])
            for row in found
            if row["eligible_count"] or row["pool_count"]
        }
        for name in groups
    }
    return compose(trait, parts["eligible"], parts["batch"], parts["pool"], largest)


def _probabilities(rows: DataFrame) -> DefaultProbabilities:
    value = F.col("default_probability")
    place = F.lit(0)
    for edge in PROBABILITY_EDGES[1:-1]:
        place = place + F.when(value >= edge, 1).otherwise(0)
    scored = rows.where(value.isNotNull()).withColumn("place", place)
    pooled = F.col("is_held") | F.col("is_proposed")
    groups = {"eligible": F.col("is_eligible"), "batch": F.col("is_proposed"), "pool": pooled}
    sums = [column for name, condition in groups.items() for column in _sums(name, condition)]
    found = {row["place"]: row for row in scored.groupBy("place").agg(*sums).collect()}
    bins = tuple(
        ProbabilityBin(lower, upper, *(_minor(found.get(number), f"{name}_minor") for name in ("eligible", "batch")))
        for number, (lower, upper) in enumerate(pairwise(PROBABILITY_EDGES))
    )
    weighted = [
        (F.sum(F.when(test, value * F.col("minor"))) / F.sum(F.when(test, F.col("minor").cast("double")))).alias(name)
        for name, test in groups.items()
    ]
    means = scored.agg(*weighted).collect()[0]
    return DefaultProbabilities(bins, means["eligible"], means["batch"], means["pool"])


def _minor(row: object, name: str) -> Decimal:
    return to_amount((row[name] if row else 0) or 0)  # type: ignore[index]
