"""What the models page shows: versions, how well one judged, what moved since, and where its run is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from models.evaluate import wilson
from models.gates import Gate
from models.scorer import MODEL_FILE, Card
from models.versions import CHAMPION, Version
from pipelines.govern import judged
from pipelines.model_views import metric_lines
from pipelines.score import registry
from schemas.errors import ModelError
from schemas.watched import AGREEMENTS, ALARMS, DRIFTS
from workbench.desk import Desk
from workbench.pictures import Agreement
from workbench.shelf import Row, ordered


@dataclass(frozen=True, slots=True)
class Metric:
    """A measure of a version with its 95 % interval, where one was measured."""

    side: str
    name: str
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Watched:
    """What monitoring kept of its latest day."""

    day: date
    alarms: list[Row]
    drifts: list[Row]
    agreements: list[Row]


def versions(desk: Desk) -> list[Version]:
    """Give all registered versions, newest first; asked again only when a run or a decision may have come between."""
    path = desk.workspace.home / "mlflow.db"
    written = tuple(each.stat().st_mtime_ns for each in path.parent.glob("mlflow.db*"))
    content = written if written and not desk.workspace.storage.tracking_url else (desk.moment(),)
    found: list[Version] = desk.shelf.kept(("versions",), content, lambda: registry(desk.workspace).versions())
    return found


def champion(found: Sequence[Version]) -> Version | None:
    """Give the version that scores."""
    return next((one for one in found if CHAMPION in one.aliases), None)


def undecided(found: Sequence[Version]) -> list[Version]:
    """Give the versions newer than the champion on which nobody has decided."""
    scores = champion(found)
    least = int(scores.version) if scores else 0
    return [one for one in found if int(one.version) > least and not one.promotions]


def metrics(version: Version) -> list[Metric]:
    """Give what is looked at first."""
    return [Metric(*line) for line in metric_lines(version.metrics)]


def figures(desk: Desk, version: Version) -> Mapping[str, Any]:
    """Give what the training run of a version kept of itself; nothing where its manifest is gone."""
    found = [one.figures for one in desk.shelf.manifests() if one.figures.get("version") == version.version]
    return found[-1] if found else {}


def agreement(parts: Sequence[Mapping[str, Any]]) -> list[Agreement]:
    """Lay predicted beside observed default rates."""
    return [
        Agreement(
            one["label"],
            one["count"],
            one["predicted"],
            one["defaults"] / one["count"],
            *wilson(one["defaults"], one["count"]),
        )
        for one in parts
        if one["count"]
    ]


def gates(desk: Desk, version: Version, found: Sequence[Version]) -> tuple[Gate, ...]:
    """Put a version through its gates; again only when some version was decided on."""
    content = tuple((one.version, one.aliases, len(one.promotions)) for one in found)

    def asked() -> tuple[Gate, ...]:
        try:
            return judged(desk.workspace, version.version).gates
        except ModelError:
            return ()

    told: tuple[Gate, ...] = desk.shelf.kept(("gates", version.version), content, asked)
    return told


def card(desk: Desk, version: str) -> Card | None:
    """Give what a version's model says of itself: its features and what is usual of them; None where it is gone."""

    def read() -> Card | None:
        try:
            held = registry(desk.workspace).load(version)
        except ModelError:
            return None
        return Card.from_text(held[1][MODEL_FILE]) if held else None

    found: Card | None = desk.shelf.kept(("card", version), (), read)
    return found


def watched(desk: Desk) -> Watched | None:
    """Give what monitoring kept of its latest day; None while nothing was monitored."""
    days = [row["as_of"] for row in desk.shelf.partitions(DRIFTS)]
    if not days:
        return None
    day = max(days)
    alarms, drifts, agreements = (desk.shelf.read(table, day) for table in (ALARMS, DRIFTS, AGREEMENTS))
    return Watched(
        day,
        sorted(alarms, key=lambda row: (row["severity"] != "stop", row["code"], -row["value"])),
        sorted(drifts, key=lambda row: (row["subject"] != "score", -row["stability_index"], row["subject"])),
        ordered(agreements, "kind", "part", "after_days"),
    )
