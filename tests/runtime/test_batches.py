"""Ingest batches: nothing is published twice, nothing that changed is overlooked."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from runtime.batches import Batch, anew, fingerprint, plan
from runtime.manifest import Manifest
from schemas.errors import SourceError


def manifest(batch: Batch, *, rules: str = "r1", status: str = "finished") -> Manifest:
    """Give the manifest that publishing a batch leaves."""
    return Manifest(
        run=f"ingest-{batch.name}",
        stage="ingest",
        subject={"source": "s", "batch": batch.name},
        identity={"deliveries": dict(batch.deliveries), "rules": rules},
        started_at=datetime(2025, 1, 1, tzinfo=UTC),
        status=status,
    )


FIRST, SECOND = {"1/a": "x", "1/b": "y"}, {"2/a": "z"}


def test_unknown_deliveries_make_one_new_batch() -> None:
    """What comes together first is one batch, named by its source and deliveries."""
    (batch,) = plan("s", {"1": FIRST, "2": SECOND}, [], "r1")
    assert (batch.reason, batch.due, batch.file_count) == ("new", True, 3)
    assert batch.name.startswith("s-")


def test_a_finished_batch_is_left_alone_and_a_new_delivery_makes_another() -> None:
    """A second day does not touch the first day's batch."""
    (first,) = plan("s", {"1": FIRST}, [], "r1")
    again = plan("s", {"1": FIRST, "2": SECOND}, [manifest(first)], "r1")
    assert [(batch.reason, set(batch.deliveries)) for batch in again] == [("published", {"1"}), ("new", {"2"})]


@pytest.mark.parametrize("changed", [{"1/a": "x", "1/b": "9"}, {"1/a": "x"}, {**FIRST, "1/c": "w"}])
def test_a_changed_delivery_brings_its_whole_batch_back(changed: dict[str, str]) -> None:
    """The batch keeps its name, so that its publication replaces the old one."""
    (first,) = plan("s", {"1": FIRST, "2": SECOND}, [], "r1")
    (again,) = plan("s", {"1": changed, "2": SECOND}, [manifest(first)], "r1")
    assert (again.reason, again.name, again.deliveries["1"]) == ("changed", first.name, changed)


def test_changed_rules_a_killed_run_and_a_wish_make_a_batch_due() -> None:
    """Another mapping, a half-done batch, and --again all publish anew."""
    present = {"1": FIRST}
    (first,) = plan("s", present, [], "r1")
    assert plan("s", present, [manifest(first)], "r2")[0].reason == "changed"
    assert plan("s", present, [manifest(first, status="started")], "r1")[0].reason == "unfinished"
    assert plan("s", present, [manifest(first)], "r1", again=True)[0].due


def test_a_batch_is_never_replaced_by_a_part_of_itself() -> None:
    """Deliveries that are gone stop the replacement and are named; while nothing is due they are not missed."""
    (first,) = plan("s", {"1": FIRST, "2": SECOND}, [], "r1")
    assert not plan("s", {"1": FIRST}, [manifest(first)], "r1")[0].due
    with pytest.raises(SourceError, match="deliveries 2"):
        plan("s", {"1": {"1/a": "9"}}, [manifest(first)], "r1")


def test_a_batch_is_made_anew_for_what_arrived_only_whole() -> None:
    """With all its deliveries it is due under its old name, with one missing it is told; others are left alone."""
    (first,) = plan("s", {"1": FIRST, "2": SECOND}, [], "r1")
    (other,) = plan("s", {"3": SECOND}, [], "r1")
    known, waiting = [manifest(first), manifest(other)], {first.name: 3}
    (again,), gone = anew({"1": FIRST, "2": SECOND, "3": SECOND}, known, waiting)
    assert (again.name, again.deliveries, again.reason, again.due) == (first.name, first.deliveries, "awaited", True)
    assert gone == []
    assert anew({"1": FIRST, "3": SECOND}, known, waiting) == ([], [first.name])


def test_content_not_name_or_date_is_what_counts(tmp_path: Path) -> None:
    """A file written again with the same bytes is the same file."""
    (tmp_path / "a").write_text("x")
    before = fingerprint(tmp_path, ["a"])
    (tmp_path / "a").write_text("x")
    assert fingerprint(tmp_path, ["a"]) == before
    (tmp_path / "a").write_text("y")
    assert fingerprint(tmp_path, ["a"]) != before


def test_a_file_that_cannot_be_opened_is_an_error_that_names_it(tmp_path: Path) -> None:
    """A link to nowhere stops the ingest before anything is read: its rows would be missing without a word."""
    (tmp_path / "a").symlink_to(tmp_path / "nowhere")
    with pytest.raises(SourceError, match="/a: No such file") as caught:
        fingerprint(tmp_path, ["a"])
    assert caught.value.promised == "a raw file that can be read"
