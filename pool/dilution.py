"""Dilution: what refunds after the sale took from a pool, and the reserve that its recent pace asks for."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class DilutedMonth:
    """A calendar month of refunds after sale; the amount in minor units."""

    month_on: date
    receivables: int
    amount: int


def by_month(refunds: Iterable[tuple[date, int]], first: date, last: date) -> list[DilutedMonth]:
    """Sum up refunds by the month of their day, every month from the first day's to the last day's.

    Args:
        refunds: Day and amount, one for each receivable.
        first: A day of the first month.
        last: A day of the last month.
    """
    counts: dict[date, int] = defaultdict(int)
    sums: dict[date, int] = defaultdict(int)
    for day, amount in refunds:
        counts[day.replace(day=1)] += 1
        sums[day.replace(day=1)] += amount
    months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    starts = [date(month // 12, month % 12 + 1, 1) for month in months]
    return [DilutedMonth(start, counts[start], sums[start]) for start in starts]


def reserve(months: Sequence[DilutedMonth], factor: float, span: int = 3) -> int:
    """Give the mean of the last whole months times a factor, rounded up to the minor unit; 0 before the first month.

    Args:
        months: In order; the last is the month that is not over and does not count.
        factor: How many months' refunds the reserve should hold.
        span: How many whole months the mean is of; as many as there are while there are fewer.
    """
    whole = months[:-1][-span:]
    if not whole:
        return 0
    amount = Fraction(sum(one.amount for one in whole), len(whole)) * Fraction(repr(factor))
    return -int(-amount // 1)
