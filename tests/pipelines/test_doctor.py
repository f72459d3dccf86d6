"""Doctor: what is wrong with a machine or workspace is found, with the way to mend it; what is fine gets no advice."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipelines import doctor
from pipelines.common import Common
from pipelines.doctor import Finding
from runtime.manifest import Manifest, RunLog
from schemas.errors import ConfigurationError

CONF = Path(__file__).resolve().parents[2] / "conf"


def examined(home: Path, *overrides: str) -> dict[str, Finding]:
    """Let doctor look at a workspace; give the findings by subject."""
    common = Common(home=home, conf=CONF, env="", overrides=overrides, engine="", json=False)
    return {one.subject: one for one in doctor.examine(common)}


def test_what_is_fine_gives_no_advice(tmp_path: Path) -> None:
    """On an empty workspace of this machine nothing has to be mended but what the machine itself lacks."""
    found = examined(tmp_path)
    assert {"Python", "Sail", "Java", "Disk", "Pseudonym secret", "Other users", "Tables", "Ingest"} == set(found)
    assert all(found[name].fine and not found[name].mend for name in ("Python", "Sail", "Java", "Tables", "Ingest"))


def test_a_wrong_java_matters_to_spark_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a Java, Sail is fine, and Apache Spark is told what to install."""
    monkeypatch.setattr(doctor, "java_version", lambda: None)
    assert examined(tmp_path)["Java"].fine
    found = examined(tmp_path, "engine.name=spark")["Java"]
    assert (found.fine, found.found) == (False, "no Java")
    assert "Java 17" in found.mend


def test_a_full_disk_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Less than two gigabytes is too little for a batch."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10**9))
    assert not examined(tmp_path)["Disk"].fine


def test_a_half_done_ingest_is_found(tmp_path: Path) -> None:
    """The batch is named, and the way out is to ingest again."""
    begun = {"run": "ingest-b", "stage": "ingest", "subject": {"source": "s", "batch": "s-1"}, "identity": {}}
    RunLog(tmp_path).write(Manifest(**begun, started_at=datetime(2025, 1, 1, tzinfo=UTC)))
    found = examined(tmp_path)["Ingest"]
    assert (found.fine, found.found) == (False, "batch s-1 is half done")
    assert "ingest again" in found.mend


def test_settings_that_cannot_be_read_are_an_error(tmp_path: Path) -> None:
    """Doctor does not guess around a broken settings file."""
    with pytest.raises(ConfigurationError, match="partitions"):
        examined(tmp_path, "engine.partitions=0")
