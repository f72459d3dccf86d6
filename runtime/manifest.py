"""Run manifests: what a run was made from, written before its work starts, so that a run can be known again."""

import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from runtime.settings import PROJECT
from schemas.hashing import canonical_json, digest

PACKAGES = ("schemas", "features", "models", "pool", "runtime", "pipelines", "reports")
LOCK = "requirements.lock"


class Manifest(BaseModel):
    """One run: its identity, and, once finished, what it published.

    Args:
        run: Hash of `identity`; the same inputs always give the same run.
        stage: What was run.
        subject: What it was run for: the as-of day, the deal, the ingest batch.
        identity: Code, lock, settings, input fingerprints and whatever else the answer depends on.
        status: `started` or `finished`.
        outputs: For each published table: snapshot, partition, rows.
        figures: Further results that a report shows.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: str
    stage: str
    subject: dict[str, str]
    identity: dict[str, Any]
    started_at: datetime
    status: str = "started"
    finished_at: datetime | None = None
    engine: str = ""
    inputs: dict[str, int | None] = Field(default_factory=dict)
    outputs: dict[str, dict[str, Any]] = Field(default_factory=dict)
    figures: dict[str, Any] = Field(default_factory=dict)


def run_id(identity: Mapping[str, object]) -> str:
    """Give the run id that belongs to an identity: sixteen hex digits of its hash."""
    return digest(dict(identity))[:16]


class RunLog:
    """The manifests of a workspace, one JSON file a run; a file appears whole or not at all."""

    def __init__(self, home: Path) -> None:
        """Open the log, making its folder."""
        self.folder = home / "runs"
        self.folder.mkdir(parents=True, exist_ok=True)

    def get(self, run: str) -> Manifest | None:
        """Give the manifest of a run, or None where it never started."""
        path = self._path(run)
        return Manifest.model_validate_json(path.read_text("utf-8")) if path.exists() else None

    def all(self) -> list[Manifest]:
        """List every run, oldest first."""
        found = [Manifest.model_validate_json(path.read_text("utf-8")) for path in self.folder.glob("*.json")]
        return sorted(found, key=lambda manifest: (manifest.started_at, manifest.run))

    def latest(self, stage: str, subject: Mapping[str, str]) -> Manifest | None:
        """Give the run of a stage that finished last for this subject, or None."""
        return max(
            (one for one in self.all() if one.stage == stage and one.subject == dict(subject) and one.finished_at),
            key=lambda manifest: manifest.finished_at or manifest.started_at,
            default=None,
        )

    def unfinished(self, stage: str) -> list[Manifest]:
        """List runs of a stage that started and did not finish: killed, or still at work."""
        return [one for one in self.all() if one.stage == stage and one.status == "started"]

    def write(self, manifest: Manifest) -> None:
        """Put a manifest down, replacing an earlier state of the same run."""
        path = self._path(manifest.run)
        fresh = path.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as handle:
            handle.write(manifest.model_dump_json(indent=2))
            handle.flush()
            os.fsync(handle.fileno())
        fresh.replace(path)

    def keep(self, run: str, name: str, content: object) -> None:
        """Keep a document beside the run's manifest, such as an audit's result."""
        folder = self.folder / run
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.json").write_text(canonical_json(content), "utf-8")

    def _path(self, run: str) -> Path:
        return self.folder / f"{run}.json"


@cache
def code_version() -> str:
    """Give the hash of the house's own source files, as this process found them: equal code has equal versions."""
    return digest({name: text for package in PACKAGES for name, text in _sources(files(package), package)})[:16]


def _sources(folder: Traversable, name: str) -> Iterator[tuple[str, str]]:
    """Give the source files of a folder with their text, also where it lies in a zip."""
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _sources(entry, f"{name}/{entry.name}")
        elif entry.name.endswith(".py"):
            yield f"{name}/{entry.name}", entry.read_text("utf-8")


def lock_version() -> str:
    """Give the hash of the pinned packages, or `unlocked` where the installation carries no lock."""
    places = (files("runtime").joinpath(LOCK), PROJECT / LOCK)
    return next((digest(place.read_text("utf-8"))[:16] for place in places if place.is_file()), "unlocked")
