"""Screening again at purchase: a settlement after the cut-off rests on the published screening of its own day."""

from collections.abc import Mapping, Sequence
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.deals import read_deal
from pipelines.screen import SCREEN
from pipelines.screened import Screened, screening_that_stands
from pipelines.states import STATES
from pool.chain import Entry, EntryKind
from pool.purchase import Item, read_items
from pool.purchase_day import Name, refuse_failing
from runtime.content import content_hash
from runtime.foresee import foresee
from runtime.stage import part
from runtime.workspace import Workspace
from schemas import derived
from schemas.errors import CatalogError, ConfigurationError, LedgerError

TABLE = derived.SCREENINGS
PROMISE = "every criterion holds at purchase as at the cut-off, by a screening of that day"


def screened_on(workspace: Workspace, words: Sequence[Entry], on: date) -> str:
    """Give the content hash of the screening that all receivables of a proposal pass on the day of their purchase.

    Empty on the cut-off itself, whose screening is among the proposal's inputs, and where the ledger refuses the act or
    has it already: the proposal is not approved, is booked, or the day is none of its days.

    Args:
        workspace: Where.
        words: The entries on the proposal.
        on: The purchase day.

    Raises:
        LedgerError: The day is not screened as the tables stand now, or something does not pass any more.
    """
    proposal = words[0]
    cut_off, last = (date.fromisoformat(proposal.payload[name]) for name in ("as_of", "valid_until"))
    if words[-1].kind is not EntryKind.APPROVED or not cut_off < on <= last:
        return ""
    found = _screening(workspace, proposal.deal, on)
    rows = workspace.catalog.arrow(TABLE, part(TABLE, on, proposal.deal))
    items = read_items(proposal.payload)
    refuse_failing(found.deal, on, proposal.proposal_id, items, _outcomes(rows, items))
    return content_hash(rows, TABLE.key)


def _screening(workspace: Workspace, deal: str, on: date) -> Screened:
    """Give the screening of a day, made of the states, logs and deal document that stand now."""
    run = f"poolwright run --as-of {on} --deal {deal}"
    try:
        found = screening_that_stands(workspace, on, deal)
    except (CatalogError, ConfigurationError) as error:
        raise LedgerError(f"{error.found}, the day of the purchase", PROMISE, run) from error
    depends = {**found.run.identity["depends"], "deal": read_deal(workspace.settings.folder, deal, on).hash}
    history = workspace.runs.all()
    for stage, named, given in ((STATES, "", {}), (SCREEN, deal, depends)):
        seen = foresee(stage, workspace, on, named, given, history)
        if seen.is_due:
            raise LedgerError(f"{deal} as of {on}, the day of the purchase: {stage.name}, {seen.why}", PROMISE, run)
    return found


def _outcomes(rows: pa.Table, items: Sequence[Item]) -> Mapping[Name, str]:
    keys = pa.array([item.receivable_key for item in items], pa.string())
    listed = rows.filter(pc.is_in(rows.column("receivable_key"), keys))
    names = ("receivable_key", "receivable_id", "outcomes")
    told = zip(*(listed.column(name).to_pylist() for name in names), strict=True)
    return {(key, name): outcomes for key, name, outcomes in told}
