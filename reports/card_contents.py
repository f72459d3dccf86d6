"""Everything that a model card shows, as plain values beside the model's own assessment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from models.assess import Assessment
from models.gates import Gate
from models.versions import Version


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A version of the model, told to whoever must decide about it.

    Args:
        version: As it is registered: trainer, snapshots, promotions.
        told: Its evidence.
        gates: Its gates, as they stood when the page was made.
        horizon_days: Length of the window that the probability speaks of.
        default_days_past_due: Days past due from which a receivable is in default.
        approval_below: Probability under which the fairness figures count a receivable as approved.
        sentences: What each feature says, by its name.
        configuration: Every setting of the training run, by dotted name.
        bounds: Of each grade its mean predicted probability and the 95 % upper bound of its default rate.
        challengers: A row for each model that was measured on the same folds: model, auc, auc_gap, gap_low, gap_high,
            brier, calibration_error; the recipe first, without gap.
    """

    version: Version
    told: Assessment
    gates: tuple[Gate, ...]
    horizon_days: int
    default_days_past_due: int
    approval_below: float
    sentences: Mapping[str, str]
    configuration: Mapping[str, str]
    bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    challengers: Sequence[Mapping[str, Any]] = ()

    @property
    def is_champion(self) -> bool:
        """Tell whether this version scores now."""
        return "champion" in self.version.aliases

    @property
    def failed(self) -> tuple[str, ...]:
        """Name the gates that it does not pass."""
        return tuple(gate.code for gate in self.gates if not gate.passed)

    @property
    def override(self) -> str:
        """Give why its last promotion went past a failed gate; empty where it did not."""
        return str(self.version.promotions[-1].get("override", "")) if self.version.promotions else ""
