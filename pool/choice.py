"""The choice of a batch: the best whole one where receivables are few, else a plan over cells and its drawing."""

from dataclasses import dataclass, replace

import numpy as np

from pool.cells import Plan, evened, make_plan
from pool.drawing import draw
from pool.limits import Measure, read_limit
from pool.offer import Mask, Offer, Reals
from pool.program import Listed, Programme, binding_codes, programme_of, solve
from pool.whole import Floor, best_whole

EXACT_ROWS = 40
"""Up to so many receivables each is taken whole or left, and the best batch is searched."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen.

    Args:
        chosen: The rows to buy; none where no batch was found.
        value: What they bring to the aim.
        bound: What no batch could pass.
        binding: Codes of what stops a batch from bringing more.
        plan: The plan behind it; none where no shares of the offer keep all that must be kept.
    """

    chosen: Mask
    value: float
    bound: float
    binding: frozenset[str]
    plan: Plan | None


def choose(offer: Offer, gain: Reals) -> Choice:
    """Choose the batch of offered rows that brings most and keeps cash, batch bounds, limits and counts."""
    if not offer.is_free.any():
        return Choice(np.zeros_like(offer.is_free), 0.0, 0.0, frozenset(), None)
    programme = programme_of(offer, gain)
    if int(offer.is_free.sum()) <= EXACT_ROWS:
        plan, chosen = row_plan(programme), _best(offer, programme)
    else:
        plan = make_plan(programme)
        chosen = _drawn(offer, programme, plan)
    if plan is None:
        return Choice(np.zeros_like(offer.is_free), 0.0, 0.0, frozenset(), None)
    chosen = chosen if is_kept(offer, chosen) else np.zeros_like(chosen)
    return Choice(chosen, float(gain[chosen].sum()), plan.bound, binding_codes(programme, plan.found), plan)


def is_kept(offer: Offer, chosen: Mask) -> bool:
    """Tell whether a batch keeps cash, bounds of the batch, and every limit, exactly."""
    principal, price = int(offer.rows.principal[chosen].sum()), int(offer.price[chosen].sum())
    if not (offer.least <= price <= offer.cash and offer.smallest <= principal <= offer.largest):
        return False
    held = offer.rows.is_pooled | chosen
    return all(read_limit(measure, offer.rows.principal, held).is_kept for measure in offer.rows.measures)


def row_plan(programme: Programme) -> Plan | None:
    """Plan with a cell for each row and every member listed."""
    cells = np.arange(len(programme.amounts))
    listed = _everybody(programme)
    found = solve(programme, cells, listed)
    return Plan(programme, cells, listed, found, found.value) if found else None


def counts_of(offer: Offer) -> tuple[Measure, ...]:
    """Give the limits that are a least number of members."""
    return tuple(each for each in offer.rows.measures if each.limit.measure == "member_count")


def _everybody(programme: Programme) -> Listed:
    return tuple(np.arange(len(family.rooms)) for family in programme.families)


def _best(offer: Offer, programme: Programme) -> Mask:
    """Search the best batch of whole rows."""

    def whole(batch: Mask) -> Mask:
        rows = np.zeros_like(offer.is_free)
        rows[np.flatnonzero(offer.is_free)[batch]] = True
        return rows

    floors = tuple(_floor(offer, each) for each in counts_of(offer))
    found = best_whole(programme, _everybody(programme), floors, lambda batch: is_kept(offer, whole(batch)))
    return np.zeros_like(offer.is_free) if found is None else whole(found)


def _floor(offer: Offer, measure: Measure) -> Floor:
    is_held = np.zeros(len(measure.names), dtype=np.bool_)
    is_held[measure.members[offer.rows.is_pooled]] = True
    needed = int(np.ceil(float(measure.bound))) - int(is_held.sum())
    return Floor(measure.members[offer.is_free], max(0, needed), is_held)


def _drawn(offer: Offer, programme: Programme, plan: Plan | None) -> Mask:
    """Draw the plan; where a count stays below its floor, buy the smallest row of enough members first."""
    nothing = np.zeros_like(offer.is_free)
    if plan is None:
        return nothing
    chosen = draw(offer, evened(plan), nothing)
    if not any(_lacks(offer, each, chosen) for each in counts_of(offer)):
        return chosen
    first = _first_members(offer)
    left = offer.is_free & ~first
    places = np.flatnonzero(offer.is_free)
    rest = make_plan(programme.beside(first[places], left[places]))
    return chosen if rest is None else draw(offer, evened(rest), first)


def _lacks(offer: Offer, measure: Measure, chosen: Mask) -> bool:
    return not read_limit(measure, offer.rows.principal, offer.rows.is_pooled | chosen).is_kept


def _first_members(offer: Offer) -> Mask:
    """Choose, for each count, the smallest row of as many members as are needed, the smallest of them first."""
    first = np.zeros_like(offer.is_free)
    for measure in counts_of(offer):
        floor = _floor(replace(offer, rows=replace(offer.rows, is_pooled=offer.rows.is_pooled | first)), measure)
        new = np.flatnonzero(offer.is_free & ~first & ~floor.is_held[measure.members])
        small = new[np.argsort(offer.rows.principal[new], kind="stable")]
        _, once = np.unique(measure.members[small], return_index=True)
        first[small[np.sort(once)[: floor.needed]]] = True
    return first
