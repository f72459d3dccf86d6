"""The benchmark's query in Polars on its streaming engine, in the same two stages as DuckDB's.

Usage: feature_polars.py TIMES DATA OUT HOW DAY...
HOW is `loop` (monthly files) or `loop-laid` (our layout).
"""

import json
import sys
import time
from datetime import date
from functools import reduce
from pathlib import Path

import polars as pl
from feature_query import CHANNELS, SHORT_WINDOWS, WINDOWS

KEY = "borrower_id"
FLAGS = ("refund", "night", "weekend")


def events(data: str, how: str) -> pl.LazyFrame:
    """Read events with days, flags and amounts in hundredths."""
    found = pl.scan_parquet(str(Path(data) / "**" / "*.parquet"), hive_partitioning=False)
    if how.endswith("-laid"):
        return found.rename({"since": "known_day", **{f"is_{flag}": flag for flag in FLAGS}})
    happened = pl.col("happened_at")
    return found.with_columns(
        amount=(pl.col("amount") * 100).cast(pl.Int64),
        refund=pl.col("is_refund").cast(pl.Int64),
        night=((happened.dt.hour() >= 22) | (happened.dt.hour() < 6)).cast(pl.Int64),
        weekend=(happened.dt.weekday() >= 6).cast(pl.Int64),
        day=happened.dt.date(),
        known_day=pl.col("known_at").dt.date(),
    )


def answer(found: pl.LazyFrame, as_of: date) -> pl.LazyFrame:
    """Give the columns of a day."""
    age = (pl.lit(as_of) - pl.col("day")).dt.total_days().cast(pl.Int16)
    seen = found.filter((pl.col("day") < as_of) & (pl.col("known_day") < as_of)).with_columns(age=age)
    slot = pl.sum_horizontal((pl.col("age") > window).cast(pl.Int8) for window in WINDOWS[:-1])
    base = seen.filter(pl.col("age") <= WINDOWS[-1]).with_columns(slot=slot)
    parts = (_sums(base), _merchants(base), _categories(base))
    joined = reduce(lambda left, right: left.join(right, on=KEY), parts)
    tops = {
        f"top_category_share_{window}": pl.when(pl.col(f"sum_{window}") > 0).then(
            pl.col(f"top_{window}") / pl.col(f"sum_{window}")
        )
        for window in WINDOWS
    }
    longer = pl.col("sum_90") / 90
    trend = pl.when(pl.col("sum_90") > 0).then(pl.col("sum_30") / 30 / longer)
    return joined.with_columns(**tops, trend=trend, as_of=pl.lit(as_of))


def _sums(base: pl.LazyFrame) -> pl.LazyFrame:
    amount = pl.col("amount")
    squares = (amount.cast(pl.Int128) * amount).sum()
    first = base.group_by(KEY, "slot").agg(
        pl.len().alias("number"),
        *(amount.sum().alias("total"), amount.max().alias("most"), squares.alias("squares")),
        *(pl.col(flag).sum() for flag in FLAGS),
        *(amount.filter(pl.col("channel_code") == code).sum().alias(f"channel{n}") for n, code in enumerate(CHANNELS)),
        pl.col("age").min().alias("recency"),
    )
    columns = [pl.col("recency").min()]
    for slot, window in enumerate(WINDOWS):
        within = pl.col("slot") <= slot
        number, total = (pl.col(name).filter(within).sum() for name in ("number", "total"))
        some = pl.when(number > 0)
        spread = number.cast(pl.Int128) * pl.col("squares").filter(within).sum() - total.cast(pl.Int128) * total
        columns += [
            number.cast(pl.Int64).alias(f"count_{window}"),
            (total / 100).alias(f"sum_{window}"),
            some.then(total / number / 100).alias(f"mean_{window}"),
            (pl.col("most").filter(within).max() / 100).alias(f"max_{window}"),
            some.then(spread.cast(pl.Float64).sqrt() / number / 100).alias(f"deviation_{window}"),
            *(some.then(pl.col(flag).filter(within).sum() / number).alias(f"{flag}_share_{window}") for flag in FLAGS),
        ]
    for window in SHORT_WINDOWS:
        within = pl.col("slot") <= WINDOWS.index(window)
        named = {f"channel{number}": f"channel{number}_{window}" for number in range(len(CHANNELS))}
        columns += [(pl.col(part).filter(within).sum() / 100).alias(name) for part, name in named.items()]
    return first.group_by(KEY).agg(columns)


def _merchants(base: pl.LazyFrame) -> pl.LazyFrame:
    first = base.group_by(KEY, "merchant_id").agg(pl.col("slot").min())
    counted = [(pl.col("slot") <= slot).sum().alias(f"merchants_{window}") for slot, window in enumerate(WINDOWS)]
    return first.group_by(KEY).agg(counted)


def _categories(base: pl.LazyFrame) -> pl.LazyFrame:
    within = [pl.col("slot") <= slot for slot in range(len(WINDOWS))]
    parts = [pl.col("amount").filter(each).sum().alias(f"part_{slot}") for slot, each in enumerate(within)]
    first = base.group_by(KEY, "category_code").agg(pl.col("slot").min(), *parts)
    counted = [within[slot].sum().alias(f"categories_{window}") for slot, window in enumerate(WINDOWS)]
    largest = [(pl.col(f"part_{slot}").max() / 100).alias(f"top_{window}") for slot, window in enumerate(WINDOWS)]
    return first.group_by(KEY).agg(*counted, *largest)


def main(times: str, data: str, out: str, how: str, *days: str) -> None:
    """Answer so many times, and print the seconds that each took as JSON."""
    place = Path(out)
    place.mkdir(parents=True, exist_ok=True)
    taken = []
    for _ in range(int(times)):
        started = time.perf_counter()
        for day in days:
            asked = answer(events(data, how), date.fromisoformat(day))
            asked.sink_parquet(place / f"{day}.parquet", compression="snappy", engine="streaming")
        taken.append(time.perf_counter() - started)
    print(json.dumps({"seconds": taken}))


if __name__ == "__main__":
    main(*sys.argv[1:])
