"""The evidence behind a pool report: default probabilities, the model's quality, the data's quality, provenance.

Shares, rates and probabilities are fractions of 1. `None` always says "not measured", never zero.
"""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class ProbabilityBin:
    """Principal whose default probability lies from `lower` (inclusive) to `upper`."""

    lower: float
    upper: float
    eligible: Decimal
    batch: Decimal


@dataclass(frozen=True, slots=True)
class DefaultProbabilities:
    """How default probabilities spread; means are weighted by principal."""

    bins: tuple[ProbabilityBin, ...]
    eligible_mean: float | None = None
    batch_mean: float | None = None
    pool_mean: float | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure with its 95 % interval, where one was measured."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Agreement:
    """Predicted against observed default rate for one tenth of risk, or one grade."""

    label: str
    count: int
    predicted: float
    observed: Measure


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason code and how many receivables carry it among their reasons."""

    code: str
    text: str
    count: int


@dataclass(frozen=True, slots=True)
class ModelQuality:
    """How well the model did on receivables that it had not seen; `measured_on` says which."""

    version: str
    measured_on: str
    count: int
    default_count: int
    auc: Measure
    gini: Measure
    ks: Measure
    brier: Measure
    calibration_error: Measure
    bins: tuple[Agreement, ...] = ()
    grades: tuple[Agreement, ...] = ()
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class CodeCount:
    """How many raw rows went to quarantine under one code."""

    code: str
    count: int


@dataclass(frozen=True, slots=True)
class TableQuality:
    """What became of every row read for a table, and how its audit ended."""

    table: str
    read: int
    filtered: int
    merged: int
    published: int
    quarantined: int
    codes: tuple[CodeCount, ...] = ()
    checks_passed: int = 0
    checks_failed: int = 0

    @property
    def unaccounted(self) -> int:
        """Give the rows that are neither published, quarantined, filtered nor merged: promised to be none."""
        return self.read - self.filtered - self.merged - self.published - self.quarantined


@dataclass(frozen=True, slots=True)
class Invariant:
    """A promise over tables, checked by name; `checked` is None where the number looked at is not known."""

    name: str
    meaning: str
    breaches: int
    checked: int | None = None


@dataclass(frozen=True, slots=True)
class DataQuality:
    """The accounting of rows, the audits and the invariants of the run."""

    tables: tuple[TableQuality, ...] = ()
    invariants: tuple[Invariant, ...] = ()


@dataclass(frozen=True, slots=True)
class TableSnapshot:
    """The stored version of a table that the run read or wrote."""

    table: str
    snapshot: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """What the run was made with, so that it can be made again."""

    engine: str
    code_version: str
    snapshots: tuple[TableSnapshot, ...] = ()
