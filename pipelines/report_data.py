"""The evidence part of a report: the model's quality, the data's quality, and what the run was made with."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from features.catalogue import FEATURES as CATALOGUE
from models.evaluate import wilson
from pipelines.ingest import total
from pipelines.score import Champion
from reports.evidence import (
    Agreement,
    CodeCount,
    DataQuality,
    Invariant,
    Measure,
    ModelQuality,
    Provenance,
    Reason,
    TableQuality,
    TableSnapshot,
)
from runtime.manifest import Manifest, code_version
from runtime.stage import INGEST, part
from runtime.workspace import Workspace
from schemas import derived
from schemas.expectations import kept_and_broken

REASONS = 8


def model_quality(workspace: Workspace, model: Champion | None, as_of: date) -> ModelQuality | None:
    """Tell how the scoring model did on receivables that it had not seen; None where nothing was scored."""
    trained = [one for one in workspace.runs.all() if model and one.figures.get("version") == model.version]
    if model is None or not trained:
        return None
    figures = trained[-1].figures
    metrics: Mapping[str, float] = figures["metrics"]
    side = "out_of_time" if "out_of_time_auc" in metrics else "out_of_fold"
    if "cross_validated_auc" in metrics:
        side = "cross_validated"

    def measure(name: str) -> Measure:
        return Measure(*(metrics.get(f"{side}_{name}{end}") for end in ("", "_low", "_high")))

    return ModelQuality(
        version=model.version,
        measured_on=MEASURED_ON[side],
        count=figures["counts"]["rows"],
        default_count=figures["counts"]["defaults"],
        auc=measure("auc"),
        gini=measure("gini"),
        ks=measure("ks"),
        brier=measure("brier"),
        calibration_error=measure("calibration_error"),
        bins=tuple(_agreement(one) for one in figures["bins"]),
        grades=tuple(_agreement(one) for one in figures["grades"]),
        reasons=_reasons(workspace, as_of),
    )


MEASURED_ON = {
    "out_of_time": "later receivables of borrowers that training never saw",
    "out_of_fold": "borrowers held out fold by fold",
    "cross_validated": "borrowers held out fold by fold, all of training run anew in each fold",
}


def _agreement(one: Mapping[str, Any]) -> Agreement:
    observed = Measure(one["defaults"] / one["count"], *wilson(one["defaults"], one["count"]))
    return Agreement(one["label"], one["count"], one["predicted"], observed)


def _reasons(workspace: Workspace, as_of: date) -> tuple[Reason, ...]:
    names = [f"reason_{number}" for number in (1, 2, 3, 4)]
    tags = workspace.catalog.arrow(derived.RECEIVABLE_TAGS, part(derived.RECEIVABLE_TAGS, as_of), names)
    counted = Counter(word for name in names for word in tags.column(name).to_pylist() if word)
    sentences = {feature.name: feature.sentence for feature in CATALOGUE}
    return tuple(Reason(code, sentences.get(code, code), count) for code, count in counted.most_common(REASONS))


def data_quality(workspace: Workspace, as_of: date) -> DataQuality:
    """Tell where every raw row went, how the audits ended, and which promises across tables hold."""
    ingests = [one for one in workspace.runs.all() if one.stage == INGEST and one.status == "finished"]
    tables = total([one.figures["tables"] for one in ingests])
    audits = _audits(workspace, ingests)
    described = tuple(
        TableQuality(
            table=name,
            **{key: counts[key] for key in ("read", "filtered", "merged", "published", "quarantined")},
            codes=tuple(CodeCount(code, many) for code, many in counts["codes"].items()),
            checks_passed=audits[name][0],
            checks_failed=audits[name][1],
        )
        for name, counts in tables.items()
    )
    promises = workspace.catalog.arrow(derived.RECONCILIATIONS, part(derived.RECONCILIATIONS, as_of))
    invariants = tuple(
        Invariant(row["code"], row["meaning"], row["breach_count"], row["checked_count"])
        for row in promises.to_pylist()
    )
    return DataQuality(described, invariants)


def _audits(workspace: Workspace, manifests: Sequence[Manifest]) -> Mapping[str, tuple[int, int]]:
    """Add up the kept audits of the runs by table: promises kept and broken."""
    found: Counter[tuple[str, int]] = Counter()
    names: set[str] = set()
    for document in _documents(workspace, manifests):
        names.add(document["table"])
        for place, number in enumerate(kept_and_broken(document)):
            found[document["table"], place] += number
    names |= {name for manifest in manifests for name in manifest.figures["tables"]}
    return {name: (found[name, 0], found[name, 1]) for name in names}


def _documents(workspace: Workspace, manifests: Sequence[Manifest]) -> Iterator[Mapping[str, Any]]:
    for manifest in manifests:
        for path in sorted((workspace.runs.folder / manifest.run).glob("audit-*.json")):
            yield json.loads(path.read_text("utf-8"))


def provenance(workspace: Workspace, as_of: date, deal_name: str) -> Provenance:
    """Tell what the day was made with."""
    subjects: list[dict[str, str]] = [{"as_of": as_of.isoformat()}, {"as_of": as_of.isoformat(), "deal": deal_name}]
    runs = [one for one in workspace.runs.all() if one.subject in subjects and one.status == "finished"]
    snapshots = {name: str(output["snapshot"]) for one in runs for name, output in one.outputs.items()}
    engine = ", ".join(sorted({one.engine for one in runs}))
    held = tuple(TableSnapshot(name, snapshot) for name, snapshot in sorted(snapshots.items()))
    return Provenance(engine, code_version(), held)
