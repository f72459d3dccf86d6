"""Stage `propose`: the batch that uses most of the cash under all limits, entered in the ledger for a second person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame

from features.spark import visible
from pipelines.daily import plan, run_day
from pipelines.deals import all_pledges, pledged, pledges_hash, read_deal
from pipelines.pool_life import rows_frame
from pipelines.pool_triggers import watch_triggers
from pipelines.progress import told
from pipelines.proposed import fairness_lines, limit_lines, loosened_lines
from pipelines.purchase import inputs_now, last_day
from pipelines.screen import build_view, inputs_of
from pipelines.signing import ledger
from pool.aims import Aim
from pool.deal import Deal
from pool.ledger import EntryKind, Pledge, PurchaseList
from pool.people import Credentials
from pool.price import to_amount, to_minor
from pool.selection import Selection, select
from pool.spark import limit_rows, proposal_rows
from pool.spark_facts import with_facts
from pool.triggers import check_revolving
from runtime import clock
from runtime.content import content_hash
from runtime.stage import INGEST, Stage, Task, execute, part
from runtime.workspace import Workspace
from schemas import derived, events, lending
from schemas.hashing import digest


@dataclass(frozen=True, slots=True)
class Proposed:
    """What a proposal came to: its id in the ledger, its figures, and why nothing is bought where nothing is."""

    proposal_id: str
    figures: dict[str, Any]
    reasons: tuple[str, ...]


def run(task: Task) -> Mapping[str, DataFrame]:
    """Lay out the decision in `extras` as tables."""
    deal: Deal = task.extras["deal"]
    selection: Selection = task.extras["selection"]
    purchase: PurchaseList = task.extras["purchase"]
    return {
        derived.PROPOSALS.name: proposal_rows(
            task.extras["view"], purchase.items, purchase.proposal_id, deal, task.as_of
        ),
        derived.LIMIT_RESULTS.name: rows_frame(task, derived.LIMIT_RESULTS, limit_lines(selection)),
        derived.FAIRNESS_RESULTS.name: rows_frame(task, derived.FAIRNESS_RESULTS, fairness_lines(selection)),
    }


PROPOSE = Stage(
    name="propose",
    meaning="The batch that serves its aim best under all limits",
    reads=(derived.SCREENINGS,),
    writes=(derived.PROPOSALS, derived.LIMIT_RESULTS, derived.FAIRNESS_RESULTS),
    run=run,
    per_deal=True,
)


def propose(
    workspace: Workspace, as_of: date, deal_name: str, cash: Decimal, by: Credentials, aim: Aim = Aim.CASH
) -> Proposed:
    """Run the day up to its screening, choose the batch, publish the decision, and enter the proposal.

    The drawing is shuffled by a seed made of everything that the proposal comes from: whoever knows it beforehand knows
    the eligible receivables, the deal, the pool and the cash already.

    Nothing is entered where a revolving condition fails or the independent check finds a breach.

    Raises:
        AccessError: The person may not propose; then nothing is run or published.
    """
    deal = read_deal(workspace.settings.folder, deal_name, as_of)
    with ledger(workspace) as store:
        store.admit(EntryKind.PROPOSED, by)
    run_day(workspace, as_of, deal_name, plan(deal_name, "screen"))
    with workspace.scratch(f"propose-{deal_name}") as scratch:
        held = all_pledges(workspace)
        inputs = inputs_of(workspace, as_of)
        task = Task(workspace.session, workspace.settings, as_of, deal_name, inputs, {}, scratch)
        zone = workspace.settings.platform.time_zone
        view = task.hold(build_view(inputs, pledged(workspace, held), as_of, zone, deal), "view")
        place = part(derived.SCREENINGS, as_of, deal_name)
        screenings = workspace.catalog.read(workspace.session, derived.SCREENINGS, place)
        triggers = watch_triggers(workspace, deal, as_of, to_minor(cash))
        unmet = [one.observed for one in check_revolving(deal, triggers, as_of) if not one.is_met]
        screened = content_hash(workspace.catalog.arrow(derived.SCREENINGS, place), derived.SCREENINGS.key)
        seed = digest([deal.hash, as_of.isoformat(), str(cash), pledges_hash(held), screened])
        rows = each_once(limit_rows(view, screenings, deal).toArrow())
        selection = select(rows, deal, 0 if unmet else to_minor(cash), aim, seed)
        purchase = _listed(workspace, deal, as_of, selection, held, seed)
        given = {"deal": deal, "selection": selection, "purchase": purchase, "view": view}
        depends = {"deal": deal.hash, "pledges": pledges_hash(held), "cash": str(cash), "list": purchase.proposal_id}
        told(execute(PROPOSE, workspace, as_of, deal_name, given, depends))
    reasons = (*unmet, *(() if unmet else selection.reasons), *(f"BREACH: {one}" for one in selection.breaches))
    if not reasons:
        _enter(workspace, purchase, by)
    return Proposed("" if reasons else purchase.proposal_id, _figures(purchase, selection), reasons)


def each_once(rows: pa.Table) -> pa.Table:
    """Keep one row of each receivable key: two sources may deliver one receivable under two ids."""
    if pc.count_distinct(rows["receivable_key"]).as_py() == rows.num_rows:
        return rows
    ordered = rows.sort_by(
        [("receivable_key", "ascending"), ("is_pooled", "descending"), ("receivable_id", "ascending")]
    )
    keys = ordered["receivable_key"].combine_chunks()
    is_first = pc.not_equal(keys.slice(1), keys.slice(0, len(keys) - 1))
    return ordered.filter(pa.concat_arrays([pa.array([True]), is_first]))


def _listed(
    workspace: Workspace, deal: Deal, as_of: date, selection: Selection, ever: Sequence[Pledge], seed: str
) -> PurchaseList:
    """Give the purchase list with what it came from, its near-duplicates, and how long it may be settled."""
    zone = workspace.settings.platform.time_zone
    logs = [
        visible(workspace.catalog.read(workspace.session, table), table, as_of, zone)
        for table in (lending.RECEIVABLES, events.ORDERS)
    ]
    items = with_facts(selection.items, logs[0], logs[1], secrets_of(workspace))
    inputs, near = inputs_now(workspace, deal.name, as_of, items, ever)
    purchase = selection.purchase_list(deal, as_of, inputs)
    chosen = {"objective": selection.aim.value, "seed": seed}
    return replace(purchase, items=items, selection=chosen, near_duplicates=near, valid_until=last_day(deal, as_of))


def secrets_of(workspace: Workspace) -> dict[str, str]:
    """Give the fingerprint of the pseudonym secret of every ingest batch that had one."""
    ingested = [one for one in workspace.runs.all() if one.stage == INGEST]
    return {one.subject["batch"]: one.identity["secret"] for one in ingested if one.identity.get("secret")}


def _enter(workspace: Workspace, purchase: PurchaseList, by: Credentials) -> None:
    with ledger(workspace) as store:
        store.propose(purchase, by, clock.now())


def _figures(purchase: PurchaseList, selection: Selection) -> dict[str, Any]:
    payload = purchase.payload
    used = selection.cash_used / selection.cash_available if selection.cash_available else 0.0
    return {
        "proposal": purchase.proposal_id if selection.items else "",
        "receivable_count": payload["count"],
        "principal_amount": to_amount(payload["principal_minor"]),
        "price_amount": to_amount(payload["price_minor"]),
        "cash_amount": to_amount(selection.cash_available),
        "cash_used_share": round(used, 6),
        "cash_bound_amount": to_amount(selection.cash_bound),
        "objective": selection.aim.value,
        "annual_yield": _share(selection.annual_income, selection.cash_used),
        "expected_loss_share": _share(selection.expected_loss, payload["principal_minor"]),
        "binding": list(selection.binding),
        "loosened": loosened_lines(selection),
        "fairness": fairness_lines(selection),
        "conflicts": [list(each) for each in selection.conflicts],
        "breaches": list(selection.breaches),
    }


def _share(part: float | None, whole: int) -> float | None:
    return None if part is None or not whole else round(part / whole, 6)
