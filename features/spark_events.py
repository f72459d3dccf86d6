"""What a logged event says by itself, before anything is joined: one truth for streams and their layout."""

from collections.abc import Mapping

from pyspark.sql import Column
from pyspark.sql import functions as F

from features.spark_cut import local_day, local_moment, minor
from features.streams import NIGHT_FROM_HOUR, NIGHT_UNTIL_HOUR, WORK_FROM_HOUR, WORK_UNTIL_HOUR

WEEKEND = (1, 7)


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
