"""Published files by snapshot, and the one DuckDB that reads them: nothing else of this machine can it open."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from threading import RLock
from typing import Any

import duckdb
import pyarrow as pa

from runtime.clock import stopwatch
from runtime.manifest import Manifest
from runtime.stage import part
from runtime.workspace import Workspace
from schemas.table import Table

STALE_SECONDS = 2.0
"""What was published is seen after so many seconds: asking the catalog takes longer than a page should."""
Row = dict[str, Any]


class Shelf:
    """The published tables of a workspace, for many readers at once.

    Rows are read straight from the data files of a table's current snapshot. The database holds nothing but copies in
    memory, may open no file outside the warehouse and its own copies, and takes every value as a parameter.
    """

    def __init__(self, workspace: Workspace, threads: int = 2) -> None:
        """Open the shelf over a workspace's catalog."""
        self._workspace = workspace
        self._lock = RLock()
        self._seen: dict[str, tuple[float, int | None]] = {}
        self._kept: dict[tuple[Any, ...], Any] = {}
        self._manifests: dict[str, tuple[int, Manifest]] = {}
        self._database = duckdb.connect(
            config={"threads": threads, "autoinstall_known_extensions": False, "autoload_known_extensions": False}
        )
        self.folder = workspace.home.resolve() / "workbench" / "copies"
        self.folder.mkdir(parents=True, exist_ok=True)
        for setting in _hardened(workspace.catalog.warehouse.resolve(), self.folder):
            self._database.execute(setting)

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def hold(self, name: str, rows: pa.Table) -> None:
        """Copy rows into the database under a name of ours."""
        cursor = self.cursor()
        cursor.register("given", rows)
        cursor.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM given")
        cursor.close()

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Give a cursor of the caller's own: cursors work side by side, one is not shared."""
        return self._database.cursor()

    def rows(self, sql: str, *values: object) -> list[Row]:
        """Run a query whose values are parameters; give its rows as plain values by column."""
        cursor = self.cursor()
        try:
            found = cursor.execute(sql, list(values))
            names = [column[0] for column in found.description or ()]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
        finally:
            cursor.close()

    def snapshot(self, table: Table) -> int | None:
        """Give the current snapshot of a table, at most `STALE_SECONDS` old; None while nothing was published."""
        with self._lock:
            moment, kept = self._seen.get(table.name, (-STALE_SECONDS - 1, None))
            if stopwatch() - moment > STALE_SECONDS:
                kept = self._workspace.catalog.snapshot(table.name)
                self._seen[table.name] = (stopwatch(), kept)
            return kept

    def files(self, table: Table, day: date | None = None, deal: str = "") -> list[str]:
        """List a table's data files, of one day and deal where the table is kept so."""
        where = part(table, day, deal) if day else {}

        def found() -> list[str]:
            return [str(path) for path in self._workspace.catalog.files(table.name, where)]

        return list(self.kept(("files", table.name, str(where)), (self.snapshot(table),), found))

    def partitions(self, table: Table) -> list[Row]:
        """List the days (and deals) that a table holds rows of, in order."""

        def found() -> list[Row]:
            return self._workspace.catalog.partitions(table.name)

        return list(self.kept(("partitions", table.name), (self.snapshot(table),), found))

    def kept(self, name: tuple[Any, ...], content: tuple[Any, ...], make: Callable[[], Any]) -> Any:  # noqa: ANN401
        """Give what was made of this content before, or make it: one answer a name is kept."""
        with self._lock:
            known = self._kept.get(name)
        if known is not None and known[0] == content:
            return known[1]
        made = make()
        with self._lock:
            self._kept[name] = (content, made)
        return made

    def read(
        self, table: Table, day: date | None = None, deal: str = "", where: str = "", *values: object
    ) -> list[Row]:
        """Give rows of a table, of one day and deal where it is kept so, that keep a condition; moments as UTC text.

        Args:
            table: The table.
            day: As-of day, for tables of a day.
            deal: For tables of a deal.
            where: A condition of ours with `?` for values; never text from outside.
            values: What stands for the `?`.
        """
        return self.read_files(self.files(table, day, deal), table, where, *values)

    def read_files(self, files: list[str], table: Table, where: str, *values: object) -> list[Row]:
        """Give rows of some files of a table that keep a condition; moments as UTC text."""
        if not files:
            return []
        return self.rows(f"SELECT {_said(table)} FROM {source()} {where and 'WHERE ' + where}", files, *values)

    def runs_version(self) -> int:
        """Give what changes with every run that begins or ends."""
        return hash(tuple((one.run, one.status, one.finished_at) for one in self.manifests()))

    def manifests(self) -> list[Manifest]:
        """Give every run of the workspace, oldest first; a manifest is read again only when its file has changed."""
        with self._lock:
            for path in self._workspace.runs.folder.glob("*.json"):
                changed = path.stat().st_mtime_ns
                if self._manifests.get(path.name, (0, None))[0] != changed:
                    told = Manifest.model_validate_json(path.read_text("utf-8"))
                    self._manifests[path.name] = (changed, told)
            found = [told for _, told in self._manifests.values()]
        return sorted(found, key=lambda one: (one.started_at, one.run))


def _hardened(*folders: Path) -> tuple[str, ...]:
    """Give the settings after which the database opens files of these folders only, and can be told nothing else."""
    named = ", ".join("'{}'".format(str(folder).replace("'", "''")) for folder in folders)
    return (
        f"SET allowed_directories = [{named}]",
        "SET parquet_metadata_cache = true",
        "SET enable_external_access = false",
        "SET lock_configuration = true",
    )


def source() -> str:
    """Give the SQL for rows of files that are the next parameter; files may lack columns that were added later."""
    return "read_parquet(?, union_by_name = true)"


def _said(table: Table) -> str:
    """Name a table's columns, moments as text: what Python gets depends on no time-zone package."""
    moments = [column.name for column in table.columns if column.kind.value == "moment"]
    replaced = ", ".join(
        f"strftime(make_timestamp(epoch_us({name})), '%Y-%m-%dT%H:%M:%S') AS {name}" for name in moments
    )
    return f"* REPLACE ({replaced})" if moments else "*"


def ordered(rows: Sequence[Mapping[str, Any]], *names: str) -> list[Row]:
    """Sort rows by columns, those without a value first."""
    return sorted(
        (dict(row) for row in rows), key=lambda row: [(row[name] is not None, str(row[name])) for name in names]
    )
