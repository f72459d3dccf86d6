"""Promises across tables on the engine: each checked on what was known as of a day, and reported by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from features.spark_cut import Logs, minor, read_visible
from schemas.derived import RECONCILIATIONS
from schemas.spark import conform


@dataclass(frozen=True, slots=True)
class Known:
    """What the promises are checked on."""

    logs: Logs
    states: DataFrame
    as_of: date
    time_zone: str

    def read(self, name: str) -> DataFrame:
        """Give a log as it was known."""
        return read_visible(self.logs, name, self.as_of, self.time_zone)


@dataclass(frozen=True, slots=True)
class Promise:
    """A promise: what it says, and how it is checked.

    Args:
        meaning: One sentence.
        check: Gives a frame with `id` and `is_broken`, a row for each thing that it was checked on.
    """

    meaning: str
    check: Callable[[Known], DataFrame]


def reconcile(logs: Logs, states: DataFrame, as_of: date, time_zone: str) -> DataFrame:
    """Check every promise, one row each (`RECONCILIATIONS`)."""
    known = Known(logs, states, as_of, time_zone)
    rows = [_counted(code, promise, known) for code, promise in PROMISES.items()]
    return conform(reduce(DataFrame.unionByName, rows), RECONCILIATIONS)


def _counted(code: str, promise: Promise, known: Known) -> DataFrame:
    is_broken = F.coalesce(F.col("is_broken"), F.lit(False))
    return promise.check(known).agg(
        F.lit(code).alias("code"),
        F.lit(known.as_of).alias("as_of"),
        F.lit(promise.meaning).alias("meaning"),
        F.count(F.lit(1)).alias("checked_count"),
        F.count(F.when(is_broken, 1)).alias("breach_count"),
        F.min(F.when(is_broken, F.col("id"))).alias("example"),
    )


def _judged(frame: DataFrame, key: str, is_broken: Column) -> DataFrame:
    return frame.select(F.col(key).alias("id"), is_broken.alias("is_broken"))


def _schedule_sums(known: Known) -> DataFrame:
    lines = known.read("instalments")
    latest = lines.groupBy("receivable_id").agg(F.max("schedule_version_number").alias("schedule_version_number"))
    in_force = lines.join(latest, ["receivable_id", "schedule_version_number"])
    sums = in_force.groupBy("receivable_id").agg(F.sum(minor("principal_due_amount")).alias("_scheduled"))
    both = sums.join(known.read("receivables"), "receivable_id")
    return _judged(both, "receivable_id", F.col("_scheduled") != minor("original_principal_amount"))


def _no_negative_balance(known: Known) -> DataFrame:
    return _judged(known.states, "receivable_id", F.col("current_principal_amount") < 0)


def _as_reported(known: Known, ours: str, theirs: str) -> DataFrame:
    statement = known.read("reported_states").where(F.col("reported_on") == F.lit(known.as_of - timedelta(days=1)))
    both = statement.where(F.col(theirs).isNotNull()).join(known.states, "receivable_id")
    return _judged(both, "receivable_id", F.col(ours) != F.col(theirs))


def _within_order(known: Known) -> DataFrame:
    granted = known.read("refunds_disputes").where("case_status = 'GRANTED' AND case_kind IN ('REFUND', 'RETURN')")
    refunds = granted.groupBy("order_id").agg(F.sum(minor("case_amount")).alias("_refunded"))
    orders = known.read("orders").select("order_id", "order_amount").join(refunds, "order_id", "left")
    owed = known.states.select("receivable_id", "current_principal_amount")
    both = known.read("receivables").join(owed, "receivable_id").join(orders, "order_id")
    left = minor("order_amount") - F.coalesce(F.col("_refunded"), F.lit(0))
    return _judged(both, "receivable_id", minor("current_principal_amount") > left)


def _one_key_one_receivable(known: Known) -> DataFrame:
    keys = known.read("receivables").groupBy("receivable_key").agg(F.count(F.lit(1)).alias("_rows"))
    return _judged(keys, "receivable_key", F.col("_rows") > 1)


def _no_payment_beyond_debt(known: Known) -> DataFrame:
    return _judged(known.states, "receivable_id", F.col("paid_principal_amount") > F.col("original_principal_amount"))


PROMISES: Mapping[str, Promise] = {
    "SCHEDULE_SUMS": Promise("The schedule in force sums to the original principal.", _schedule_sums),
    "BALANCE_NOT_NEGATIVE": Promise(
        "Original less paid, written off, refunded and corrected principal is not below zero.", _no_negative_balance
    ),
    "PAID_WITHIN_DEBT": Promise("No more principal is paid than was lent.", _no_payment_beyond_debt),
    "BALANCE_AS_REPORTED": Promise(
        "The unpaid principal that we compute is the servicer's for the end of the day before.",
        lambda known: _as_reported(known, "current_principal_amount", "reported_principal_amount"),
    ),
    "DAYS_AS_REPORTED": Promise(
        "The days past due that we compute are the servicer's for the end of the day before.",
        lambda known: _as_reported(known, "days_past_due", "reported_days_past_due"),
    ),
    "WITHIN_ORDER": Promise("Unpaid principal never exceeds the order less granted refunds.", _within_order),
    "ONE_KEY": Promise("No two receivables share a receivable key.", _one_key_one_receivable),
}
"""Every promise, by the name under which a breach is reported."""
