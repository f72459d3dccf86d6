"""Labels on the engine: what became of open receivables in the window after a day, by all that was known later."""

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from features.labels import LabelDefinition
from features.spark_allotment import graced
from features.spark_cut import Hold, Logs, as_planned
from features.spark_known import Known
from features.spark_states import receivable_states
from schemas.derived import LABELS
from schemas.spark import conform

WINDOW = ("receivable_id", "as_of", "window_ends_on")


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
    ends_on = F.lit(definition.window_ends_on(as_of)).alias("window_ends_on")
    windows = hold(population.select("receivable_id", "as_of", "borrower_id", ends_on), "windows")
    if definition.is_observed(as_of, data_until):
        labelled = outcomes(windows, Known(logs, data_until, time_zone, definition.convention, hold), definition)
    else:
        labelled = windows.withColumns({"window_worst_days_past_due": F.lit(None), "is_default": F.lit(None)})
    return conform(
        labelled.select(
            "receivable_id",
            "as_of",
            "borrower_id",
            F.lit(definition.horizon_days).cast("bigint").alias("horizon_days"),
            "window_ends_on",
            F.col("window_worst_days_past_due").cast("bigint").alias("window_worst_days_past_due"),
            F.col("is_default").cast("boolean").alias("is_default"),
        ),
        LABELS,
    )


def _verdict(worst: Column, is_lost: Column, definition: LabelDefinition) -> Column:
    bad, band = definition.default_days_past_due, definition.indeterminate_from_days
    verdict = worst >= bad
    if band is not None:
        verdict = F.when((worst < band) | (worst >= bad), verdict)
    return F.when(is_lost, F.lit(True)).otherwise(verdict)


def outcomes(windows: DataFrame, later: Known, definition: LabelDefinition) -> DataFrame:
    """Say of each window of days what became of its receivable in it, by all that is known later.

    Args:
        windows: receivable_id, as_of (first day of the window), window_ends_on (its last day), and whatever else is to
            stay beside them; it is read several times, so hold it.
        later: What was known at the start of a day after every window.
        definition: What counts as default. Its horizon is not looked at: the windows have their own.

    Returns:
        The windows with window_worst_days_past_due and is_default; null where nothing tells.
    """
    spans = windows.select(*WINDOW).distinct()
    lines = later.settlements().join(spans, "receivable_id").groupBy(*WINDOW)
    joined = spans.join(later.receivables().select("receivable_id"), "receivable_id")
    for part in (
        lines.agg(F.max(_days_late(definition)).alias("_scheduled")),
        _reported(spans, later),
        _lost(spans, later, definition),
    ):
        joined = joined.join(part, list(WINDOW), "left")
    joined = joined.join(later.payoffs(), "receivable_id", "left")
    when_gone = F.when(F.col("paid_off_on").isNotNull(), F.lit(0))
    worst = F.coalesce("_scheduled", "_reported", when_gone).cast("bigint")
    told = joined.select(*WINDOW, worst.alias("_worst"), "_is_lost")
    is_lost = F.coalesce(F.col("_is_lost"), F.lit(False))
    found = windows.join(told, list(WINDOW), "left").withColumns(
        {"window_worst_days_past_due": F.col("_worst"), "is_default": _verdict(F.col("_worst"), is_lost, definition)}
    )
    return found.drop("_worst", "_is_lost")


def _days_late(definition: LabelDefinition) -> Column:
    """Give the most days past due that an instalment was within the window."""
    first, last = F.col("as_of"), F.col("window_ends_on")
    seen_on = F.least(F.coalesce("settled_on", last), last)
    is_seen = seen_on >= F.greatest(F.date_add("due_on", 1), first)
    return F.when(is_seen, graced(F.datediff(seen_on, F.col("due_on")), definition.convention)).otherwise(F.lit(0))


def _reported(spans: DataFrame, later: Known) -> DataFrame:
    """Give the most days past due that the servicer reported for the ends of days within the window."""
    reports = later.read("reported_states").where(F.col("reported_on") < F.lit(later.day))
    within = F.date_add("reported_on", 1).between(F.col("as_of"), F.col("window_ends_on"))
    rows = reports.select("receivable_id", "reported_on", "reported_days_past_due").join(spans, "receivable_id")
    return rows.where(within).groupBy(*WINDOW).agg(F.max("reported_days_past_due").alias("_reported"))


def _lost(spans: DataFrame, later: Known, definition: LabelDefinition) -> DataFrame:
    """Give the windows within which principal was written off."""
    losses = later.movements().where(F.col("kind").isin(*definition.convention.writing_off_kinds))
    within = F.col("moved_on").between(F.col("as_of"), F.col("window_ends_on"))
    rows = losses.select("receivable_id", "moved_on").join(spans, "receivable_id").where(within)
    return rows.select(*WINDOW, F.lit(True).alias("_is_lost")).distinct()
