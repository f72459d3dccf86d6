"""Stage `train`: states, features and labels of past days, a calibrated model from them, and its registration."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from features.catalogue import FEATURES as CATALOGUE
from features.declarations import Aggregate, Feature, leaves
from features.labels import LabelDefinition
from features.phrases import theme
from models.assess import assess
from models.evaluate import Sample, by_part, calibration_table
from models.fit import CrossValidation, TrainedModel, cross_validate
from models.fit import train as fit
from models.grade import Scale
from models.parameters import FeatureNote, TrainingParameters
from models.plots import plots
from models.rows import WEIGHT
from models.versions import Run, Trainer
from pipelines.featurize import FEATURES, FEATURIZE
from pipelines.govern import ASSESSMENT, CONFIGURATION, JUDGED
from pipelines.label import LABEL
from pipelines.later_data import audit
from pipelines.model_card import keep_card
from pipelines.planning import plan_day
from pipelines.progress import bar, told
from pipelines.schedule import TrainingDays
from pipelines.score import registry
from pipelines.states import STATES
from pipelines.sweep import Sweep
from pipelines.term import with_term
from pipelines.training_rows import first_log, training_rows
from runtime import clock
from runtime.foresee import Foreseen, foresee
from runtime.manifest import Manifest, code_version, lock_version, run_id
from runtime.settings import machine_user
from runtime.stage import Stage, execute
from runtime.workspace import Workspace
from schemas import derived
from schemas.hashing import canonical_json

if TYPE_CHECKING:
    import pandas as pd

FIGURES = ("version", "metrics", "findings")
SECTIONS = ("platform", "states", "labels", "training", "observation")


@dataclass(frozen=True, slots=True)
class Trained:
    """What `poolwright train` gives back."""

    version: str
    metrics: dict[str, float]
    findings: tuple[dict[str, str], ...]
    is_champion: bool = False
    fresh: bool = True


def train(workspace: Workspace, as_of: date, trainer: Trainer | None = None) -> Trained:
    """Train on every past day whose performance window is over, audit the model and register it.

    No model scores before a person has promoted it, the first of a workspace neither (`poolwright models promote`).
    A run that nobody signed for is signed by whoever runs it again with their name.

    Args:
        workspace: Where.
        as_of: Nothing from its start on is seen.
        trainer: Who answers for it; without one, the machine's user, unsigned.

    Raises:
        ModelError: There are no logs, or no labelled rows.
    """
    who = trainer or Trainer(machine_user(), is_signed=False)
    days = observe(workspace, as_of)
    manifest = _manifest(workspace, as_of, days)
    before = workspace.runs.get(manifest.run)
    if before and before.status == "finished":
        return _again(workspace, before.figures, who)
    workspace.runs.write(manifest)
    trained, evidence = _register(workspace, manifest, days, who)
    figures = {**{name: getattr(trained, name) for name in FIGURES}, **evidence}
    done = {"status": "finished", "finished_at": clock.now(), "figures": figures}
    workspace.runs.write(manifest.model_copy(update=done))
    return trained


def would_train(workspace: Workspace, as_of: date) -> tuple[list[Foreseen], bool, str]:
    """Say which stages of the observation days a training would run, whether it would fit a model, and why."""
    days, history, until = _days(workspace, as_of), workspace.runs.all(), {"data_until": as_of.isoformat()}
    stages: tuple[tuple[Stage, dict[str, str]], ...] = ((STATES, {}), (FEATURIZE, {}), (LABEL, until))
    found = [
        one
        for day in days
        for one in plan_day([foresee(stage, workspace, day, "", depends, history) for stage, depends in stages])
    ]
    if any(one.is_due for one in found):
        return found, True, "after the days above"
    before = workspace.runs.get(_manifest(workspace, as_of, days).run)
    is_fitted = before is not None and before.status == "finished"
    return found, not is_fitted, "stands already" if is_fitted else "settings or code changed, or it never ran"


def _again(workspace: Workspace, figures: Mapping[str, Any], who: Trainer) -> Trained:
    """Give what a run has given before; let who signs now answer for it where nobody did."""
    store = registry(workspace)
    known = store.version(figures["version"])
    if who.is_signed and not known.trainer.is_signed:
        store.sign(known.version, who)
        keep_card(workspace, known.version)
    told = {name: figures[name] for name in FIGURES}
    return Trained(
        **{**told, "findings": tuple(told["findings"])}, is_champion="champion" in known.aliases, fresh=False
    )


def notes() -> list[FeatureNote]:
    """Give what training is told of each feature: the way it may point, what it is about, how far it looks back."""
    return [FeatureNote(one.name, one.direction, theme=theme(one), reach_days=_reach(one)) for one in CATALOGUE]


def _reach(feature: Feature) -> int | None:
    """Give the days of logs that a feature looks back on: None for all of them, 0 for a state of the day."""
    spans = [leaf.window_days if isinstance(leaf, Aggregate) else 0 for leaf in leaves(feature.definition)]
    return None if None in spans else max(span or 0 for span in spans)


def _days(workspace: Workspace, as_of: date) -> list[date]:
    horizon = workspace.settings.section("labels", LabelDefinition).horizon_days
    return workspace.settings.section("observation", TrainingDays).between(first_log(workspace), as_of, horizon)


def observe(workspace: Workspace, as_of: date) -> list[date]:
    """Compute states, features and labels of every observation day that is over by `as_of`; give the days.

    Raises:
        ModelError: There are no logs.
        ConfigurationError: They are too short for a single day.
    """
    days = _days(workspace, as_of)
    until = {"data_until": as_of}
    with workspace.scratch(f"sweep-until-{as_of}") as scratch:
        sweep = Sweep(workspace, days, scratch)
        for place, day in enumerate(days, start=1):
            mark = f"[dim]{place}/{len(days)}[/] "
            told(execute(STATES, workspace, day), mark)
            told(execute(FEATURIZE, workspace, day, extras={"sweep": sweep}), mark)
            told(execute(LABEL, workspace, day, extras=until, depends={"data_until": as_of.isoformat()}), mark)
    return days


def _manifest(workspace: Workspace, as_of: date, days: Sequence[date]) -> Manifest:
    tables = (FEATURES, derived.LABELS)
    settings = {name: workspace.settings.tree.get(name) or {} for name in SECTIONS}
    identity = {
        "stage": "train",
        "as_of": as_of.isoformat(),
        "code": code_version(),
        "lock": lock_version(),
        "settings": {**settings, "training": {k: v for k, v in settings["training"].items() if k != "gates"}},
        "inputs": {
            f"{table.name} {day}": workspace.catalog.fingerprint(table.name, {"as_of": day})
            for table in tables
            for day in days
        },
    }
    return Manifest(
        run=run_id(identity),
        stage="train",
        subject={"as_of": as_of.isoformat()},
        identity=identity,
        started_at=clock.now(),
        engine=workspace.engine.name,
        inputs={table.name: workspace.catalog.snapshot(table.name) for table in tables},
    )


def _register(
    workspace: Workspace, manifest: Manifest, days: Sequence[date], who: Trainer
) -> tuple[Trained, dict[str, Any]]:
    settings = workspace.settings
    parameters = settings.section("training", TrainingParameters)
    hidden = parameters.leakage.hidden_days
    seen = audit(workspace, days[-hidden:] if hidden else ())
    frame = training_rows(workspace, days)
    with bar("train") as move:
        trained = fit(frame.rows, parameters, notes(), move)
        checked = _cross_checked(workspace, trained, frame.rows, parameters)
        told = assess(trained, frame, notes(), checked, seen)
    further = {f"cross_validated_{name}": value for name, value in checked.metrics.items()} if checked else {}
    files = with_term(workspace, trained, frame.rows, date.fromisoformat(manifest.subject["as_of"]))
    trained = replace(trained, files=files, metrics={**trained.metrics, **further})
    store = registry(workspace)
    judged = checked.predictions if checked else trained.tested
    observed = {"days": [day.isoformat() for day in days]}
    configuration = {**{name: settings.tree.get(name) for name in SECTIONS}, "observed": observed}
    run = Run(
        key=manifest.run,
        snapshots={name: str(snapshot) for name, snapshot in manifest.inputs.items()},
        configuration=configuration,
        trainer=who,
        plots=plots(trained),
        evidence={
            ASSESSMENT: told.to_text().encode(),
            JUDGED: judged.to_parquet(index=False),
            CONFIGURATION: canonical_json(configuration).encode(),
            **trained.tables,
        },
    )
    version = store.record(trained, run)
    keep_card(workspace, version)
    found = tuple(asdict(one) for one in told.findings)
    return Trained(version, trained.metrics, found), evidence(judged, parameters)


def _cross_checked(
    workspace: Workspace, trained: TrainedModel, frame: "pd.DataFrame", parameters: TrainingParameters
) -> CrossValidation | None:
    """Measure by cross-validation grouped by borrower where too few defaults lie out of time to judge by."""
    least = workspace.settings.section("observation", TrainingDays).least_defaults
    return cross_validate(frame, parameters, notes()) if trained.out_of_time["is_default"].sum() < least else None


def evidence(judged: "pd.DataFrame", parameters: TrainingParameters) -> dict[str, Any]:
    """Give predicted beside observed defaults by tenth of risk and by grade, for the report; rows by their weight.

    Args:
        judged: The judging rows: is_default, default_probability, weight.
        parameters: The master scale.
    """
    probability, weight = (judged[name].to_numpy(dtype=float) for name in ("default_probability", WEIGHT))
    sample = Sample.of(judged["is_default"].to_numpy(dtype=float), probability, weight)
    graded = by_part(Scale.of(parameters.grades).grade(probability), sample, "grade")
    return {
        "counts": {"rows": round(weight.sum()), "defaults": round(sample.bad)},
        "bins": [_agreement(str(row["bin"]), row) for row in calibration_table(sample).to_dict("records")],
        "grades": [_agreement(str(row["grade"]), row) for row in graded.to_dict("records")],
    }


def _agreement(label: str, row: Mapping[Hashable, Any]) -> dict[str, Any]:
    count, defaults, predicted = (row[name] for name in ("row_count", "default_count", "predicted_rate"))
    return {"label": label, "count": round(count), "defaults": round(defaults), "predicted": float(predicted)}
