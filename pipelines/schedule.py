"""On which past days receivables are observed for training."""

from calendar import monthrange
from datetime import date, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from models.split import hash_share
from schemas.errors import ConfigurationError
from schemas.moments import month_starts

GOLDEN = (5**0.5 - 1) / 2
"""Steps of this share of a circle lie evenly on it, however many there are (Weyl 1916)."""


class TrainingDays(BaseModel):
    """The observation days of a training set (section `observation` of the settings).

    Args:
        every: Observe once in each week (on Mondays), in each month, or in the first month of each quarter.
        spread_seed: Places the day within each month, so that the days together lie evenly over the month: instalments
            and statements fall due on days of the month, and a model scores on every one of them. Null observes at the
            start of the month.
        history_days: Days of logs that must lie before the first observation.
        most: Take at most so many days, the latest ones.
        least_defaults: With fewer defaults out of time than this, judge by cross-validation grouped by borrower too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    every: Literal["quarter", "month", "week"] = "month"
    spread_seed: int | None = 1
    history_days: int = Field(default=90, ge=0)
    most: int = Field(default=12, ge=1)
    least_defaults: int = Field(default=30, ge=0)

    def between(self, first_log: date, as_of: date, horizon_days: int) -> list[date]:
        """Give the observation days whose performance window is over by `as_of`, oldest first.

        A month's day hangs on the month and the seed alone, so that training again later observes on the same days.

        Raises:
            ConfigurationError: The logs are too short for a single one.
        """
        first = first_log + timedelta(days=self.history_days)
        last = as_of - timedelta(days=horizon_days)
        found = _weeks(first, last) if self.every == "week" else self._months(first, last)
        if not found:
            raise ConfigurationError(
                f"logs from {first_log}, training as of {as_of}",
                f"{self.history_days} days of history and a window of {horizon_days} days",
                "a later --as-of, or observation.history_days and labels.horizon_days in the settings",
            )
        return found[-self.most :]

    def _months(self, first: date, last: date) -> list[date]:
        step = 3 if self.every == "quarter" else 1
        starts = [day for day in month_starts(first.replace(day=1), last) if (day.month - 1) % step == 0]
        return [day for day in map(self._within, starts) if first <= day <= last]

    def _within(self, month: date) -> date:
        """Place the observation within a month."""
        if self.spread_seed is None:
            return month
        number = 12 * month.year + month.month
        share = (hash_share(str(self.spread_seed), "observation") + number * GOLDEN) % 1
        return month.replace(day=1 + int(share * monthrange(month.year, month.month)[1]))


def _weeks(first: date, last: date) -> list[date]:
    monday = first + timedelta(days=-first.weekday() % 7)
    return [monday + timedelta(days=7 * n) for n in range(max(0, (last - monday).days // 7 + 1))]
