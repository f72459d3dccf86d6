"""How versions, gates and comparisons are laid out for a person at the terminal."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipelines.common import pairs, rows

if TYPE_CHECKING:
    from rich.console import Console

    from models.compare import Comparison
    from models.gates import Gate
    from models.versions import Trainer, Version
    from pipelines.govern import Judgement
    from pipelines.why import Language, Why

SIDES = {"out_of_time": "later days", "cross_validated": "cross-validation", "out_of_fold": "training folds"}
SHOWN = (
    "auc",
    "gini",
    "ks",
    "h_measure",
    "captured_top_10",
    "brier",
    "calibration_error",
    "calibration_slope",
    "observed_rate",
    "predicted_rate",
)
View = Callable[["Console"], None]


def metric_lines(metrics: Mapping[str, float]) -> list[tuple[str, str, float, float | None, float | None]]:
    """Pick the metrics that people look at first, each with its 95 % interval where one was measured."""
    return [
        (words, name, metrics[f"{side}_{name}"], metrics.get(f"{side}_{name}_low"), metrics.get(f"{side}_{name}_high"))
        for side, words in SIDES.items()
        for name in SHOWN
        if f"{side}_{name}" in metrics
    ]


def _one_after_the_other(views: Sequence[View]) -> View:
    def show(console: "Console") -> None:
        for view in views:
            view(console)

    return show


def metrics_view(version: str, metrics: Mapping[str, float]) -> View:
    """Lay out a version's metrics."""
    return rows(f"Model {version}", ["judged on", "metric", "value", "from", "to"], metric_lines(metrics))


def list_view(found: Sequence["Version"]) -> tuple[list[dict[str, object]], View]:
    """Lay out all versions, newest first; give them as plain values too."""
    names = ["version", "aliases", "AUC, later days", "calibration error", "trained by", "promoted by"]
    shown = ("out_of_time_auc", "out_of_time_calibration_error")
    lines = [
        (
            one.version,
            ", ".join(one.aliases),
            *(one.metrics.get(name) for name in shown),
            trainer_said(one.trainer),
            one.promotions[-1]["approver"] if one.promotions else None,
        )
        for one in found
    ]
    return [dict(zip(names, line, strict=True)) for line in lines], rows("Models", names, lines)


def trainer_said(trainer: "Trainer") -> str:
    """Say who trained, and whether it is more than what the machine says."""
    return trainer.name if trainer.is_signed else f"{trainer.name or 'nobody'} (not signed)"


def gates_view(gates: Sequence["Gate"]) -> View:
    """Lay out gates."""
    lines = [("passed" if one.passed else "FAILED", one.code, one.found, one.bound) for one in gates]
    return rows("Gates", ["", "gate", "found", "bound"], lines)


def judgement_view(found: "Judgement") -> View:
    """Lay out a version with everything that is known of it."""
    known, told = found.version, found.told
    facts = {
        "aliases": ", ".join(known.aliases) or None,
        "trained by": trainer_said(known.trainer),
        "run": known.run_key,
        "judged on": f"{told.rows:,} rows, {told.days[0]} to {told.days[1]}",
        "trained on": f"{told.days[2]} to {told.days[3]}",
        **{f"snapshot of {name}": snapshot for name, snapshot in known.snapshots.items()},
    }
    names = ["code", "found", "bound", "where"]
    findings = [(one.code, one.found, one.bound, one.where) for one in told.findings]
    views = [pairs(f"Model {known.version}", facts), metrics_view(known.version, known.metrics)]
    views += [rows("Findings of the leakage audit", names, findings)]
    views += [gates_view(found.gates), promotions_view(known)]
    return _one_after_the_other(views)


def promotions_view(known: "Version") -> View:
    """Lay out when a version became an alias's, by whom, why, and against which gates."""
    names = ["at", "act", "approver", "reason", "replaced", "gates failed", "override"]
    lines = [
        (
            told.get("at", ""),
            told.get("act", "promote"),
            told["approver"],
            told["reason"],
            told["replaced"] or None,
            ", ".join(told.get("failed", [])) or None,
            told.get("override") or None,
        )
        for told in known.promotions
    ]
    return rows("Promotions", names, lines)


def judgement_told(found: "Judgement") -> dict[str, Any]:
    """Give a judgement as plain values."""
    from dataclasses import asdict

    told = asdict(found.told)
    kept = ("judged_on", "rows", "days", "findings", "probe", "score_shift", "separation", "parts", "groups")
    gates = [asdict(one) for one in found.gates]
    return {**asdict(found.version), "gates": gates, **{name: told[name] for name in kept}}


def comparison_view(found: "Comparison") -> View:
    """Lay out two versions side by side."""
    title = f"Models {found.first} and {found.second} on {found.rows:,} common rows of {found.borrowers:,} borrowers"
    lines = [(name, one, other, other - one) for name, (one, other) in found.metrics.items()]
    apart = found.auc
    tested = {
        "rows": found.source,
        "AUC, difference": apart.difference,
        "95 % interval": f"{apart.low:+.4f} to {apart.high:+.4f}",
        "p, DeLong by borrower": apart.p_value,
        "index of the probabilities": found.shift.index,
        "effect size (Cohen's w)": found.shift.effect_size,
    }
    across = sorted({name for row in found.grades.values() for name in row})
    grades = [(name, *(row.get(each, 0) for each in across)) for name, row in sorted(found.grades.items())]
    views = [
        rows(title, ["metric", f"model {found.first}", f"model {found.second}", "difference"], lines),
        pairs("The difference", tested),
        rows(f"Grades: model {found.first} down, model {found.second} across", ["", *across], grades),
    ]
    return _one_after_the_other(views)


def reasons_view(found: "Why", language: "Language") -> tuple[dict[str, Any], View]:
    """Lay out a receivable's reasons; give them as plain values too."""
    told = found.lines(language)
    title = f"{found.receivable}: probability {found.default_probability:.4f}, grade {found.grade}"
    shown = ("code", "reason", "value", "typical", "contribution")
    plain = {
        "receivable_id": found.receivable,
        "model_version": found.version,
        "default_probability": found.default_probability,
        "grade": found.grade,
        "reasons": told,
    }
    return plain, rows(f"{title}, model {found.version}", list(shown), [[one[name] for name in shown] for one in told])
