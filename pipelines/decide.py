"""What a pool buys on a day: what was screened, row by row, the selection from it, and the purchase list."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame

from features.spark import visible
from pipelines.deals import all_pledges, pledged, pledges_hash
from pipelines.origin import Origin
from pipelines.purchase import inputs_now
from pipelines.screen import build_view, inputs_of
from pool.deal import Deal
from pool.ledger import Item, PurchaseList
from pool.price import to_minor
from pool.selection import Selection, select
from pool.spark import limit_rows
from pool.spark_facts import with_facts
from runtime.content import content_hash
from runtime.stage import Task, part
from runtime.workspace import Workspace
from schemas import derived, events, lending
from schemas.hashing import digest


@dataclass(frozen=True, slots=True)
class Decision:
    """What was chosen, and the list that comes of it.

    Args:
        selection: The batch with its figures.
        purchase: The purchase list.
        view: What was known of every open receivable, side by side.
        held: Identifies what the pools hold.
    """

    selection: Selection
    purchase: PurchaseList
    view: DataFrame
    held: str


@contextmanager
def decided(workspace: Workspace, deal: Deal, as_of: date, origin: Origin, cash: Decimal) -> Iterator[Decision]:
    """Choose the batch of a day that is screened; what is given holds for the length of the block.

    Args:
        workspace: Where.
        deal: The deal in force.
        as_of: The cut-off.
        origin: What the list comes from beside published tables.
        cash: What may be spent: none where a revolving condition fails.

    The drawing is shuffled by a seed made of everything that the list comes from: whoever knows it beforehand knows
    the eligible receivables, the deal, the pool and the cash already.
    """
    with workspace.scratch(f"propose-{deal.name}") as scratch:
        ever = all_pledges(workspace)
        inputs = inputs_of(workspace, as_of)
        task = Task(workspace.session, workspace.settings, as_of, deal.name, inputs, {}, scratch)
        zone = workspace.settings.platform.time_zone
        view = task.hold(build_view(inputs, pledged(workspace, ever), as_of, zone, deal), "view")
        place = part(derived.SCREENINGS, as_of, deal.name)
        screenings = workspace.catalog.read(workspace.session, derived.SCREENINGS, place)
        screened = content_hash(workspace.catalog.arrow(derived.SCREENINGS, place), derived.SCREENINGS.key)
        held = pledges_hash(ever)
        seed = digest([deal.hash, as_of.isoformat(), origin.cash, held, screened])
        rows = each_once(limit_rows(view, screenings, deal).toArrow())
        selection = select(rows, deal, to_minor(cash), origin.aim, seed)
        items = _with_facts(workspace, as_of, selection, origin.secrets)
        now, near = inputs_now(workspace, deal.name, as_of, items, ever)
        purchase = replace(
            selection.purchase_list(deal, as_of, now),
            items=items,
            selection={"objective": origin.aim.value, "seed": seed},
            near_duplicates=near,
            valid_until=deal.calendar.bought_until(as_of),
        )
        yield Decision(selection, purchase, view, held)


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


def _with_facts(
    workspace: Workspace, as_of: date, selection: Selection, secrets: Mapping[str, str]
) -> tuple[Item, ...]:
    """Give what was chosen with what near-duplicates are known by."""
    zone = workspace.settings.platform.time_zone
    receivables, orders = (
        visible(workspace.catalog.read(workspace.session, table), table, as_of, zone)
        for table in (lending.RECEIVABLES, events.ORDERS)
    )
    return with_facts(selection.items, receivables, orders, secrets)
