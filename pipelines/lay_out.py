"""Step `lay_out`: published logs copied into the order of the feature sweep, layer upon layer."""

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, Field
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from features.spark_layout import LAYOUTS, Source, dealt, repeated
from pipelines.common import say
from runtime import clock
from runtime.laid import BUCKET, TOLD, merge, write
from runtime.manifest import Manifest, code_version
from runtime.workspace import Workspace
from schemas.errors import CatalogError
from schemas.hashing import digest
from schemas.house import TABLES
from schemas.laid import LAID_TABLES
from schemas.table import Table

Layers = dict[str, dict[str, Any]]
"""By name of a layer: the batches that it covers, with what identifies their content, and its rows."""
BY_NAME = {table.name: table for table in LAID_TABLES}


class LayoutSettings(BaseModel):
    """How logs are laid out for the sweep.

    Args:
        buckets: Parts of the borrowers; one is to hold about a million events, and is read by one task.
        most_layers: When there are more, they are merged into one.
        part_rows: A machine's tasks hold about so many rows together; a larger layer is written in runs, and merged.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    buckets: int = Field(default=8, ge=1)
    most_layers: int = Field(default=8, ge=1)
    part_rows: int = Field(default=4_000_000, ge=1)


def lay_out(workspace: Workspace) -> None:
    """Bring the laid-out logs up to the published ones: new batches as a layer, everything where an old one changed.

    Raises:
        CatalogError: Rows were lost on the way; nothing was changed.
    """
    for name in LAYOUTS:
        _lay_out(workspace, BY_NAME[name])


def _lay_out(workspace: Workspace, table: Table) -> None:
    published = _published(workspace, LAYOUTS[table.name].logs)
    layers, is_whole = _layers(workspace, table)
    held = {batch: content for layer in layers.values() for batch, content in layer["batches"].items()}
    stands = is_whole and held.items() <= published.items()
    fresh = {batch: content for batch, content in published.items() if not (stands and batch in held)}
    if not fresh:
        return
    started = clock.stopwatch()
    rows = _add_layer(workspace, table, fresh, layers if stands else {})
    say(f"[bold]lay out[/] {table.name}: {rows:,} rows in {clock.stopwatch() - started:.1f} s")
    layers, _ = _layers(workspace, table)
    if sum(layer["parts"] for layer in layers.values()) > _settings(workspace).most_layers:
        _merge_layers(workspace, table, layers)


def _settings(workspace: Workspace) -> LayoutSettings:
    return workspace.settings.section("layout", LayoutSettings)


def _published(workspace: Workspace, logs: Iterable[str]) -> dict[str, str]:
    """Give the batches of logs with what identifies their content."""
    return {
        f"{log}/{part['batch']}": workspace.catalog.fingerprint(log, {"batch": str(part["batch"])})
        for log in logs
        for part in workspace.catalog.partitions(log)
    }


def _layers(workspace: Workspace, table: Table) -> tuple[Layers, bool]:
    """Give the layers with the batches that each covers, and whether these are all, and no more, that is laid.

    What was laid by other code, into other buckets or by another zone's days is no layer any more.
    """
    manifest = workspace.runs.get(_run(table))
    layers: Layers = manifest.figures.get("layers", {}) if manifest else {}
    laid = {str(part["layer"]) for part in workspace.catalog.partitions(table.name)}
    is_ours = manifest is not None and manifest.identity == _identity(workspace)
    return layers, is_ours and laid == {name for name, layer in layers.items() if layer["rows"]}


def _identity(workspace: Workspace) -> dict[str, Any]:
    """Give what, beside the rows, decides how they are laid."""
    zone = workspace.settings.platform.time_zone
    return {"code": code_version(), "buckets": _settings(workspace).buckets, "time_zone": zone}


def _run(table: Table) -> str:
    return f"lay-out-{table.name.replace('_', '-')}"


def _add_layer(workspace: Workspace, table: Table, fresh: Mapping[str, str], layers: Layers) -> int:
    """Lay the rows of new batches beside the layers that stand; others go."""
    settings = _settings(workspace)
    layer = digest([table.name, _identity(workspace), fresh])[:12]
    held = [batch for each in layers.values() for batch in each["batches"]]
    source = _source(workspace, table, fresh, held)
    laid = workspace.catalog.read(workspace.session, table).where(F.col("layer").isin(*layers))
    before = laid if layers else None
    rows, columns = LAYOUTS[table.name].make(source), [column.name for column in table.columns]
    tasks = _tasks(workspace, settings.buckets)
    keys = repeated(rows, before, tasks).toArrow()
    several = workspace.session.createDataFrame(keys) if keys.num_rows else None
    ordered = dealt(rows, before, layer, settings.buckets, several).select(*columns)
    run_rows = max(settings.part_rows // min(tasks, _side_by_side()), 1)
    task = partial(write, folder=workspace.catalog.new_folder(table, layer), run_rows=run_rows)
    files = ordered.repartition(tasks, BUCKET).mapInArrow(task, TOLD).toArrow()
    parts = max(Counter(files.column(BUCKET).to_pylist()).values(), default=1)
    _refuse_loss(workspace, table, fresh, files)
    return _commit(workspace, table, files, {**layers, layer: {"batches": dict(fresh), "parts": parts}}, layer)


def _count(workspace: Workspace, logs: Iterable[str], batches: Iterable[str]) -> int:
    """Count the published rows of some batches."""
    named = [name.partition("/") for name in batches]
    return sum(workspace.catalog.row_count(log, {"batch": batch}) for log, _, batch in named if log in logs)


def _source(workspace: Workspace, table: Table, fresh: Iterable[str], held: Iterable[str]) -> Source:
    """Give the logs that a table is made from, apart by whether they were laid before."""
    new: dict[str, DataFrame] = {}
    old: dict[str, DataFrame] = {}
    for log in LAYOUTS[table.name].logs:
        rows = workspace.catalog.read(workspace.session, TABLES[log])
        for rows_of, batches in ((new, fresh), (old, held)):
            named = (name.partition("/")[2] for name in batches if name.startswith(f"{log}/"))
            rows_of[log] = rows.where(F.col("batch").isin(*named, ""))
    orders = workspace.catalog.read(workspace.session, BY_NAME["laid_orders"])
    return Source(new, old, orders, workspace.settings.platform.time_zone)


def _refuse_loss(workspace: Workspace, table: Table, fresh: Iterable[str], told: pa.Table) -> None:
    """See that every published row was laid out, where a table has a row for each."""
    logs = LAYOUTS[table.name].logs
    if len(logs) > 1:
        return
    wanted = _count(workspace, logs, fresh)
    found = pc.sum(told.column("row_count")).as_py() or 0
    if found < wanted:
        mend = "run again; if it stays so, report it"
        raise CatalogError(f"{found:,} rows laid out in {table.name}", f"all {wanted:,} rows of {logs[0]}", mend)


def _commit(workspace: Workspace, table: Table, told: pa.Table, layers: Layers, layer: str) -> int:
    """Put a layer beside those that stay, and write down what each covers."""
    rows = int(pc.sum(told.column("row_count")).as_py() or 0)
    laid = {str(part["layer"]) for part in workspace.catalog.partitions(table.name)}
    gone = [{"layer": name} for name in sorted(laid - set(layers) | laid & {layer})]
    workspace.catalog.replace_files(table, told.column("path").to_pylist(), gone, layer)
    layers = {**layers, layer: {**layers[layer], "rows": rows}}
    moment = clock.now()
    workspace.runs.write(
        Manifest(
            run=_run(table),
            stage="lay_out",
            subject={"table": table.name},
            identity=_identity(workspace),
            status="finished",
            started_at=moment,
            finished_at=moment,
            engine=workspace.engine.name,
            outputs={table.name: {"rows": sum(each["rows"] for each in layers.values())}},
            figures={"layers": layers},
        )
    )
    return rows


def _merge_layers(workspace: Workspace, table: Table, layers: Layers) -> None:
    """Merge all layers into one, bucket by bucket: no event leaves its bucket, so nothing is dealt out anew."""
    batches = {batch: content for layer in layers.values() for batch, content in layer["batches"].items()}
    layer = digest([table.name, "base", sorted(layers)])[:12]
    folder = workspace.catalog.new_folder(table, layer)
    merged = partial(merge, folder=folder, layer=layer, column=table.name)
    told = buckets(workspace, [table.name]).mapInArrow(merged, TOLD).toArrow()
    if (pc.sum(told.column("row_count")).as_py() or 0) != workspace.catalog.row_count(table.name):
        raise CatalogError(f"merging {table.name} lost rows", "every row once", "run again; if it stays so, report it")
    _commit(workspace, table, told, {layer: {"batches": batches, "parts": 1}}, layer)


def buckets(workspace: Workspace, names: Sequence[str]) -> DataFrame:
    """Give a row for each bucket with the files of the named laid-out tables, dealt out to tasks."""
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
    return frame.repartition(_tasks(workspace, max(len(every), 1)))


def _tasks(workspace: Workspace, most: int) -> int:
    """Say in how many tasks to read: Sail runs all of them side by side, each with a slice in memory."""
    return most if workspace.engine.name == "spark" else min(most, _side_by_side())


def _side_by_side() -> int:
    """Say how many tasks are taken to run at once on a machine."""
    return 2 * (os.cpu_count() or 1)
