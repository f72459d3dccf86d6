"""Stage `score`: the model's word on every open receivable."""

from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame

from models.parameters import TrainingParameters
from models.registry import Registry
from models.spark import Tagging, tag_receivables
from pipelines.featurize import FEATURES
from runtime.stage import Stage, Task
from runtime.workspace import Workspace
from schemas import derived
from schemas.errors import ModelError

MODEL = "default-probability"


@dataclass(frozen=True, slots=True)
class Champion:
    """The registered model that scores: its version and its files as text."""

    version: str
    files: Mapping[str, str]


def registry(workspace: Workspace) -> Registry:
    """Open the model registry of a workspace."""
    return Registry(workspace.tracking_url, workspace.home / "models", MODEL)


def champion(workspace: Workspace, version: str = "") -> Champion:
    """Load the model that an alias or version names; without one the model that scores in this workspace, if any.

    Raises:
        ModelError: There is none.
    """
    version = version or workspace.scoring_version
    store = registry(workspace)
    found = store.load(version) if version else None
    if found is None:
        known = [one.version for one in store.versions()]
        promote = f"poolwright models promote {known[0] if known else 1} --as ANOTHER --reason WHY"
        mend = promote if known else f"poolwright train --as-of DATE --as NAME, then {promote}"
        raise ModelError(f"no model {version!r} in {workspace.home}", "a model that was trained and promoted", mend)
    return Champion(*found)


def run(task: Task) -> Mapping[str, DataFrame]:
    """Tag the receivables with the champion."""
    model: Champion = task.extras["model"]
    told = task.settings.section("training", TrainingParameters)
    snapshot = task.extras["feature_snapshot"]
    tagging = Tagging(model.version, snapshot, told.loss_given_default, told.explained_from)
    features, states = (task.inputs[name] for name in (FEATURES.name, derived.RECEIVABLE_STATES.name))
    tags = tag_receivables(features, states, model.files, task.as_of, tagging)
    return {derived.RECEIVABLE_TAGS.name: tags}


SCORE = Stage(
    name="score",
    meaning="Default probability, grade and reasons of every open receivable",
    reads=(FEATURES, derived.RECEIVABLE_STATES),
    writes=(derived.RECEIVABLE_TAGS,),
    run=run,
    sections=("training",),
)
