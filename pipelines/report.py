"""The report of a day: published tables and the ledger, gathered into what a pool report shows."""

from datetime import date
from pathlib import Path

from pipelines.common import written
from pipelines.deals import champion_for, read_deal
from pipelines.report_data import data_quality, model_quality, provenance
from pipelines.report_life import performance
from pipelines.report_pool import Populations, populations
from pipelines.signing import ledger
from pool.deal import Deal, Limit, parsed
from pool.ledger import EntryKind
from pool.price import to_amount
from reports.contents import (
    CriterionResult,
    DealFacts,
    LimitLine,
    Party,
    PoolReport,
    Purchase,
    Status,
    TriggerLine,
    Unit,
)
from reports.pool_report import render
from reports.pool_sheets import sheets
from reports.workbook import xlsx_bytes
from runtime.stage import part
from runtime.workspace import Workspace
from schemas import derived
from schemas.errors import CatalogError
from schemas.table import Kind
from schemas.triggers import TRIGGER_RESULTS

UNITS = {Kind.RATE: Unit.RATE, Kind.MONEY: Unit.MONEY, Kind.DAYS: Unit.DAYS, Kind.COUNT: Unit.COUNT}
STATUS: dict[EntryKind, Status] = {
    EntryKind.PROPOSED: "proposed",
    EntryKind.APPROVED: "approved",
    EntryKind.BOOKED: "booked",
    EntryKind.SUBSTITUTED: "booked",
    EntryKind.REJECTED: "rejected",
}


def write_report(
    workspace: Workspace, as_of: date, deal_name: str, out: Path | None, workbook: Path | None = None
) -> list[Path]:
    """Write the report of a day and deal as one HTML file, and as a workbook where a place for one is given.

    Raises:
        CatalogError: The day was not screened for the deal.
        ConfigurationError: A file cannot be written.
    """
    report = gather(workspace, as_of, deal_name)
    path = out or workspace.home / "reports" / f"{deal_name}-{as_of}.html"
    files = [written(path, render(report).encode())]
    if workbook:
        files.append(written(workbook, xlsx_bytes(sheets(report)), "--xlsx"))
    return files


def gather(workspace: Workspace, as_of: date, deal_name: str) -> PoolReport:
    """Gather everything that the report of a day and deal shows."""
    deal = read_deal(workspace.settings.folder, deal_name, as_of)
    manifest = workspace.runs.latest("screen", {"as_of": as_of.isoformat(), "deal": deal_name})
    if manifest is None:
        command = f"poolwright run --as-of {as_of} --deal {deal_name}"
        raise CatalogError(f"{deal_name} was not screened as of {as_of}", "a day that was run", command)
    people = populations(workspace, as_of, deal)
    return PoolReport(
        deal=facts(deal),
        as_of=as_of,
        run_id=manifest.run,
        currency=deal.currency,
        funnel=people.funnel,
        criteria=_criteria(deal, people),
        compositions=people.compositions,
        limits=limit_lines(workspace, as_of, deal),
        triggers=trigger_lines(workspace, as_of, deal),
        probabilities=people.probabilities,
        model=model_quality(workspace, champion_for(workspace, deal), as_of),
        data=data_quality(workspace, as_of),
        purchase=_purchase(workspace, as_of, deal),
        provenance=provenance(workspace, as_of, deal_name),
        performance=performance(workspace, deal_name, as_of),
    )


def facts(deal: Deal) -> DealFacts:
    """Give which deal it is, and who takes part in it."""
    parties = tuple(Party(role.capitalize(), name) for role, name in deal.parties.model_dump().items())
    return DealFacts(deal.name, str(deal.version), deal.hash, parties)


def _criteria(deal: Deal, people: Populations) -> tuple[CriterionResult, ...]:
    none = (0, 0, 0, to_amount(0))
    return tuple(
        CriterionResult(each.code, each.clause, each.text_en, each.text_zh, *people.failures.get(each.code, none))
        for each in deal.criteria
    )


def limit_lines(workspace: Workspace, as_of: date, deal: Deal) -> tuple[LimitLine, ...]:
    """Give the published limits of a day, in the deal's order."""
    found = workspace.catalog.arrow(derived.LIMIT_RESULTS, part(derived.LIMIT_RESULTS, as_of, deal.name)).to_pylist()
    by_code = {row["code"]: row for row in found}
    shown = ("threshold", "value_before", "value_after", "headroom", "is_kept", "is_binding")
    return tuple(
        LimitLine(
            each.code,
            each.text_en,
            each.text_zh,
            _unit(each),
            "at most" if each.is_cap else "at least",
            worst_member=by_code[each.code]["worst_member"] or "",
            **{name: by_code[each.code][name] for name in shown},
        )
        for each in deal.limits
        if each.code in by_code
    )


def _unit(limit: Limit) -> Unit:
    if limit.measure in ("member_share", "attribute_share"):
        return Unit.SHARE
    if limit.measure == "member_count":
        return Unit.COUNT
    if limit.measure == "total_amount":
        return Unit.MONEY
    expression = parsed(limit.expression)
    if "tag.default_probability" in expression.columns:
        return Unit.SHARE
    return UNITS.get(expression.kind, Unit.NUMBER)


def trigger_lines(workspace: Workspace, as_of: date, deal: Deal) -> tuple[TriggerLine, ...]:
    """Give the published triggers of a day, in the deal's order."""
    place = part(TRIGGER_RESULTS, as_of, deal.name)
    by_code = {row["code"]: row for row in workspace.catalog.arrow(TRIGGER_RESULTS, place).to_pylist()}
    shown = ("threshold", "value", "is_fired", "effect")
    return tuple(
        TriggerLine(
            each.code, each.text_en, each.text_zh, Unit.SHARE, **{name: by_code[each.code][name] for name in shown}
        )
        for each in deal.triggers
        if each.code in by_code
    )


def _purchase(workspace: Workspace, as_of: date, deal: Deal) -> Purchase | None:
    """Give the latest proposal of the day that stands in the ledger."""
    with ledger(workspace) as store:
        history, head = store.history(deal.name), store.head()
    made = [one for one in history if one.kind is EntryKind.PROPOSED and one.payload["as_of"] == as_of.isoformat()]
    if not made:
        return None
    proposal = made[-1]
    words = [one for one in history if one.proposal_id == proposal.proposal_id]
    approver = next((one.actor for one in words if one.kind is EntryKind.APPROVED), "")
    payload = proposal.payload
    return Purchase(
        proposal_id=proposal.proposal_id,
        status=STATUS[words[-1].kind],
        batch=Populations.holding(payload["count"], payload["principal_minor"]),
        price=to_amount(payload["price_minor"]),
        price_basis=f"unpaid principal less {deal.price.discount_rate:%}",
        cash_available=to_amount(payload["cash_minor"]),
        proposer=proposal.actor,
        approver=approver,
        ledger_head=head[1] if head else "",
    )
