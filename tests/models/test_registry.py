"""The registry: versions come back byte for byte, once per run, and promotions are kept with their reasons."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.fit import TrainedModel
from models.registry import Registry
from models.scorer import Scorer
from models.versions import Decision, Run, Trainer
from schemas.errors import ModelError
from tests.models.known import World

RUN = Run(
    key="",
    snapshots={"features": "11", "labels": "12"},
    configuration={"training": {"horizon_days": 30}},
    trainer=Trainer("dana", is_signed=True),
    plots={"roc.png": b"\x89PNG"},
    evidence={"assessment.json": b"{}", "judged.parquet": b"PAR1"},
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder for the registry's database and files."""
    return tmp_path_factory.mktemp("registry")


@pytest.fixture(scope="module")
def registry(home: Path) -> Registry:
    """Give an empty registry on SQLite."""
    return Registry(f"sqlite:///{home / 'mlflow.db'}", home / "models")


def record(registry: Registry, trained: TrainedModel, run_key: str) -> str:
    """Record under a run key, with one small picture."""
    return registry.record(trained, replace(RUN, key=run_key))


def decide(registry: Registry, version: str, approver: str, reason: str, alias: str = "champion") -> None:
    """Promote a version, at a moment that does not matter."""
    registry.decide(version, Decision("promote", approver, reason, "2025-01-02T03:04:05+00:00", alias=alias))


def test_a_version_comes_back_and_scores_the_same_bits(registry: Registry, trained: TrainedModel, known: World) -> None:
    """Texts are equal byte for byte, so scores are equal bit for bit."""
    version = record(registry, trained, "run-a")
    found = registry.load(version)
    assert found is not None
    assert found == (version, dict(trained.files))
    before, after = Scorer.from_files(trained.files), Scorer.from_files(found[1])
    rows = before.matrix(known.frame.head(100))
    assert np.array_equal(before.score(rows).default_probability, after.score(rows).default_probability)


def test_the_same_run_is_registered_once(registry: Registry, trained: TrainedModel) -> None:
    """A second record under the run key gives the version that is there; another run gives another."""
    first = record(registry, trained, "run-b")
    assert record(registry, trained, "run-b") == first
    assert record(registry, trained, "run-c") != first
    assert [each.run_key for each in registry.versions()].count("run-b") == 1


def test_promotion_moves_the_alias_and_is_kept(registry: Registry, trained: TrainedModel) -> None:
    """The alias follows the last promotion; each version keeps who, why and what it replaced."""
    one, two = record(registry, trained, "run-d"), record(registry, trained, "run-e")
    assert registry.load("challenger") is None
    decide(registry, one, "alice", "first", "challenger")
    decide(registry, two, "bob", "better calibrated", "challenger")
    found = registry.load("challenger")
    assert found is not None
    assert found[0] == two
    told = {each.version: each for each in registry.versions()}
    assert told[two].aliases == ("challenger",)
    assert told[one].aliases == ()
    wanted = {"alias": "challenger", "approver": "bob", "reason": "better calibrated", "replaced": one, "number": 2}
    wanted |= {"act": "promote", "at": "2025-01-02T03:04:05+00:00", "failed": [], "override": ""}
    assert told[two].promotions == (wanted,)
    assert told[two].snapshots == RUN.snapshots
    assert told[two].trainer == RUN.trainer
    assert told[two].metrics["out_of_time_auc"] == pytest.approx(trained.metrics["out_of_time_auc"])


def test_a_promotion_needs_a_version_an_approver_and_a_reason(registry: Registry, trained: TrainedModel) -> None:
    """Nothing is promoted silently."""
    version = record(registry, trained, "run-a")
    with pytest.raises(ModelError, match="reason"):
        decide(registry, version, "alice", " ")
    with pytest.raises(ModelError, match="999"):
        decide(registry, "999", "alice", "why not")
    assert registry.load("champion") is None


def test_changed_files_are_refused(registry: Registry, trained: TrainedModel, home: Path) -> None:
    """A model whose stored text was touched is not loaded."""
    other = replace(trained, files={**trained.files, "booster.txt": trained.files["booster.txt"] + "\n"})
    version = record(registry, other, "run-f")
    assert registry.load(version) is not None
    newest = max(home.glob("models/*/artifacts/model/booster.txt"), key=lambda path: path.stat().st_mtime)
    newest.write_text(trained.files["booster.txt"], encoding="utf-8")
    with pytest.raises(ModelError, match="differ"):
        registry.load(version)


def test_evidence_comes_back_and_changed_evidence_is_refused(
    registry: Registry, trained: TrainedModel, home: Path
) -> None:
    """What judges a version is kept with its hash; a page beside it may be laid out anew."""
    version = record(registry, trained, "run-h")
    assert registry.evidence(version) == RUN.evidence
    registry.attach(version, "card.json", b"[]")
    assert registry.evidence(version) == RUN.evidence
    newest = max(home.glob("models/*/artifacts/evidence/assessment.json"), key=lambda path: path.stat().st_mtime)
    newest.write_text('{"findings":[]}', encoding="utf-8")
    with pytest.raises(ModelError, match="differs"):
        registry.evidence(version)
    with pytest.raises(ModelError, match="999"):
        registry.evidence("999")


def test_only_texts_and_pictures_are_stored(registry: Registry, trained: TrainedModel, home: Path) -> None:
    """No pickle, no code: the files are known by their endings, and the picture is there."""
    record(registry, trained, "run-a")
    endings = {path.suffix for path in (home / "models").rglob("*") if path.is_file()}
    assert endings == {".txt", ".json", ".csv", ".png", ".parquet"}


def test_recording_is_quiet(registry: Registry, trained: TrainedModel, capfd: pytest.CaptureFixture[str]) -> None:
    """Nothing is printed on either stream."""
    registry.load(record(registry, trained, "run-g"))
    assert capfd.readouterr() == ("", "")
