"""What receivables brought in while a pool held them: cash matched to what fell due, instalment by instalment.

A holding is a receivable from `bought_on` until `until_on`, that day not included: the end of its pledge, or the as-of
day. Cash covers the first due instalment first, as in receivable states. Amounts are whole hundredths.
"""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from features.spark_allotment import PAYMENT
from features.spark_cut import attached, minor
from features.spark_known import Known

HOLDING = ("purchase_id", "receivable_id")
OF_DUE = ("due_units", "in_time_units", "late_units", "fallen_away_units", "open_units")
CASH = ("principal_units", "interest_units", "fee_units", "penalty_units", "recovered_units")


def standing(held: DataFrame, known: Known) -> DataFrame:
    """Keep the holdings whose receivable is known; of one that was withdrawn nothing can be expected."""
    return held.join(known.receivables().select("receivable_id"), "receivable_id", "left_semi")


def in_tenure(day: str) -> Column:
    """Tell whether a day lies within the holding."""
    return (F.col(day) >= F.col("bought_on")) & (F.col(day) < F.col("until_on"))


def matched_lines(held: DataFrame, known: Known) -> DataFrame:
    """Say of every instalment what the pool could expect of it, and what came.

    An instalment that is due before the purchase and not covered then is expected on the day of purchase. What a
    borrower had paid ahead before the purchase is not expected. Once the whole principal is gone, the rest of the
    schedule falls away.

    Args:
        held: purchase_id, receivable_id, bought_on, until_on.
        known: What was known.

    Returns:
        purchase_id, receivable_id, period_number, expected_on, and in units: due = in_time + late + fallen_away + open
        for what fell due while held; ahead: covered of what had not.
    """
    expected = F.greatest("due_on", "bought_on").alias("expected_on")
    lines = held.join(known.schedule(), "receivable_id")
    lines = lines.select(*HOLDING, "bought_on", "until_on", "period_number", expected, "due_units", "level_units")
    covers = known.movements().where("cover_units > 0").join(held, "receivable_id").where("moved_on < until_on")
    sums = covers.groupBy(*HOLDING).agg(
        _summed(F.col("moved_on") < F.col("bought_on")).alias("_before"), _summed(F.lit(True)).alias("_now")
    )
    lines = attached(_covered_by_day(lines, covers), sums, *HOLDING)
    lines = attached(lines, known.payoffs(), "receivable_id")
    before, in_time, now = (_reached(name) for name in ("_before", "_in_time", "_now"))
    is_due = F.col("expected_on") < F.col("until_on")
    is_gone = F.coalesce(F.col("paid_off_on") < F.col("until_on"), F.lit(False))
    early, left = F.greatest(in_time, before), F.col("due_units") - now
    zero = F.lit(0).cast("bigint")
    parts = {
        "due_units": F.when(is_due, F.col("due_units") - before).otherwise(zero),
        "in_time_units": F.when(is_due, early - before).otherwise(zero),
        "late_units": F.when(is_due, now - early).otherwise(zero),
        "fallen_away_units": F.when(is_due & is_gone, left).otherwise(zero),
        "open_units": F.when(is_due & ~is_gone, left).otherwise(zero),
        "ahead_units": F.when(is_due, zero).otherwise(now - before),
    }
    named = (value.alias(name) for name, value in parts.items())
    return lines.select(*HOLDING, "period_number", "expected_on", *named)


def _summed(condition: Column) -> Column:
    return F.coalesce(F.sum(F.when(condition, F.col("cover_units"))), F.lit(0)).cast("bigint")


def _reached(total: str) -> Column:
    """Give what a sum of cover leaves for an instalment, after those before it."""
    left = F.coalesce(F.col(total), F.lit(0)) - (F.col("level_units") - F.col("due_units"))
    return F.greatest(F.least(left, F.col("due_units")), F.lit(0).cast("bigint"))


def _covered_by_day(lines: DataFrame, covers: DataFrame) -> DataFrame:
    """Add to every instalment all that had come in by the end of the day on which it was expected."""
    days = covers.select(*HOLDING, F.col("moved_on").alias("expected_on"), "cover_units", F.lit(0).alias("_is_line"))
    told = lines.withColumns({"cover_units": F.lit(0).cast("bigint"), "_is_line": F.lit(1)})
    both = told.unionByName(days, allowMissingColumns=True)
    so_far = Window.partitionBy(*HOLDING).orderBy("expected_on", "_is_line")
    reached = F.sum("cover_units").over(so_far.rowsBetween(Window.unboundedPreceding, 0))
    return both.withColumn("_in_time", reached).where("_is_line = 1").drop("_is_line", "cover_units")


def cash(held: DataFrame, known: Known) -> DataFrame:
    """Give the cash that came in while held, by holding and value day: what it paid, and recoveries."""
    parts = {f"{name}_units": minor(f"{name}_amount") for name in ("principal", "interest", "fee", "penalty")}
    zero = F.lit(0).cast("bigint")
    paid = known.payments().select(
        "receivable_id",
        F.col("value_on").alias("happened_on"),
        *(units.alias(name) for name, units in parts.items()),
        zero.alias("recovered_units"),
    )
    back = known.movements().where("kind = 'RECOVERY'")
    recovered = back.select(
        "receivable_id",
        F.col("moved_on").alias("happened_on"),
        *(zero.alias(name) for name in parts),
        F.col("principal_units").alias("recovered_units"),
    )
    rows = paid.unionByName(recovered).join(held, "receivable_id").where(in_tenure("happened_on"))
    return rows.groupBy(*HOLDING, "happened_on").agg(*(F.sum(name).alias(name) for name in CASH))


def daily(lines: DataFrame, received: DataFrame) -> DataFrame:
    """Lay what fell due beside the cash, day by day, of all holdings together."""
    due = lines.where("due_units <> 0").groupBy(F.col("expected_on").alias("happened_on"))
    fell_due = due.agg(*(F.sum(name).alias(name) for name in OF_DUE))
    came = received.groupBy("happened_on").agg(*(F.sum(name).alias(name) for name in CASH))
    both = fell_due.join(came, "happened_on", "full")
    return both.select("happened_on", *(_or_zero(name).alias(name) for name in (*OF_DUE, *CASH)))


def by_holding(held: DataFrame, lines: DataFrame, received: DataFrame, known: Known) -> DataFrame:
    """Sum up each holding: due and covered, covered ahead, and what meets no instalment."""
    summed = (*OF_DUE, "ahead_units")
    since = F.min(F.when(F.col("open_units") > 0, F.col("expected_on"))).alias("open_since_on")
    due = lines.groupBy(*HOLDING).agg(*(F.sum(name).alias(name) for name in summed), since)
    pays = F.col("principal_units") + F.col("interest_units") + F.col("fee_units")
    paid = received.groupBy(*HOLDING).agg(F.sum(pays).alias("cash_units"))
    other = known.movements().where((F.col("kind") != PAYMENT) & (F.col("cover_units") > 0))
    refunds = other.join(held, "receivable_id").where(in_tenure("moved_on"))
    refunded = refunds.groupBy(*HOLDING).agg(F.sum("cover_units").alias("refund_units"))
    rows = held
    for part in (due, paid, refunded):
        rows = attached(rows, part, *HOLDING)
    names = (*summed, "cash_units", "refund_units")
    rows = rows.select(*HOLDING, "open_since_on", *(_or_zero(name).alias(name) for name in names))
    covered = F.col("in_time_units") + F.col("late_units")
    unmatched = F.col("cash_units") + F.col("refund_units") - covered - F.col("ahead_units")
    return rows.withColumns({"covered_units": covered, "unmatched_units": unmatched})


def _or_zero(name: str) -> Column:
    return F.coalesce(F.col(name), F.lit(0)).cast("bigint")
