"""Monitoring: whether the model that scores still sees what it learned from, and whether what it said came to pass.

Pure decisions over small tables; each alarm names the row that raised it. Thresholds are configuration (`monitoring`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import Field
from scipy.stats import binomtest

from models.parameters import Document
from models.stability import Shift

SCORE = "score"
"""Subject of the drift of the probability itself; every other subject is a feature's name."""
SMALLEST = 1e-9

Severity = Literal["look", "stop"]
AlarmCode = Literal[
    "SCORE_MOVED",
    "FEATURE_MOVED",
    "FEATURE_MISSING_MOVED",
    "DEFAULTS_ABOVE_PREDICTED",
    "DEFAULTS_BELOW_PREDICTED",
    "POOL_DEFAULTS_ABOVE_PREDICTED",
    "POOL_WITHOUT_TAG",
    "MODEL_OLD",
]
Kind = Literal["scoring_day", "vintage", "grade", "pool"]


class AlarmRule(Document):
    """When an alarm fires, and how grave it is: `look` asks for a person's eye, `stop` also makes the command fail."""

    severity: Severity
    threshold: float


def _look(threshold: float) -> AlarmRule:
    return AlarmRule(severity="look", threshold=threshold)


def _stop(threshold: float) -> AlarmRule:
    return AlarmRule(severity="stop", threshold=threshold)


class MonitoringParameters(Document):
    """What monitoring looks at, and where it speaks up (section `monitoring`). Illustrative thresholds.

    Args:
        most_days: Past scoring days that are compared with what came to pass: the first of each month, the latest ones.
        mark_days: The bought pool is looked at each time it is so many days older.
        drift_rows: Rows of the day, of borrowers by hash, by which drift is measured.
        score_moved: Stability index of the probability since training, where it is above its noise.
        least_gain_share: Features with a smaller share of the gain are shown and raise no alarm.
        feature_moved: The stability index of a feature.
        feature_missing_moved: Share of rows without the feature against that in training, whichever is more.
        defaults_above_predicted: Realised over predicted default rate, where the whole 95 % interval lies above it.
        defaults_below_predicted: The same, where the whole interval lies below it.
        pool_defaults_above_predicted: Default rate of a bought cohort so far, over what was predicted for the whole
            horizon, where the whole interval lies above it; so it can fire before the horizon is over.
        pool_without_tag: Receivables that were bought and of which no tag as of the cut-off is stored.
        model_old: Days since the model was trained.
    """

    most_days: int = Field(default=12, ge=1)
    mark_days: int = Field(default=30, ge=1)
    drift_rows: int = Field(default=50_000, ge=100)
    least_gain_share: float = Field(default=0.01, ge=0, le=1)
    score_moved: AlarmRule = _stop(0.25)
    feature_moved: AlarmRule = _look(0.25)
    feature_missing_moved: AlarmRule = _look(0.10)
    defaults_above_predicted: AlarmRule = _stop(1.25)
    defaults_below_predicted: AlarmRule = _look(0.75)
    pool_defaults_above_predicted: AlarmRule = _stop(1.0)
    pool_without_tag: AlarmRule = _look(0)
    model_old: AlarmRule = _look(365)


@dataclass(frozen=True, slots=True)
class Drift:
    """How far the probability or a feature has moved from the champion's training rows to the day's.

    Args:
        subject: `score`, or the feature.
        shift: How far.
        gain_share: The feature's share of what the trees gained; 1 for the score.
    """

    subject: str
    shift: Shift
    gain_share: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """Predicted beside realised defaults of one part of what was scored or bought.

    Args:
        kind: Whether the part is a scoring day, a quarter of disbursement, a grade, or what a pool bought in a month.
        part: Which.
        after_days: Days that every row had, from scoring or purchase on, to default in.
        horizon_days: Days that the prediction is for.
        rows: Receivables whose outcome is known.
        defaults: Those that defaulted.
        predicted: Sum of their probabilities of default within the horizon.
    """

    kind: Kind
    part: str
    after_days: int
    horizon_days: int
    rows: int
    defaults: int
    predicted: float

    @property
    def predicted_rate(self) -> float:
        """Give the mean probability."""
        return self.predicted / self.rows

    @property
    def observed_rate(self) -> float:
        """Give the share that defaulted."""
        return self.defaults / self.rows

    @property
    def interval(self) -> tuple[float, float]:
        """Give the exact 95 % interval of that share (Clopper and Pearson, Biometrika 26, 1934).

        It never promises less than it says, also of a handful of receivables: an alarm must not be chance.
        """
        found = binomtest(self.defaults, self.rows).proportion_ci(0.95, method="exact")
        return float(found.low), float(found.high)

    @property
    def is_over(self) -> bool:
        """Tell whether the whole horizon has passed."""
        return self.after_days >= self.horizon_days


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing that a person must look at.

    Args:
        code: Which rule.
        subject: Of what: a feature, a part, the model.
        severity: look or stop.
        found: What was found, in a sentence.
        value: What was measured.
        threshold: What it was measured against.
        table: The table whose row explains it; empty where the sentence says all.
    """

    code: AlarmCode
    subject: str
    severity: Severity
    found: str
    value: float
    threshold: float
    table: str


@dataclass(frozen=True, slots=True)
class Watched:
    """Everything that alarms are decided by.

    Args:
        drifts: Of the score and of the features that the model uses.
        agreements: Predicted beside realised.
        untagged: Receivables that were bought without a stored tag.
        age_days: Days since the model was trained.
    """

    drifts: Sequence[Drift]
    agreements: Sequence[Agreement]
    untagged: int
    age_days: int


def alarms(watched: Watched, rules: MonitoringParameters) -> list[Alarm]:
    """Give every alarm that fires, those that stop first, in the order of their codes and subjects."""
    found = [
        *_drifted(watched.drifts, rules),
        *_disagreed(watched.agreements, rules),
        *_pool_defaulted(watched.agreements, rules),
        *_counted("POOL_WITHOUT_TAG", "pool", watched.untagged, rules.pool_without_tag, "bought without a stored tag"),
        *_counted("MODEL_OLD", "model", watched.age_days, rules.model_old, "days since it was trained"),
    ]
    return sorted(found, key=lambda one: (one.severity != "stop", one.code, one.subject))


def _drifted(drifts: Iterable[Drift], rules: MonitoringParameters) -> Iterable[Alarm]:
    for one in (each for each in drifts if each.gain_share >= rules.least_gain_share):
        moved, is_score = one.shift, one.subject == SCORE
        code: AlarmCode = "SCORE_MOVED" if is_score else "FEATURE_MOVED"
        rule = rules.score_moved if is_score else rules.feature_moved
        if moved.index > max(rule.threshold, moved.noise):
            said = f"index {moved.index:.3f} ({moved.low:.3f} to {moved.high:.3f}), noise {moved.noise:.3f}"
            said += f", effect size {moved.effect_size:.2f}"
            yield Alarm(code, one.subject, rule.severity, said, moved.index, rule.threshold, "drifts")
        gone, rule = abs(moved.missing_after - moved.missing_before), rules.feature_missing_moved
        if gone > rule.threshold:
            said = f"missing in {moved.missing_after:.1%} of rows, {moved.missing_before:.1%} in training"
            yield Alarm("FEATURE_MISSING_MOVED", one.subject, rule.severity, said, gone, rule.threshold, "drifts")


def _disagreed(agreements: Iterable[Agreement], rules: MonitoringParameters) -> Iterable[Alarm]:
    above, below = rules.defaults_above_predicted, rules.defaults_below_predicted
    for one in (each for each in agreements if each.is_over):
        low, high = one.interval
        if low > above.threshold * one.predicted_rate:
            yield _of("DEFAULTS_ABOVE_PREDICTED", one, above)
        if high < below.threshold * one.predicted_rate:
            yield _of("DEFAULTS_BELOW_PREDICTED", one, below)


def _pool_defaulted(agreements: Iterable[Agreement], rules: MonitoringParameters) -> Iterable[Alarm]:
    """Look at the latest mark of each cohort that is not yet over: it may have defaulted more than was ever said."""
    latest = {one.part: one for one in sorted(agreements, key=lambda one: one.after_days) if one.kind == "pool"}
    rule = rules.pool_defaults_above_predicted
    for one in latest.values():
        if not one.is_over and one.interval[0] > rule.threshold * one.predicted_rate:
            yield _of("POOL_DEFAULTS_ABOVE_PREDICTED", one, rule)


def _of(code: AlarmCode, one: Agreement, rule: AlarmRule) -> Alarm:
    low, high = one.interval
    said = f"{one.defaults:,} of {one.rows:,} defaulted within {one.after_days} days, {one.observed_rate:.2%} "
    said += f"({low:.2%} to {high:.2%}); {one.predicted_rate:.2%} was predicted for {one.horizon_days} days"
    ratio = one.observed_rate / max(one.predicted_rate, SMALLEST)
    return Alarm(code, f"{one.kind} {one.part}", rule.severity, said, ratio, rule.threshold, "agreements")


def _counted(code: AlarmCode, subject: str, count: int, rule: AlarmRule, words: str) -> Iterable[Alarm]:
    if count > rule.threshold:
        yield Alarm(code, subject, rule.severity, f"{count:,} {words}", float(count), rule.threshold, "")
