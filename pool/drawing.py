"""From a plan to receivables: drawn in an order that no seller can choose, repaired until every limit holds exactly."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pool.limits import Measure, member_cap, member_sums, read_limit
from pool.offer import BATCH, CASH, Form, Mask, Offer, Reals, Whole, forms_of, lift
from pool.program import Plan, fairly, in_whole_rows, programme_of, solve

ROUNDS = 12
"""Most times that the caps on members are drawn tighter after a smaller plan."""
PASSES = 3
"""Most times that what is left is offered again after a top-up."""
SLACK = 1e-6
NEAR = 1e-4
BESIDE = 3
"""Rows on each side of a cell's cut that are settled one by one."""
SPLIT = 60
"""Rows that the bounds leave room for when rows are settled."""
MOST_MARGIN = 0.05
GLANCE = 64
"""Rows that are tried one by one before what is left is sifted again; doubled each time."""


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
    chosen = _cut(offer, found) if offer.is_small else _settled(offer, found)
    for _ in range(2):
        chosen = _repaired(offer, _topped_up(offer, chosen))
    is_spent = found.binding & {CASH, BATCH}
    return Draw(chosen, found.cash, found.binding if is_spent else found.binding | capping)


def is_buyable(offer: Offer) -> bool:
    """Tell whether the limits leave room for a batch worth the cheapest row."""
    found, _ = _planned(offer)
    return found is not None and found.cash >= float(offer.price[offer.is_free].min())


def _planned(offer: Offer) -> tuple[Plan | None, frozenset[str]]:
    total, capping = offer.pool_total + _affordable(offer), frozenset[str]()
    for turn in range(ROUNDS):
        if total <= offer.pool_total:
            break
        available, capping = _capped(offer, total)
        if not available.any():
            break
        programme = programme_of(offer, available)
        best = solve(programme)
        if best is None:
            break
        planned = offer.pool_total + int(best.taken.sum())
        if planned >= total * (1 - NEAR) or turn == ROUNDS - 1:
            return (in_whole_rows if offer.is_small else fairly)(programme, best), capping
        total = planned
    return None, capping


def _affordable(offer: Offer) -> int:
    whole, price = int(offer.rows.principal[offer.is_free].sum()), int(offer.price[offer.is_free].sum())
    return min(offer.largest, whole, whole * offer.cash // price + 1 if price else whole)


def _capped(offer: Offer, total: int) -> tuple[Mask, frozenset[str]]:
    """Leave out what the smaller members of a share limit could not place in a pool of that total.

    Where only a part of the offer is bought, only that part of a member's rows is expected to be drawn.
    """
    whole = int(offer.rows.principal[offer.is_free].sum())
    available, capping = offer.is_free, set[str]()
    for measure in offer.rows.measures:
        if measure.limit.measure == "member_share":
            room, heavy = _room(offer, measure, total), offer.heavy(measure)
            growth = lift(measure, member_sums(measure, offer.rows.principal, offer.is_free), heavy)
            part = min(1.0, growth * (total - offer.pool_total) / whole)
            fits = available & (offer.rows.principal <= room[measure.members])
            kept = fits & (_first(offer, measure, fits, room / part) | heavy[measure.members])
            if kept.sum() < available.sum():
                capping.add(measure.limit.code)
            available = kept
    return available, frozenset(capping)


def _room(offer: Offer, measure: Measure, total: int) -> Whole:
    """Give what each member may still get in a pool of that total, in minor units."""
    return member_cap(measure.limit, total) - member_sums(measure, offer.rows.principal, offer.rows.is_pooled)


def _first(offer: Offer, measure: Measure, chosen: Mask, room: Whole | Reals) -> Mask:
    """Keep of each member the first drawn rows, as far as its room goes."""
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


def _settled(offer: Offer, found: Plan) -> Mask:
    """Settle which of the rows next to each cell's cut are taken, by a programme over those rows alone.

    Its best corner splits no more rows than it has limits: the bounds are drawn tighter by what those few weigh.
    """
    cut = _cut(offer, found)
    chosen = cut[found.places]
    taken = np.bincount(found.cells, weights=chosen)[found.cells]
    number = _running(found.cells, np.ones_like(found.cells))
    is_marginal = np.zeros_like(cut)
    is_marginal[found.places] = (number > taken - BESIDE) & (number <= taken + BESIDE)
    planned = float(found.taken.sum())
    margin = min(MOST_MARGIN, SPLIT * float(offer.rows.principal[offer.is_free].mean()) / planned)
    fixed = _in_room(offer, cut & ~is_marginal, offer.pool_total + int(planned * (1 - 2 * margin)))
    programme = programme_of(offer.beside(fixed, is_marginal), is_marginal, margin)
    best = solve(programme)
    if best is None:
        return cut
    whole = np.zeros_like(cut)
    whole[best.places] = best.taken >= offer.rows.principal[best.places] * (1 - SLACK)
    return fixed | whole


def _in_room(offer: Offer, chosen: Mask, total: int) -> Mask:
    for measure in offer.rows.measures:
        if measure.limit.measure == "member_share":
            chosen = _first(offer, measure, chosen, _room(offer, measure, total))
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
    kept = _first(offer, measure, chosen, _room(offer, measure, total))
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
        self.used = self.weights[:, chosen].sum(axis=1)
        self.rooms = np.maximum(self.used, [form.room for form in forms]) + SLACK
        held = offer.rows.is_pooled | chosen
        self.total = int(self.principal[held].sum())
        self.caps = [measure for measure in offer.rows.measures if measure.limit.measure == "member_share"]
        self.sums = [member_sums(measure, self.principal, held) for measure in self.caps]

    def fitting(self, rows: Whole) -> Whole:
        """Give those of the rows that could be added, each by itself, and make no limit worse that does not hold."""
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
    added: list[int] = []
    size = GLANCE
    while len(rows):
        for row in rows[:size]:
            if len(tally.fitting(np.array([row]))):
                tally.add(int(row))
                added.append(int(row))
        rows, size = tally.fitting(rows[size:]), 2 * size
    return added
