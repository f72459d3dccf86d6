"""The audit of later data: a day's features computed again from logs that end at that day, beside the stored ones."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pandas as pd
from pyspark.sql import functions as F

from models.leakage import Finding, sees_later
from pipelines.featurize import FEATURES, FEATURIZE
from pipelines.progress import told
from pipelines.states import STATES
from pipelines.sweep import Sweep
from runtime.settings import Settings
from runtime.stage import execute
from runtime.workspace import Workspace
from schemas.house import LOG_TABLES
from schemas.moments import day_start

RUN = "cut"
MARK = "[dim]later logs hidden[/] "


def audit(workspace: Workspace, days: Sequence[date]) -> list[Finding]:
    """Find the features of some days that change when what happened or became known from the day on is hidden.

    The stored features of each day are brought up to the logs as they are now; then they are computed once more by the
    same stages in a workspace of their own, whose logs end where the day starts.
    """
    found = []
    for day in days:
        _compute(workspace, day, "")
        with workspace.scratch(f"later-data-{day}") as folder, _cut(workspace, day, folder) as cut:
            _compute(cut, day, MARK)
            found += sees_later(_features(workspace, day), _features(cut, day), FEATURES.key, day.isoformat())
    return found


def _compute(workspace: Workspace, day: date, mark: str) -> None:
    with workspace.scratch(f"sweep-{day}") as scratch:
        told(execute(STATES, workspace, day), mark)
        told(execute(FEATURIZE, workspace, day, extras={"sweep": Sweep(workspace, [day], scratch)}), mark)


def _features(workspace: Workspace, day: date) -> pd.DataFrame:
    frame: pd.DataFrame = workspace.catalog.arrow(FEATURES, {"as_of": day}).to_pandas()
    return frame


@contextmanager
def _cut(workspace: Workspace, day: date, folder: Path) -> Iterator[Workspace]:
    """Open a workspace, on the same engine, that holds the logs up to the start of a day and nothing else."""
    settings = Settings({**workspace.settings.tree, "storage": {}}, workspace.settings.folder)
    with Workspace(folder, settings) as cut:
        cut.session = workspace.session
        start = F.lit(day_start(day, workspace.settings.platform.time_zone))
        for table in LOG_TABLES:
            rows = workspace.catalog.read(workspace.session, table)
            kept = rows.where((F.col("known_at") < start) & (F.col("happened_at") < start))
            place = cut.catalog.new_folder(table, RUN)
            kept.withColumn("batch", F.lit(RUN)).write.parquet(str(place))
            files = [str(path) for path in sorted(place.glob("*.parquet"))]
            cut.catalog.replace_files(table, files, [], RUN)
        yield cut
