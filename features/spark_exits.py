"""How receivables ended: the day of the first default and of the payoff after a day, by all that was known later."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from features.labels import LabelDefinition
from features.spark_known import Known

SPAN = ("receivable_id", "as_of")


def exits(population: DataFrame, later: Known, definition: LabelDefinition) -> DataFrame:
    """Say of receivables from a day on when they first were in default, and when they were paid off.

    In default is what a label calls so: at the start of a day that many days past due, or written off on the day. A
    receivable is seen up to the day before `later`'s.

    Args:
        population: receivable_id, as_of (the first day looked at), and whatever is to stay beside them.
        later: What was known at the start of a later day.
        definition: What counts as default.

    Returns:
        The population with defaulted_on and paid_off_on: null where it did not happen before `later`'s day, and
        paid_off_on null where it happened before as_of.
    """
    spans, last = population.select(*SPAN).distinct(), F.date_sub(F.lit(later.day), 1)
    found = population
    for part in (_late(spans, later, definition), _reported(spans, later, definition), _lost(spans, later, definition)):
        found = found.join(part, list(SPAN), "left")
    gone = later.payoffs().withColumnRenamed("paid_off_on", "_gone_on")
    found = found.join(gone, "receivable_id", "left")
    first = F.least("_late_on", "_reported_on", "_lost_on")
    is_seen = (F.col("_gone_on") >= F.col("as_of")) & (F.col("_gone_on") <= last)
    told = {"defaulted_on": first, "paid_off_on": F.when(is_seen, F.col("_gone_on"))}
    return found.withColumns(told).drop("_late_on", "_reported_on", "_lost_on", "_gone_on")


def _late(spans: DataFrame, later: Known, definition: LabelDefinition) -> DataFrame:
    """Give the first day at whose start an instalment was so many days past due."""
    reached = F.greatest(
        F.col("as_of"), F.date_add("due_on", max(definition.default_days_past_due, _graced(definition)))
    )
    until = F.least(F.coalesce("settled_on", F.lit(later.day)), F.date_sub(F.lit(later.day), 1))
    lines = later.settlements().join(spans, "receivable_id").withColumn("_reached", reached)
    return lines.where(F.col("_reached") <= until).groupBy(*SPAN).agg(F.min("_reached").alias("_late_on"))


def _graced(definition: LabelDefinition) -> int:
    """Give the fewest days past due that the convention counts at all."""
    return definition.convention.grace_days + 1


def _reported(spans: DataFrame, later: Known, definition: LabelDefinition) -> DataFrame:
    """Give the first day for whose start the servicer reported it so late, where no schedule is known."""
    planned = later.schedule().select("receivable_id").distinct()
    told = later.read("reported_states").join(planned, "receivable_id", "left_anti")
    late = told.where(F.col("reported_days_past_due") >= definition.default_days_past_due)
    days = late.select("receivable_id", F.date_add("reported_on", 1).alias("_day")).join(spans, "receivable_id")
    within = (F.col("_day") >= F.col("as_of")) & (F.col("_day") < F.lit(later.day))
    return days.where(within).groupBy(*SPAN).agg(F.min("_day").alias("_reported_on"))


def _lost(spans: DataFrame, later: Known, definition: LabelDefinition) -> DataFrame:
    """Give the first day on which principal was written off."""
    losses = later.movements().where(F.col("kind").isin(*definition.convention.writing_off_kinds))
    rows = losses.select("receivable_id", "moved_on").join(spans, "receivable_id")
    within = (F.col("moved_on") >= F.col("as_of")) & (F.col("moved_on") < F.lit(later.day))
    return rows.where(within).groupBy(*SPAN).agg(F.min("moved_on").alias("_lost_on"))
