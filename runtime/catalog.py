"""Stored tables on Apache Iceberg: staged by the engine, audited, then published in one transaction.

A reader never sees what has not been audited. The engine writes plain Parquet into the table's folder, where nothing
points to it; the audit reads those very files; one Iceberg transaction takes the partition's old files out and the new
ones in. Files of a run that died are orphans, found and removed by `sweep_orphans`.
"""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import CommitFailedException, NoSuchTableError, ValidationException
from pyiceberg.expressions import AlwaysTrue, And, BooleanExpression, EqualTo
from pyiceberg.table import Table as IcebergTable
from pyspark.sql import DataFrame, SparkSession

from runtime.iceberg import arrow_schema, partition_spec, table_schema
from schemas.errors import CatalogError
from schemas.expectations import AuditResult, audit
from schemas.hashing import digest
from schemas.spark import conform, struct_type
from schemas.table import Table

NAMESPACE = "poolwright"
Partition = Mapping[str, str | date | int]


@dataclass(frozen=True, slots=True)
class Published:
    """What a publication left behind: the snapshot, how many rows, and the audit that let it through."""

    table: str
    partition: dict[str, str]
    snapshot: int
    rows: int
    files: tuple[str, ...] = field(repr=False)
    audit: AuditResult = field(repr=False)


class Catalog:
    """The stored tables of one workspace."""

    def __init__(self, home: Path, url: str = "", warehouse: str = "") -> None:
        """Open the catalog, in the workspace unless an address of a database and a warehouse folder is given."""
        self.warehouse = Path(warehouse) if warehouse else home / "warehouse"
        self.warehouse.mkdir(parents=True, exist_ok=True)
        self._catalog = SqlCatalog(
            NAMESPACE,
            uri=url or f"sqlite:///{home / 'catalog.db'}",
            warehouse=self.warehouse.as_uri(),
        )
        self._catalog.create_namespace_if_not_exists(NAMESPACE)

    def close(self) -> None:
        """Let go of the catalog's database connections."""
        self._catalog.close()

    def snapshot(self, name: str) -> int | None:
        """Give the current snapshot of a table, or None while it has none."""
        stored = self._find(name)
        current = stored.current_snapshot() if stored else None
        return current.snapshot_id if current else None

    def files(self, name: str, partition: Partition | None = None, snapshot: int | None = None) -> list[str]:
        """List a table's data files, sorted, as paths: all of them or one partition's, now or as of a snapshot.

        Raises:
            CatalogError: The table has no such snapshot.
        """
        stored = self._find(name)
        if snapshot is not None and (stored is None or stored.snapshot_by_id(snapshot) is None):
            raise CatalogError(
                f"snapshot {snapshot} of {name} is gone", "snapshots are kept", "bring it back from a backup"
            )
        if stored is None or (snapshot is None and stored.current_snapshot() is None):
            return []
        scan = stored.scan(row_filter=_where(partition or {}), snapshot_id=snapshot)
        return sorted(_path(task.file.file_path) for task in scan.plan_files())

    def row_count(self, name: str, partition: Partition | None = None) -> int:
        """Count a table's rows, or one partition's, by what its files say of themselves."""
        return sum(pq.read_metadata(path).num_rows for path in self.files(name, partition))

    def fingerprint(self, name: str, partition: Partition | None = None) -> str:
        """Identify a table's present content, or one partition's, by its data files: no name is used twice."""
        return digest(["/".join(Path(path).parts[-2:]) for path in self.files(name, partition)])[:16]

    def partitions(self, name: str) -> list[dict[str, Any]]:
        """List the partitions that hold rows, in order."""
        stored = self._find(name)
        if stored is None or stored.current_snapshot() is None:
            return []
        found = [dict(row) for row in stored.inspect.partitions().column("partition").to_pylist()]
        return sorted(found, key=lambda row: [str(value) for value in row.values()])

    def read(
        self,
        session: SparkSession,
        table: Table,
        partition: Partition | None = None,
        snapshot: int | None = None,
    ) -> DataFrame:
        """Give a table's rows as an engine frame; an empty frame while nothing was published."""
        paths = self.files(table.name, partition, snapshot)
        schema = struct_type(table)
        if not paths:
            return session.createDataFrame([], schema)
        return session.read.schema(schema).parquet(*paths)

    def arrow(
        self,
        table: Table,
        partition: Partition | None = None,
        columns: Sequence[str] | None = None,
        snapshot: int | None = None,
    ) -> pa.Table:
        """Give a table's rows as an Arrow table, for small results that plain Python shows or decides over."""
        schema = arrow_schema(table)
        wanted = pa.schema([schema.field(name) for name in columns]) if columns else schema
        parts = [_read_file(path, wanted) for path in self.files(table.name, partition, snapshot)]
        return pa.concat_tables(parts) if parts else wanted.empty_table()

    def publish(self, table: Table, frame: DataFrame, partition: Partition, run: str) -> Published:
        """Write, audit and commit: replace one partition of a table by these rows, all or nothing.

        Raises:
            SchemaError: The frame's columns are not the table's.
            AuditError: A written row breaks a rule of the table; nothing was published.
            CatalogError: Another writer replaced the same partition meanwhile.
        """
        folder = self.new_folder(table, run)
        conform(frame, table).write.parquet(str(folder))
        return self.publish_files(table, folder, partition, run)

    def publish_files(self, table: Table, folder: Path, partition: Partition, run: str) -> Published:
        """Audit and commit the Parquet files of a folder that the engine has written; an empty file is left out."""
        written = sorted(folder.glob("*.parquet"))
        counted = {str(path): pq.read_metadata(path).num_rows for path in written}
        paths = [path for path, rows in counted.items() if rows]
        checked = audit(table, paths)
        if not checked.success:
            shutil.rmtree(folder)
            checked.raise_failures()
        gone = [partition] if self.files(table.name, partition) else []
        snapshot = self._commit(table, paths, gone, run)
        shown = {name: str(value) for name, value in partition.items()}
        return Published(table.name, shown, snapshot, sum(counted.values()), tuple(paths), checked)

    def replace_files(self, table: Table, paths: Sequence[str], gone: Sequence[Partition], run: str) -> int:
        """Put files of checked rows in the place of whole partitions, all or nothing; give the snapshot.

        For copies of what was audited before, such as the layout of logs; everything else is published.

        Raises:
            CatalogError: Another writer replaced one of the partitions meanwhile.
        """
        return self._commit(table, list(paths), [one for one in gone if self.files(table.name, one)], run)

    def _commit(self, table: Table, paths: list[str], gone: Sequence[Partition], run: str) -> int:
        stored = self._ensure(table)
        properties = {"poolwright.run": run}
        try:
            with stored.transaction() as change:
                for partition in gone:
                    change.delete(_where(partition), snapshot_properties=properties)
                if paths:
                    change.add_files(paths, snapshot_properties=properties)
        except (CommitFailedException, ValidationException) as error:
            raise CatalogError(
                f"another run published {table.name} {[dict(partition) for partition in gone]} meanwhile",
                "one writer for a partition at a time",
                "look at what it published, then run again",
            ) from error
        return self.snapshot(table.name) or 0

    def _find(self, name: str) -> IcebergTable | None:
        try:
            return self._catalog.load_table((NAMESPACE, name))
        except NoSuchTableError:
            return None

    def _ensure(self, table: Table) -> IcebergTable:
        stored = self._find(table.name)
        if stored is None:
            schema = table_schema(table)
            location = self._folder(table.name).parent.as_uri()
            return self._catalog.create_table_if_not_exists(
                (NAMESPACE, table.name), schema, location=location, partition_spec=partition_spec(table, schema)
            )
        if {column.name for column in table.columns} - set(stored.schema().column_names):
            with stored.update_schema() as change:
                change.union_by_name(table_schema(table))
        return stored

    def new_folder(self, table: Table, run: str) -> Path:
        """Name a folder for files of a table that are to be published; nothing points to it yet."""
        return self._folder(table.name) / f"{run}-{uuid4().hex[:12]}"

    def _folder(self, name: str) -> Path:
        return self.warehouse / NAMESPACE / name / "data"

    def sweep_orphans(self) -> list[Path]:
        """Remove data folders that no snapshot points to: what killed runs left. Call while nothing writes."""
        removed = self.orphans()
        for folder in removed:
            shutil.rmtree(folder)
        return removed

    def orphans(self) -> list[Path]:
        """List data folders that no snapshot points to: what killed runs left, or one at work is writing."""
        folders = sorted(self.warehouse.glob(f"{NAMESPACE}/*/data/*"))
        referenced = {name: self._referenced(name) for name in {folder.parent.parent.name for folder in folders}}
        return [folder for folder in folders if folder not in referenced[folder.parent.parent.name]]

    def _referenced(self, name: str) -> set[Path]:
        stored = self._find(name)
        if stored is None or stored.current_snapshot() is None:
            return set()
        return {_below(self._folder(name), path) for path in stored.inspect.all_files().column("file_path").to_pylist()}


def _below(folder: Path, location: str) -> Path:
    """Give the run's folder that a data file lies in, at whatever depth."""
    return folder / Path(_path(location)).relative_to(folder).parts[0]


def _where(partition: Partition) -> BooleanExpression:
    tests = [
        EqualTo(name, value.isoformat() if isinstance(value, date) else value) for name, value in partition.items()
    ]
    if not tests:
        return AlwaysTrue()
    return tests[0] if len(tests) == 1 else And(*tests)


def _path(location: str) -> str:
    return location.removeprefix("file://")


def _read_file(path: str, schema: pa.Schema) -> pa.Table:
    held = pq.read_table(path, columns=[name for name in schema.names if name in pq.read_schema(path).names])
    columns = [
        held.column(item.name).cast(item.type) if item.name in held.column_names else pa.nulls(held.num_rows, item.type)
        for item in schema
    ]
    return pa.table(columns, schema=schema)
