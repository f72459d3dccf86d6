"""A screening as it was made: its run, the deal, model and pledges of then, and the files that it read. No engine."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date

from pipelines.deals import all_pledges, document_of, pledge_rows, pledges_hash
from pipelines.origin import kept_document
from pool.deal import Deal, load_deal
from pool.duckdb_screening import SecondOpinion
from pool.duckdb_view import TABLES
from pool.ledger import Pledge
from runtime.manifest import Manifest
from runtime.stage import part, stands
from runtime.workspace import Workspace
from schemas import derived
from schemas.errors import CatalogError, ConfigurationError
from schemas.table import Table


@dataclass(frozen=True, slots=True)
class Screened:
    """A run of a screening.

    Args:
        run: Its manifest.
        deal_text: The deal document that it applied, as written.
        deal: The same, read.
        champion: The model version that was `champion`; None where there was none.
    """

    run: Manifest
    deal_text: str
    deal: Deal
    champion: str | None

    @property
    def as_of(self) -> date:
        """Give the cut-off."""
        return date.fromisoformat(self.run.subject["as_of"])

    def files(self, workspace: Workspace, table: Table) -> list[str]:
        """Give the files of a table that it read, or that it wrote."""
        written = self.run.outputs.get(table.name)
        snapshot = written["snapshot"] if written else self.run.inputs.get(table.name)
        place = part(table, self.as_of, self.deal.name)
        return workspace.catalog.files(table.name, place, snapshot) if snapshot else []

    def held(self, workspace: Workspace) -> list[Pledge]:
        """Give what the pools held then.

        Raises:
            CatalogError: The ledger never held it.
        """
        return held_then(all_pledges(workspace), self.run.identity["depends"]["pledges"])

    @contextmanager
    def second_opinion(self, workspace: Workspace) -> Iterator[SecondOpinion]:
        """Open DuckDB over the files that it read, and the pledges of then.

        Raises:
            CatalogError: As `held`.
        """
        files = {table.name: self.files(workspace, table) for table in TABLES}
        zone = workspace.settings.platform.time_zone
        with (
            workspace.scratch(f"second-{self.deal.name}") as spill,
            SecondOpinion(files, pledge_rows(self.held(workspace)), (self.as_of, zone), spill) as second,
        ):
            yield second


def screening_that_stands(workspace: Workspace, as_of: date, deal_name: str) -> Screened:
    """Give the screening of a day and deal whose result is published now.

    Raises:
        ConfigurationError: Its deal document is not to be found.
        CatalogError: There is none.
    """
    for run in reversed(screening_runs(workspace, as_of, deal_name)):
        if stands(run, workspace):
            return as_screened(run, _document(workspace, deal_name, run.identity["depends"]["deal"]))
    raise CatalogError(
        f"no screening of {deal_name} as of {as_of}",
        "a day that was screened",
        f"poolwright run --as-of {as_of} --deal {deal_name}",
    )


def _document(workspace: Workspace, deal_name: str, deal_hash: str) -> str:
    """Give the document that was applied: from the configuration, or where it was changed there, from an origin.

    Raises:
        ConfigurationError: It is in neither.
    """
    try:
        return document_of(workspace.settings.folder, deal_name, deal_hash)
    except ConfigurationError:
        kept = kept_document(workspace, deal_hash)
        if kept is None:
            raise
        return kept


def screening_runs(workspace: Workspace, as_of: date, deal_name: str) -> list[Manifest]:
    """Give the finished screenings of a day and deal, oldest first."""
    subject = {"as_of": as_of.isoformat(), "deal": deal_name}
    found = [one for one in workspace.runs.all() if one.stage == "screen" and one.subject == subject]
    return [one for one in found if one.status == "finished" and derived.SCREENINGS.name in one.outputs]


def as_screened(run: Manifest, deal_text: str) -> Screened:
    """Give a screening with its deal document and the model that it was given.

    Raises:
        CatalogError: The document is another.
    """
    depends, deal = run.identity["depends"], load_deal(deal_text)
    if deal.hash != depends["deal"]:
        raise CatalogError(
            f"a document of {deal.name} with hash {deal.hash[:16]}", f"{depends['deal'][:16]}, as applied"
        )
    return Screened(run, deal_text, deal, depends["champion"] or None)


def held_then(ever: Sequence[Pledge], pledges: str) -> list[Pledge]:
    """Give the pledges that were open when they had that hash, looking back from now.

    Raises:
        CatalogError: They never had.
    """
    changes = {0, *(one.opened_sequence for one in ever), *(one.closed_sequence or 0 for one in ever)}
    for last in sorted(changes, reverse=True):
        held = [
            replace(one, closed_sequence=None)
            for one in ever
            if one.opened_sequence <= last and (one.closed_sequence is None or one.closed_sequence > last)
        ]
        if pledges_hash(held) == pledges:
            return held
    raise CatalogError(f"pledges {pledges[:16]}", "pledges that this ledger once had", "the ledger of this workspace")
