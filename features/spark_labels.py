"""Labels on the engine: what became of open receivables in the window after a day, by all that was known later."""

from datetime import date, timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from features.labels import LabelDefinition
from features.spark_allotment import graced
from features.spark_cut import Hold, Logs, as_planned
from features.spark_known import Known
from features.spark_states import receivable_states
from schemas.derived import LABELS
from schemas.spark import conform


def label_receivables(
    logs: Logs, as_of: date, data_until: date, time_zone: str, definition: LabelDefinition, hold: Hold = as_planned
) -> DataFrame:
    """Label every receivable that was open and not yet in default at the start of `as_of` (`LABELS`).

    The window is the `horizon_days` local days from `as_of`; days past due in it are those at the start of each of its
    days, by the schedule in force and the cash known at the start of `data_until`. A write-off within the window is a
    default. Without a schedule the servicer's reports within the window speak, and where it reported nothing and the
    principal is not gone, the label stays null. While the window is not over, every label is null.
    """
    states = receivable_states(logs, as_of, time_zone, definition.convention, hold)
    population = states.where(F.col("is_open") & (F.col("days_past_due") < definition.default_days_past_due))
    population = population.select("receivable_id", "as_of", "borrower_id")
    if definition.is_observed(as_of, data_until):
        later = Known(logs, data_until, time_zone, definition.convention, hold)
        outcomes = _outcomes(later, as_of, definition)
        population = population.join(outcomes, "receivable_id", "left")
    else:
        population = population.withColumns({"_worst": F.lit(None), "_is_lost": F.lit(None)})
    worst, is_lost = F.col("_worst").cast("bigint"), F.coalesce(F.col("_is_lost").cast("boolean"), F.lit(False))
    labelled = population.select(
        "receivable_id",
        "as_of",
        "borrower_id",
        F.lit(definition.horizon_days).cast("bigint").alias("horizon_days"),
        F.lit(definition.window_ends_on(as_of)).alias("window_ends_on"),
        worst.alias("window_worst_days_past_due"),
        _verdict(worst, is_lost, definition).alias("is_default"),
    )
    return conform(labelled, LABELS)


def _verdict(worst: Column, is_lost: Column, definition: LabelDefinition) -> Column:
    bad, band = definition.default_days_past_due, definition.indeterminate_from_days
    verdict = worst >= bad
    if band is not None:
        verdict = F.when((worst < band) | (worst >= bad), verdict)
    return F.when(is_lost, F.lit(True)).otherwise(verdict)


def _outcomes(later: Known, as_of: date, definition: LabelDefinition) -> DataFrame:
    """Give the worst days past due within the window, and whether principal was written off in it."""
    convention = definition.convention
    first, last = F.lit(as_of), F.lit(definition.window_ends_on(as_of))
    seen_on = F.least(F.coalesce("settled_on", last), last)
    is_seen = seen_on >= F.greatest(F.date_add("due_on", 1), first)
    worst = F.when(is_seen, graced(F.datediff(seen_on, F.col("due_on")), convention)).otherwise(F.lit(0))
    scheduled = later.settlements().groupBy("receivable_id").agg(F.max(worst).alias("_scheduled"))
    in_window = (F.col("moved_on") >= first) & (F.col("moved_on") <= last)
    is_loss = F.col("kind").isin(*convention.writing_off_kinds)
    lost = (
        later.movements().where(is_loss & in_window).select("receivable_id", F.lit(True).alias("_is_lost")).distinct()
    )
    span = F.col("reported_on").between(as_of - timedelta(days=1), definition.window_ends_on(as_of) - timedelta(days=1))
    reported = later.read("reported_states").where(span & (F.col("reported_on") < F.lit(later.day)))
    reported = reported.groupBy("receivable_id").agg(F.max("reported_days_past_due").alias("_reported"))
    joined = later.receivables().select("receivable_id")
    for part in (scheduled, reported, lost, later.payoffs()):
        joined = joined.join(part, "receivable_id", "left")
    when_gone = F.when(F.col("paid_off_on").isNotNull(), F.lit(0))
    return joined.select("receivable_id", F.coalesce("_scheduled", "_reported", when_gone).alias("_worst"), "_is_lost")
