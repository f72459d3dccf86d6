"""One purchase as the ledger and the published tables tell it, gathered for the trustee's report."""

from datetime import date
from pathlib import Path

from pipelines.common import written
from pipelines.deals import read_deal
from pipelines.report import STATUS, facts, limit_lines, trigger_lines
from pipelines.signing import ledger
from pool.chain import OPENING, Entry, EntryKind
from pool.deal import Deal
from pool.price import to_amount
from reports.purchase_report import Bought, PurchaseReport, Signed, render, sheets
from reports.workbook import xlsx_bytes
from runtime.stage import part
from runtime.workspace import Workspace
from schemas import derived

ACTS = {
    EntryKind.PROPOSED: "Proposed",
    EntryKind.APPROVED: "Approved",
    EntryKind.REJECTED: "Rejected",
    EntryKind.BOOKED: "Booked",
    EntryKind.SUBSTITUTED: "Booked in the place of what goes back",
}


def write_purchase(workspace: Workspace, proposal: str, out: Path | None, workbook: Path | None) -> list[Path]:
    """Write the report of a proposal or purchase as HTML, and as a workbook where a place for one is given.

    Raises:
        LedgerError: There is no such proposal.
        ConfigurationError: A file cannot be written.
    """
    told = gather(workspace, proposal)
    path = out or workspace.home / "reports" / f"purchase-{proposal}.html"
    files = [written(path, render(told).encode())]
    if workbook:
        files.append(written(workbook, xlsx_bytes(sheets(told)), "--xlsx"))
    return files


def gather(workspace: Workspace, proposal: str) -> PurchaseReport:
    """Gather what a purchase's report shows.

    Raises:
        LedgerError: There is no such proposal.
    """
    with ledger(workspace) as store:
        history, mine = store.history(), store.words(proposal)
    payload = mine[0].payload
    cut_off = date.fromisoformat(payload["as_of"])
    deal = read_deal(workspace.settings.folder, mine[0].deal, cut_off)
    is_published = _is_published(workspace, deal, cut_off, proposal)
    return PurchaseReport(
        deal=facts(deal),
        currency=deal.currency,
        proposal_id=proposal,
        status=STATUS[mine[-1].kind],
        period=_period(history, mine),
        cut_off_on=cut_off,
        price_basis=_basis(deal),
        cash=to_amount(payload["cash_minor"]),
        items=tuple(Bought(key, name, to_amount(p), to_amount(price)) for key, name, p, price, *_ in payload["items"]),
        signed=tuple(_signed(one) for one in mine),
        inputs=tuple(sorted((str(name), str(value)) for name, value in payload["inputs"].items())),
        limits=limit_lines(workspace, cut_off, deal) if is_published else (),
        triggers=trigger_lines(workspace, cut_off, deal) if is_published else (),
    )


def _basis(deal: Deal) -> tuple[str, str]:
    rate = deal.price.discount_rate
    if not rate:
        return "unpaid principal", "未偿本金余额"
    return f"unpaid principal less {rate:%}", f"未偿本金余额折价{rate:%}, 折后本金余额"


def _period(history: list[Entry], mine: list[Entry]) -> int | None:
    booked = [one.proposal_id for one in history if one.deal == mine[0].deal and one.kind in OPENING]
    return booked.index(mine[0].proposal_id) + 1 if mine[0].proposal_id in booked else None


def _signed(one: Entry) -> Signed:
    return Signed(ACTS[one.kind], one.actor, one.happened_at, one.entry_hash, str(one.payload.get("reason", "")))


def _is_published(workspace: Workspace, deal: Deal, cut_off: date, proposal: str) -> bool:
    """Tell whether the day's published limits are those of this very list: a later proposal replaces them."""
    place = part(derived.PROPOSALS, cut_off, deal.name)
    rows = workspace.catalog.arrow(derived.PROPOSALS, place, ["proposal_id"])
    return bool(rows.num_rows) and set(rows.column(0).to_pylist()) == {proposal}
