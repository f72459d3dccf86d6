"""What a pool shows on a day, summed up on the engine from the states of what it holds or held."""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F


def lateness(asked: DataFrame, states: DataFrame, days: Sequence[int]) -> dict[str, int]:
    """Sum up what was bought, is unpaid, lost and late.

    Args:
        asked: receivable_id, bought_units, looked_on (the day, or the day on which it left), began_on (one month
            before), is_held, was_held (one month before).
        states: `receivable_states` of every day that is asked for.
        days: Days past due from which something counts as late.

    Returns:
        bought, unpaid, written_off, opening; and late_D, defaulted_D, default_unpaid_D and newly_D for every D.
    """
    now = _told(states, "looked_on", "now")
    then = _told(states, "began_on", "then")
    rows = asked.join(now, ["receivable_id", "looked_on"], "left").join(then, ["receivable_id", "began_on"], "left")
    zero = F.lit(0).cast("bigint")
    unpaid = F.when(F.col("is_held"), F.col("now_unpaid")).otherwise(zero)
    opening = F.when(F.col("was_held"), F.col("then_unpaid")).otherwise(zero)
    before = F.when(F.col("was_held"), F.col("then_unpaid")).otherwise(F.col("bought_units"))
    sums = {
        "bought": F.col("bought_units"),
        "unpaid": unpaid,
        "opening": opening,
        "written_off": F.col("now_written_off"),
    }
    for day in days:
        is_bad, was_bad = _in_default("now", day), F.col("was_held") & _in_default("then", day)
        sums[f"late_{day}"] = F.when(F.col("now_days") >= day, unpaid)
        sums[f"defaulted_{day}"] = F.when(is_bad, F.col("bought_units"))
        sums[f"default_unpaid_{day}"] = F.when(is_bad, unpaid)
        sums[f"newly_{day}"] = F.when(is_bad & ~was_bad & ~F.col("left_before"), before)
    row = rows.agg(*(F.sum(value).alias(name) for name, value in sums.items())).collect()[0]
    return {name: int(row[name] or 0) for name in sums}


def _told(states: DataFrame, day: str, when: str) -> DataFrame:
    minor = {"unpaid": "current_principal_amount", "written_off": "written_off_amount"}
    amounts = [(F.col(name) * F.lit(100)).cast("bigint").alias(f"{when}_{word}") for word, name in minor.items()]
    others = [
        F.col("days_past_due").alias(f"{when}_days"),
        F.col("worst_days_past_due").alias(f"{when}_worst"),
        F.col("is_written_off").alias(f"{when}_off"),
    ]
    return states.select("receivable_id", F.col("as_of").alias(day), *amounts, *others)


def _in_default(when: str, day: int) -> Column:
    known = F.col(f"{when}_off") | (F.col(f"{when}_worst") >= F.lit(day))
    return F.coalesce(known, F.lit(False))
