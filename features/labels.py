"""What counts as default: the definition of the label, as configuration."""

from datetime import date, timedelta
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from features.states import StateConvention


class LabelDefinition(BaseModel):
    """What must happen to a receivable within which window for it to count as defaulted.

    Args:
        default_days_past_due: Days past due from which a receivable is in default.
        horizon_days: Length of the performance window, whole local days from the as-of day.
        indeterminate_from_days: Worst days past due from here up to the default definition are neither good nor bad;
            None leaves no such band.
        convention: How days past due are counted.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    default_days_past_due: int = Field(default=60, ge=1)
    horizon_days: int = Field(default=180, ge=1)
    indeterminate_from_days: int | None = Field(default=None, ge=1)
    convention: StateConvention = StateConvention()

    @model_validator(mode="after")
    def _band_ends_at_default(self) -> Self:
        lowest = self.indeterminate_from_days
        if lowest is not None and lowest >= self.default_days_past_due:
            raise ValueError(f"indeterminate_from_days {lowest} must be below {self.default_days_past_due}")
        return self

    def window_ends_on(self, as_of: date) -> date:
        """Give the last day of the performance window that starts with `as_of`."""
        return as_of + timedelta(days=self.horizon_days - 1)

    def is_observed(self, as_of: date, data_until: date) -> bool:
        """Tell whether the whole window lies before the start of `data_until`."""
        return self.window_ends_on(as_of) < data_until
