"""Why nothing can be bought: the limits that cannot be kept together."""

from collections.abc import Callable, Collection
from dataclasses import replace

from pool.offer import CASH, LARGEST, SMALLEST, Offer
from pool.price import to_amount

Conflict = tuple[str, ...]


def find_conflicts(offer: Offer, can_buy: Callable[[Offer], bool]) -> tuple[Conflict, ...]:
    """Name the sets of limits that allow no batch together, each as small as can be.

    A deletion filter: of all limits, one after the other is taken away, and stays away where still nothing can be
    bought; what is left cannot be kept together, and could without any one of its members. It is taken away whole,
    and the search goes on, until something can be bought.

    Source: Chinneck and Dravnieks, "Locating minimal infeasible constraint sets in linear programs", 1991.
    """
    codes = [measure.limit.code for measure in offer.rows.measures] + [SMALLEST, LARGEST, CASH]
    gone: list[str] = []
    found: list[Conflict] = []
    while not can_buy(without(offer, gone)):
        conflict = [code for code in codes if code not in gone]
        for code in tuple(conflict):
            others = [each for each in conflict if each != code]
            if not can_buy(without(offer, [each for each in codes if each not in others])):
                conflict = others
        if not conflict:
            break
        found.append(tuple(conflict))
        gone += conflict
    return tuple(found)


def without(offer: Offer, codes: Collection[str]) -> Offer:
    """Give the offer with some limits and bounds taken away; one minor unit has to be bought still."""
    measures = tuple(each for each in offer.rows.measures if each.limit.code not in codes)
    everything = int(offer.rows.principal.sum()) + int(offer.price.sum())
    return replace(
        offer,
        rows=replace(offer.rows, measures=measures),
        cash=everything if CASH in codes else offer.cash,
        largest=everything if LARGEST in codes else offer.largest,
        smallest=1 if SMALLEST in codes else offer.smallest,
    )


def told(conflict: Conflict, offer: Offer) -> str:
    """Say in plain words what a conflict means."""
    if conflict == (CASH,):
        cheapest = int(offer.price[offer.is_free].min())
        return f"the cash is {to_amount(offer.cash)}, the cheapest receivable costs {to_amount(cheapest)}"
    words = {
        CASH: f"the cash of {to_amount(offer.cash)}",
        LARGEST: f"the largest batch of {to_amount(offer.largest)}",
        SMALLEST: f"the smallest batch of {to_amount(offer.smallest)}",
    }
    for measure in offer.rows.measures:
        side = "at most" if measure.limit.is_cap else "at least"
        words[measure.limit.code] = f"limit {measure.limit.code} ({side} {measure.limit.bound})"
    names = [words[code] for code in conflict]
    if len(names) == 1:
        return f"{names[0]} allows no batch of what is offered"
    listed = f"{', '.join(names[:-1])} and {names[-1]}"
    return f"{listed} cannot be kept together: without any one of them a batch could be bought"
