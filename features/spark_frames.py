"""The row-level frames on the engine: the receivable, its borrower and its merchant as they were known."""

from collections.abc import Callable, Mapping
from functools import reduce

from pyspark.sql import Column, DataFrame, Window, WindowSpec
from pyspark.sql import functions as F

from features.spark_compile import over
from features.spark_cut import attached, minor
from features.spark_events import flag, known
from features.spark_streams import AsOf
from features.streams import FRAMES, MONEY_SCALE, MOST_SHARERS, SHARE_SCALE
from schemas.moments import day_start

NEXT_DAYS = 30
DAYS_PER_YEAR = 365.25
DEVICE_WEIGHT = 20
"""So many loans at the platform's rate stand beside those of the people who share a device."""


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
            **_previous(in_order.rowsBetween(Window.unboundedPreceding, -1)),
        },
    )


def _previous(earlier: WindowSpec) -> dict[str, Column]:
    """Tell what the borrower's earlier loans were like; null for the first."""
    principal = minor("original_principal_amount")
    rate = (F.col("annual_rate") * F.lit(SHARE_SCALE)).cast("bigint")

    def mean(units: Column, scale: int) -> Column:
        total, count = F.sum(units).over(earlier).cast("double"), F.count(units).over(earlier).cast("double")
        return over(total, count) / scale

    return {
        "previous_principal_amount": mean(principal, MONEY_SCALE),
        "previous_largest_amount": F.max(principal).over(earlier).cast("double") / MONEY_SCALE,
        "previous_term_number": mean(F.col("term_number"), 1),
        "previous_annual_rate": mean(rate, SHARE_SCALE),
        "previous_worst_days": F.max("worst_days_past_due").over(earlier),
        "previous_open_count": F.sum(flag(F.col("is_open"))).over(earlier),
    }


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


def _device_use(as_of: AsOf) -> DataFrame:
    """Give who used which device, from the app's events and from orders."""
    logs = (as_of.read(name).select("borrower_id", "device_id") for name in ("behaviour_events", "orders"))
    used = reduce(DataFrame.unionByName, logs).where("borrower_id IS NOT NULL AND device_id IS NOT NULL")
    return as_of.held("device_use", used.distinct)


def _others(used: DataFrame) -> DataFrame:
    """Pair borrowers who used one device; a device of more than so many people pairs nobody."""
    people = used.groupBy("device_id").agg(F.count("*").alias("_people"))
    shared = used.join(people.where(F.col("_people").between(2, MOST_SHARERS)).select("device_id"), "device_id")
    others = shared.withColumnRenamed("borrower_id", "_other")
    pairs = shared.join(others, "device_id").where(F.col("borrower_id") != F.col("_other"))
    return pairs.select("borrower_id", "_other").distinct()


def _device(as_of: AsOf) -> DataFrame:
    used = _device_use(as_of)
    rows, bad = F.count("*").alias("_rows"), F.sum("is_bad").alias("_bad")
    seasoned = as_of.stream("loan").where("is_seasoned = 1")
    loans = seasoned.groupBy(F.col("borrower_id").alias("_other")).agg(rows, bad)
    sums = (F.sum(name).cast("double").alias(name) for name in ("_rows", "_bad"))
    found = attached(_others(used), loans, "_other").groupBy("borrower_id").agg(F.count("*").alias("_people"), *sums)
    platform = seasoned.agg(over(F.sum("is_bad").cast("double"), F.count("*").cast("double")).alias("_rate"))
    listed = used.join(_listed(as_of, "DEVICE", "device_id"), "device_id").groupBy("borrower_id")
    borrowers = attached(used.select("borrower_id").distinct(), found, "borrower_id").crossJoin(platform)
    borrowers = attached(borrowers, listed.agg(F.count("*").alias("_listed")), "borrower_id")
    loans_of_others, bad_ones = (F.coalesce(name, F.lit(0.0)) for name in ("_rows", "_bad"))
    smoothed = (over(bad_ones, F.col("_rate")) + DEVICE_WEIGHT) / (loans_of_others + DEVICE_WEIGHT)
    return _named(
        "device",
        borrowers,
        {
            "other_borrower_count": F.coalesce("_people", F.lit(0)),
            "other_loan_count": loans_of_others,
            "smoothed_bad_ratio": smoothed,
            "blacklisted_count": F.coalesce("_listed", F.lit(0)),
        },
    )


FRAME_PREPARATIONS: Mapping[str, Callable[[AsOf], DataFrame]] = {
    "own": _own,
    "obligation": _obligation,
    "profile": _profile,
    "merchant": _merchant,
    "device": _device,
}
"""How each frame of `features.streams` is made."""
