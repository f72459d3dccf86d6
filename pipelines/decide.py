"""What a pool buys on a day: screening looked at row by row, revolving conditions, selection, the purchase list."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame

from features.spark import visible
from pipelines.deals import all_pledges, pledged, pledges_hash
from pipelines.pool_triggers import watch_triggers
from pipelines.purchase import inputs_now, last_day
from pipelines.screen import build_view, inputs_of
from pool.aims import Aim
from pool.deal import Deal
from pool.ledger import Pledge, PurchaseList
from pool.price import to_minor
from pool.selection import Selection, select
from pool.spark import limit_rows
from pool.spark_facts import with_facts
from pool.triggers import check_revolving
from runtime.content import content_hash
from runtime.stage import INGEST, Task, part
from runtime.workspace import Workspace
from schemas import derived, events, lending
from schemas.hashing import digest


@dataclass(frozen=True, slots=True)
class Decision:
    """What was chosen, the list that comes of it, and why nothing is bought where nothing is.

    Args:
        selection: The batch with its figures.
        purchase: The purchase list.
        unmet: Revolving conditions that fail, in words.
        view: What was known of every open receivable, side by side.
        held: Identifies what the pools hold.
    """

    selection: Selection
    purchase: PurchaseList
    unmet: tuple[str, ...]
    view: DataFrame
    held: str

    @property
    def reasons(self) -> tuple[str, ...]:
        """Say why nothing may be entered; empty where the list may."""
        chosen = () if self.unmet else self.selection.reasons
        return (*self.unmet, *chosen, *(f"BREACH: {one}" for one in self.selection.breaches))


@contextmanager
def decided(workspace: Workspace, deal: Deal, as_of: date, cash: Decimal, aim: Aim) -> Iterator[Decision]:
    """Choose the batch of a day that is screened; what is given holds for the length of the block.

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
        triggers = watch_triggers(workspace, deal, as_of, to_minor(cash))
        unmet = tuple(one.observed for one in check_revolving(deal, triggers, as_of) if not one.is_met)
        screened = content_hash(workspace.catalog.arrow(derived.SCREENINGS, place), derived.SCREENINGS.key)
        held = pledges_hash(ever)
        seed = digest([deal.hash, as_of.isoformat(), str(cash), held, screened])
        rows = each_once(limit_rows(view, screenings, deal).toArrow())
        selection = select(rows, deal, 0 if unmet else to_minor(cash), aim, seed)
        yield Decision(selection, _listed(workspace, deal, as_of, selection, ever, seed), unmet, view, held)


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
