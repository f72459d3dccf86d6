"""On which past days receivables are observed for training."""

from datetime import date, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.errors import ConfigurationError
from schemas.moments import month_starts


class TrainingDays(BaseModel):
    """The observation days of a training set (section `observation` of the settings).

    Args:
        every: Observe at the start of each quarter, month or week.
        history_days: Days of logs that must lie before the first observation.
        most: Take at most so many days, the latest ones.
        least_defaults: With fewer defaults out of time than this, judge by cross-validation grouped by borrower too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    every: Literal["quarter", "month", "week"] = "month"
    history_days: int = Field(default=90, ge=0)
    most: int = Field(default=12, ge=1)
    least_defaults: int = Field(default=30, ge=0)

    def between(self, first_log: date, as_of: date, horizon_days: int) -> list[date]:
        """Give the observation days whose performance window is over by `as_of`, oldest first.

        Raises:
            ConfigurationError: The logs are too short for a single one.
        """
        first = first_log + timedelta(days=self.history_days)
        last = as_of - timedelta(days=horizon_days)
        found = _weeks(first, last) if self.every == "week" else month_starts(first, last)
        if self.every == "quarter":
            found = [day for day in found if day.month % 3 == 1]
        if not found:
            raise ConfigurationError(
                f"logs from {first_log}, training as of {as_of}",
                f"{self.history_days} days of history and a window of {horizon_days} days",
                "a later --as-of, or observation.history_days and labels.horizon_days in the settings",
            )
        return found[-self.most :]


def _weeks(first: date, last: date) -> list[date]:
    monday = first + timedelta(days=-first.weekday() % 7)
    return [monday + timedelta(days=7 * n) for n in range(max(0, (last - monday).days // 7 + 1))]
