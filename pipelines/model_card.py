"""The model card of a version: the registry's evidence and the gates, gathered into what the page shows."""

import csv
import io
import json
from typing import Any

from features.catalogue import FEATURES as CATALOGUE
from features.labels import LabelDefinition
from models.parameters import TrainingParameters
from models.registry import flat
from models.scorer import MODEL_FILE
from models.scorer import Card as ScoreCard
from pipelines.govern import CONFIGURATION, Judgement, judged
from pipelines.score import champion, registry
from reports.card_contents import ModelCard
from reports.model_card import render
from runtime.workspace import Workspace

CARD = "card.html"
CHALLENGERS = "challengers.csv"


def card(workspace: Workspace, version: str) -> str:
    """Lay out a version's card with its gates as they stand now."""
    return laid_out(workspace, judged(workspace, version))


def laid_out(workspace: Workspace, found: Judgement) -> str:
    """Lay out the card of a version that was put through its gates."""
    evidence = registry(workspace).evidence(found.version.version)
    told = json.loads(evidence.get(CONFIGURATION, b"{}"))
    labels = LabelDefinition.model_validate(told.get("labels") or {})
    training = TrainingParameters.model_validate(told.get("training") or {})
    return render(
        ModelCard(
            version=found.version,
            told=found.told,
            gates=found.gates,
            horizon_days=training.horizon_days,
            default_days_past_due=labels.default_days_past_due,
            approval_below=training.approval_below,
            sentences={feature.name: feature.sentence for feature in CATALOGUE},
            configuration=flat(told),
            bounds=_bounds(workspace, found.version.version),
            challengers=_challengers(evidence.get(CHALLENGERS)),
        )
    )


def _bounds(workspace: Workspace, version: str) -> dict[str, tuple[float, float]]:
    known = ScoreCard.from_text(champion(workspace, version).files[MODEL_FILE])
    return {grade: (bound.mean, bound.upper) for grade, bound in known.bounds.items()}


def _challengers(text: bytes | None) -> list[dict[str, Any]]:
    """Read the challengers' table, where there is one; what is not said becomes None."""
    rows = csv.DictReader(io.StringIO(text.decode())) if text else ()
    return [{name: value if name == "model" else _number(value) for name, value in row.items()} for row in rows]


def _number(text: str) -> float | None:
    return float(text) if text else None


def keep_card(workspace: Workspace, version: str) -> None:
    """Lay the card out anew and keep it beside the version's run."""
    registry(workspace).attach(version, CARD, card(workspace, version).encode())
