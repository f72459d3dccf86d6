"""Stages: the same run is done once, changed inputs replace their partition, a killed run leaves no trace."""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from runtime.manifest import Manifest, run_id
from runtime.settings import Settings
from runtime.stage import Stage, Task, execute
from runtime.workspace import Workspace
from schemas.errors import CatalogError
from schemas.spark import struct_type
from schemas.table import Table, count, derived, text
from schemas.table import date as day_column

DAY = date(2025, 6, 2)
NAMES: Table = derived("names", "Names.", ("name", "as_of"), text("name", "A name."), day_column("as_of", "The day."))
LENGTHS: Table = derived(
    "lengths",
    "Lengths of names.",
    ("name", "as_of"),
    text("name", "A name."),
    day_column("as_of", "The day."),
    count("letter_count", "Its letters."),
)


def measure(task: Task) -> Mapping[str, DataFrame]:
    """Count the letters."""
    names = task.inputs["names"]
    return {"lengths": names.withColumn("letter_count", F.length("name").cast("bigint"))}


STAGE = Stage("measure", "Letters of names", reads=(NAMES,), writes=(LENGTHS,), run=measure)


@pytest.fixture
def workspace(tmp_path: Path, engine: SparkSession) -> Iterator[Workspace]:
    """Open a workspace that uses the suite's engine."""
    space = Workspace(tmp_path, Settings({}, tmp_path))
    space.__dict__["session"] = engine
    with space:
        yield space


def name_them(space: Workspace, *names: str) -> None:
    """Publish the names of the day."""
    frame = space.session.createDataFrame([(name, DAY) for name in names], struct_type(NAMES))
    space.catalog.publish(NAMES, frame, {"as_of": DAY}, "given")


def lengths(space: Workspace) -> dict[str, int]:
    """Read what is published."""
    return {row["name"]: row["letter_count"] for row in space.catalog.arrow(LENGTHS).to_pylist()}


def test_the_same_run_is_done_once(workspace: Workspace) -> None:
    """The second time it says that there is nothing to do, and the files stay the same."""
    name_them(workspace, "ant", "bee")
    first = execute(STAGE, workspace, DAY)
    files = workspace.catalog.files("lengths")
    second = execute(STAGE, workspace, DAY)
    assert (first.fresh, second.fresh) == (True, False)
    assert first.manifest.run == second.manifest.run
    assert workspace.catalog.files("lengths") == files
    assert lengths(workspace) == {"ant": 3, "bee": 3}


def test_changed_inputs_replace_the_partition(workspace: Workspace) -> None:
    """Other names are another run, and the old lengths are gone."""
    name_them(workspace, "ant")
    execute(STAGE, workspace, DAY)
    name_them(workspace, "mosquito")
    assert execute(STAGE, workspace, DAY).fresh
    assert lengths(workspace) == {"mosquito": 8}


def test_a_run_that_was_killed_is_done_again(workspace: Workspace) -> None:
    """A manifest that was begun and not finished counts for nothing."""
    name_them(workspace, "ant")
    done = execute(STAGE, workspace, DAY)
    workspace.runs.write(done.manifest.model_copy(update={"status": "started", "outputs": {}}))
    assert execute(STAGE, workspace, DAY).fresh
    assert lengths(workspace) == {"ant": 3}


def test_output_that_somebody_removed_is_made_again(workspace: Workspace) -> None:
    """Finished counts only while the output still stands."""
    name_them(workspace, "ant")
    execute(STAGE, workspace, DAY)
    empty = workspace.session.createDataFrame([], struct_type(LENGTHS))
    workspace.catalog.publish(LENGTHS, empty, {"as_of": DAY}, "somebody")
    assert execute(STAGE, workspace, DAY).fresh
    assert lengths(workspace) == {"ant": 3}


def test_the_manifest_stands_before_the_work(workspace: Workspace) -> None:
    """A stage that fails has left a begun manifest, and nothing published."""

    def fail(_task: Task) -> Mapping[str, DataFrame]:
        begun = [one for one in workspace.runs.all() if one.stage == "fail"]
        assert [one.status for one in begun] == ["started"]
        raise CatalogError("nothing", "something")

    with pytest.raises(CatalogError):
        execute(Stage("fail", "Fails", (NAMES,), (LENGTHS,), fail), workspace, DAY)
    assert lengths(workspace) == {}


def test_half_ingested_logs_are_not_read(workspace: Workspace) -> None:
    """A batch that was begun and not finished stops every stage, with the command that mends it."""
    half = Manifest(
        run=run_id({"x": 1}),
        stage="ingest",
        subject={"source": "shop", "batch": "shop-1"},
        identity={"folder": "raw"},
        started_at="2025-06-02T00:00:00Z",  # type: ignore[arg-type]
    )
    workspace.runs.write(half)
    with pytest.raises(CatalogError, match="--source shop --from raw"):
        execute(STAGE, workspace, DAY)


def test_two_writers_do_not_work_in_one_workspace(workspace: Workspace) -> None:
    """The second gets a plain sentence."""
    with workspace.writing(), pytest.raises(CatalogError, match="is writing to"), workspace.writing():
        pass
