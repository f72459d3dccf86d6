"""One receivable against every clause as its published screening judged it: by deal, model, pledges, files of then."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pyspark.sql import DataFrame

from pipelines.deals import pledged
from pipelines.screen import READS, build_view
from pipelines.screened import Screened, screening_that_stands
from pool.spark import explain
from runtime.stage import part
from runtime.workspace import Workspace
from schemas.errors import CatalogError
from schemas.spark import struct_type

WORDS = {"P": "pass", "F": "FAIL", "U": "UNKNOWN"}


@dataclass(frozen=True, slots=True)
class Explained:
    """What each criterion saw of a receivable.

    Args:
        run: The screening's run.
        snapshots: Of every table that it read, by name.
        lines: Code, outcome, clause, promise, values seen and threshold of each criterion.
    """

    run: str
    snapshots: Mapping[str, int]
    lines: tuple[tuple[str, ...], ...]


def explained(workspace: Workspace, as_of: date, deal_name: str, receivable: str) -> Explained:
    """Say for one receivable what each criterion saw.

    Raises:
        CatalogError: The day was not screened, or the receivable was not open on it.
    """
    found = screening_that_stands(workspace, as_of, deal_name)
    held, zone = pledged(workspace, found.held(workspace)), workspace.settings.platform.time_zone
    view = build_view(_inputs(workspace, found), held, as_of, zone, found.deal)
    seen = explain(view, found.deal, as_of, receivable, found.champion)
    if not seen:
        raise CatalogError(
            f"no open receivable {receivable} as of {as_of}", "an open receivable of that day", "another id"
        )
    lines = ((one.code, WORDS[one.outcome], one.clause, one.text_en, one.observed, one.threshold) for one in seen)
    snapshots = {name: snapshot for name, snapshot in found.run.inputs.items() if snapshot is not None}
    return Explained(found.run.run, snapshots, tuple(lines))


def _inputs(workspace: Workspace, found: Screened) -> dict[str, DataFrame]:
    """Read what the screening read; a table that held nothing then is empty."""
    session, places = workspace.session, {table.name: part(table, found.as_of) for table in READS}
    return {
        table.name: workspace.catalog.read(session, table, places[table.name], snapshot)
        if (snapshot := found.run.inputs.get(table.name))
        else session.createDataFrame([], struct_type(table))
        for table in READS
    }
