"""What a logged event says by itself, before anything is joined: one truth for streams and their layout."""

from collections.abc import Mapping

from pyspark.sql import Column
from pyspark.sql import functions as F

from features.spark_cut import local_day, local_moment, minor
from features.streams import (
    FULL_SHARE,
    MONEY_SCALE,
    NIGHT_FROM_HOUR,
    NIGHT_UNTIL_HOUR,
    SHARE_SCALE,
    WORK_FROM_HOUR,
    WORK_UNTIL_HOUR,
)

WEEKEND = (1, 7)
STATEMENT_KEY = ("account_id", "happened_at")
"""What identifies a statement of a credit line."""


def flag(condition: Column) -> Column:
    """Give a condition as 0 and 1; null stays null."""
    return condition.cast("bigint")


def known(condition: Column) -> Column:
    """Give a condition as 0 and 1; null is 0."""
    return flag(F.coalesce(condition, F.lit(False)))


def is_night(time_zone: str) -> Column:
    """Say whether an event happened from 22:00 to 6:00."""
    hour = F.hour(local_moment("happened_at", time_zone))
    return flag((hour >= NIGHT_FROM_HOUR) | (hour < NIGHT_UNTIL_HOUR))


def is_weekend(time_zone: str) -> Column:
    """Say whether an event happened on a Saturday or Sunday."""
    return flag(F.dayofweek(local_day("happened_at", time_zone)).isin(*WEEKEND))


def is_working_time(time_zone: str) -> Column:
    """Say whether an event happened from 9:00 to 18:00, Monday to Friday."""
    hour = F.hour(local_moment("happened_at", time_zone))
    return flag(hour.between(WORK_FROM_HOUR, WORK_UNTIL_HOUR - 1)) * (1 - is_weekend(time_zone))


def order_columns(time_zone: str) -> Mapping[str, Column]:
    """Tell an order."""
    is_gone = F.col("order_status").isin("CANCELLED", "REFUSED")
    return {
        **{name: F.col(name) for name in ("merchant_id", "category_code", "device_id")},
        "amount": minor("order_amount"),
        "credit_amount": minor("credit_amount"),
        "is_kept": flag(~is_gone),
        "is_cancelled": flag(is_gone),
        "is_virtual": flag(F.col("is_virtual_goods")),
        "is_night": is_night(time_zone),
        "is_weekend": is_weekend(time_zone),
    }


def behaviour_columns(time_zone: str) -> Mapping[str, Column]:
    """Tell a thing done in the app."""
    return {
        **{name: F.col(name) for name in ("event_type", "session_id", "device_id")},
        "is_night": is_night(time_zone),
        "is_weekend": is_weekend(time_zone),
        "is_working_time": is_working_time(time_zone),
        "amount": minor("event_amount"),
        "balance": minor("balance_amount"),
    }


def event_hash(*key: str) -> Column:
    """Give the hash of an event's key, by which events of one moment are ordered; instants count as microseconds."""
    if len(key) == 1:
        return F.xxhash64(*key)
    parts = (F.unix_micros(name).cast("string") if name.endswith("_at") else F.col(name) for name in key)
    return F.xxhash64(F.concat_ws("/", *parts))


def statement_columns() -> Mapping[str, Column]:
    """Tell a statement of a credit line."""
    limit, used = minor("limit_amount"), minor("used_amount")
    share = F.when(limit > 0, F.floor(used.cast("double") / limit.cast("double") * SHARE_SCALE + 0.5))
    return {
        "limit_amount": limit,
        "used_amount": used,
        "utilisation": share.cast("bigint"),
        "is_nearly_full": flag(share >= FULL_SHARE * SHARE_SCALE),
        "is_frozen": known(F.col("account_status") == "FROZEN"),
    }


def report_columns() -> Mapping[str, Column]:
    """Tell a credit bureau's report."""
    return {
        "bureau_score": F.floor(F.col("bureau_score") * MONEY_SCALE + 0.5).cast("bigint"),
        "inquiry_3m": F.col("inquiry_3m_count"),
        "inquiry_12m": F.col("inquiry_12m_count"),
        "active_lender": F.col("active_lender_count"),
        "active_balance": minor("active_balance_amount"),
        "overdue_amount": minor("overdue_amount"),
        "worst_bucket": F.col("worst_bucket_24m_number"),
    }
