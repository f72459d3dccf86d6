"""Static pools on the engine: what each purchase brought in, month by month since its cut-off.

Movements and instalments fall into the months of a purchase; sums run over the months of each holding. Amounts are
whole hundredths; month 0 is all that lies before the purchase.
"""

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from features.labels import LabelDefinition
from features.spark_allotment import PAYMENT
from features.spark_cut import attached, minor
from features.spark_exits import exits
from features.spark_known import Known
from features.spark_tenures import HOLDING

MOVES = ("paid", "refunded", "corrected", "written_off", "recovered")
"""What moves principal, and recoveries."""
MONTH = (*HOLDING, "month_number")


def static_months(held: DataFrame, months: DataFrame, known: Known, definition: LabelDefinition) -> DataFrame:
    """Sum up every month since purchase of every purchase.

    Args:
        held: purchase_id, receivable_id, bought_on, until_on, is_ended, bought_units.
        months: purchase_id, month_number, starts_on, ends_on (exclusive); month 0 ends on the day of purchase.
        known: What was known.
        definition: What counts as default.

    Returns:
        purchase_id, month_number, and for the month: opening_count, opening, scheduled, paid, prepaid, cash, yield,
        refunded, corrected, written_off, recovered, left, closing and defaulted in units, defaulted_count.
    """
    events = _events(held, known).join(months, "purchase_id")
    events = events.where((F.col("day_on") >= F.col("starts_on")) & (F.col("day_on") < F.col("ends_on")))
    names = (*MOVES, "yield", "asked")
    sums = events.groupBy(*MONTH).agg(*(F.sum(f"{name}_units").alias(f"_{name}") for name in names))
    grid = held.join(months, "purchase_id").where(F.col("starts_on") < F.col("until_on"))
    rows = attached(grid, sums, *MONTH)
    rows = attached(rows, _original(known), "receivable_id")
    rows = rows.withColumns({f"_{name}": F.coalesce(F.col(f"_{name}"), F.lit(0)).cast("bigint") for name in names})
    found = _month_by_month(rows).where("month_number > 0").groupBy("purchase_id", "month_number")
    cells = found.agg(
        F.count(F.when(F.col("opening_units") > 0, 1)).alias("opening_count"),
        *(F.sum(f"{name}_units").alias(f"{name}_units") for name in AMOUNTS),
    )
    return cells.join(_defaults(held, months, known, definition), ["purchase_id", "month_number"], "left")


AMOUNTS = ("opening", "scheduled", "prepaid", "yield", *MOVES, "left", "closing")
"""Amounts of a month."""


def _events(held: DataFrame, known: Known) -> DataFrame:
    """Give movements up to the end of each holding, and its instalments, each on its day."""
    is_loss, kind = F.col("kind").isin(*known.convention.writing_off_kinds), F.col("kind")
    tests = {
        "paid": kind == PAYMENT,
        "refunded": (kind == "REFUND") & ~is_loss,
        "corrected": (kind == "CORRECTION") & ~is_loss,
        "written_off": is_loss,
        "recovered": kind == "RECOVERY",
    }
    zero = F.lit(0).cast("bigint")
    gains = minor("interest_amount") + minor("fee_amount") + minor("penalty_amount")

    def on(rows: DataFrame, day: str, units: Mapping[str, Column]) -> DataFrame:
        named = (units.get(name, zero).alias(f"{name}_units") for name in (*MOVES, "yield", "asked"))
        return rows.select("receivable_id", F.col(day).alias("day_on"), *named)

    parts = {name: F.when(test, F.col("principal_units")).otherwise(zero) for name, test in tests.items()}
    cash = on(known.movements(), "moved_on", parts).unionByName(on(known.payments(), "value_on", {"yield": gains}))
    asked = on(known.schedule(), "due_on", {"asked": F.col("principal_units")})
    ends = held.select(*HOLDING, "until_on")
    ended = cash.join(ends, "receivable_id").where("day_on < until_on")
    return ended.unionByName(asked.join(ends, "receivable_id")).drop("until_on")


def _original(known: Known) -> DataFrame:
    return known.receivables().select("receivable_id", minor("original_principal_amount").alias("_original"))


def _month_by_month(rows: DataFrame) -> DataFrame:
    """Run the months of each holding: what was owed, what the schedule asked for, what was paid beyond it."""
    by_month = Window.partitionBy(*HOLDING).orderBy("month_number")
    before = by_month.rowsBetween(Window.unboundedPreceding, -1)
    so_far = by_month.rowsBetween(Window.unboundedPreceding, 0)
    zero = F.lit(0).cast("bigint")
    reduced = F.col("_paid") + F.col("_refunded") + F.col("_corrected")
    gone = reduced + F.col("_written_off")

    def earlier(units: Column) -> Column:
        return F.coalesce(F.sum(units).over(before), zero)

    rows = rows.withColumns({"_gone_before": earlier(gone), "_gone": gone, "_reduced_before": earlier(reduced)})
    rows = rows.withColumn("_asked_so_far", F.sum("_asked").over(so_far))
    opening = F.col("_original") - F.col("_gone_before")
    wanted = F.greatest(F.col("_asked_so_far") - F.col("_reduced_before"), zero)
    scheduled = F.least(wanted, F.greatest(opening, zero))
    is_last = F.col("is_ended") & (F.col("until_on") <= F.col("ends_on"))
    after = opening - F.col("_gone")
    amounts = {
        "opening": opening,
        "scheduled": scheduled,
        "prepaid": F.greatest(F.col("_paid") - wanted, zero),
        "left": F.when(is_last, after).otherwise(zero),
        "closing": F.when(is_last, zero).otherwise(after),
        **{name: F.col(f"_{name}") for name in (*MOVES, "yield")},
    }
    named = (value.cast("bigint").alias(f"{name}_units") for name, value in amounts.items())
    return rows.select(*MONTH, *named)


def _defaults(held: DataFrame, months: DataFrame, known: Known, definition: LabelDefinition) -> DataFrame:
    """Count, by month since purchase, what first was in default while held."""
    population = held.select(*HOLDING, F.col("bought_on").alias("as_of"), "until_on", "bought_units")
    bad = exits(population, known, definition).where(F.col("defaulted_on") < F.col("until_on"))
    within = (F.col("defaulted_on") >= F.col("starts_on")) & (F.col("defaulted_on") < F.col("ends_on"))
    placed = bad.join(months, "purchase_id").where(within)
    return placed.groupBy("purchase_id", "month_number").agg(
        F.count("*").alias("defaulted_count"), F.sum("bought_units").alias("defaulted_units")
    )
