"""Doctor: what is wrong with a machine or workspace is found, with the way to mend it; what is fine gets no advice.

Each finding is seen to fire and to stay quiet.
"""

import os
import shutil
import sqlite3
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from pyspark.sql import SparkSession

from pipelines import doctor
from pipelines.common import Common
from pipelines.doctor import Finding
from pipelines.doctor_workspace import examine
from runtime import clock
from runtime.lock import Holder, hold
from runtime.manifest import Manifest, RunLog
from schemas.errors import ConfigurationError, EngineError
from tests.pipelines.chain import MONDAY, Chain

CONF = Path(__file__).resolve().parents[2] / "conf"
THEN = datetime(2025, 1, 1, tzinfo=UTC)
EXPECTED = {
    "Python", "Sail", "Java", "Engine", "Memory", "Disk", "Permissions", "Clock", "Time zone", "Pseudonym secret",
    "Other users", "Tables", "Ingest", "Lock", "Half-written files", "Ledger", "Clock of the runs", "Days", "Model",
    "Quarantine",
}  # fmt: skip
MACHINES_OWN = {"Memory", "Disk", "Other users"}
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, engine: SparkSession) -> None:
    """Look at the engine of the tests instead of starting one for every look."""

    class Opened:
        def __enter__(self) -> SparkSession:
            return engine

        def __exit__(self, *_: object) -> None:
            """Leave it open."""

    monkeypatch.setattr(doctor, "session", lambda _: Opened())


def examined(home: Path, *overrides: str) -> dict[str, Finding]:
    """Let doctor look at a workspace; give the findings by subject."""
    common = Common(home=home, conf=CONF, env="", overrides=overrides, engine="", json=False)
    return {one.subject: one for one in examine(common)}


def keep(home: Path, **given: Any) -> None:
    """Write a finished manifest."""
    told = {"run": "r", "stage": "ingest", "subject": {"source": "s", "batch": "s-1"}, "identity": {}}
    log = RunLog(home)
    log.write(Manifest(**{**told, "status": "finished", "started_at": THEN, "finished_at": THEN, **given}))


def batch(home: Path, name: str, read: int, lost: int, day: int) -> None:
    """Write down a batch that was ingested, of so many rows of which some were refused."""
    figures = {"tables": {"orders": {"read": read, "quarantined": lost}}}
    keep(home, run=f"ingest-{name}", figures=figures, started_at=THEN + timedelta(days=day))


def test_what_is_fine_gives_no_advice(tmp_path: Path) -> None:
    """On an empty workspace nothing has to be mended but what the machine itself lacks."""
    found = examined(tmp_path)
    assert set(found) == EXPECTED
    fine = EXPECTED - MACHINES_OWN
    assert {name: found[name] for name in fine if not found[name].fine} == {}
    assert {name for name in fine if found[name].mend} <= {"Pseudonym secret"}


def test_a_workspace_after_a_purchase_is_fine(bought: Chain) -> None:
    """A workspace on which everything was run in order has nothing to mend, and its ledger and model are named."""
    found = examined(bought.space.home)
    wrong = {name: one.found for name, one in found.items() if not one.fine and name not in MACHINES_OWN}
    assert wrong == {}
    with bought.ledger() as store:
        assert found["Ledger"].found == f"{len(store.history())} entries hold"
    assert found["Model"].found.startswith("version 1")


def test_a_wrong_java_matters_to_spark_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a Java, Sail is fine, and Apache Spark is told what to install."""
    monkeypatch.setattr(doctor, "java_version", lambda: None)
    assert examined(tmp_path)["Java"].fine
    found = examined(tmp_path, "engine.name=spark")["Java"]
    assert (found.fine, found.found) == (False, "no Java")
    assert "Java 17" in found.mend


def test_an_old_python_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The versions that the lock is for are named."""
    monkeypatch.setattr(doctor.sys, "version_info", (3, 10, 1))
    assert (examined(tmp_path)["Python"].fine, examined(tmp_path)["Python"].found) == (False, "3.10.1")


def test_a_missing_sail_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the engine of the default there is one thing to do."""
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda _: None)
    assert (examined(tmp_path)["Sail"].fine, examined(tmp_path)["Sail"].mend) == (False, "make setup")


def test_an_engine_that_does_not_start_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own words are told."""

    def broken(_: object) -> None:
        raise EngineError("no Java on this machine", "Java 17")

    monkeypatch.setattr(doctor, "session", broken)
    found = examined(tmp_path)["Engine"]
    assert (found.fine, "no Java on this machine" in found.found) == (False, True)


def test_a_full_disk_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Less than two gigabytes is too little for a batch."""
    for free, fine in ((10**9, False), (10**12, True)):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: SimpleNamespace(free=free))
        assert examined(tmp_path)["Disk"].fine is fine


def test_little_memory_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Less than two gigabytes is too little for an engine."""
    for free, fine in ((10**9, False), (10**12, True)):
        monkeypatch.setattr(psutil, "virtual_memory", lambda free=free: SimpleNamespace(available=free))
        assert examined(tmp_path)["Memory"].fine is fine


def test_a_workspace_that_everybody_may_write_is_found(tmp_path: Path) -> None:
    """What lies there is run and believed: others must not write it."""
    tmp_path.chmod(0o777)
    found = examined(tmp_path)["Permissions"]
    assert (found.fine, found.mend) == (False, f"chmod o-w {tmp_path}")
    tmp_path.chmod(0o750)
    assert examined(tmp_path)["Permissions"].fine


def test_a_file_that_cannot_be_written_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is named; the administrator of a machine may write everything, so the system's word is stood in for."""
    (tmp_path / "ledger.db").touch()
    sqlite3.connect(tmp_path / "ledger.db").close()
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "ledger.db" and real(path, mode))
    found = examined(tmp_path)["Permissions"]
    assert (found.fine, "ledger.db" in found.found) == (False, True)


def test_a_clock_that_is_off_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that was just written is older or younger than now."""
    real = clock.now
    for seconds, fine in ((-60, False), (60, False), (0, True)):
        monkeypatch.setattr(clock, "now", lambda seconds=seconds: real() - timedelta(seconds=seconds))
        found = examined(tmp_path)["Clock"]
        assert found.fine is fine, found
        assert fine or f"{seconds:+d} s" in found.found


def test_an_unknown_time_zone_is_found(tmp_path: Path) -> None:
    """The setting to mend is named."""
    found = examined(tmp_path, "platform.time_zone=Asia/Atlantis")["Time zone"]
    assert (found.fine, "platform.time_zone" in found.mend) == (False, True)


def test_other_accounts_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever else has an account here could reach the engine's port."""
    told = {"one": "root:x:0:0::/:/bin/sh\n", "two": "root:x:0:0::/:/bin/sh\neve:x:1999:1999::/:/bin/sh\n"}
    for name, fine in (("one", True), ("two", False)):
        accounts = tmp_path / name
        accounts.write_text(told[name], "utf-8")
        monkeypatch.setattr(doctor, "ACCOUNTS", accounts)
        assert examined(tmp_path / "home")["Other users"].fine is fine


def test_a_missing_secret_is_mentioned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is needed by some sources only, so it is no fault."""
    monkeypatch.delenv("POOLWRIGHT_PSEUDONYM_SECRET", raising=False)
    assert examined(tmp_path)["Pseudonym secret"].mend.startswith("export POOLWRIGHT_PSEUDONYM_SECRET")
    monkeypatch.setenv("POOLWRIGHT_PSEUDONYM_SECRET", "at least sixteen bytes")
    assert examined(tmp_path)["Pseudonym secret"].mend == ""


def test_a_half_done_ingest_is_found(tmp_path: Path) -> None:
    """The batch is named, and the way out is to ingest again."""
    keep(tmp_path, status="started", finished_at=None)
    found = examined(tmp_path)["Ingest"]
    assert (found.fine, found.found) == (False, "batch s-1 is half done")
    assert "ingest again" in found.mend
    keep(tmp_path)
    assert examined(tmp_path)["Ingest"].fine


def test_a_workspace_that_was_moved_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its tables point to files where it was; where they are there, nothing is said."""
    from runtime.catalog import Catalog

    there = tmp_path / "part.parquet"
    for path, fine in ((tmp_path / "gone", False), (there, True)):
        there.touch()
        monkeypatch.setattr(Catalog, "files", lambda *_, path=path: [str(path)])
        found = examined(tmp_path)["Tables"]
        assert (found.fine, "receivables" in found.found) == (fine, not fine)


def test_a_stale_lock_is_found(tmp_path: Path) -> None:
    """A record under a free lock is that of a run that died; one at work is fine."""
    with hold(tmp_path, 0, str):
        found = examined(tmp_path)
        assert (found["Lock"].fine, "at work" in found["Lock"].found) == (True, True)
        assert "not looked at" in found["Half-written files"].found
    assert examined(tmp_path)["Lock"].found == "nobody holds the workspace"
    dead = Holder(host="here", process=7, command="poolwright run", since=THEN)
    (tmp_path / "writing.lock").write_text(dead.model_dump_json(), "utf-8")
    found = examined(tmp_path)
    assert (found["Lock"].fine, "poolwright run (process 7 on here" in found["Lock"].found) == (False, True)


def test_half_written_files_are_found(tmp_path: Path) -> None:
    """Data that no table points to, intermediate files, and manifests cut short are counted and named."""
    places = ("warehouse/poolwright/features/data/r-1", "scratch/r-1", "runs")
    for name in places:
        (tmp_path / name).mkdir(parents=True)
    assert examined(tmp_path)["Half-written files"].found.startswith("1: r-1")
    (tmp_path / "scratch" / "r-1" / "part").touch()
    (tmp_path / "runs" / "b.new").touch()
    found = examined(tmp_path)["Half-written files"]
    assert (found.fine, found.found) == (False, "3: r-1, r-1, b.new")


def test_a_broken_ledger_is_found(bought: Chain, tmp_path: Path) -> None:
    """The entry at which the chain breaks is named, and that nobody should buy."""
    with sqlite3.connect(bought.space.home / "ledger.db") as kept, sqlite3.connect(tmp_path / "ledger.db") as copy:
        kept.backup(copy)
    assert examined(tmp_path)["Ledger"].fine
    with sqlite3.connect(tmp_path / "ledger.db") as copy:
        for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            copy.execute(f'DROP TRIGGER "{name}"')
        copy.execute("UPDATE ledger_entries SET actor = 'eve' WHERE sequence = 2")
    found = examined(tmp_path)["Ledger"]
    assert (found.fine, found.found) == (False, "the chain breaks at entry 2")
    assert "let nobody buy" in found.mend


def test_runs_of_the_future_are_found(tmp_path: Path) -> None:
    """A run that began after now was written by a clock that was ahead."""
    keep(tmp_path)
    assert examined(tmp_path)["Clock of the runs"].fine
    keep(tmp_path, run="later", started_at=clock.now() + timedelta(hours=3))
    found = examined(tmp_path)["Clock of the runs"]
    assert (found.fine, "later" in found.found) == (False, True)


def days_told(monkeypatch: pytest.MonkeyPatch, *held: date) -> None:
    """Let a workspace say on which days receivables were tagged."""
    from runtime.catalog import Catalog

    parts = [{"as_of": day} for day in held]
    real = Catalog.partitions
    monkeypatch.setattr(
        Catalog, "partitions", lambda self, name: parts if name == "receivable_tags" else real(self, name)
    )


def test_missing_days_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Days between two that were tagged, and delivered days after the last, are named with the backfill to run."""
    days_told(monkeypatch, MONDAY, MONDAY + timedelta(days=1))
    assert examined(tmp_path)["Days"].fine
    days_told(monkeypatch, MONDAY, MONDAY + timedelta(days=3))
    found = examined(tmp_path)["Days"]
    first, last = (MONDAY + timedelta(days=n) for n in (1, 2))
    assert (found.fine, found.found) == (False, f"2 were not run: {first}, {last}")
    assert found.mend == f"poolwright backfill --from {first} --to {last} --deal DEAL"
    days_told(monkeypatch, MONDAY, MONDAY + timedelta(days=1))
    delivered = {(MONDAY + timedelta(days=n)).isoformat(): {} for n in range(3)}
    keep(tmp_path, identity={"deliveries": delivered})
    found = examined(tmp_path)["Days"]
    assert found.found == f"2 were not run: {last}, {MONDAY + timedelta(days=3)}"


def test_a_missing_model_is_found(tmp_path: Path) -> None:
    """Where there are logs a model should score; training is named, or who has to promote."""
    assert examined(tmp_path)["Model"].fine
    batch(tmp_path, "a", 1000, 1, 1)
    found = examined(tmp_path)["Model"]
    assert (found.fine, found.mend) == (False, "poolwright train --as-of DATE --as NAME")


def test_an_old_model_is_found(bought: Chain) -> None:
    """One that is older than monitoring allows is to be trained anew."""
    home = bought.space.home
    assert examined(home, "monitoring.model_old={severity: look, threshold: 400}")["Model"].fine
    found = examined(home, "monitoring.model_old={severity: look, threshold: -1}")["Model"]
    assert (found.fine, "train" in found.mend) == (False, True)


def test_a_growing_quarantine_is_found(tmp_path: Path) -> None:
    """A last batch that lost three times the share of those before it is told; few rows and small shares are not."""
    batch(tmp_path, "a", 10_000, 40, 1)
    assert examined(tmp_path)["Quarantine"].fine
    batch(tmp_path, "b", 1_000, 11, 2)
    assert examined(tmp_path)["Quarantine"].fine
    batch(tmp_path, "c", 1_000, 20, 3)
    found = examined(tmp_path)["Quarantine"]
    assert (found.fine, found.found) == (False, "2.00% of the last batch's 1,000 rows, 0.46% before")
    assert "poolwright sources check s" in found.mend
    batch(tmp_path, "d", 99, 99, 4)
    assert examined(tmp_path)["Quarantine"].fine


def test_settings_that_cannot_be_read_are_an_error(tmp_path: Path) -> None:
    """Doctor does not guess around a broken settings file."""
    with pytest.raises(ConfigurationError, match="partitions"):
        examined(tmp_path, "engine.partitions=0")
