"""The proposal: which receivables to buy so that the cash is used and every limit is kept.

Gather, decide, apply: a linear programme over cells says how much of each kind to take, rows are drawn within cells in
an order that depends on nothing but a seeded hash of their id, and an exact repair on rows makes every limit hold.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pyarrow as pa

from pool.aims import GIVEN_UP, WORDS, Aim, gain_of
from pool.check import find_breaches
from pool.choice import Choice, choose
from pool.conflicts import Conflict, find_conflicts, told
from pool.deal import Deal
from pool.fairness import Comparison, compare_batch
from pool.ledger import Item, PurchaseList
from pool.limits import LimitResult, compare, read_limit, rows_of
from pool.loosening import Loosened, loosen
from pool.offer import Mask, Offer, Reals, drawing_order, make_offer
from pool.sample import longest_sample
from pool.traits import traits_of


@dataclass(frozen=True, slots=True)
class Selection:
    """What a proposal would buy; money in minor units.

    Args:
        aim: What it was chosen for.
        items: The receivables chosen, by key.
        results: Every limit before and after.
        cash_available: Cash that there was.
        cash_used: Price of what is chosen.
        cash_bound: Cash that no batch could pass, with receivables cut to the cent.
        binding: Codes of what stopped it from using more: limits, `CASH`, or `BATCH` for the deal's largest batch.
        loosened: What each bound that binds would let in if it were one hundredth looser.
        fairness: The batch beside what was offered and not bought, trait by trait.
        annual_income: Simple annual income of the batch on its price; None where rate or life is unknown of a part.
        expected_loss: Expected loss of the batch; None where it is unknown of a part.
        conflicts: Sets of limits that cannot be kept together, where that is why nothing is bought.
        reasons: Why nothing is bought; empty where something is.
        breaches: What the independent check found; must be empty.
    """

    aim: Aim
    items: tuple[Item, ...]
    results: tuple[LimitResult, ...]
    cash_available: int
    cash_used: int
    cash_bound: int
    binding: tuple[str, ...]
    loosened: tuple[Loosened, ...]
    fairness: tuple[Comparison, ...]
    annual_income: float | None
    expected_loss: float | None
    conflicts: tuple[Conflict, ...]
    reasons: tuple[str, ...]
    breaches: tuple[str, ...]

    def purchase_list(self, deal: Deal, as_of: date, inputs: Mapping[str, str]) -> PurchaseList:
        """Give the list that the ledger is asked to enter."""
        return PurchaseList(deal.name, deal.hash, as_of, self.cash_available, self.items, inputs)


def select(table: pa.Table, deal: Deal, cash_minor: int, aim: Aim = Aim.CASH, seed: str = "") -> Selection:
    """Choose a batch under all limits, over the pool and the eligible rows of the table.

    A receivable whose averaged value is unknown is not bought, nor one that does not tell what the aim needs. Nothing
    is bought where the batch would stay below the deal's smallest, or a count below its floor.

    Args:
        table: Pool and eligible rows, as `pool.spark.limit_rows` gathered them.
        deal: The deal.
        cash_minor: Cash available, in minor units.
        aim: What the batch is chosen for.
        seed: What the order of drawing is shuffled by; the same seed, the same batch.
    """
    rows, traits = rows_of(table, deal), traits_of(table)
    order = drawing_order(rows.receivable_ids, seed)
    traits = traits.take(order)
    offer = make_offer(rows.take(order), deal, cash_minor)
    offer = replace(offer, is_free=offer.is_free & ~np.isnan(gain_of(aim, offer, traits)))
    cash = choose(offer, offer.price.astype(np.float64))
    chosen = _for_aim(offer, cash, aim, gain_of(aim, offer, traits))
    conflicts, reasons = ((), ()) if chosen.any() else _why_nothing(offer, aim)
    items = _items(offer, chosen)
    bought = cash.binding if aim is not Aim.SAMPLE else frozenset[str]()
    return Selection(
        aim=aim,
        items=items,
        results=compare(offer.rows, chosen, bought),
        cash_available=cash_minor,
        cash_used=sum(item.price_minor for item in items),
        cash_bound=round(cash.bound),
        binding=tuple(sorted(bought)),
        loosened=tuple(loosen(offer, cash.plan, code) for code in sorted(bought)) if cash.plan else (),
        fairness=compare_batch(offer, chosen, traits, deal, bought),
        annual_income=_sum(gain_of(Aim.YIELD, offer, traits), chosen),
        expected_loss=_sum(-gain_of(Aim.LOSS, offer, traits), chosen),
        conflicts=conflicts,
        reasons=reasons,
        breaches=find_breaches(table, [item.receivable_id for item in items], deal, cash_minor),
    )


def _for_aim(offer: Offer, cash: Choice, aim: Aim, gain: Reals) -> Mask:
    if aim is Aim.CASH:
        return cash.chosen
    if aim is Aim.SAMPLE:
        return longest_sample(offer)
    used = int(offer.price[cash.chosen].sum())
    wanted = choose(replace(offer, least=used - int(used * GIVEN_UP)), gain).chosen
    return wanted if wanted.any() else cash.chosen


def _sum(values: Reals, chosen: Mask) -> float | None:
    whole = float(values[chosen].sum())
    return None if np.isnan(whole) else whole


def _items(offer: Offer, batch: Mask) -> tuple[Item, ...]:
    rows = offer.rows
    items = [
        Item(
            rows.receivable_keys[place], rows.receivable_ids[place], int(rows.principal[place]), int(offer.price[place])
        )
        for place in np.flatnonzero(batch)
    ]
    return tuple(sorted(items, key=lambda item: item.receivable_key))


def _why_nothing(offer: Offer, aim: Aim) -> tuple[tuple[Conflict, ...], tuple[str, ...]]:
    """Name the limits that stand in the way, and say so in words."""
    if not offer.is_free.any():
        return (), (
            f"nothing is offered: no receivable is eligible, free, measured by every average and tells {WORDS[aim]}",
        )
    if aim is Aim.SAMPLE:
        return (), _unfit_sample(offer)
    conflicts = find_conflicts(offer, _can_buy)
    if not conflicts:
        return (), ("limits leave room for parts of receivables, but no batch of whole ones was found",)
    return conflicts, tuple(told(each, offer) for each in conflicts)


def _can_buy(offer: Offer) -> bool:
    """Tell whether a batch worth the cheapest row can be bought; of many rows, with rows cut to the cent."""
    found = choose(offer, offer.price.astype(np.float64))
    return bool(found.chosen.any())


def _unfit_sample(offer: Offer) -> tuple[str, ...]:
    broken = [
        f"what is offered breaks limit {each.limit.code} as a whole: only a choice could keep it"
        for each in offer.rows.measures
        if not read_limit(each, offer.rows.principal, offer.rows.is_pooled | offer.is_free).is_kept
    ]
    return tuple(broken) or ("no number of first drawn receivables keeps cash, bounds of the batch and all limits",)
