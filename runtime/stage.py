"""A stage: named tables in, named tables out; and the one way in which a stage is run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

from pyspark.sql import DataFrame, SparkSession

from runtime import clock
from runtime.catalog import Partition, Published
from runtime.manifest import Manifest, code_version, lock_version, run_id
from runtime.settings import Settings
from runtime.workspace import Workspace
from schemas.errors import CatalogError
from schemas.lending import RECEIVABLES
from schemas.table import Table

INGEST = "ingest"


@dataclass(frozen=True, slots=True)
class Task:
    """What a stage is run for, and what it is given to run with.

    Args:
        session: The engine.
        settings: The merged settings; a stage reads the sections that it names.
        as_of: The day at whose start everything holds.
        deal: Name of the deal; empty for stages that know no deal.
        inputs: The frames of the tables that the stage reads, by name.
        extras: Further inputs by name that are no tables: a deal document, model files, pledged keys.
        scratch: Folder for what is computed once and used more than once; gone when the stage is done.
    """

    session: SparkSession
    settings: Settings
    as_of: date
    deal: str
    inputs: Mapping[str, DataFrame]
    extras: Mapping[str, Any]
    scratch: Path

    def hold(self, frame: DataFrame, name: str) -> DataFrame:
        """Compute a frame now and give it back as stored, so that its uses neither plan nor compute it again."""
        place = (self.scratch / f"{name}-{uuid4().hex[:8]}").as_uri()
        frame.write.option("compression", "snappy").parquet(place)
        return self.session.read.schema(frame.schema).parquet(place)


@dataclass(frozen=True, slots=True)
class Stage:
    """A step of the pipeline that turns named tables into named tables.

    Args:
        name: A verb.
        meaning: What it does, in a sentence.
        reads: Tables that it needs; derived ones for its own as-of day (and deal), logs whole.
        writes: Tables whose partition it replaces.
        sections: Settings sections that its answer depends on.
        per_deal: Whether it runs for one deal.
        run: From a task to the frames of the tables that it writes.
    """

    name: str
    meaning: str
    reads: tuple[Table, ...]
    writes: tuple[Table, ...]
    run: Callable[[Task], Mapping[str, DataFrame]]
    sections: tuple[str, ...] = ()
    per_deal: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a stage went: published afresh, or left alone because nothing had changed."""

    manifest: Manifest
    fresh: bool
    seconds: float
    published: tuple[Published, ...] = field(default=())


def execute(
    stage: Stage,
    workspace: Workspace,
    as_of: date,
    deal: str = "",
    extras: Mapping[str, Any] | None = None,
    depends: Mapping[str, str] | None = None,
) -> Outcome:
    """Run a stage unless the very same run has finished before and its output still stands.

    Args:
        stage: What to run.
        workspace: Where.
        as_of: For which day.
        deal: For which deal, where the stage knows deals.
        extras: Inputs that are no tables, by name.
        depends: What of the extras the answer depends on, as text: hashes, versions.

    Raises:
        CatalogError: An ingest batch is half done, another writer came between, or it reads receivables and none were
            ever published: somebody stands in another folder, or has not ingested yet.
    """
    started = clock.stopwatch()
    _refuse_half_ingested(workspace)
    manifest = manifest_of(stage, workspace, as_of, deal, depends or {})
    before = workspace.runs.get(manifest.run)
    if before and before.status == "finished" and stands(before, workspace):
        return Outcome(before, fresh=False, seconds=clock.stopwatch() - started)
    session = workspace.session
    _refuse_without_logs(stage, workspace)
    workspace.runs.write(manifest)
    inputs = {table.name: workspace.catalog.read(session, table, part(table, as_of, deal)) for table in stage.reads}
    with workspace.scratch(manifest.run) as scratch:
        task = Task(session, workspace.settings, as_of, deal, inputs, extras or {}, scratch)
        published = _publish(stage, workspace, task, manifest.run)
    done = manifest.model_copy(update=_results(published, workspace))
    workspace.runs.write(done)
    return Outcome(done, fresh=True, seconds=clock.stopwatch() - started, published=published)


def part(table: Table, as_of: date, deal: str = "") -> Partition:
    """Give the partition of a table that belongs to a day and deal; empty, so the whole table, for logs."""
    values: dict[str, str | date] = {"as_of": as_of, "deal": deal}
    return {name: values[name] for name in table.partition if name in values}


def _refuse_without_logs(stage: Stage, workspace: Workspace) -> None:
    if RECEIVABLES in stage.reads and workspace.catalog.snapshot(RECEIVABLES.name) is None:
        raise CatalogError(
            f"no receivables in {workspace.home}",
            "a workspace with a platform's logs",
            "poolwright ingest --source NAME --from DIR; or the workspace that is meant, by --home DIR",
        )


def _publish(stage: Stage, workspace: Workspace, task: Task, run: str) -> tuple[Published, ...]:
    frames = stage.run(task)
    if set(frames) != {table.name for table in stage.writes}:
        raise CatalogError(
            f"stage {stage.name} gave {sorted(frames)}",
            f"{sorted(table.name for table in stage.writes)}",
            f"pipelines/{stage.name}.py",
        )
    published = []
    for table in stage.writes:
        place = part(table, task.as_of, task.deal)
        one = workspace.catalog.publish(table, frames[table.name], place, run)
        workspace.runs.keep(run, f"audit-{table.name}", one.audit.document)
        published.append(one)
    return tuple(published)


def manifest_of(stage: Stage, workspace: Workspace, as_of: date, deal: str, depends: Mapping[str, str]) -> Manifest:
    """Give the manifest of a run before its work starts; what it is made from decides its id."""
    catalog = workspace.catalog
    identity = {
        "stage": stage.name,
        "as_of": as_of.isoformat(),
        "deal": deal,
        "code": code_version(),
        "lock": lock_version(),
        "settings": {name: workspace.settings.tree.get(name) for name in ("platform", *stage.sections)},
        "inputs": {table.name: catalog.fingerprint(table.name, part(table, as_of, deal)) for table in stage.reads},
        "depends": dict(depends),
    }
    subject = {"as_of": as_of.isoformat(), **({"deal": deal} if stage.per_deal else {})}
    return Manifest(
        run=run_id(identity),
        stage=stage.name,
        subject=subject,
        identity=identity,
        started_at=clock.now(),
        engine=workspace.engine.name,
        inputs={table.name: catalog.snapshot(table.name) for table in stage.reads},
    )


def _results(published: tuple[Published, ...], workspace: Workspace) -> dict[str, Any]:
    outputs = {
        one.table: {
            "snapshot": one.snapshot,
            "partition": one.partition,
            "rows": one.rows,
            "fingerprint": workspace.catalog.fingerprint(one.table, one.partition),
        }
        for one in published
    }
    return {"status": "finished", "finished_at": clock.now(), "outputs": outputs}


def stands(manifest: Manifest, workspace: Workspace) -> bool:
    """Tell whether what a run published is still what its tables hold."""
    return all(
        workspace.catalog.fingerprint(name, output["partition"]) == output["fingerprint"]
        for name, output in manifest.outputs.items()
    )


def _refuse_half_ingested(workspace: Workspace) -> None:
    for manifest in workspace.runs.unfinished(INGEST):
        raise CatalogError(
            f"ingest batch {manifest.subject.get('batch')} was begun and not finished",
            "logs that are wholly published",
            f"poolwright ingest --source {manifest.subject.get('source')} --from {manifest.identity.get('folder')}",
        )
