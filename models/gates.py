"""The gates of promotion: what a version must show before it scores, each answered with what was found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from models.assess import Assessment
from models.compare import Comparison
from models.parameters import GateBounds
from models.versions import Trainer

GateCode = Literal["NOT_WORSE", "MEASURED", "CALIBRATED", "STABLE", "NO_LEAK", "MONOTONE", "SIGNED"]
NOT_WORSE: Final = "NOT_WORSE"
MEASURED: Final = "MEASURED"
CALIBRATED: Final = "CALIBRATED"
STABLE: Final = "STABLE"
NO_LEAK: Final = "NO_LEAK"
MONOTONE: Final = "MONOTONE"
SIGNED: Final = "SIGNED"


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate's answer.

    Args:
        code: Which gate.
        passed: Whether the version may go through. What cannot be told does not pass.
        found: What was found.
        bound: What it was measured against.
    """

    code: GateCode
    passed: bool
    found: str
    bound: str


def judge(
    told: Assessment, trainer: Trainer, bounds: GateBounds, champion: Comparison | str | None
) -> tuple[Gate, ...]:
    """Put a version through every gate.

    Args:
        told: Its evidence.
        trainer: Who trained it.
        bounds: Of the gates.
        champion: The comparison with the champion, the champion first; why there can be none, as a sentence; or None
            where nothing scores yet.
    """
    return (
        _not_worse(champion),
        _measured(told, bounds),
        _calibrated(told, bounds),
        _stable(told, bounds),
        _no_leak(told, bounds),
        _monotone(told),
        _signed(trainer),
    )


def failed(gates: Sequence[Gate]) -> tuple[str, ...]:
    """Name the gates that a version did not pass."""
    return tuple(gate.code for gate in gates if not gate.passed)


def _not_worse(champion: Comparison | str | None) -> Gate:
    """Refuse an AUC below the champion's by more than chance: the whole interval of the difference below zero."""
    bound = "the 95 % interval of the AUC's difference reaches zero"
    if champion is None:
        return Gate(NOT_WORSE, passed=True, found="no champion to compare with", bound=bound)
    if isinstance(champion, str):
        return Gate(NOT_WORSE, passed=False, found=champion, bound=bound)
    apart = champion.auc
    found = (
        f"AUC {apart.second:.4f}, champion {champion.first} has {apart.first:.4f}: difference {apart.difference:+.4f}"
    )
    found += f" ({apart.low:+.4f} to {apart.high:+.4f}) on {champion.rows:,} rows"
    return Gate(NOT_WORSE, apart.high >= 0, found, bound)


def _calibrated(told: Assessment, bounds: GateBounds) -> Gate:
    """Refuse probabilities that are shown not to mean what they say: the slope of their log-odds, or their mean error.

    Shown is what lies beyond a bound with its whole interval; without one, the figure itself. The error of few rows is
    allowed what a perfectly calibrated model would show on them.
    """
    metrics = told.metrics
    most = max(bounds.calibration_error, metrics.get("calibration_error_noise", 0.0))
    bound = (
        f"the slope's interval meets {bounds.slope_low:g} to {bounds.slope_high:g}, the error's starts by {most:.4g}"
    )
    if "calibration_slope" not in metrics:
        return Gate(CALIBRATED, passed=False, found="one outcome only, so no slope", bound=bound)
    slope, low, high = _with_ends(metrics, "calibration_slope")
    error, least, _ = _with_ends(metrics, "calibration_error")
    found = f"slope {slope:.3f} ({low:.3f} to {high:.3f}), error {error:.4f} (from {least:.4f})"
    fits = high >= bounds.slope_low and low <= bounds.slope_high and least <= most
    return Gate(CALIBRATED, fits, found, bound)


def _with_ends(metrics: Mapping[str, float], name: str) -> tuple[float, float, float]:
    value = metrics[name]
    return value, metrics.get(f"{name}_low", value), metrics.get(f"{name}_high", value)


def _measured(told: Assessment, bounds: GateBounds) -> Gate:
    """Refuse a version that too few defaults judge: nothing would be shown against it, however bad it were."""
    defaults = sum(row["default_count"] for row in told.grades)
    found = f"{defaults:,.0f} defaults on {told.rows:,} rows"
    return Gate(MEASURED, defaults >= bounds.least_defaults, found, f"at least {bounds.least_defaults:,} defaults")


def _stable(told: Assessment, bounds: GateBounds) -> Gate:
    """Refuse a score whose distribution moved from training to test by more than the bound, and more than by chance."""
    bound = f"index at most {bounds.score_stability:g}, or within the noise of so few borrowers"
    if told.score_shift is None:
        return Gate(STABLE, passed=False, found="no test rows to compare with the training rows", bound=bound)
    index, noise = told.score_shift["index"], told.score_shift["noise"]
    found = f"index {index:.4f}, noise {noise:.4f}"
    return Gate(STABLE, index <= max(bounds.score_stability, noise), found, bound)


def _no_leak(told: Assessment, bounds: GateBounds) -> Gate:
    barring = [one for one in told.findings if one.code not in bounds.accepted_findings]
    found = "; ".join(one.found for one in barring) or "no finding that bars it"
    accepted = ", ".join(bounds.accepted_findings)
    return Gate(
        NO_LEAK, not barring, found, "no finding of the leakage audit" + (f" but {accepted}" if accepted else "")
    )


def _monotone(told: Assessment) -> Gate:
    seen = told.probe
    found = f"{seen.features} directed features tried on {seen.rows} rows"
    found += f"; the wrong way: {', '.join(seen.broken)}" if seen.broken else ""
    return Gate(MONOTONE, not seen.broken, found, "every promised direction holds")


def _signed(trainer: Trainer) -> Gate:
    """Refuse where nobody answers for the training: then it cannot be shown that another person approves."""
    found = f"{trainer.name} signed" if trainer.is_signed else f"nobody signed; the machine's user was {trainer.name}"
    return Gate(SIGNED, trainer.is_signed, found, "a person signed for the training, and another approves")
