"""How loose a deal is on a day: the worst pools beside the pool that there is."""

from datetime import date
from typing import Any

from pipelines.daily import plan, run_day
from pipelines.deals import all_pledges, pledged, read_deal
from pipelines.screen import build_view, inputs_of
from pool.spark import limit_rows
from pool.spark_grid import allowed_kinds
from pool.worst import Worst, worst_pools
from runtime.stage import part
from runtime.workspace import Workspace
from schemas import derived


def worst_of(workspace: Workspace, as_of: date, deal_name: str) -> tuple[Worst, ...]:
    """Run the day up to its screening, and find the worst pools of what is eligible and of what the document allows."""
    deal = read_deal(workspace.settings.folder, deal_name, as_of)
    run_day(workspace, as_of, deal_name, plan(deal_name, "screen"))
    zone = workspace.settings.platform.time_zone
    view = build_view(inputs_of(workspace, as_of), pledged(workspace, all_pledges(workspace)), as_of, zone, deal)
    place = part(derived.SCREENINGS, as_of, deal_name)
    screenings = workspace.catalog.read(workspace.session, derived.SCREENINGS, place)
    rows = limit_rows(view, screenings, deal).toArrow()
    return worst_pools(rows, deal, *allowed_kinds(workspace.session, deal))


def lines(found: tuple[Worst, ...]) -> list[dict[str, Any]]:
    """Give each measure as a plain line."""
    return [
        {
            "measure": one.measure,
            "pool": one.pool,
            "eligible": one.offered,
            "worst_of_eligible": one.supply,
            "worst_mixture": one.kinds,
            "worst_by_document": one.document,
            "left_open": ", ".join(one.left_open) or None,
            "distance": one.distance,
            "held_by": ", ".join(one.binding) or None,
        }
        for one in found
    ]
