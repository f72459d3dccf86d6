"""The acts on a proposal: what it would come from now, approval, settlement, substitution, rejection. No engine."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from pipelines.deals import champion_for, read_deal
from pipelines.endings import Wanted, taken_back
from pipelines.purchase_day import screened_on
from pipelines.signing import ledger
from pool.acts import Review, Settlement, changes
from pool.deal import Deal
from pool.ledger import Entry, EntryKind, Pledge, last_move, pledges
from pool.near_duplicates import near_duplicates
from pool.people import Credentials
from pool.price import to_minor
from pool.purchase import Item, NearDuplicate, plain_findings, read_items
from pool.store import LedgerStore, Outcome
from runtime import clock
from runtime.content import content_hash
from runtime.stage import part
from runtime.workspace import Workspace
from schemas import derived
from schemas.errors import ConfigurationError, ModelError
from schemas.hashing import digest
from schemas.moments import local_day

HASHED = (derived.RECEIVABLE_STATES, derived.RECEIVABLE_TAGS, derived.SCREENINGS)
"""Tables whose content a purchase list comes from."""


def inputs_now(
    workspace: Workspace, deal_name: str, as_of: date, items: Sequence[Item], ever: Sequence[Pledge]
) -> tuple[dict[str, str], tuple[NearDuplicate, ...]]:
    """Give what a purchase list of a day comes from as things stand now, by name, and its near-duplicates.

    Args:
        workspace: Where.
        deal_name: The deal.
        as_of: The cut-off.
        items: The list.
        ever: Every pledge that any pool ever opened: what this pool bought and let go of is an input, so that the same
            list bought once more is another purchase.
    """
    found = near_duplicates(items, [one for one in ever if one.closed_sequence is None])
    mine = [one for one in ever if one.deal == deal_name]
    deal = deal_now(workspace, deal_name, as_of)
    contents = {
        table.name: content_hash(workspace.catalog.arrow(table, part(table, as_of, deal_name)), table.key)
        for table in HASHED
    }
    return {
        "deal": deal.hash if deal else "",
        "model_version": _model_version(workspace, deal),
        "pool": digest([[one.receivable_key, one.opened_sequence, one.closed_sequence] for one in mine]),
        "near_duplicates": digest(plain_findings(found)),
        **contents,
    }, found


def today(workspace: Workspace) -> date:
    """Give the present day of the platform."""
    return local_day(clock.now(), workspace.settings.platform.time_zone)


def approve(workspace: Workspace, proposal_id: str, by: Credentials, on: date, accepted: str = "") -> Outcome:
    """Approve a proposal, if it still comes from what it came from.

    Raises:
        AccessError: The person may not, or made the proposal.
        LedgerError: There is no such open proposal, it has expired, or its near-duplicates are not answered.
    """
    with ledger(workspace) as store:
        store.admit(EntryKind.APPROVED, by)
        ever = _ever(store)
        inputs = current_inputs(workspace, store.words(proposal_id)[0], ever)
        return store.approve(proposal_id, by, clock.now(), Review(inputs, on, accepted, last_move(ever)))


def settle(workspace: Workspace, proposal_id: str, by: Credentials, on: date, cash: Decimal) -> Outcome:
    """Book an approved purchase against the cash that was paid.

    Raises:
        LedgerError: Not approved, expired, the cash is not the price, or after the cut-off the day is not screened or
            something does not pass any more; then nothing is booked.
    """
    with ledger(workspace) as store:
        store.admit(EntryKind.BOOKED, by)
        return store.book(proposal_id, by, clock.now(), _settlement(workspace, store, proposal_id, on, cash))


def substitute(
    workspace: Workspace, proposal_id: str, by: Credentials, on: date, cash: Decimal, back: Wanted
) -> Outcome:
    """Book an approved purchase in the place of ineligible receivables, which the seller takes back in the same act.

    Raises:
        LedgerError: As for `settle`; the replacement is smaller than the unpaid principal that goes back.
    """
    with ledger(workspace) as store:
        store.admit(EntryKind.SUBSTITUTED, by)
        proposal = store.words(proposal_id)[0]
        cut_off = date.fromisoformat(proposal.payload["as_of"])
        terms = taken_back(workspace, store, proposal.deal, cut_off, back)
        settlement = _settlement(workspace, store, proposal_id, on, cash)
        return store.substitute(proposal_id, by, clock.now(), settlement, terms)


def reject(workspace: Workspace, proposal_id: str, by: Credentials, reason: str) -> Outcome:
    """Reject a proposal that is not booked yet."""
    with ledger(workspace) as store:
        return store.reject(proposal_id, by, clock.now(), reason)


def current_inputs(workspace: Workspace, proposal: Entry, ever: Sequence[Pledge]) -> dict[str, str]:
    """Give what a proposal's list would come from now, by name."""
    cut_off = date.fromisoformat(proposal.payload["as_of"])
    return inputs_now(workspace, proposal.deal, cut_off, read_items(proposal.payload), ever)[0]


def _settlement(workspace: Workspace, store: LedgerStore, proposal_id: str, on: date, cash: Decimal) -> Settlement:
    words, ever = store.words(proposal_id), _ever(store)
    inputs = current_inputs(workspace, words[0], ever)
    screening = "" if changes(words[0].payload, inputs) else screened_on(workspace, words, on)
    return Settlement(inputs, on, to_minor(cash), screening, last_move(ever))


def _ever(store: LedgerStore) -> list[Pledge]:
    return pledges(store.history())


def deal_now(workspace: Workspace, name: str, on: date) -> Deal | None:
    """Give the version of a deal that is in force on a day; None where its document is gone or does not hold."""
    try:
        return read_deal(workspace.settings.folder, name, on)
    except ConfigurationError:
        return None


def _model_version(workspace: Workspace, deal: Deal | None) -> str:
    try:
        model = champion_for(workspace, deal)
    except ModelError:
        return ""
    return model.version if model else ""
