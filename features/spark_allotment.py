"""Cash allotted to schedules: which instalment was covered on which day, as known at the start of a day."""

from datetime import date

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from features.spark_cut import Logs, local_day, minor, read_visible
from features.states import StateConvention

PAYMENT = "PAYMENT"
"""Kind of a movement that is a payment; the other kinds are those of adjustments."""


def effective_repayments(logs: Logs, as_of: date, time_zone: str) -> DataFrame:
    """Keep the payments that count at the start of a day: value day before it, not voided, not a voiding."""
    known = read_visible(logs, "repayments", as_of, time_zone)
    is_voiding = F.col("reverses_repayment_id").isNotNull()
    voided = known.where(is_voiding).select(F.col("reverses_repayment_id").alias("repayment_id")).distinct()
    counted = known.where(~is_voiding & (F.col("value_on") < F.lit(as_of)))
    return counted.join(voided, "repayment_id", "left_anti")


def movements(logs: Logs, as_of: date, time_zone: str, convention: StateConvention) -> DataFrame:
    """Put payments and adjustments in one ledger of what they took off principal and what they cover.

    Columns: receivable_id, moved_on, kind, principal_units and cover_units in whole hundredths.
    """
    cash = minor("principal_amount") + minor("interest_amount") + minor("fee_amount")
    paid = effective_repayments(logs, as_of, time_zone).select(
        "receivable_id",
        F.col("value_on").alias("moved_on"),
        F.lit(PAYMENT).alias("kind"),
        minor("principal_amount").alias("principal_units"),
        cash.alias("cover_units"),
    )
    amount = minor("adjustment_amount")
    covers = F.col("adjustment_kind").isin(*convention.covering_kinds)
    adjusted = read_visible(logs, "adjustments", as_of, time_zone).select(
        "receivable_id",
        local_day("happened_at", time_zone).alias("moved_on"),
        F.col("adjustment_kind").alias("kind"),
        amount.alias("principal_units"),
        F.when(covers, F.greatest(amount, F.lit(0).cast("bigint")))
        .otherwise(F.lit(0))
        .cast("bigint")
        .alias("cover_units"),
    )
    return paid.unionByName(adjusted)


def schedule(logs: Logs, as_of: date, time_zone: str) -> DataFrame:
    """Give the instalments of the schedule in force: of the latest visible version, those with something due.

    Columns: receivable_id, period_number, due_on, due_units, level_units (due up to and with this one).
    """
    known = read_visible(logs, "instalments", as_of, time_zone)
    in_force = known.groupBy("receivable_id").agg(F.max("schedule_version_number").alias("schedule_version_number"))
    due = minor("principal_due_amount") + minor("interest_due_amount") + minor("fee_due_amount")
    lines = known.join(in_force, ["receivable_id", "schedule_version_number"], "left_semi")
    lines = lines.select("receivable_id", "period_number", "due_on", due.alias("due_units")).where("due_units > 0")
    so_far = (
        Window.partitionBy("receivable_id").orderBy("due_on", "period_number").rowsBetween(Window.unboundedPreceding, 0)
    )
    return lines.withColumn("level_units", F.sum("due_units").over(so_far))


def _reached(moved: DataFrame) -> DataFrame:
    """Sum movements by day and say how far cover and principal reductions have come by its end."""
    daily = moved.groupBy("receivable_id", "moved_on").agg(
        F.sum("cover_units").alias("cover_units"), F.sum("_reducing_units").alias("_reducing_units")
    )
    so_far = Window.partitionBy("receivable_id").orderBy("moved_on").rowsBetween(Window.unboundedPreceding, 0)
    return daily.select(
        "receivable_id",
        "moved_on",
        "cover_units",
        F.sum("cover_units").over(so_far).alias("level_units"),
        F.sum("_reducing_units").over(so_far).alias("reduced_units"),
    )


def _payoffs(reached: DataFrame, receivables: DataFrame) -> DataFrame:
    """Give the day from which nothing of the principal is owed any more, where that day has come."""
    original = receivables.select("receivable_id", minor("original_principal_amount").alias("_original_units"))
    gone = F.col("reduced_units") >= F.col("_original_units")
    latest = F.max_by("reduced_units", "moved_on") >= F.max("_original_units")
    by_receivable = reached.join(original, "receivable_id").groupBy("receivable_id")
    paid_off = by_receivable.agg(F.min(F.when(gone, F.col("moved_on"))).alias("paid_off_on"), latest.alias("_is_gone"))
    return paid_off.where("_is_gone").select("receivable_id", "paid_off_on")


def _covered(lines: DataFrame, reached: DataFrame) -> DataFrame:
    """Find for each instalment the first day whose total cover reaches the instalment's level.

    One pass: instalments and days stand on one scale of money, and each instalment looks at all days above it.
    """
    is_line = F.lit(1).alias("_is_line")
    marks = lines.select("receivable_id", "period_number", "due_on", "due_units", "level_units", is_line)
    days = reached.where("cover_units > 0").select(
        "receivable_id", "level_units", "moved_on", F.lit(0).alias("_is_line")
    )
    both = marks.unionByName(days, allowMissingColumns=True)
    above = Window.partitionBy("receivable_id").orderBy(F.desc("level_units"), "_is_line")
    first_day = F.min("moved_on").over(above.rowsBetween(Window.unboundedPreceding, 0))
    return both.withColumn("_covered_on", first_day).where("_is_line = 1").drop("_is_line", "moved_on")


def settlements(
    lines: DataFrame, receivables: DataFrame, moved: DataFrame, convention: StateConvention
) -> tuple[DataFrame, DataFrame]:
    """Say of every instalment in force when it was covered, and of every receivable when it was paid off.

    An instalment is covered on the first day on which cash (and what covers as cash does) reaches the sum of all dues
    up to it; when the whole principal is gone, all that is left of the schedule counts as covered on that day.

    Returns:
        Instalments (receivable_id, period_number, due_on, due_units, level_units, settled_on: null while open), and
        payoffs (receivable_id, paid_off_on).
    """
    is_loss = F.col("kind").isin(*convention.writing_off_kinds)
    reduces = F.col("kind").isin(PAYMENT, "REFUND", "CORRECTION") & ~is_loss
    reducing = F.when(reduces, F.col("principal_units")).otherwise(F.lit(0)).cast("bigint")
    reached = _reached(moved.withColumn("_reducing_units", reducing))
    payoffs = _payoffs(reached, receivables)
    covered = _covered(lines, reached).join(payoffs, "receivable_id", "left")
    settled = covered.withColumn("settled_on", F.least("_covered_on", "paid_off_on"))
    return settled.drop("_covered_on", "paid_off_on"), payoffs


def graced(days_late: Column, convention: StateConvention) -> Column:
    """Count lateness by the convention: none up to the grace days, every day beyond."""
    return F.when(days_late > convention.grace_days, days_late).otherwise(F.lit(0))


def days_late(until: Column, convention: StateConvention) -> Column:
    """Give how late an instalment was covered, or is at `until` while open; 0 when not late."""
    return graced(F.datediff(F.coalesce(F.col("settled_on"), until), F.col("due_on")), convention)
