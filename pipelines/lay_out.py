"""Step `lay_out`: published logs copied into the order of the feature sweep, layer upon layer."""

from collections.abc import Mapping, Sequence
from functools import partial

from pydantic import BaseModel, ConfigDict, Field
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from features.spark_layout import LAYOUTS, LOG_OF, dealt
from pipelines.common import say
from runtime import clock
from runtime.laid import BUCKET, TOLD, merge, write
from runtime.manifest import Manifest
from runtime.workspace import Workspace
from schemas.errors import CatalogError
from schemas.hashing import digest
from schemas.house import TABLES
from schemas.laid import LAID_TABLES
from schemas.table import Table

BY_NAME = {table.name: table for table in LAID_TABLES}


class LayoutSettings(BaseModel):
    """How logs are laid out for the sweep.

    Args:
        buckets: Parts of the borrowers; one is to hold about a million events, and is read by one task.
        most_layers: When there are more, they are merged into one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    buckets: int = Field(default=8, ge=1)
    most_layers: int = Field(default=8, ge=1)


def lay_out(workspace: Workspace) -> None:
    """Bring the laid-out logs up to the published ones: new batches as a layer, everything where an old one changed.

    Raises:
        CatalogError: Rows were lost on the way; nothing was changed.
    """
    for name in LAYOUTS:
        _lay_out(workspace, BY_NAME[name])


def _lay_out(workspace: Workspace, table: Table) -> None:
    published = _published(workspace, LOG_OF[table.name])
    layers = _layers(workspace, table)
    held = {batch: content for covered in layers.values() if covered for batch, content in covered.items()}
    stands = held.items() <= published.items() and None not in layers.values()
    fresh = {batch: content for batch, content in published.items() if not (stands and batch in held)}
    if not fresh:
        return
    gone = [] if stands else sorted(layers)
    started = clock.stopwatch()
    rows = _add_layer(workspace, table, fresh, gone)
    say(f"[bold]lay out[/] {table.name}: {rows:,} rows in {clock.stopwatch() - started:.1f} s")
    if len(layers) + 1 - len(gone) > workspace.settings.section("layout", LayoutSettings).most_layers:
        _merge_layers(workspace, table)


def _published(workspace: Workspace, log: str) -> dict[str, str]:
    """Give the batches of a log with what identifies their content."""
    batches = [str(part["batch"]) for part in workspace.catalog.partitions(log)]
    return {batch: workspace.catalog.fingerprint(log, {"batch": batch}) for batch in batches}


def _layers(workspace: Workspace, table: Table) -> dict[str, dict[str, str] | None]:
    """Give the layers laid, each with the batches that it covers; None for what a killed run left."""
    names = {str(part["layer"]) for part in workspace.catalog.partitions(table.name)}
    return {name: _covered(workspace, table, name) for name in sorted(names)}


def _covered(workspace: Workspace, table: Table, layer: str) -> dict[str, str] | None:
    manifest = workspace.runs.get(_run(table, layer))
    return dict(manifest.identity["batches"]) if manifest and manifest.status == "finished" else None


def _run(table: Table, layer: str) -> str:
    return f"lay-out-{table.name.replace('_', '-')}-{layer}"


def _add_layer(workspace: Workspace, table: Table, fresh: Mapping[str, str], gone: Sequence[str]) -> int:
    """Lay the rows of new batches, in the place of layers that no longer hold."""
    settings = workspace.settings.section("layout", LayoutSettings)
    layer = digest([table.name, settings.buckets, fresh])[:12]
    manifest = _begun(workspace, table, layer, fresh)
    log = TABLES[LOG_OF[table.name]]
    laid = {name: _rows(workspace, BY_NAME[name], () if name == table.name and gone else None) for name in BY_NAME}
    new = workspace.catalog.read(workspace.session, log).where(F.col("batch").isin(*fresh))
    made = LAYOUTS[table.name]({log.name: new}, laid, workspace.settings.platform.time_zone)
    ordered = dealt(made, laid[table.name], layer, settings.buckets)
    told = _written(workspace, table, manifest.run, ordered.repartition(settings.buckets, BUCKET))
    if table.name in {"laid_orders", "laid_behaviour", "laid_homes"}:
        _refuse_loss(workspace, log, fresh, told, table)
    return _commit(workspace, table, manifest, told, gone)


def _rows(workspace: Workspace, table: Table, layers: Sequence[str] | None) -> DataFrame:
    rows = workspace.catalog.read(workspace.session, table)
    return rows if layers is None else rows.where(F.lit(False))


def _begun(workspace: Workspace, table: Table, layer: str, batches: Mapping[str, str]) -> Manifest:
    manifest = Manifest(
        run=_run(table, layer),
        stage="lay_out",
        subject={"table": table.name, "layer": layer},
        identity={"batches": dict(batches)},
        started_at=clock.now(),
        engine=workspace.engine.name,
    )
    workspace.runs.write(manifest)
    return manifest


Told = list[tuple[str, int]]
"""Paths of written files with their numbers of rows."""


def _written(workspace: Workspace, table: Table, run: str, rows: DataFrame) -> Told:
    folder = workspace.catalog.new_folder(table, run)
    columns = [column.name for column in table.columns]
    told = rows.select(*columns).mapInArrow(partial(write, folder=folder), TOLD).toArrow()
    return list(zip(told.column("path").to_pylist(), told.column("row_count").to_pylist(), strict=True))


def _refuse_loss(workspace: Workspace, log: Table, fresh: Mapping[str, str], told: Told, table: Table) -> None:
    """See that every published row was laid out."""
    wanted = sum(workspace.catalog.row_count(log.name, {"batch": batch}) for batch in fresh)
    found = sum(rows for _, rows in told)
    if found < wanted:
        raise CatalogError(
            f"{found:,} rows laid out in {table.name}", f"all {wanted:,} of {log.name}", "run again, or report it"
        )


def _commit(workspace: Workspace, table: Table, manifest: Manifest, told: Told, gone: Sequence[str]) -> int:
    rows = sum(count for _, count in told)
    drop = [{"layer": layer} for layer in gone]
    workspace.catalog.replace_files(table, [path for path, _ in told], drop, manifest.run)
    outputs = {table.name: {"rows": rows}}
    workspace.runs.write(
        manifest.model_copy(update={"status": "finished", "finished_at": clock.now(), "outputs": outputs})
    )
    return rows


def _merge_layers(workspace: Workspace, table: Table) -> None:
    """Merge all layers into one, bucket by bucket: no event leaves its bucket, so nothing is dealt out anew."""
    layers = _layers(workspace, table)
    batches = {batch: content for covered in layers.values() if covered for batch, content in covered.items()}
    layer = digest([table.name, "base", sorted(layers)])[:12]
    manifest = _begun(workspace, table, layer, batches)
    folder = workspace.catalog.new_folder(table, manifest.run)
    told = (
        buckets(workspace, [table.name])
        .mapInArrow(partial(merge, folder=folder, layer=layer, column=table.name), TOLD)
        .toArrow()
    )
    found = list(zip(told.column("path").to_pylist(), told.column("row_count").to_pylist(), strict=True))
    if sum(count for _, count in found) != workspace.catalog.row_count(table.name):
        raise CatalogError(f"merging {table.name} lost rows", "every row once", "run again, or report it")
    _commit(workspace, table, manifest, found, sorted(layers))


def buckets(workspace: Workspace, names: Sequence[str]) -> DataFrame:
    """Give a row for each bucket with the files of the named laid-out tables, dealt out one a task."""
    files = {
        name: {
            part: workspace.catalog.files(name, {BUCKET: part})
            for part in sorted({int(one[BUCKET]) for one in workspace.catalog.partitions(name)})
        }
        for name in names
    }
    every = sorted({bucket for parts in files.values() for bucket in parts})
    rows = [(bucket, *("\n".join(files[name].get(bucket, [])) for name in names)) for bucket in every]
    fields = ", ".join(f"{name} string" for name in names)
    frame = workspace.session.createDataFrame(rows, f"{BUCKET} long, {fields}")
    return frame.repartition(max(len(every), 1))
