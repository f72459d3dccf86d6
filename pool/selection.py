"""The proposal: which receivables to buy so that the cash is used and every limit is kept.

Gather, decide, apply: a linear programme over cells says how much of each kind to take, rows are drawn within cells in
an order that depends on nothing but a hash of their id, and an exact repair on rows makes every limit hold.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pyarrow as pa

from pool.check import find_breaches
from pool.deal import Deal
from pool.drawing import draw, is_buyable
from pool.ledger import Item, PurchaseList
from pool.limits import LimitResult, Rows, compare, read_limit, rows_of
from pool.offer import Mask, Offer
from pool.price import price_minor, to_amount, to_minor


@dataclass(frozen=True, slots=True)
class Selection:
    """What a proposal would buy; money in minor units.

    Args:
        items: The receivables chosen, by key.
        results: Every limit before and after.
        cash_available: Cash that there was.
        cash_used: Price of what is chosen.
        cash_bound: Cash that the linear programme could use, with receivables cut to the cent.
        binding: Codes of what stopped it from using more: limits, `CASH`, or `BATCH` for the deal's largest batch.
        reasons: Why nothing is bought; empty where something is.
        breaches: What the independent check found; must be empty.
    """

    items: tuple[Item, ...]
    results: tuple[LimitResult, ...]
    cash_available: int
    cash_used: int
    cash_bound: int
    binding: tuple[str, ...]
    reasons: tuple[str, ...]
    breaches: tuple[str, ...]

    def purchase_list(self, deal: Deal, as_of: date, inputs: Mapping[str, str]) -> PurchaseList:
        """Give the list that the ledger is asked to enter."""
        return PurchaseList(deal.name, deal.hash, as_of, self.cash_available, self.items, inputs)


def select(table: pa.Table, deal: Deal, cash_minor: int) -> Selection:
    """Choose the batch that uses most of the cash under all limits, over the pool and the eligible rows of the table.

    A receivable whose averaged value is unknown is not bought. Nothing is bought where the batch would stay below the
    deal's smallest, or a count below its floor.
    """
    offer = make_offer(rows_of(table, deal), deal, cash_minor)
    drawn = draw(offer)
    reasons = _reasons(offer, drawn.chosen, deal)
    batch = drawn.chosen if not reasons else np.zeros_like(drawn.chosen)
    items = _items(offer, batch)
    return Selection(
        items=items,
        results=compare(offer.rows, batch, drawn.binding),
        cash_available=cash_minor,
        cash_used=sum(item.price_minor for item in items),
        cash_bound=round(drawn.bound),
        binding=tuple(sorted(drawn.binding)),
        reasons=reasons,
        breaches=find_breaches(table, [item.receivable_id for item in items], deal, cash_minor),
    )


def make_offer(rows: Rows, deal: Deal, cash_minor: int) -> Offer:
    """Put the rows in drawing order, the order of a hash of their ids, and price them."""
    marks = [hashlib.sha256(str(name).encode()).digest() for name in rows.receivable_ids]
    order = np.array(sorted(range(len(marks)), key=marks.__getitem__), dtype=np.int64)
    ordered = rows.take(order)
    is_free = ~ordered.is_pooled & (ordered.principal > 0)
    for measure in ordered.measures:
        if measure.limit.measure == "weighted_average":
            is_free &= ~np.isnan(measure.values)
    price = price_minor(ordered.principal, deal.price.discount_rate)
    return Offer(ordered, price, is_free, cash_minor, to_minor(deal.batch.maximum_amount))


def _items(offer: Offer, batch: Mask) -> tuple[Item, ...]:
    rows = offer.rows
    items = [
        Item(
            rows.receivable_keys[place], rows.receivable_ids[place], int(rows.principal[place]), int(offer.price[place])
        )
        for place in np.flatnonzero(batch)
    ]
    return tuple(sorted(items, key=lambda item: item.receivable_key))


def _reasons(offer: Offer, chosen: Mask, deal: Deal) -> tuple[str, ...]:
    if not offer.is_free.any():
        return ("nothing is offered: no receivable is eligible, free and measured by every average",)
    cheapest = int(offer.price[offer.is_free].min())
    if offer.cash < cheapest:
        return (f"the cash is {to_amount(offer.cash)}, the cheapest receivable costs {to_amount(cheapest)}",)
    if not chosen.any():
        return _conflicts(offer)
    principal = to_amount(int(offer.rows.principal[chosen].sum()))
    if principal < deal.batch.minimum_amount:
        return (f"limits and cash allow {principal}, the deal's smallest batch is {deal.batch.minimum_amount}",)
    return _counts_below(offer, chosen)


def _conflicts(offer: Offer) -> tuple[str, ...]:
    """Name the limits of which any one, taken away, would let something be bought."""
    measures = offer.rows.measures
    blocking = []
    for measure in measures:
        others = tuple(each for each in measures if each is not measure)
        if is_buyable(replace(offer, rows=replace(offer.rows, measures=others))):
            blocking.append(f"limit {measure.limit.code} allows no batch of what is offered")
    codes = ", ".join(measure.limit.code for measure in measures)
    return tuple(blocking) or (f"the limits {codes} together allow no batch of what is offered",)


def _counts_below(offer: Offer, chosen: Mask) -> tuple[str, ...]:
    held = offer.rows.is_pooled | chosen
    found = []
    for measure in offer.rows.measures:
        if measure.limit.measure == "member_count":
            reading = read_limit(measure, offer.rows.principal, held)
            if not reading.is_kept:
                found.append(f"limit {measure.limit.code}: {reading.value:.0f} of at least {measure.limit.bound}")
    return tuple(found)
