"""Batches that come in the wrong order: what was refused for want of another row is published when that row comes."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from pyspark.sql import SparkSession

from pipelines import ingest as stage
from pipelines.ingest import Ingested, ingest, load_source
from runtime.workspace import Workspace
from schemas.house import QUARANTINE, TABLES
from tests.pipelines.chain import opened
from tests.runtime.conftest import platform
from tests.runtime.test_bad_input import GOOD, LOAN, PLAN, USERS, parquet

USER, LENT, PAID = "users.csv", "loans.jsonl", "pays.parquet"
FILES: dict[str, bytes] = {
    USER: (USERS + GOOD).encode(),
    LENT: LOAN.encode(),
    "plans.csv": PLAN.encode(),
    PAID: parquet(pay=["p1"], loan=["L1"], d=["2025-02-02"], amount=[50.0]),
}
DAYS = [date(2025, 2, day) for day in (3, 4, 5, 6)]
NAMES = ("borrowers", "receivables", "instalments", "repayments")
Bring = Callable[..., Ingested]


@pytest.fixture
def space(tmp_path: Path, conf: Path, engine: SparkSession) -> Iterator[Workspace]:
    """Give an empty workspace whose only source is the tiny platform, delivered day by day."""
    (tmp_path / "conf" / "sources").mkdir(parents=True)
    (tmp_path / "conf" / "base.yaml").write_text((conf / "base.yaml").read_text())
    mapping = yaml.safe_dump(platform(deliveries="folder-by-day"), allow_unicode=True)
    (tmp_path / "conf" / "sources" / "tiny.yaml").write_text(mapping)
    (tmp_path / "conf" / "model.yaml").write_text((conf / "model.yaml").read_text())
    with opened(tmp_path / "home", tmp_path / "conf", engine) as workspace:
        yield workspace


@pytest.fixture
def bring(space: Workspace, tmp_path: Path) -> Bring:
    """Give a function that delivers files on a day and ingests what is there."""
    raw = tmp_path / "raw"

    def brought(day: date, *names: str, folder: Path = raw) -> Ingested:
        for name in names:
            (folder / day.isoformat()).mkdir(parents=True, exist_ok=True)
            (folder / day.isoformat() / name).write_bytes(FILES[name])
        with space.writing():
            return ingest(space, load_source(space.settings.folder, "tiny"), folder)

    return brought


def held(space: Workspace) -> dict[str, int]:
    """Count the rows of the tables and of quarantine."""
    return {name: space.catalog.row_count(name) for name in (*NAMES, "quarantine")}


def own(space: Workspace) -> dict[str, list[dict[str, Any]]]:
    """Give the published rows without what tells when and with which batch they came."""
    left_out = {"known_at", "batch"}
    rows = {name: space.catalog.arrow(TABLES[name]).to_pylist() for name in NAMES}
    return {
        name: sorted(({k: v for k, v in row.items() if k not in left_out} for row in found), key=repr)
        for name, found in rows.items()
    }


def reasons(done: Ingested) -> list[str]:
    return [batch.reason for batch in done.batches]


def test_orphans_are_published_when_what_they_name_comes(space: Workspace, bring: Bring) -> None:
    """A loan before its borrower waits with its schedule and payment; the borrower's batch brings all of them in."""
    early = bring(DAYS[0], LENT, "plans.csv", PAID)
    assert held(space) == {"borrowers": 0, "receivables": 0, "instalments": 0, "repayments": 0, "quarantine": 4}
    waiting = space.catalog.arrow(QUARANTINE).to_pylist()
    assert sorted((row["table_name"], row["unknown_id"]) for row in waiting) == [
        ("instalments", "L1"),
        ("instalments", "L1"),
        ("receivables", "u1"),
        ("repayments", "L1"),
    ]
    assert {name: one["quarantined"] for name, one in early.tables.items()}["receivables"] == 1
    late = bring(DAYS[1], USER)
    assert reasons(late) == ["awaited", "new"]
    assert held(space) == {"borrowers": 1, "receivables": 1, "instalments": 2, "repayments": 1, "quarantine": 0}
    for name, one in late.tables.items():
        assert one["read"] == one["published"] == held(space)[name], name
    assert reasons(bring(DAYS[1])) == ["published", "published"]


def test_the_order_of_batches_does_not_matter(
    space: Workspace, bring: Bring, tmp_path: Path, engine: SparkSession
) -> None:
    """Payment, schedule, loan, borrower, a batch each and backwards: the rows of one delivery in the right order."""
    for day, name in zip(DAYS, (PAID, "plans.csv", LENT, USER), strict=True):
        last = bring(day, name)
    assert reasons(last) == ["awaited", "awaited", "awaited", "new"]
    with opened(tmp_path / "other", space.settings.folder, engine) as other, other.writing():
        whole = tmp_path / "whole" / DAYS[3].isoformat()
        whole.mkdir(parents=True)
        for name, content in FILES.items():
            (whole / name).write_bytes(content)
        ingest(other, load_source(space.settings.folder, "tiny"), whole.parent)
        assert own(space) == own(other)


def test_what_died_before_its_orphans_came_in_is_made_up_for(
    space: Workspace, bring: Bring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next ingest finds rows that could be published, though it brings nothing itself."""
    bring(DAYS[0], LENT)
    with monkeypatch.context() as died:
        died.setattr(stage, "awaited", lambda *_: {})
        bring(DAYS[1], USER)
    assert held(space)["receivables"] == 0
    assert reasons(bring(DAYS[1])) == ["awaited", "published"]
    assert (held(space)["receivables"], held(space)["quarantine"]) == (1, 0)


def test_orphans_whose_files_are_gone_stay_and_are_told(
    space: Workspace, bring: Bring, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder with the new delivery only is ingested; the old batch keeps its rows in quarantine, and it is said."""
    bring(DAYS[0], LENT)
    done = bring(DAYS[1], USER, folder=tmp_path / "new only")
    assert reasons(done) == ["new"]
    assert "1 rows of tiny-" in (told := capsys.readouterr().err)
    assert "could leave quarantine" in told
    assert (held(space)["borrowers"], held(space)["receivables"], held(space)["quarantine"]) == (1, 0, 1)


def test_an_orphan_that_nothing_explains_waits(space: Workspace, bring: Bring) -> None:
    """While no batch has what it names, nothing is published anew."""
    bring(DAYS[0], PAID)
    assert reasons(bring(DAYS[1], USER)) == ["published", "new"]
    assert (held(space)["repayments"], held(space)["quarantine"]) == (0, 1)
