"""Ingest batches: nothing is published twice, nothing that changed is overlooked."""

from datetime import UTC, datetime
from pathlib import Path

from runtime.batches import Batch, fingerprint, plan
from runtime.manifest import Manifest


def manifest(batch: Batch, *, rules: str = "r1", status: str = "finished") -> Manifest:
    """Give the manifest that publishing a batch leaves."""
    return Manifest(
        run=f"ingest-{batch.name}",
        stage="ingest",
        subject={"source": "s", "batch": batch.name},
        identity={"files": dict(batch.files), "rules": rules},
        started_at=datetime(2025, 1, 1, tzinfo=UTC),
        status=status,
    )


def test_unknown_files_make_one_new_batch() -> None:
    """The first delivery is one batch, named by its source and paths."""
    (batch,) = plan("s", {"a": "1", "b": "2"}, [], "r1")
    assert (batch.reason, dict(batch.files)) == ("new", {"a": "1", "b": "2"})
    assert batch.name.startswith("s-")


def test_a_finished_batch_is_left_alone_and_new_files_make_another() -> None:
    """A second day's files do not touch the first day's batch."""
    (first,) = plan("s", {"a": "1"}, [], "r1")
    again = plan("s", {"a": "1", "b": "2"}, [manifest(first)], "r1")
    assert [(batch.reason, set(batch.files)) for batch in again] == [("published", {"a"}), ("new", {"b"})]


def test_a_changed_file_brings_its_whole_batch_back() -> None:
    """The batch keeps its name, so that its publication replaces the old one."""
    (first,) = plan("s", {"a": "1", "b": "2"}, [], "r1")
    (again,) = plan("s", {"a": "1", "b": "9"}, [manifest(first)], "r1")
    assert (again.reason, again.name, dict(again.files)) == ("changed", first.name, {"a": "1", "b": "9"})


def test_changed_rules_a_killed_run_and_a_wish_make_a_batch_due() -> None:
    """Another mapping, a half-done batch, and --again all publish anew."""
    files = {"a": "1"}
    (first,) = plan("s", files, [], "r1")
    assert plan("s", files, [manifest(first)], "r2")[0].reason == "changed"
    assert plan("s", files, [manifest(first, status="started")], "r1")[0].reason == "unfinished"
    assert plan("s", files, [manifest(first)], "r1", again=True)[0].due


def test_content_not_name_or_date_is_what_counts(tmp_path: Path) -> None:
    """A file written again with the same bytes is the same file."""
    (tmp_path / "a").write_text("x")
    before = fingerprint(tmp_path, ["a"])
    (tmp_path / "a").write_text("x")
    assert fingerprint(tmp_path, ["a"]) == before
    (tmp_path / "a").write_text("y")
    assert fingerprint(tmp_path, ["a"]) != before
