"""From a plan to receivables: drawn in an order that no seller can choose, repaired until every limit holds exactly."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pool.limits import Measure, member_cap, member_sums, read_limit
from pool.program import BATCH, CASH, Form, Mask, Offer, Plan, Whole, forms_of, plan

ROUNDS = 12
"""Most times that the caps on members are drawn tighter after a smaller plan."""
PASSES = 3
"""Most times that what is left is offered again after a top-up."""
SLACK = 1e-6


@dataclass(frozen=True, slots=True)
class Draw:
    """What was drawn.

    Args:
        chosen: The rows to buy.
        bound: Cash that the plan could use, in minor units.
        binding: Codes of what stopped the plan from using more.
    """

    chosen: Mask
    bound: float
    binding: frozenset[str]


def draw(offer: Offer) -> Draw:
    """Choose the offered rows that use most cash and keep cash, batch size and every share and average exactly.

    Cells are cut at whole rows, so the batch stays a few receivables below the bound.
    """
    found, capping = _planned(offer)
    if found is None:
        return Draw(np.zeros_like(offer.is_free), 0.0, frozenset())
    chosen = _repaired(offer, _cut(offer, found))
    chosen = _repaired(offer, _topped_up(offer, chosen))
    is_spent = found.binding & {CASH, BATCH}
    return Draw(chosen, found.cash, found.binding if is_spent else found.binding | capping)


def _planned(offer: Offer) -> tuple[Plan | None, frozenset[str]]:
    total = offer.pool_total + _affordable(offer)
    found, capping = None, frozenset[str]()
    for _ in range(ROUNDS):
        available, capping = _capped(offer, total)
        found = plan(offer, available)
        planned = offer.pool_total + (float(found.taken.sum()) if found else 0.0)
        if found is None or planned >= total * (1 - SLACK):
            break
        total = int(planned)
    return found, capping


def _affordable(offer: Offer) -> int:
    whole, price = int(offer.rows.principal[offer.is_free].sum()), int(offer.price[offer.is_free].sum())
    return min(offer.largest, whole, whole * offer.cash // price + 1 if price else whole)


def _capped(offer: Offer, total: int) -> tuple[Mask, frozenset[str]]:
    available, capping = offer.is_free, set[str]()
    for measure in offer.rows.measures:
        if measure.limit.measure == "member_share" and not offer.in_programme(measure):
            kept = _below_cap(offer, measure, available, total)
            if kept.sum() < available.sum():
                capping.add(measure.limit.code)
            available = kept
    return available, frozenset(capping)


def _below_cap(offer: Offer, measure: Measure, chosen: Mask, total: int) -> Mask:
    """Keep of each member the first drawn rows, as far as its share of that total allows."""
    room = member_cap(measure.limit, total) - member_sums(measure, offer.rows.principal, offer.rows.is_pooled)
    return chosen & (_running(measure.members, offer.rows.principal * chosen) <= room[measure.members])


def _running(groups: Whole, amounts: Whole) -> Whole:
    """Sum amounts within each group up to and with each row, in drawing order."""
    order = np.argsort(groups, kind="stable")
    sums = np.cumsum(amounts[order])
    starts = np.flatnonzero(np.r_[True, np.diff(groups[order]) != 0])
    before = np.repeat((sums - amounts[order])[starts], np.diff(np.r_[starts, len(order)]))
    running = np.empty_like(sums)
    running[order] = sums - before
    return running


def _cut(offer: Offer, found: Plan) -> Mask:
    """Take of each cell the first drawn rows up to the plan, the last of them where more than half of it is planned."""
    amounts = offer.rows.principal[found.places]
    chosen = np.zeros_like(offer.is_free)
    chosen[found.places] = _running(found.cells, amounts) - amounts / 2 <= found.taken[found.cells]
    return chosen


def _repaired(offer: Offer, chosen: Mask) -> Mask:
    forms = {form.code: form for form in forms_of(offer)}
    while chosen.any():
        kept = _shed(offer, forms, chosen)
        if kept.sum() == chosen.sum():
            break
        chosen = kept
    return chosen


def _shed(offer: Offer, forms: dict[str, Form], chosen: Mask) -> Mask:
    principal = offer.rows.principal
    for code, spent, most in ((CASH, offer.price, offer.cash), (BATCH, principal, offer.largest)):
        if int(spent[chosen].sum()) > most:
            chosen = _without_last(forms[code], chosen)
    for measure in offer.rows.measures:
        held = offer.rows.is_pooled | chosen
        if measure.limit.measure == "member_count" or read_limit(measure, principal, held).is_kept:
            continue
        if measure.limit.measure == "member_share":
            chosen = _fewer_members(offer, measure, chosen)
        else:
            chosen = _without_last(forms[measure.limit.code], chosen)
    return chosen


def _fewer_members(offer: Offer, measure: Measure, chosen: Mask) -> Mask:
    total = offer.pool_total + int(offer.rows.principal[chosen].sum())
    kept = _below_cap(offer, measure, chosen, total)
    return kept if kept.sum() < chosen.sum() else np.zeros_like(chosen)


def _without_last(form: Form, chosen: Mask) -> Mask:
    """Give up the last drawn rows that weigh on a form until it holds; all rows where that is not enough."""
    weighing = np.flatnonzero(chosen & (form.weights > 0))[::-1]
    excess = float(form.weights[chosen].sum()) - form.room
    count = int(np.searchsorted(np.cumsum(form.weights[weighing]), excess - SLACK)) + 1
    kept = chosen.copy()
    kept[weighing[:count]] = False
    return kept if count <= len(weighing) else np.zeros_like(chosen)


class _Tally:
    """Running sums of pool and batch while rows are added one by one."""

    def __init__(self, offer: Offer, chosen: Mask) -> None:
        forms = forms_of(offer)
        self.principal = offer.rows.principal
        self.weights = np.stack([form.weights for form in forms])
        self.rooms = np.array([form.room + SLACK for form in forms])
        self.used = self.weights[:, chosen].sum(axis=1)
        held = offer.rows.is_pooled | chosen
        self.total = int(self.principal[held].sum())
        self.caps = [measure for measure in offer.rows.measures if measure.limit.measure == "member_share"]
        self.sums = [member_sums(measure, self.principal, held) for measure in self.caps]

    def fitting(self, rows: Whole) -> Whole:
        """Give those of the rows that could be added, each by itself."""
        fits = np.all(self.used[:, None] + self.weights[:, rows] <= self.rooms[:, None], axis=0)
        totals = self.total + self.principal[rows]
        for measure, sums in zip(self.caps, self.sums, strict=True):
            with_row = sums[measure.members[rows]] + self.principal[rows]
            fits &= with_row <= float(measure.limit.bound) * totals + SLACK
        return rows[fits]

    def add(self, row: int) -> None:
        """Add a row."""
        self.used += self.weights[:, row]
        self.total += int(self.principal[row])
        for measure, sums in zip(self.caps, self.sums, strict=True):
            sums[measure.members[row]] += self.principal[row]


def _topped_up(offer: Offer, chosen: Mask) -> Mask:
    tally, chosen = _Tally(offer, chosen), chosen.copy()
    for _ in range(PASSES):
        left = tally.fitting(np.flatnonzero(offer.is_free & ~chosen))
        added = _added(tally, left)
        chosen[added] = True
        if not len(added):
            break
    return chosen


def _added(tally: _Tally, rows: Whole) -> Sequence[int]:
    added = []
    for row in rows:
        if len(tally.fitting(np.array([row]))):
            tally.add(int(row))
            added.append(int(row))
    return added
