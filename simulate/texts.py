"""How the platform writes things down: clock texts, days, yuan, ids, codes, as Arrow columns."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from simulate.arrays import DAY, Flags, Ints

LOCAL_AHEAD = timedelta(hours=8)
"""Asia/Shanghai, which has one offset all year."""
CENTS = pa.array([f"{cents:02d}" for cents in range(100)])
SECONDS = pa.array([f"{n // 3600:02d}:{n // 60 % 60:02d}:{n % 60:02d}" for n in range(DAY)])


@dataclass(frozen=True, slots=True)
class Clock:
    """Turns days and seconds since the first day into the platform's dates and times."""

    first_day: date

    def day(self, days: Ints, pattern: str = "%Y%m%d") -> pa.Array:
        """Write days as text."""
        if days.size == 0:
            return pa.array([], pa.string())
        low = int(days.min())
        span = range(low, int(days.max()) + 1)
        texts = pa.array([(self.first_day + timedelta(days=n)).strftime(pattern) for n in span], pa.string())
        return texts.take(pa.array(days - low))

    def moment(self, seconds: Ints, pattern: str = "%Y-%m-%d") -> pa.Array:
        """Write local moments as text, to the second."""
        day, second = np.divmod(seconds, DAY)
        return pc.binary_join_element_wise(self.day(day, pattern), SECONDS.take(pa.array(second)), " ")

    def dates(self, days: Ints) -> pa.Array:
        """Give days as Parquet dates."""
        return pa.array(days + (self.first_day - date(1970, 1, 1)).days).cast(pa.int32()).cast(pa.date32())

    def utc(self, seconds: Ints) -> pa.Array:
        """Give local moments as Parquet timestamps in UTC."""
        start = datetime(self.first_day.year, self.first_day.month, self.first_day.day, tzinfo=UTC) - LOCAL_AHEAD
        return pa.array((seconds + int(start.timestamp())) * 1000).cast(pa.timestamp("ms", "UTC"))


def number(prefix: str, value: Ints, width: int) -> pa.Array:
    """Write running numbers as ids."""
    top = int(value.max(initial=-1)) + 1
    if top < value.size:
        return number(prefix, np.arange(top), width).take(pa.array(value))
    return pc.utf8_replace_slice(pa.array(value + 10**width).cast(pa.string()), 0, 1, prefix)


def user_ids(borrower: Ints) -> pa.Array:
    """Write the platform's user numbers, which do not tell who joined first."""
    everyone = np.arange(int(borrower.max(initial=-1)) + 1)
    return number("2088", (everyone * 7_368_787 + 1_299_709) % 10**8, 8).take(pa.array(borrower))


def contract_numbers(second: Ints, row: Ints) -> pa.Array:
    """Write contract numbers: the second of the day, then a running number."""
    return number("HT", second % DAY * 10_000_000 + row, 12)


def device_ids(borrower: Ints, generation: Ints) -> pa.Array:
    """Write the number of a borrower's device."""
    return number("DV", (borrower * 1_000 + generation % 1_000) * 48_271 % 10**11, 11)


def codes(words: tuple[str, ...], place: Ints | Flags) -> pa.Array:
    """Write coded words."""
    return pa.array(words, pa.string()).take(pa.array(place.astype(np.int64)))


def yuan(fen: Ints) -> pa.Array:
    """Write fen as yuan with two decimals."""
    whole, cents = np.divmod(fen, 100)
    return pc.binary_join_element_wise(pa.array(whole).cast(pa.string()), CENTS.take(pa.array(cents)), ".")


def masked(column: pa.Array, missing: Flags) -> pa.Array:
    """Put null where a value is missing."""
    return pc.if_else(pa.array(missing), pa.scalar(None, column.type), column)
