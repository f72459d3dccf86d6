"""Cash allotted to schedules: which instalment was covered on which day, as known at the start of a day."""

from datetime import date

from pyspark.sql import Column, DataFrame, Window, WindowSpec
from pyspark.sql import functions as F

from features.spark_cut import attached, local_day, minor
from features.states import StateConvention

PAYMENT = "PAYMENT"
"""Kind of a movement that is a payment; the other kinds are those of adjustments."""


def effective_repayments(repayments: DataFrame, as_of: date) -> DataFrame:
    """Keep the payments that count at the start of a day: value day before it, not voided, not a voiding."""
    is_voiding = F.col("reverses_repayment_id").isNotNull()
    voided = repayments.where(is_voiding).select(F.col("reverses_repayment_id").alias("repayment_id")).distinct()
    counted = repayments.where(~is_voiding & (F.col("value_on") < F.lit(as_of)))
    return counted.join(voided, "repayment_id", "left_anti")


def movements(paid: DataFrame, adjustments: DataFrame, time_zone: str, convention: StateConvention) -> DataFrame:
    """Put effective payments and adjustments in one ledger of what they took off principal and what they cover.

    Columns: receivable_id, moved_on, kind, principal_units and cover_units in whole hundredths.
    """
    cash = minor("principal_amount") + minor("interest_amount") + minor("fee_amount")
    payments = paid.select(
        "receivable_id",
        F.col("value_on").alias("moved_on"),
        F.lit(PAYMENT).alias("kind"),
        minor("principal_amount").alias("principal_units"),
        cash.alias("cover_units"),
    )
    amount, nothing = minor("adjustment_amount"), F.lit(0).cast("bigint")
    covers = F.col("adjustment_kind").isin(*convention.covering_kinds)
    adjusted = adjustments.select(
        "receivable_id",
        local_day("happened_at", time_zone).alias("moved_on"),
        F.col("adjustment_kind").alias("kind"),
        amount.alias("principal_units"),
        F.when(covers, F.greatest(amount, nothing)).otherwise(nothing).alias("cover_units"),
    )
    return payments.unionByName(adjusted)


def schedule(instalments: DataFrame) -> DataFrame:
    """Give the instalments of the schedule in force: of the latest version, those with something due.

    Columns: receivable_id, period_number, due_on, principal_units, due_units, level_units: due up to and with this one.
    """
    of_receivable = Window.partitionBy("receivable_id")
    version = F.col("schedule_version_number")
    due = minor("principal_due_amount") + minor("interest_due_amount") + minor("fee_due_amount")
    units = {"principal_units": minor("principal_due_amount"), "due_units": due}
    lines = instalments.withColumns({"_in_force": F.max(version).over(of_receivable), **units})
    lines = lines.where((version == F.col("_in_force")) & (F.col("due_units") > 0))
    so_far = of_receivable.orderBy("due_on", "period_number").rowsBetween(Window.unboundedPreceding, 0)
    level = F.sum("due_units").over(so_far).alias("level_units")
    return lines.select("receivable_id", "period_number", "due_on", "principal_units", "due_units", level)


def _so_far(by: str) -> WindowSpec:
    return Window.partitionBy("receivable_id").orderBy(by).rowsBetween(Window.unboundedPreceding, 0)


def payoffs(moved: DataFrame, receivables: DataFrame, convention: StateConvention) -> DataFrame:
    """Give the first day from which nothing of the principal is owed, of the receivables where that still holds.

    Columns: receivable_id, paid_off_on. A write-off pays nothing off.
    """
    is_loss = F.col("kind").isin(*convention.writing_off_kinds)
    reducing = moved.where(F.col("kind").isin(PAYMENT, "REFUND", "CORRECTION") & ~is_loss)
    daily = reducing.groupBy("receivable_id", "moved_on").agg(F.sum("principal_units").alias("_day_units"))
    reached = daily.withColumn("_reduced_units", F.sum("_day_units").over(_so_far("moved_on")))
    original = receivables.select("receivable_id", minor("original_principal_amount").alias("_original_units"))
    is_gone = F.col("_reduced_units") >= F.col("_original_units")
    first_day = F.min(F.when(is_gone, F.col("moved_on"))).alias("paid_off_on")
    still = (F.sum("_day_units") >= F.max("_original_units")).alias("_is_gone")
    paid_off = reached.join(original, "receivable_id").groupBy("receivable_id").agg(first_day, still)
    return paid_off.where("_is_gone").select("receivable_id", "paid_off_on")


def _covered(lines: DataFrame, moved: DataFrame) -> DataFrame:
    """Find for each instalment the first day whose total cover reaches the instalment's level.

    One pass: instalments and days stand on one scale of money, and each instalment looks at all days above it.
    """
    daily = (
        moved.where("cover_units > 0").groupBy("receivable_id", "moved_on").agg(F.sum("cover_units").alias("_units"))
    )
    level = F.sum("_units").over(_so_far("moved_on")).alias("level_units")
    days = daily.select("receivable_id", "moved_on", level, F.lit(0).alias("_is_line"))
    both = lines.withColumn("_is_line", F.lit(1)).unionByName(days, allowMissingColumns=True)
    above = Window.partitionBy("receivable_id").orderBy(F.desc("level_units"), "_is_line")
    first_day = F.min("moved_on").over(above.rowsBetween(Window.unboundedPreceding, 0))
    return both.withColumn("_covered_on", first_day).where("_is_line = 1").drop("_is_line", "moved_on")


def settlements(lines: DataFrame, moved: DataFrame, paid_off: DataFrame) -> DataFrame:
    """Say of every instalment in force when it was covered.

    An instalment is covered on the first day on which cash (and what covers as cash does) reaches the sum of all dues
    up to it; when the whole principal is gone, all that is left of the schedule counts as covered on that day.
    Columns: those of the schedule, and settled_on: null while open.
    """
    covered = attached(_covered(lines, moved), paid_off, "receivable_id")
    settled = covered.withColumn("settled_on", F.least("_covered_on", "paid_off_on"))
    return settled.drop("_covered_on", "paid_off_on")


def graced(days_late: Column, convention: StateConvention) -> Column:
    """Count lateness by the convention: none up to the grace days, every day beyond."""
    return F.when(days_late > convention.grace_days, days_late).otherwise(F.lit(0))


def days_late(until: Column, convention: StateConvention) -> Column:
    """Give how late an instalment was covered, or is at `until` while open; 0 when not late."""
    return graced(F.datediff(F.coalesce(F.col("settled_on"), until), F.col("due_on")), convention)
