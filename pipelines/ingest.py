"""Stage `ingest`: raw logs become canonical tables, batch by batch, and every row read is accounted for."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipelines.common import say
from pipelines.progress import bar
from runtime import clock
from runtime.awaited import awaited
from runtime.batches import Batch, anew, fingerprint, plan, rows_about
from runtime.manifest import Manifest, lock_version
from runtime.mapping_plan import SourcePlan, load_mapping
from runtime.pseudonym import fingerprint as secret_fingerprint
from runtime.raw import RawFile, find_files
from runtime.refine import Accounting, check_source, refine
from runtime.refine_shape import Delivery
from runtime.stage import INGEST
from runtime.workspace import Workspace
from schemas.hashing import digest
from schemas.house import QUARANTINE, SOURCE_TABLES

Counts = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Ingested:
    """What an ingest did: the batches as planned, and where the rows of each table went in all of them."""

    batches: tuple[Batch, ...]
    tables: Counts


def load_source(conf: Path, name: str) -> SourcePlan:
    """Read and check `conf/sources/NAME.yaml`."""
    return load_mapping(conf / "sources" / f"{name}.yaml")


def ingest(
    workspace: Workspace,
    source: SourcePlan,
    folder: Path,
    known_on: date | None = None,
    until: date | None = None,
    *,
    again: bool = False,
) -> Ingested:
    """Publish what the folder holds and the workspace does not have yet.

    Args:
        workspace: Where.
        source: The mapping.
        folder: The platform's raw files.
        known_on: Delivery day of a source that has no delivery folders.
        until: Leave deliveries of this day and later for another time.
        again: Publish anew what was published before.
    """
    name, secret = source.mapping.name, workspace.environment.secret_bytes
    deliveries = _deliveries(source, folder, known_on, until)
    rules = _rules(workspace, source)
    batches = {one.name: one for one in plan(name, deliveries, _known(workspace, name), rules, again=again)}

    def bring(batch: Batch) -> None:
        asked = Delivery(source, folder.resolve(), _days(batch), known_on, secret)
        _publish(workspace, asked, _begun(workspace, f"{INGEST}-{batch.name}", batch, name, asked, rules))

    for batch in batches.values():
        if batch.due:
            bring(batch)
    for _ in SOURCE_TABLES:
        arrived = _awaited(workspace, name, deliveries)
        for batch in arrived:
            bring(batch)
        batches |= {batch.name: batch for batch in arrived}
        if not arrived:
            break
    manifests = [workspace.runs.get(f"{INGEST}-{name}") for name in batches]
    return Ingested(tuple(batches.values()), total([one.figures["tables"] for one in manifests if one]))


def _rules(workspace: Workspace, source: SourcePlan) -> str:
    """Identify all that a batch's content depends on beside its files."""
    secret = workspace.environment.secret_bytes
    return digest([source.mapping.model_dump_json(), secret_fingerprint(secret) if secret else ""])[:16]


def planned(
    workspace: Workspace, source: SourcePlan, folder: Path, known_on: date | None, until: date | None, *, again: bool
) -> list[tuple[str, bool, str, int, int]]:
    """Say of each batch whether it would be published, why, of how many files, and of about how many raw rows."""
    deliveries = _deliveries(source, folder, known_on, until)
    known = _known(workspace, source.mapping.name)
    batches = plan(source.mapping.name, deliveries, known, _rules(workspace, source), again=again)
    return [(one.name, one.due, one.reason, one.file_count, rows_about(folder, one)) for one in batches]


def _known(workspace: Workspace, source: str) -> list[Manifest]:
    return [one for one in workspace.runs.all() if one.stage == INGEST and one.subject["source"] == source]


def _awaited(workspace: Workspace, source: str, deliveries: Mapping[str, Mapping[str, str]]) -> list[Batch]:
    """Give the batches with rows that were refused for what has arrived by now; those whose files are gone are told."""
    waiting = awaited(workspace.catalog, source)
    batches, gone = anew(deliveries, _known(workspace, source), waiting)
    for name in gone:
        rows = f"{waiting[name]:,} rows of {name} could leave quarantine, for what they name has arrived"
        say(f"[yellow]{rows}; ingest from a folder that has that batch's files too[/]")
    return batches


def check(workspace: Workspace, source: SourcePlan, folder: Path, known_on: date | None) -> list[dict[str, Any]]:
    """Tell what of a folder's raw files does not fit the mapping; nothing is published."""
    delivery = Delivery(source, folder.resolve(), None, known_on, workspace.environment.secret_bytes)
    with workspace.scratch(f"check-{source.mapping.name}") as work:
        found = check_source(workspace.session, delivery, work)
    return [
        {"table": one.table, "code": one.code, "column": one.column, "count": one.count, "samples": list(one.samples)}
        for one in found
    ]


def total(counts: Sequence[Counts]) -> Counts:
    """Add up where rows went, table by table.

    >>> total([{"t": {"read": 1, "codes": {"A": 1}}}, {"t": {"read": 2, "codes": {"A": 2}}}])
    {'t': {'read': 3, 'codes': {'A': 3}}}
    """
    summed: Counts = {}
    for tables in counts:
        for name, one in tables.items():
            held = summed.setdefault(name, {key: {} if key == "codes" else 0 for key in one})
            for key in one:
                held[key] = _merged(held[key], one[key]) if key == "codes" else held[key] + one[key]
    return summed


def _merged(left: Mapping[str, int], right: Mapping[str, int]) -> dict[str, int]:
    return {code: left.get(code, 0) + right.get(code, 0) for code in sorted({*left, *right})}


def _deliveries(
    source: SourcePlan, folder: Path, known_on: date | None, until: date | None
) -> dict[str, dict[str, str]]:
    """Find the source's raw files, with their content hashes, by delivery."""
    readings = [
        reading
        for parts in source.mapping.tables.values()
        for part in parts
        for reading in (part, *part.lookup.values())
    ]
    found: dict[str, RawFile] = {
        file.name: file
        for reading in readings
        for file in find_files(source.mapping, reading.files, folder, None, known_on)
        if until is None or file.day is None or file.day < until
    }
    contents = fingerprint(folder, sorted(found))
    deliveries: dict[str, dict[str, str]] = defaultdict(dict)
    for name, content in contents.items():
        day = found[name].day
        deliveries[day.isoformat() if day else ""][name] = content
    return dict(deliveries)


def _days(batch: Batch) -> list[date]:
    return [date.fromisoformat(name) for name in batch.deliveries if name]


def _begun(workspace: Workspace, run: str, batch: Batch, name: str, asked: Delivery, rules: str) -> Manifest:
    secret = asked.secret
    manifest = Manifest(
        run=run,
        stage=INGEST,
        subject={"source": name, "batch": batch.name},
        identity={
            "deliveries": {key: dict(files) for key, files in batch.deliveries.items()},
            "rules": rules,
            "folder": str(asked.folder),
            "lock": lock_version(),
            "secret": secret_fingerprint(secret) if secret else "",
            "secret_version": workspace.environment.pseudonym_version,
        },
        started_at=clock.now(),
        engine=workspace.engine.name,
    )
    workspace.runs.write(manifest)
    return manifest


def _publish(workspace: Workspace, asked: Delivery, manifest: Manifest) -> None:
    batch = manifest.subject["batch"]
    place = {"batch": batch}
    counts: Counts = {}
    outputs: dict[str, dict[str, Any]] = {}
    started = clock.stopwatch()
    with workspace.scratch(batch) as work, bar("ingest") as move:
        rejected = []
        for refined in refine(workspace.session, asked, work, batch, _others(workspace, batch), _tell):
            one = workspace.catalog.publish(refined.table, refined.published, place, manifest.run)
            workspace.runs.keep(manifest.run, f"audit-{one.table}", one.audit.document)
            counts[one.table] = refined.accounting.as_dict()
            outputs[one.table] = {"snapshot": one.snapshot, "partition": place, "rows": one.rows}
            rejected.append(refined.quarantine)
            move(f"{one.table} published", len(outputs) / len(SOURCE_TABLES))
        everything = reduce(DataFrame.unionByName, rejected)
        workspace.catalog.publish(QUARANTINE, everything, place, manifest.run)
    rows = sum(output["rows"] for output in outputs.values())
    say(f"[bold]ingest[/] {batch}: {rows:,} rows audited and published in {clock.stopwatch() - started:.1f} s")
    figures = {"tables": counts}
    done = {"status": "finished", "finished_at": clock.now(), "outputs": outputs, "figures": figures}
    workspace.runs.write(manifest.model_copy(update=done))


def _others(workspace: Workspace, batch: str) -> dict[str, DataFrame]:
    """Give what other batches have published, by table; tables that hold nothing are left out."""
    catalog = workspace.catalog
    return {
        table.name: catalog.read(workspace.session, table).where(F.col("batch") != batch)
        for table in SOURCE_TABLES
        if any(part["batch"] != batch for part in catalog.partitions(table.name))
    }


def _tell(one: Accounting) -> None:
    lost = f", [yellow]{one.quarantined:,} to quarantine[/]" if one.quarantined else ""
    say(f"[bold]ingest[/] {one.table}: {one.read:,} read, {one.published:,} to publish{lost}")
