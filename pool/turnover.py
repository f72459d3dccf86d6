"""The turnover timer: cash that the servicer collected for a pool, and when it reached the pool's account.

What is turned over pays the oldest cash first. Amounts are in minor units.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta


@dataclass(slots=True)
class DayOfCash:
    """Cash that was collected on one day.

    Args:
        collected_on: Its value day.
        collected: How much; negative where what came in was taken back.
        turned_over: How much of it was turned over.
        turned_over_on: Day on which its last cent was; None while some is outstanding.
    """

    collected_on: date
    collected: int
    turned_over: int = 0
    turned_over_on: date | None = None

    @property
    def outstanding(self) -> int:
        """Give what was not turned over."""
        return self.collected - self.turned_over

    def last_day(self, allowed_days: int) -> date:
        """Give the last day on which it may be turned over."""
        return self.collected_on + timedelta(days=allowed_days)

    def late_days(self, allowed_days: int, as_of: date) -> int:
        """Give the days that have passed after the last allowed one, until it came or the start of the as-of day."""
        until = self.turned_over_on or as_of - timedelta(days=1)
        return max((until - self.last_day(allowed_days)).days, 0)


@dataclass(slots=True)
class Turnover:
    """How collections met turnover.

    Args:
        days: The days of cash, oldest first.
        beyond: Turned over beyond all that was collected: money of which no collection is known.
    """

    days: list[DayOfCash] = field(default_factory=list)
    beyond: int = 0


def turned_over(collected: Iterable[tuple[date, int]], moved: Iterable[tuple[date, int]]) -> Turnover:
    """Match what was turned over to what was collected, the oldest cash first.

    A statement does not say which cash it moves, so this is the kindest reading: if even so a day's cash is late, some
    cash is that late. Money that went back to the servicer makes the latest turnover smaller.

    Args:
        collected: Value day and amount, each day once.
        moved: Value day and amount of what was turned over; negative went back.
    """
    days = [DayOfCash(day, amount) for day, amount in sorted(collected)]
    transfers = _net(sorted(moved))
    waiting = deque(transfers)
    left = 0
    day_moved: date | None = None
    for one in days:
        while left < one.outstanding and waiting:
            day_moved, amount = waiting.popleft()
            left += amount
        taken = min(left, one.outstanding)
        one.turned_over += taken
        left -= taken
        if one.outstanding <= 0:
            one.turned_over_on = max(day_moved, one.collected_on) if day_moved else one.collected_on
    return Turnover(days, left + sum(amount for _, amount in waiting))


def _net(moved: list[tuple[date, int]]) -> list[tuple[date, int]]:
    """Take what went back off the latest turnovers before it."""
    kept: list[tuple[date, int]] = []
    for day, amount in moved:
        back = -amount
        while back > 0 and kept:
            last, held = kept.pop()
            if held > back:
                kept.append((last, held - back))
            back -= min(held, back)
        if amount > 0:
            kept.append((day, amount))
        elif back > 0:
            kept.append((day, -back))
    return kept
