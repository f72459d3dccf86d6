"""Declarations lowered to engine expressions: the clear implementation, and the reference for every faster one."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from features.declarations import (
    ORDERED,
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
NATS = "decimal(38,15)"
"""Entropy is added up in decimals, so that the order of groups does not change it."""


def aggregated(events: DataFrame, aggregates: Sequence[Aggregate]) -> list[DataFrame]:
    """Compute aggregates of one stream for one entity: frames of a row an entity, a double column an aggregate.

    One pass for all plain aggregates, and one of two stages for each column that groups are made by; those that look
    at the latest events have passes of their own, over events in order.
    """
    passes: dict[tuple[str, bool], list[Aggregate]] = defaultdict(list)
    for aggregate in aggregates:
        passes[aggregate.by, _is_ordered(aggregate)].append(aggregate)
    return [_one_pass(events, by, each, is_ordered=is_ordered) for (by, is_ordered), each in passes.items()]


def _one_pass(events: DataFrame, by: str, aggregates: Sequence[Aggregate], *, is_ordered: bool) -> DataFrame:
    entity = aggregates[0].entity
    reached = _within(events, aggregates)
    reached = reached if entity == PLATFORM else reached.where(F.col(entity).isNotNull())
    reached = _in_order(reached, entity, aggregates) if is_ordered else reached
    return _grouped(reached, entity, by, aggregates) if by else _plain(reached, entity, aggregates)


def _is_ordered(aggregate: Aggregate) -> bool:
    return aggregate.aggregation in ORDERED or aggregate.last_count is not None


def _in_order(events: DataFrame, entity: str, aggregates: Sequence[Aggregate]) -> DataFrame:
    """Number the events that take part from each entity's latest one, and tell unbroken runs apart.

    Beside the rank stand, for streaks, how many events so far had the flag, and how many had when a run last broke.
    """
    so_far = Window.partitionBy(entity).orderBy(F.desc("_at"), F.desc("_tie"))
    so_far = so_far.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    ranked = events.withColumns(
        {_rank(each): F.count(F.when(_takes_part(each), F.lit(1))).over(so_far) for each in aggregates}
    )
    runs = [each for each in aggregates if each.aggregation in {Aggregation.STREAK, Aggregation.LONGEST}]
    if not runs:
        return ranked
    counted = ranked.withColumns(
        {
            _run(each): F.count(F.when(_passes(each) & (F.col(each.measure) != 0), F.lit(1))).over(so_far)
            for each in runs
        }
    )
    breaks = {each: _passes(each) & (F.col(each.measure) == 0) for each in runs}
    return counted.withColumns(
        {_break(each): F.max(F.when(breaks[each], F.col(_run(each)))).over(so_far) for each in runs}
    )


def _rank(aggregate: Aggregate) -> str:
    """Name the rank that all aggregates of the same events share."""
    filters = (f"{each.column}_{'_'.join(each.values)}" for each in aggregate.where)
    return "_".join(("_rank", aggregate.measure, aggregate.by, str(aggregate.window_days), *filters))


def _run(aggregate: Aggregate) -> str:
    return f"_run{_rank(aggregate)}_{aggregate.last_count}"


def _break(aggregate: Aggregate) -> str:
    return f"_break{_rank(aggregate)}_{aggregate.last_count}"


def _plain(events: DataFrame, entity: str, aggregates: Sequence[Aggregate]) -> DataFrame:
    columns = (_number(each).cast("double").alias(feature_name(each)) for each in aggregates)
    return events.agg(*columns) if entity == PLATFORM else events.groupBy(entity).agg(*columns)


def _grouped(events: DataFrame, entity: str, by: str, aggregates: Sequence[Aggregate]) -> DataFrame:
    """Group by entity and code first: what was a set becomes a count."""
    partial = [_of_group(each).alias(feature_name(each)) for each in aggregates]
    groups = events.where(F.col(by).isNotNull()).groupBy(entity, by).agg(*partial)
    spread = [each for each in aggregates if each.aggregation is Aggregation.ENTROPY]
    if spread:
        groups = groups.withColumns({feature_name(each): _surprise(each, entity) for each in spread})
    return groups.groupBy(entity).agg(
        *(_of_groups(each).cast("double").alias(feature_name(each)) for each in aggregates)
    )


def _of_group(aggregate: Aggregate) -> Column:
    if aggregate.aggregation is Aggregation.DISTINCT:
        return F.min(F.when(_passes(aggregate), F.col("age_days")))
    value = F.col(aggregate.measure) if aggregate.measure else F.lit(1).cast("bigint")
    return F.sum(F.when(_passes(aggregate), value))


def _surprise(aggregate: Aggregate, entity: str) -> Column:
    """Give a group's part of the entropy, -p ln p; null where its entity has nothing to share out."""
    value = F.col(feature_name(aggregate))
    share = over(value.cast("double"), F.sum(value).over(Window.partitionBy(entity)).cast("double"))
    return F.when(share > 0, -share * F.log(share)).when(share <= 0, F.lit(0.0)).cast(NATS)


def _of_groups(aggregate: Aggregate) -> Column:
    value = F.col(feature_name(aggregate))
    if aggregate.aggregation is Aggregation.DISTINCT:
        return F.count(value)
    if aggregate.aggregation is Aggregation.ENTROPY:
        return F.sum(value)
    return over(F.max(value).cast("double"), F.sum(value).cast("double"))


def _within(events: DataFrame, aggregates: Iterable[Aggregate]) -> DataFrame:
    """Drop the events that no window reaches."""
    longest = [each.window_days for each in aggregates]
    bounded = [days for days in longest if days is not None]
    return events.where(F.col("age_days") <= max(bounded)) if len(bounded) == len(longest) else events


def _takes_part(aggregate: Aggregate) -> Column:
    """Say whether an event is one of those whose latest are asked for."""
    known = [F.col(name).isNotNull() for name in (aggregate.measure, aggregate.by) if name]
    return reduce(lambda left, right: left & right, [*_conditions(aggregate), *known], F.lit(True))


def _passes(aggregate: Aggregate) -> Column:
    """Say whether an event lies in the window, passes every filter, and is late enough in order."""
    conditions = _conditions(aggregate)
    last_count = 1 if aggregate.aggregation is Aggregation.LAST else aggregate.last_count
    if last_count is not None:
        conditions.append(F.col(_rank(aggregate)) <= last_count)
    return reduce(lambda left, right: left & right, conditions, F.lit(True))


def _conditions(aggregate: Aggregate) -> list[Column]:
    conditions = [
        F.col(each.column).isin(*each.values) if each.values else F.col(each.column) == 1 for each in aggregate.where
    ]
    if aggregate.window_days is not None:
        conditions.append(F.col("age_days") <= aggregate.window_days)
    return conditions


def _number(aggregate: Aggregate) -> Column:
    """Lower an aggregate without groups; sums are of whole numbers, and doubles come in with the last division."""
    match aggregate.aggregation:
        case Aggregation.COUNT:
            return F.count(F.when(_passes(aggregate), F.lit(1)))
        case Aggregation.RECENCY:
            return F.min(F.when(_passes(aggregate), F.col("age_days")))
        case Aggregation.OLDEST:
            return F.max(F.when(_passes(aggregate), F.col("age_days")))
        case Aggregation.STREAK | Aggregation.LONGEST:
            return _unbroken(aggregate)
        case _:
            return _in_units(aggregate, _measured(aggregate))


def _unbroken(aggregate: Aggregate) -> Column:
    """Lower a streak, which no break has followed, or the longest run since the break after it."""
    passes, flag = _passes(aggregate), F.col(aggregate.measure)
    run, at_break = F.col(_run(aggregate)), F.col(_break(aggregate))
    is_set = passes & (flag != 0)
    if aggregate.aggregation is Aggregation.STREAK:
        length = F.count(F.when(is_set & at_break.isNull(), F.lit(1)))
    else:
        length = F.coalesce(F.max(F.when(is_set, run - F.coalesce(at_break, F.lit(0)))), F.lit(0))
    return F.when(F.count(F.when(passes, flag)) > 0, length)


def _measured(aggregate: Aggregate) -> Column:
    """Lower an aggregate of a measure, in the measure's whole units."""
    value = F.when(_passes(aggregate), F.col(aggregate.measure))
    match aggregate.aggregation:
        case Aggregation.SUM:
            return F.coalesce(F.sum(value), F.lit(0))
        case Aggregation.MEAN | Aggregation.SHARE:
            return over(F.sum(value).cast("double"), F.count(value).cast("double"))
        case Aggregation.MAX | Aggregation.LAST:
            return F.max(value)
        case Aggregation.MIN:
            return F.min(value)
        case Aggregation.STD:
            return _deviation(value)
        case _:
            raise AssertionError(aggregate)


def _deviation(value: Column) -> Column:
    """Give the population deviation: sqrt(n * sum of squares - square of sum) / n, exact below the root."""
    count, total = F.count(value).cast("decimal(10,0)"), F.sum(value).cast("decimal(18,0)")
    exact = value.cast("decimal(13,0)")
    squares = F.sum((exact * exact).cast("decimal(26,0)")).cast("decimal(28,0)")
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
    if definition.is_relative:
        return (over(value_of(cases), platform) + weight) / (value_of(rows) + weight)
    return (value_of(cases) + weight * platform) / (value_of(rows) + weight)
