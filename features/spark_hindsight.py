"""Hindsight: the logs as they would have read at the start of a past day, had all been known that is known now."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from features.spark_cut import Logs, local_day, visible
from schemas.house import TABLES
from schemas.moments import day_start

BY_RECEIVABLE = ("instalments", "repayments", "adjustments", "reported_states")
BY_BORROWER = ("receivables", "borrowers", "orders", "credit_reports")
WHOLE = ("merchants", "blacklist", "refunds_disputes")
"""Logs that are not told by borrower: small, or by order."""
ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)


def hindsight(logs: Logs, borrowers: DataFrame, cut: date, known_by: date, time_zone: str) -> Mapping[str, DataFrame]:
    """Give the logs of some borrowers as of a past day by later knowledge; each row counts as known when it happened.

    A payment that was voided after the day was never made: its voiding counts, whenever it happened.

    Args:
        logs: Published logs.
        borrowers: borrower_id of those whose receivables are looked at.
        cut: The past day.
        known_by: The later day: what was known before it counts.
        time_zone: Where the days start.
    """
    mine = logs["receivables"].join(borrowers, "borrower_id", "left_semi").select("receivable_id").distinct()
    found = {}
    for name in (*BY_BORROWER, *BY_RECEIVABLE, *WHOLE):
        rows = logs[name]
        if name in BY_BORROWER:
            rows = rows.join(borrowers, "borrower_id", "left_semi")
        elif name in BY_RECEIVABLE:
            rows = rows.join(mine, "receivable_id", "left_semi")
        if name == "repayments":
            is_voiding = F.col("reverses_repayment_id").isNotNull()
            rows = rows.withColumn("happened_at", F.when(is_voiding, F.lit(ALWAYS)).otherwise(F.col("happened_at")))
        kept = visible(rows, TABLES[name], cut, time_zone, known_by).withColumn("known_at", F.col("happened_at"))
        found[name] = kept.select(*TABLES[name].names)
    return found


def learned(logs: Logs, cut: date, known_by: date, time_zone: str) -> DataFrame:
    """Say for every receivable which logs got rows about the time before a day only after it, and when last.

    Rows about the receivable, its borrower's other ones, the borrower, the merchant, the order and their listings.

    Returns:
        receivable_id and learned_from, as `repayments 2025-03-04, credit_reports 2025-03-09`.
    """
    start, end = (F.lit(day_start(day, time_zone)) for day in (cut, known_by))
    mine = visible(logs["receivables"], TABLES["receivables"], known_by, time_zone)
    ties = mine.select("receivable_id", "borrower_id", "order_id", "merchant_id")
    owners = ties.select(F.col("receivable_id").alias("_other"), "borrower_id")

    def late(name: str, *columns: str) -> DataFrame:
        rows = logs[name]
        happened = F.col("happened_at") < start
        if name == "repayments":
            happened = happened | F.col("reverses_repayment_id").isNotNull()
        came = (F.col("known_at") >= start) & (F.col("known_at") < end)
        day = local_day("known_at", time_zone).alias("_day")
        return rows.where(happened & came).select(*columns, day, F.lit(name).alias("_log"))

    of_borrower = [late(name, "borrower_id") for name in BY_BORROWER]
    of_borrower += [
        late(name, "receivable_id").withColumnRenamed("receivable_id", "_other").join(owners, "_other").drop("_other")
        for name in BY_RECEIVABLE
    ]
    subjects = late("blacklist", "subject_type", "subject_id")
    of_borrower.append(_listed(subjects, "BORROWER", "borrower_id"))
    by_key = {
        "borrower_id": reduce(DataFrame.unionByName, of_borrower),
        "merchant_id": late("merchants", "merchant_id").unionByName(_listed(subjects, "MERCHANT", "merchant_id")),
        "order_id": late("refunds_disputes", "order_id"),
    }
    told = [ties.join(rows, key).select("receivable_id", "_day", "_log") for key, rows in by_key.items()]
    latest = reduce(DataFrame.unionByName, told).groupBy("receivable_id", "_log").agg(F.max("_day").alias("_day"))
    words = F.concat_ws(" ", "_log", F.col("_day").cast("string"))
    gathered = F.sort_array(F.collect_list(words))
    return latest.groupBy("receivable_id").agg(F.array_join(gathered, ", ").alias("learned_from"))


def _listed(subjects: DataFrame, kind: str, key: str) -> DataFrame:
    rows = subjects.where(F.col("subject_type") == kind)
    return rows.select(F.col("subject_id").alias(key), "_day", "_log")
