"""The streams on the engine: each cut as of the day, placed on local days, measures as whole numbers."""

from collections.abc import Callable, Mapping
from datetime import date

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from features.spark_allotment import days_late
from features.spark_cut import Hold, Logs, attached, local_day, minor
from features.spark_events import (
    STATEMENT_KEY,
    behaviour_columns,
    event_hash,
    flag,
    known,
    order_columns,
    report_columns,
    statement_columns,
)
from features.spark_known import Known
from features.states import StateConvention
from features.streams import BAD_DAYS, SEASONED_DAYS, SHARE_SCALE, STREAMS

IS_REFUND = "case_kind IN ('REFUND', 'RETURN') AND case_status <> 'REJECTED'"


class AsOf(Known):
    """What was known at the start of a day, with the states of all receivables: what streams and frames are made of."""

    def __init__(
        self, logs: Logs, states: DataFrame, day: date, time_zone: str, convention: StateConvention, hold: Hold
    ) -> None:
        """Keep the states beside the logs."""
        super().__init__(logs, day, time_zone, convention, hold)
        self.states = states

    def loans(self, *names: str) -> DataFrame:
        """Give columns of the receivables."""
        return self.receivables().select("receivable_id", *names)

    def stream(self, name: str) -> DataFrame:
        """Give a stream of `features.streams`."""
        return self.held(f"stream_{name}", lambda: PREPARATIONS[name](self).select(*STREAMS[name].stored))

    def happened(self, frame: DataFrame, *key: str) -> DataFrame:
        """Place events on the local day on which they happened; the hash of their key orders those of one moment."""
        return self.placed(frame, local_day("happened_at", self.time_zone), F.col("happened_at"), event_hash(*key))

    def placed(self, frame: DataFrame, day: Column, at: Column, tie: Column) -> DataFrame:
        """Place events on a day, and keep those before the as-of day."""
        aged = {"age_days": F.datediff(F.lit(self.day), day), "_at": at, "_tie": tie}
        return frame.withColumns(aged).where("age_days >= 1")


def _orders(as_of: AsOf) -> DataFrame:
    cases = as_of.read("refunds_disputes").where(IS_REFUND)
    refunded = cases.select("order_id", F.lit(True).alias("_is_refunded")).distinct()
    home = as_of.read("borrowers").select("borrower_id", F.col("region_code").alias("_home"))
    events = as_of.happened(as_of.read("orders"), "order_id")
    joined = attached(attached(events, refunded, "order_id"), home, "borrower_id")
    return joined.select(
        *("borrower_id", "age_days", "_at", "_tie"),
        *(column.alias(name) for name, column in order_columns(as_of.time_zone).items()),
        flag(F.col("region_code") != F.col("_home")).alias("is_away"),
        known(F.col("_is_refunded")).alias("is_refunded"),
    )


def _behaviour(as_of: AsOf) -> DataFrame:
    return as_of.happened(as_of.read("behaviour_events"), "event_id").select(
        *("borrower_id", "age_days", "_at", "_tie"),
        F.col("age_days").alias("active_day"),
        *(column.alias(name) for name, column in behaviour_columns(as_of.time_zone).items()),
    )


def _repayments(as_of: AsOf) -> DataFrame:
    paid = as_of.payments().withColumn("kind", F.lit("PAYMENT"))
    voiding = as_of.repayments().where("reverses_repayment_id IS NOT NULL").withColumn("kind", F.lit("VOIDING"))
    events = paid.unionByName(voiding).join(as_of.loans("borrower_id"), "receivable_id")
    placed = as_of.placed(events, F.col("value_on"), F.col("value_on"), F.col("repayment_id"))
    is_payment = F.col("kind") == "PAYMENT"
    cash = minor("principal_amount") + minor("interest_amount") + minor("fee_amount")
    return placed.select(
        *("borrower_id", "receivable_id", "kind", "method", "age_days", "_at", "_tie"),
        F.when(is_payment, cash).otherwise(F.lit(0)).cast("bigint").alias("paid_amount"),
        F.when(is_payment, minor("penalty_amount")).otherwise(F.lit(0)).cast("bigint").alias("penalty_amount"),
    )


def _instalments(as_of: AsOf) -> DataFrame:
    cover = as_of.movements().groupBy("receivable_id").agg(F.sum("cover_units").alias("_cover"))
    parties = as_of.loans("borrower_id", "merchant_id")
    lines = as_of.settlements().join(parties, "receivable_id")
    lines = attached(lines, cover, "receivable_id")
    tie = F.concat_ws("/", "receivable_id", F.lpad(F.col("period_number").cast("string"), F.lit(6), F.lit("0")))
    placed = as_of.placed(lines, F.col("due_on"), F.col("due_on"), tie)
    is_open, due = F.col("settled_on").isNull(), F.col("due_units")
    reached = F.coalesce("_cover", F.lit(0)) - (F.col("level_units") - due)
    covered = F.when(is_open, F.greatest(F.least(reached, due), F.lit(0))).otherwise(due)
    late = days_late(F.lit(as_of.day), as_of.convention)
    early = F.greatest(F.datediff(F.col("due_on"), F.coalesce("settled_on", "due_on")), F.lit(0))
    told = placed.withColumns(
        {"days_late": late.cast("bigint"), "days_early": early.cast("bigint"), "_covered": covered}
    )
    is_late, worst = F.col("days_late") > 0, F.max("days_late").over(Window.partitionBy("borrower_id"))
    return told.select(
        *("borrower_id", "receivable_id", "merchant_id", "age_days", "_at", "_tie", "days_late", "days_early"),
        due.alias("due_amount"),
        F.col("_covered").cast("bigint").alias("covered_amount"),
        flag(~is_late).alias("is_in_time"),
        flag(is_late).alias("is_late"),
        flag(F.col("days_late") > 7).alias("is_late_7"),
        flag(F.col("days_late") > 30).alias("is_late_30"),
        flag(is_open).alias("is_open"),
        flag(is_open & (F.col("_covered") > 0)).alias("is_partial"),
        flag(is_late & ~is_open).alias("is_cured"),
        flag(F.col("period_number") == 1).alias("is_first"),
        flag(is_late & (F.col("days_late") == worst)).alias("is_worst"),
    )


def _loans(as_of: AsOf) -> DataFrame:
    names = ("merchant_id", "region_code", "category_code", "originated_on", "annual_rate")
    loans = as_of.states.join(as_of.loans(*names), "receivable_id")
    placed = as_of.placed(loans, F.col("originated_on"), F.col("originated_on"), F.col("receivable_id"))
    owed = F.when(F.col("is_open"), minor("current_principal_amount")).otherwise(F.lit(0))
    is_bad = (F.col("worst_days_past_due") >= BAD_DAYS) | F.col("is_written_off")
    return placed.select(
        *("borrower_id", "merchant_id", "region_code", "category_code", "age_days", "_at", "_tie", "days_past_due"),
        minor("original_principal_amount").alias("principal"),
        owed.cast("bigint").alias("owed_principal"),
        minor("arrears_amount").alias("arrears"),
        (F.col("annual_rate") * F.lit(SHARE_SCALE)).cast("bigint").alias("annual_rate"),
        F.col("worst_days_past_due").alias("worst_days"),
        F.col("late_count").alias("late_number"),
        flag(F.col("is_open")).alias("is_open"),
        flag(F.col("days_past_due") > 0).alias("is_late"),
        flag(is_bad).alias("is_bad"),
        flag(F.col("age_days") >= SEASONED_DAYS).alias("is_seasoned"),
        flag(F.col("is_written_off")).alias("is_written_off"),
        flag(F.col("is_prepaid")).alias("is_prepaid"),
        flag(F.col("merchant_id").isNull()).alias("is_cash"),
    )


def _statements(as_of: AsOf) -> DataFrame:
    events = as_of.happened(as_of.read("credit_accounts"), *STATEMENT_KEY)
    of_line = Window.partitionBy("borrower_id", "account_id")
    limit, before = minor("limit_amount"), F.lag(minor("limit_amount")).over(of_line.orderBy("happened_at"))
    return events.select(
        *("borrower_id", "age_days", "_at", "_tie"),
        *(column.alias(name) for name, column in statement_columns().items()),
        flag(limit > before).alias("is_raised"),
        flag(limit < before).alias("is_cut"),
        flag(F.col("happened_at") == F.max("happened_at").over(of_line)).alias("is_latest"),
    )


def _reports(as_of: AsOf) -> DataFrame:
    return as_of.happened(as_of.read("credit_reports"), "report_id").select(
        *("borrower_id", "age_days", "_at", "_tie"),
        *(column.alias(name) for name, column in report_columns().items()),
    )


def _cases(as_of: AsOf) -> DataFrame:
    orders = as_of.read("orders").select(
        "order_id", F.col("borrower_id").alias("_buyer"), F.col("merchant_id").alias("_seller")
    )
    events = as_of.happened(as_of.read("refunds_disputes"), "case_id").join(orders, "order_id", "left")
    return events.select(
        *("case_kind", "case_status", "age_days", "_at", "_tie"),
        F.coalesce("borrower_id", "_buyer").alias("borrower_id"),
        F.coalesce("merchant_id", "_seller").alias("merchant_id"),
        minor("case_amount").alias("amount"),
    )


PREPARATIONS: Mapping[str, Callable[[AsOf], DataFrame]] = {
    "order": _orders,
    "behaviour": _behaviour,
    "repayment": _repayments,
    "instalment": _instalments,
    "loan": _loans,
    "statement": _statements,
    "report": _reports,
    "case": _cases,
}
"""How each stream of `features.streams` is made."""
