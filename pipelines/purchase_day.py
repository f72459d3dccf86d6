"""Screening again at purchase: a settlement after the cut-off rests on the published screening of its own day."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.daily import depends_of
from pipelines.deals import judges_tags, read_deal
from pipelines.featurize import FEATURIZE
from pipelines.pool_triggers import triggers_on
from pipelines.score import SCORE
from pipelines.screen import SCREEN
from pipelines.screened import Screened, screening_that_stands
from pipelines.states import STATES
from pool.chain import Entry, EntryKind
from pool.deal import Deal
from pool.purchase import Item, read_items
from pool.purchase_day import Name, refuse_failing, refuse_unmet
from pool.triggers import TriggerResult
from runtime.content import content_hash
from runtime.foresee import foresee
from runtime.stage import Stage, part
from runtime.workspace import Workspace
from schemas import derived
from schemas.errors import CatalogError, ConfigurationError, LedgerError

TABLE = derived.SCREENINGS
PROMISE = "what held at the cut-off holds at purchase, by a screening and the triggers of that day"


def screened_on(workspace: Workspace, words: Sequence[Entry], on: date) -> str:
    """Give the content hash of the screening that all receivables of a proposal pass on the day of their purchase.

    The day meets the deal's revolving conditions. The hash is empty on the cut-off itself, whose screening is among the
    proposal's inputs, and where the ledger refuses the act or has it already: the proposal is not approved, is booked,
    or the day is none of its days.

    Args:
        workspace: Where.
        words: The entries on the proposal.
        on: The purchase day.

    Raises:
        LedgerError: The day meets a condition not, or is not screened as the tables stand now, or its triggers were not
            measured, or something does not pass any more.
    """
    proposal = words[0]
    cut_off, last = (date.fromisoformat(proposal.payload[name]) for name in ("as_of", "valid_until"))
    if words[-1].kind is not EntryKind.APPROVED or not cut_off <= on <= last:
        return ""
    deal = read_deal(workspace.settings.folder, proposal.deal, on)
    refuse_unmet(deal, on, proposal.proposal_id, _triggers(workspace, deal, on) if on > cut_off else ())
    if on == cut_off:
        return ""
    found = screening_of(workspace, proposal.deal, on)
    rows = workspace.catalog.arrow(TABLE, part(TABLE, on, proposal.deal))
    items = read_items(proposal.payload)
    refuse_failing(found.deal, on, proposal.proposal_id, items, _outcomes(rows, items))
    return content_hash(rows, TABLE.key)


def _triggers(workspace: Workspace, deal: Deal, on: date) -> list[TriggerResult]:
    """Read where the triggers stand on a day, where some condition asks; at a cut-off the proposal asked."""
    if not any(one.requires == "no_trigger_fired" for one in deal.revolving):
        return []
    found = triggers_on(workspace, deal, on)
    if found is None:
        told = f"no measure of the triggers of {deal.name} on {on}, the day of the purchase, by its deal and states"
        raise LedgerError(told, PROMISE, f"poolwright pool triggers --as-of {on} --deal {deal.name}")
    return found


def screening_of(workspace: Workspace, deal: str, on: date) -> Screened:
    """Give the screening of a day, made of the states, tags, logs and deal document that stand now.

    Raises:
        LedgerError: There is none, or something that it comes from is another by now.
    """
    run = f"poolwright run --as-of {on} --deal {deal}"
    try:
        found = screening_that_stands(workspace, on, deal)
    except (CatalogError, ConfigurationError) as error:
        raise LedgerError(f"{error.found}, the day of the purchase", PROMISE, run) from error
    history = workspace.runs.all()
    for stage, given in _stages(workspace, found, on):
        seen = foresee(stage, workspace, on, deal if stage.per_deal else "", given, history)
        if seen.is_due:
            raise LedgerError(f"{deal} as of {on}, the day of the purchase: {stage.name}, {seen.why}", PROMISE, run)
    return found


def _stages(workspace: Workspace, found: Screened, on: date) -> Iterator[tuple[Stage, Mapping[str, str]]]:
    """Give what the screening comes from, each with what it depends on now: the pledges and the champion of then."""
    deal = read_deal(workspace.settings.folder, found.deal.name, on)
    yield STATES, {}
    if judges_tags(deal):
        yield FEATURIZE, {}
        yield SCORE, depends_of(workspace, SCORE, deal) or {}
    yield SCREEN, {**found.run.identity["depends"], "deal": deal.hash}


def _outcomes(rows: pa.Table, items: Sequence[Item]) -> Mapping[Name, str]:
    keys = pa.array([item.receivable_key for item in items], pa.string())
    listed = rows.filter(pc.is_in(rows.column("receivable_key"), keys))
    names = ("receivable_key", "receivable_id", "outcomes")
    told = zip(*(listed.column(name).to_pylist() for name in names), strict=True)
    return {(key, name): outcomes for key, name, outcomes in told}
