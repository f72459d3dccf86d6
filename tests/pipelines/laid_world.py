"""Hand-built platforms on the path of production: published in batches, laid out, swept, featurized."""

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import SparkSession

from features.catalogue import FEATURES
from pipelines.featurize import FEATURIZE
from pipelines.lay_out import lay_out
from pipelines.states import STATES
from pipelines.sweep import Sweep
from runtime.settings import load_settings
from runtime.stage import Task
from runtime.workspace import Workspace
from schemas.derived import RECEIVABLE_STATES
from schemas.house import LOG_TABLES
from tests.features.compare import rows_of
from tests.features.platform import Row, Rows, arrow_schema

CONF = Path(__file__).resolve().parents[2] / "conf"
Bits = dict[tuple[str, str], bytes | None]


@contextmanager
def opened(
    home: Path, engine: SparkSession, time_zone: str, buckets: int = 3, most_layers: int = 8
) -> Iterator[Workspace]:
    """Open a workspace of a platform in a time zone, on the engine under test."""
    layout = [f"layout.buckets={buckets}", f"layout.most_layers={most_layers}"]
    with Workspace(home, load_settings(CONF, overrides=[*layout, f"platform.time_zone={time_zone}"])) as space:
        space.__dict__["session"] = engine
        yield space


def publish(workspace: Workspace, rows: Rows, batch: str) -> None:
    """Publish rows of every log as one batch, and lay them out."""
    for table in LOG_TABLES:
        held = [{**row, "batch": batch} for row in rows.get(table.name, [])]
        if held:
            path = workspace.catalog.new_folder(table, batch) / "rows.parquet"
            path.parent.mkdir(parents=True)
            pq.write_table(pa.Table.from_pylist(held, schema=arrow_schema(table)), path)
            workspace.catalog.replace_files(table, [str(path)], [{"batch": batch}], batch)
    lay_out(workspace)


def features(workspace: Workspace, days: Sequence[date]) -> list[list[Row]]:
    """Run the stages `states` and `featurize` for some days after one sweep; nothing is stored but in a scratch."""
    with workspace.scratch("features") as scratch:
        sweep = Sweep(workspace, days, scratch / "sweep")
        return [_featurized(workspace, sweep, day, scratch / day.isoformat()) for day in days]


def _featurized(workspace: Workspace, sweep: Sweep, day: date, scratch: Path) -> list[Row]:
    session, settings = workspace.session, workspace.settings
    logs = {table.name: workspace.catalog.read(session, table) for table in LOG_TABLES}
    task = Task(session, settings, day, "", logs, {"sweep": sweep}, scratch)
    states = task.hold(STATES.run(task)[RECEIVABLE_STATES.name], RECEIVABLE_STATES.name)
    inputs = {**logs, RECEIVABLE_STATES.name: states}
    [frame] = FEATURIZE.run(Task(session, settings, day, "", inputs, task.extras, scratch)).values()
    return rows_of(frame)


def bits(rows: Sequence[dict[str, Any]]) -> Bits:
    """Give every feature of every receivable as the bytes of its double."""
    return {
        (row["receivable_id"], each.name): None if row[each.name] is None else struct.pack("<d", row[each.name])
        for row in rows
        for each in FEATURES
    }


def changed(found: Bits, other: Bits) -> set[str]:
    """Name the features that differ in any bit, and the receivables that only one has."""
    alone = {name for name, _ in found.keys() ^ other.keys()}
    return alone | {
        name for receivable, name in found.keys() & other.keys() if found[receivable, name] != other[receivable, name]
    }
