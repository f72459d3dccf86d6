"""The funnel of a published screening, from its packed outcomes. No engine."""

from collections.abc import Iterator
from datetime import date

from pipelines.screened import screening_that_stands
from pool.funnel import Funnel, Pattern, funnel
from runtime.stage import part
from runtime.workspace import Workspace
from schemas import derived

AMOUNT = "current_principal_amount"


def funnel_of(workspace: Workspace, as_of: date, deal_name: str) -> Funnel:
    """Count what each criterion leaves of a day's open receivables, and what it alone stops.

    Raises:
        CatalogError: No screening of that day and deal stands.
    """
    found = screening_that_stands(workspace, as_of, deal_name)
    return funnel(found.deal.criteria, patterns(workspace, as_of, deal_name))


def examples(workspace: Workspace, as_of: date, deal_name: str) -> dict[str, str]:
    """Give by criterion the first receivable, by id, that does not pass it; criteria that all pass are not named."""
    place = part(derived.SCREENING_FAILURES, as_of, deal_name)
    rows = workspace.catalog.arrow(derived.SCREENING_FAILURES, place, ["code", "receivable_id"])
    found = rows.group_by("code").aggregate([("receivable_id", "min")])
    return dict(zip(found["code"].to_pylist(), found["receivable_id_min"].to_pylist(), strict=True))


def patterns(workspace: Workspace, as_of: date, deal_name: str) -> Iterator[Pattern]:
    """Give the packed outcomes of a day's open receivables, each once, with count and unpaid principal."""
    place = part(derived.SCREENINGS, as_of, deal_name)
    rows = workspace.catalog.arrow(derived.SCREENINGS, place, ["outcomes", AMOUNT])
    told = rows.group_by("outcomes").aggregate([(AMOUNT, "count"), (AMOUNT, "sum")])
    columns = (told.column(name).to_pylist() for name in ("outcomes", f"{AMOUNT}_count", f"{AMOUNT}_sum"))
    return zip(*columns, strict=True)
