"""The exact repair on rows: what breaks a bound is given up, what still fits is added, by whole minor units."""

from collections.abc import Sequence

import numpy as np

from pool.limits import Measure, member_cap, member_sums, read_limit
from pool.offer import CASH, LARGEST, Form, Mask, Offer, Reals, Whole, forms_of

PASSES = 3
"""Most times that what is left is offered again after a top-up."""
SLACK = 1e-6
GLANCE = 64
"""Rows that are tried one by one before what is left is sifted again; doubled each time."""


def running(groups: Whole, amounts: Reals) -> Reals:
    """Sum amounts within each group up to and with each row, in the order of the rows."""
    order = np.argsort(groups, kind="stable")
    sums = np.cumsum(amounts[order])
    starts = np.flatnonzero(np.r_[len(order) > 0, np.diff(groups[order]) != 0])
    before = np.repeat((sums - amounts[order])[starts], np.diff(np.r_[starts, len(order)]))
    found = np.empty_like(sums)
    found[order] = sums - before
    return found


def repaired(offer: Offer, chosen: Mask) -> Mask:
    """Give up the last drawn rows that weigh on what is broken, until nothing is; all rows where that is not enough."""
    forms = {form.code: form for form in forms_of(offer)}
    while chosen.any():
        kept = _shed(offer, forms, chosen)
        if kept.sum() == chosen.sum():
            break
        chosen = kept
    return chosen


def _shed(offer: Offer, forms: dict[str, Form], chosen: Mask) -> Mask:
    principal = offer.rows.principal
    for code, spent, most in ((CASH, offer.price, offer.cash), (LARGEST, principal, offer.largest)):
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
    room = member_cap(measure, total) - member_sums(measure, offer.rows.principal, offer.rows.is_pooled)
    weighing = running(measure.members, np.where(chosen, offer.rows.principal, 0).astype(np.float64))
    kept = chosen & (weighing <= room[measure.members])
    return kept if kept.sum() < chosen.sum() else np.zeros_like(chosen)


def _without_last(form: Form, chosen: Mask) -> Mask:
    """Give up what weighs on a form until it holds: one row that is enough, else the last drawn; all where none is."""
    weighing = np.flatnonzero(chosen & (form.weights > 0))[::-1]
    weights = form.weights[weighing]
    excess = float(form.weights[chosen].sum()) - form.room
    enough = np.flatnonzero(weights >= excess)
    count = int(np.searchsorted(np.cumsum(weights), excess - SLACK)) + 1
    given = weighing[enough[[int(weights[enough].argmin())]]] if len(enough) else weighing[:count]
    kept = chosen.copy()
    kept[given] = False
    return kept if len(given) and count <= len(weighing) else np.zeros_like(chosen)


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
            fits &= with_row <= float(measure.bound) * totals + SLACK
        return rows[fits]

    def add(self, row: int) -> None:
        """Add a row."""
        self.used += self.weights[:, row]
        self.total += int(self.principal[row])
        for measure, sums in zip(self.caps, self.sums, strict=True):
            sums[measure.members[row]] += self.principal[row]


def topped_up(offer: Offer, chosen: Mask) -> Mask:
    """Add the first drawn rows that still fit."""
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
