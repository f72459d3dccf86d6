"""The row-level frames on the engine: the receivable, its borrower and its merchant as they were known."""

from collections.abc import Callable, Mapping

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from features.spark_cut import minor
from features.spark_streams import AsOf, flag, known
from features.streams import FRAMES, MONEY_SCALE
from schemas.moments import day_start

NEXT_DAYS = 30
DAYS_PER_YEAR = 365.25


def _days_since(as_of: AsOf, name: str) -> Column:
    return F.datediff(F.lit(as_of.day), F.col(name))


def _days_until(as_of: AsOf, name: str) -> Column:
    return F.datediff(F.col(name), F.lit(as_of.day))


def _named(frame: str, rows: DataFrame, columns: Mapping[str, Column]) -> DataFrame:
    """Give the frame's key and its columns as doubles, under the names that features use."""
    key, _ = FRAMES[frame]
    return rows.select(key, *(value.cast("double").alias(f"{frame}__{name}") for name, value in columns.items()))


def _own(as_of: AsOf) -> DataFrame:
    names = ("merchant_id", "originated_on", "annual_rate", "term_number", "is_auto_debit")
    loans = as_of.states.join(as_of.loans(*names), "receivable_id")
    lines = as_of.schedule().groupBy("receivable_id")
    sums = lines.agg(F.sum("due_units").alias("_due"), F.count("*").alias("_lines"))
    in_order = Window.partitionBy("borrower_id").orderBy("originated_on", "receivable_id")
    rows = loans.join(sums, "receivable_id", "left").withColumns(
        {"_number": F.row_number().over(in_order), "_previous_on": F.lag("originated_on").over(in_order)}
    )
    scheduled = F.col("_due").cast("double") / F.col("_lines") / MONEY_SCALE
    term = F.when(F.col("term_number") > 0, F.col("term_number"))
    amounts = ("original_principal_amount", "current_principal_amount", "arrears_amount", "annual_rate")
    counts = ("days_past_due", "worst_days_past_due", "late_count", "paid_period_count", "remaining_period_count")
    return _named(
        "own",
        rows,
        {
            **{
                name: F.col(name) for name in (*amounts, *counts, "term_number", "extension_count", "restructure_count")
            },
            "instalment_amount": F.coalesce(scheduled, F.col("original_principal_amount").cast("double") / term),
            "age_days": _days_since(as_of, "originated_on"),
            "days_since_paid": _days_since(as_of, "last_paid_on"),
            "days_to_next_due": _days_until(as_of, "next_due_on"),
            "days_to_final_due": _days_until(as_of, "final_due_on"),
            "loan_number": F.col("_number"),
            "days_since_previous_loan": F.datediff(F.col("originated_on"), F.col("_previous_on")),
            "is_first_loan": flag(F.col("_number") == 1),
            "is_auto_debit": flag(F.col("is_auto_debit")),
            "is_cash_loan": flag(F.col("merchant_id").isNull()),
            "is_disputed": flag(F.col("is_disputed")),
            "is_refund_open": flag(F.col("is_refund_open")),
        },
    )


def _obligation(as_of: AsOf) -> DataFrame:
    lines = as_of.schedule()
    owing = as_of.states.where("is_open").select("receivable_id", "borrower_id", "next_due_on")
    ahead = lines.join(owing, "receivable_id").where(F.col("due_on") >= F.col("next_due_on"))
    soon = F.datediff(F.col("due_on"), F.lit(as_of.day)).between(0, NEXT_DAYS - 1)
    totals = ahead.groupBy("borrower_id").agg(
        F.coalesce(F.sum(F.when(soon, F.col("due_units"))), F.lit(0)).alias("_soon"),
        F.sum("due_units").alias("_all"),
    )
    sums = {"due_next_30d_amount": F.col("_soon"), "left_to_pay_amount": F.col("_all")}
    return _named("obligation", totals, {name: units.cast("double") / MONEY_SCALE for name, units in sums.items()})


def _listed(as_of: AsOf, subject: str, key: str) -> DataFrame:
    """Give the subjects of that type that the blacklist holds at the cut."""
    moment = F.lit(day_start(as_of.day, as_of.time_zone))
    in_force = F.col("ended_at").isNull() | (F.col("ended_at") >= moment)
    entries = as_of.read("blacklist").where((F.col("subject_type") == subject) & in_force)
    return entries.select(F.col("subject_id").alias(key), F.lit(True).alias("_is_listed")).distinct()


def _profile(as_of: AsOf) -> DataFrame:
    borrowers = as_of.read("borrowers").join(_listed(as_of, "BORROWER", "borrower_id"), "borrower_id", "left")
    return _named(
        "profile",
        borrowers,
        {
            "age_years": _days_since(as_of, "born_on").cast("double") / DAYS_PER_YEAR,
            "tenure_days": _days_since(as_of, "registered_on"),
            "annual_income_amount": minor("annual_income_amount").cast("double") / MONEY_SCALE,
            "is_income_unknown": flag(F.col("annual_income_amount").isNull()),
            "is_enterprise": flag(F.col("customer_type") == "ENTERPRISE"),
            "is_verified": flag(F.col("kyc_status") == "VERIFIED"),
            "kyc_factor_count": F.col("kyc_factor_count"),
            "is_related_party": flag(F.col("is_related_party")),
            "is_insolvent": flag(F.col("is_insolvent")),
            "is_blacklisted": known(F.col("_is_listed")),
        },
    )


def _merchant(as_of: AsOf) -> DataFrame:
    merchants = as_of.read("merchants").join(_listed(as_of, "MERCHANT", "merchant_id"), "merchant_id", "left")
    return _named(
        "merchant",
        merchants,
        {
            "age_days": _days_since(as_of, "onboarded_on"),
            "is_active": flag(F.col("merchant_status") == "ACTIVE"),
            "is_under_review": flag(F.col("is_under_review")),
            "is_blacklisted": known(F.col("_is_listed")),
        },
    )


FRAME_PREPARATIONS: Mapping[str, Callable[[AsOf], DataFrame]] = {
    "own": _own,
    "obligation": _obligation,
    "profile": _profile,
    "merchant": _merchant,
}
"""How each frame of `features.streams` is made."""
