"""Receivable states on the engine: what is owed, how late it is and ever was, recomputed from schedule and cash."""

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from features.spark_allotment import PAYMENT, days_late
from features.spark_cut import Hold, Logs, as_planned, attached, minor, money
from features.spark_known import Known
from features.states import StateConvention
from schemas.derived import RECEIVABLE_STATES
from schemas.spark import conform

SUMS = ("due_units", "covered_units", "paid_units", "written_off_units", "refunded_units", "corrected_units")
COUNTS = ("extension_count", "restructure_count")


def receivable_states(
    logs: Logs, as_of: date, time_zone: str, convention: StateConvention, hold: Hold = as_planned
) -> DataFrame:
    """Give the state of every known receivable at the start of a local day, one row each (`RECEIVABLE_STATES`).

    Where no schedule is known, days past due come from the latest visible report of the servicer, and are 0 without
    one; its reports then also give the worst and the number of times late, and `final_due_on` is the contract's.
    """
    seen = Known(logs, as_of, time_zone, convention, hold)
    known = seen.receivables()
    for part in (
        _totals(seen.movements(), convention),
        _lateness(seen.settlements(), as_of, convention),
        seen.payoffs(),
    ):
        known = attached(known, part, "receivable_id")
    known = attached(known, _reports(seen.read("reported_states"), as_of), "receivable_id")
    known = _with_cases(known, seen.read("refunds_disputes"))
    known = known.withColumns(
        {"_original_units": minor("original_principal_amount"), **{n: _or_zero(n) for n in (*SUMS, *COUNTS)}}
    )
    owed = F.col("_original_units") - F.col("paid_units") - F.col("written_off_units")
    known = known.withColumn("_owed_units", owed - F.col("refunded_units") - F.col("corrected_units"))
    return conform(known.select(*_columns(as_of)), RECEIVABLE_STATES)


def _or_zero(name: str) -> Column:
    return F.coalesce(F.col(name), F.lit(0)).cast("bigint")


def _totals(moved: DataFrame, convention: StateConvention) -> DataFrame:
    """Sum the movements of each receivable by what they did."""
    kind, is_loss = F.col("kind"), F.col("kind").isin(*convention.writing_off_kinds)
    is_payment = kind == PAYMENT

    def total(condition: Column) -> Column:
        return F.sum(F.when(condition, F.col("principal_units")))

    return moved.groupBy("receivable_id").agg(
        F.sum("cover_units").alias("covered_units"),
        total(is_payment).alias("paid_units"),
        total(is_loss).alias("written_off_units"),
        total((kind == "REFUND") & ~is_loss).alias("refunded_units"),
        total((kind == "CORRECTION") & ~is_loss).alias("corrected_units"),
        F.count(F.when(kind == "EXTENSION", 1)).alias("extension_count"),
        F.count(F.when(kind == "RESTRUCTURE", 1)).alias("restructure_count"),
        F.max(F.when(is_payment, F.col("moved_on"))).alias("last_paid_on"),
    )


def _lateness(lines: DataFrame, as_of: date, convention: StateConvention) -> DataFrame:
    """Count the instalments of each receivable by how they were covered."""
    is_due, is_open = F.col("due_on") < F.lit(as_of), F.col("settled_on").isNull()
    late = F.when(is_due, days_late(F.lit(as_of), convention)).otherwise(F.lit(0))
    counted = lines.withColumns({"_late": late, "_is_open": is_open, "_is_due": is_due})
    return counted.groupBy("receivable_id").agg(
        F.sum(F.when(F.col("_is_due"), F.col("due_units"))).alias("due_units"),
        F.max(F.when(F.col("_is_open"), F.col("_late")).otherwise(F.lit(0))).alias("scheduled_days"),
        F.max("_late").alias("worst_scheduled_days"),
        F.count(F.when(F.col("_late") > 0, 1)).alias("late_scheduled_count"),
        F.count(F.when(~F.col("_is_open"), 1)).alias("settled_count"),
        F.count(F.when(F.col("_is_open"), 1)).alias("open_count"),
        F.min(F.when(F.col("_is_open"), F.col("due_on"))).alias("next_due_on"),
        F.max("due_on").alias("last_due_on"),
    )


def _reports(reports: DataFrame, as_of: date) -> DataFrame:
    """Sum up what the servicer reported about days that ended before the as-of day."""
    told = reports.where(F.col("reported_on") < F.lit(as_of))
    days, remaining = F.col("reported_days_past_due"), F.col("reported_remaining_count")

    def latest(value: Column) -> Column:
        return F.max_by(value, F.when(value.isNotNull(), F.col("reported_on")))

    return told.groupBy("receivable_id").agg(
        latest(days).alias("reported_days"),
        F.max(days).alias("worst_reported_days"),
        F.count(F.when(days > 0, 1)).alias("late_reported_count"),
        latest(remaining).alias("reported_remaining_count"),
    )


def _with_cases(known: DataFrame, cases: DataFrame) -> DataFrame:
    """Say whether a case is open on the receivable itself or on its order."""
    cases = cases.where("case_status = 'OPEN'")
    disputed = F.max(F.col("case_kind").isin("DISPUTE", "CHARGEBACK"))
    refunding = F.max(F.col("case_kind").isin("REFUND", "RETURN"))
    for key in ("receivable_id", "order_id"):
        flags = (disputed.alias(f"_disputed_{key}"), refunding.alias(f"_refunding_{key}"))
        known = attached(known, cases.where(F.col(key).isNotNull()).groupBy(key).agg(*flags), key)
    return known


def _either(name: str) -> Column:
    named = (F.coalesce(F.col(f"{name}_{key}"), F.lit(False)) for key in ("receivable_id", "order_id"))
    first, second = named
    return first | second


def _columns(as_of: date) -> list[Column]:
    """Name every column of the state, from sums in minor units and counts."""
    has_schedule, owed = F.col("last_due_on").isNotNull(), F.col("_owed_units")
    is_settled = F.col("paid_off_on").isNotNull()
    arrears = F.greatest(F.col("due_units") - F.col("covered_units"), F.lit(0).cast("bigint"))
    remaining = F.coalesce("reported_remaining_count", F.when(is_settled, F.lit(0)), "term_number")
    final_due = F.coalesce("last_due_on", "final_due_on")
    days = {
        "days_past_due": F.when(has_schedule, F.col("scheduled_days")).otherwise(F.col("reported_days")),
        "worst_days_past_due": F.when(has_schedule, F.col("worst_scheduled_days")).otherwise(
            F.col("worst_reported_days")
        ),
        "late_count": F.when(has_schedule, F.col("late_scheduled_count")).otherwise(F.col("late_reported_count")),
        "paid_period_count": F.when(has_schedule, F.col("settled_count")).otherwise(
            F.greatest(F.col("term_number") - remaining, F.lit(0))
        ),
        "remaining_period_count": F.when(has_schedule, F.col("open_count")).otherwise(remaining),
        "extension_count": F.col("extension_count"),
        "restructure_count": F.col("restructure_count"),
    }
    amounts = {
        "paid_principal_amount": F.col("paid_units"),
        "written_off_amount": F.col("written_off_units"),
        "refunded_amount": F.col("refunded_units"),
        "corrected_amount": F.col("corrected_units"),
        "current_principal_amount": owed,
        "arrears_amount": F.when(is_settled, F.lit(0).cast("bigint")).otherwise(arrears),
    }
    return [
        *(F.col(name) for name in ("receivable_id", "receivable_key", "borrower_id", "original_principal_amount")),
        F.lit(as_of).alias("as_of"),
        *(money(units).alias(name) for name, units in amounts.items()),
        *(F.coalesce(value, F.lit(0)).cast("bigint").alias(name) for name, value in days.items()),
        *(F.col(name) for name in ("next_due_on", "last_paid_on")),
        final_due.alias("final_due_on"),
        (is_settled & F.coalesce(F.col("paid_off_on") < final_due, F.lit(False))).alias("is_prepaid"),
        (F.col("written_off_units") > 0).alias("is_written_off"),
        _either("_disputed").alias("is_disputed"),
        _either("_refunding").alias("is_refund_open"),
        ((owed > 0) & (F.col("written_off_units") <= 0)).alias("is_open"),
    ]
