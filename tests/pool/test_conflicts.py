"""Where nothing can be bought, the limits named are the ones, and none of them is named for nothing."""

from typing import Any

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pool.choice import choose
from pool.conflicts import find_conflicts, without
from pool.deal import Limit
from pool.limits import rows_of
from pool.offer import CASH, LARGEST, SMALLEST, Offer, drawing_order, make_offer
from pool.selection import select
from tests.pool.offers import any_limits, deal_with, limit, random_rows, row_of, row_values, rows_from, table_of


def offer_of(values: list[dict[str, Any]], limits: tuple[Limit, ...], cash: int) -> Offer:
    """Give small rows as an offer."""
    deal = deal_with(*limits, smallest="15")
    rows = rows_of(rows_from(values), deal)
    return make_offer(rows.take(drawing_order(rows.receivable_ids, "")), deal, cash)


def can_buy(offer: Offer) -> bool:
    """Tell whether anything can be bought."""
    return bool(choose(offer, offer.price.astype(np.float64)).chosen.any())


@given(st.lists(row_values, min_size=1, max_size=8), any_limits(), st.integers(1000, 8000))
@settings(max_examples=40, deadline=None)
def test_a_conflict_cannot_be_made_smaller(values: list[dict[str, Any]], limits: tuple[Limit, ...], cash: int) -> None:
    """Alone it lets nothing in; without any one of its members something comes in; without all conflicts too."""
    offer = offer_of(values, limits, cash)
    assume(offer.is_free.any() and not can_buy(offer))
    conflicts = find_conflicts(offer, can_buy)
    codes = [measure.limit.code for measure in offer.rows.measures] + [CASH, LARGEST, SMALLEST]
    named = [code for conflict in conflicts for code in conflict]
    assert len(named) == len(set(named))
    assert can_buy(without(offer, named))
    first = conflicts[0]
    assert not can_buy(without(offer, [code for code in codes if code not in first]))
    for code in first:
        assert can_buy(without(offer, [each for each in codes if each not in first or each == code]))


def test_two_limits_that_exclude_each_other_are_named_together() -> None:
    """All must be of the flag, none may be; neither alone stands in the way."""
    rows = [row_of(number, P05=number % 2 == 0, P06=number % 2 == 0) for number in range(12)]
    deal = deal_with(limit("P05", "attribute_share", at_most="0.2"), limit("P06", "attribute_share", at_least="0.5"))
    found = select(table_of(rows), deal, 10**6)
    assert found.conflicts == (("P05", "P06"),)
    [said] = found.reasons
    assert said == (
        "limit P05 (at most 0.2) and limit P06 (at least 0.5) cannot be kept together: "
        "without any one of them a batch could be bought"
    )


def test_conflicts_of_many_rows_are_named() -> None:
    """Of two thousand receivables too: an average and a share that nothing on offer brings together."""
    table = random_rows(4, 1500)
    cheap = limit("P07", "weighted_average", at_most="0.0000001")
    found = select(table, deal_with(cheap, limit("P03", "member_share", at_most="0.9")), 10**9)
    assert found.items == ()
    assert found.conflicts == (("P07",),)


def test_a_batch_that_cash_keeps_too_small_says_both() -> None:
    """The smallest batch costs more than there is."""
    found = select(table_of([row_of(number) for number in range(5)]), deal_with(smallest="50"), 2000)
    assert found.conflicts == ((SMALLEST, CASH),)
