"""Stage `propose`: the batch that uses most of the cash under all limits, entered in the ledger for a second person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from pyspark.sql import DataFrame

from pipelines.daily import plan, run_day
from pipelines.deals import read_deal
from pipelines.decide import decided
from pipelines.origin import keep_origin, origin_now
from pipelines.pool_life import rows_frame
from pipelines.pool_triggers import watch_triggers
from pipelines.progress import told
from pipelines.proposed import fairness_lines, limit_lines, loosened_lines
from pipelines.signing import ledger
from pool.aims import Aim
from pool.deal import Deal
from pool.ledger import EntryKind, PurchaseList
from pool.people import Credentials
from pool.price import to_amount, to_minor
from pool.selection import Selection
from pool.spark import proposal_rows
from pool.triggers import check_revolving
from runtime import clock
from runtime.stage import Stage, Task, execute
from runtime.workspace import Workspace
from schemas import derived


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

    Nothing is entered where a revolving condition fails or the independent check finds a breach.

    Raises:
        AccessError: The person may not propose; then nothing is run or published.
    """
    deal = read_deal(workspace.settings.folder, deal_name, as_of)
    with ledger(workspace) as store:
        store.admit(EntryKind.PROPOSED, by)
    run_day(workspace, as_of, deal_name, plan(deal_name, "screen"))
    origin = origin_now(workspace, deal, str(cash), aim)
    triggers = watch_triggers(workspace, deal, as_of, to_minor(cash))
    conditions = check_revolving(deal, triggers, as_of, deal.calendar.bought_until(as_of))
    unmet = tuple(one.observed for one in conditions if not one.is_met)
    with decided(workspace, deal, as_of, origin, Decimal(0) if unmet else cash) as done:
        purchase = done.purchase
        given = {"deal": deal, "selection": done.selection, "purchase": purchase, "view": done.view}
        depends = {"deal": deal.hash, "pledges": done.held, "cash": str(cash), "list": purchase.proposal_id}
        told(execute(PROPOSE, workspace, as_of, deal_name, given, depends))
    chosen = () if unmet else done.selection.reasons
    reasons = (*unmet, *chosen, *(f"BREACH: {one}" for one in done.selection.breaches))
    if not reasons:
        keep_origin(workspace, purchase.proposal_id, origin)
        with ledger(workspace) as store:
            store.propose(purchase, by, clock.now())
    return Proposed("" if reasons else purchase.proposal_id, _figures(purchase, done.selection), reasons)


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
