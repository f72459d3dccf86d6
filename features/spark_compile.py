"""Declarations lowered to engine expressions: the clear implementation, and the reference for every faster one."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from features.declarations import (
    PLATFORM,
    ZERO_WHEN_EMPTY,
    Aggregate,
    Aggregation,
    Definition,
    Difference,
    Ratio,
    Smoothed,
    Term,
    Trend,
    feature_name,
    of_platform,
)
from features.streams import STREAMS

EXACT = "decimal(38,0)"
IN_ORDER = "in order"
"""Stands for `by` in the pass of those that need each entity's events in order."""


def aggregated(events: DataFrame, aggregates: Sequence[Aggregate]) -> list[DataFrame]:
    """Compute aggregates of one stream for one entity: frames of a row an entity, a double column an aggregate.

    One pass for all plain aggregates, and one of two stages for each column that groups are made by.
    """
    entity = aggregates[0].entity
    passes: dict[str, list[Aggregate]] = defaultdict(list)
    for aggregate in aggregates:
        passes[IN_ORDER if aggregate.aggregation is Aggregation.LAST else aggregate.by].append(aggregate)
    return [_one_pass(events, entity, by, each) for by, each in passes.items()]


def _one_pass(events: DataFrame, entity: str, by: str, aggregates: Sequence[Aggregate]) -> DataFrame:
    if by == IN_ORDER:
        return _latest(events, entity, aggregates)
    return _grouped(events, entity, by, aggregates) if by else _plain(events, entity, aggregates)


def _latest(events: DataFrame, entity: str, aggregates: Sequence[Aggregate]) -> DataFrame:
    """Let each entity's events stand in order, and take the last value of each measure."""
    whole = Window.partitionBy(entity).orderBy("_at", "_tie")
    whole = whole.rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)
    last = {
        feature_name(each): F.last(F.when(_passes(each), F.col(each.measure)), ignorenulls=True).over(whole)
        for each in aggregates
    }
    values = events.where(F.col(entity).isNotNull()).select(
        entity, *(column.alias(name) for name, column in last.items())
    )
    scaled = (
        _in_units(each, F.max(feature_name(each))).cast("double").alias(feature_name(each)) for each in aggregates
    )
    return values.groupBy(entity).agg(*scaled)


def _plain(events: DataFrame, entity: str, aggregates: Sequence[Aggregate]) -> DataFrame:
    columns = (_number(each).cast("double").alias(feature_name(each)) for each in aggregates)
    reached = _within(events, aggregates)
    if entity == PLATFORM:
        return reached.agg(*columns)
    return reached.where(F.col(entity).isNotNull()).groupBy(entity).agg(*columns)


def _grouped(events: DataFrame, entity: str, by: str, aggregates: Sequence[Aggregate]) -> DataFrame:
    """Group by entity and code first: what was a set becomes a count."""
    first = [
        (F.min(F.when(_passes(each), F.col("age_days"))) if each.aggregation is Aggregation.DISTINCT else _sum(each))
        for each in aggregates
    ]
    partial = [column.alias(feature_name(each)) for each, column in zip(aggregates, first, strict=True)]
    named = F.col(by).isNotNull() & F.col(entity).isNotNull()
    groups = _within(events, aggregates).where(named).groupBy(entity, by).agg(*partial)
    return groups.groupBy(entity).agg(
        *(_of_groups(each).cast("double").alias(feature_name(each)) for each in aggregates)
    )


def _of_groups(aggregate: Aggregate) -> Column:
    value = F.col(feature_name(aggregate))
    if aggregate.aggregation is Aggregation.DISTINCT:
        return F.count(value)
    return over(F.max(value).cast("double"), F.sum(value).cast("double"))


def _within(events: DataFrame, aggregates: Iterable[Aggregate]) -> DataFrame:
    """Drop the events that no window reaches."""
    longest = [each.window_days for each in aggregates]
    bounded = [days for days in longest if days is not None]
    return events.where(F.col("age_days") <= max(bounded)) if len(bounded) == len(longest) else events


def _passes(aggregate: Aggregate) -> Column:
    """Say whether an event lies in the window and passes every filter."""
    conditions = [
        F.col(each.column).isin(*each.values) if each.values else F.col(each.column) == 1 for each in aggregate.where
    ]
    if aggregate.window_days is not None:
        conditions.append(F.col("age_days") <= aggregate.window_days)
    return reduce(lambda left, right: left & right, conditions, F.lit(True))


def _sum(aggregate: Aggregate) -> Column:
    return F.sum(F.when(_passes(aggregate), F.col(aggregate.measure)))


def _number(aggregate: Aggregate) -> Column:
    """Lower a plain aggregate; sums are of whole numbers, and doubles come in with the last division."""
    if aggregate.aggregation is Aggregation.COUNT:
        return F.count(F.when(_passes(aggregate), F.lit(1)))
    if aggregate.aggregation is Aggregation.RECENCY:
        return F.min(F.when(_passes(aggregate), F.col("age_days")))
    return _in_units(aggregate, _measured(aggregate))


def _measured(aggregate: Aggregate) -> Column:
    """Lower an aggregate of a measure, in the measure's whole units."""
    value = F.when(_passes(aggregate), F.col(aggregate.measure))
    match aggregate.aggregation:
        case Aggregation.SUM:
            return F.coalesce(F.sum(value), F.lit(0))
        case Aggregation.MEAN | Aggregation.SHARE:
            return over(F.sum(value).cast("double"), F.count(value).cast("double"))
        case Aggregation.MAX:
            return F.max(value)
        case Aggregation.MIN:
            return F.min(value)
        case Aggregation.STD:
            return _deviation(value)
        case Aggregation.LAST:
            return F.max(F.when(value.isNotNull(), F.struct("_at", "_tie", aggregate.measure))).getField(
                aggregate.measure
            )
        case _:
            raise AssertionError(aggregate)


def _deviation(value: Column) -> Column:
    """Give the population deviation: sqrt(n * sum of squares - square of sum) / n, exact below the root."""
    count, total = F.count(value).cast("decimal(10,0)"), F.sum(value).cast("decimal(18,0)")
    squares = F.sum((value.cast("decimal(10,0)") * value.cast("decimal(10,0)")).cast("decimal(20,0)")).cast(
        "decimal(28,0)"
    )
    spread = (count * squares).cast(EXACT) - (total * total).cast(EXACT)
    return over(F.sqrt(spread.cast("double")), count.cast("double"))


def _in_units(aggregate: Aggregate, value: Column) -> Column:
    scale = STREAMS[aggregate.stream].column(aggregate.measure).scale
    return value if scale == 1 else value.cast("double") / F.lit(float(scale))


def over(numerator: Column, denominator: Column) -> Column:
    """Divide; null where either is null or the divisor is not above zero."""
    return numerator / F.when(denominator > 0, denominator)


def value_of(definition: Definition) -> Column:
    """Lower a definition over the columns of its aggregates and terms."""
    match definition:
        case Aggregate():
            value = _of_aggregate(definition)
        case Term():
            value = F.col(feature_name(definition))
        case Ratio(numerator=numerator, denominator=denominator):
            value = over(value_of(numerator), value_of(denominator))
        case Difference(minuend=minuend, subtrahend=subtrahend):
            value = value_of(minuend) - value_of(subtrahend)
        case Trend(recent=recent, longer=longer):
            value = over(_pace(recent), _pace(longer))
        case Smoothed():
            value = _smoothed(definition)
    return value


def _of_aggregate(aggregate: Aggregate) -> Column:
    """Say 0 where an entity has no events and none is zero; an entity that is not known stays null."""
    value = F.col(feature_name(aggregate))
    if aggregate.aggregation not in ZERO_WHEN_EMPTY:
        return value
    return F.when(F.col(aggregate.entity).isNotNull(), F.coalesce(value, F.lit(0.0)))


def _pace(aggregate: Aggregate) -> Column:
    return value_of(aggregate) / F.lit(float(aggregate.window_days or 1))


def _smoothed(definition: Smoothed) -> Column:
    cases, rows = definition.cases, definition.rows
    platform = over(value_of(of_platform(cases)), value_of(of_platform(rows)))
    weight = F.lit(float(definition.weight))
    return (value_of(cases) + weight * platform) / (value_of(rows) + weight)
