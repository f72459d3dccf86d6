"""A sample is what the shuffle deals: nothing is passed over, and it is as long as it can be."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pool.aims import Aim
from pool.choice import is_kept
from pool.deal import Limit
from pool.limits import rows_of
from pool.offer import drawing_order, make_offer
from pool.sample import longest_sample
from pool.selection import select
from tests.pool.offers import any_limits, deal_with, limit, random_rows, row_values, rows_from


@given(st.lists(row_values, max_size=40), any_limits(), st.integers(0, 60_000), st.text(max_size=3))
@settings(max_examples=80, deadline=None)
def test_a_sample_is_the_longest_row_of_first_ones(
    values: list[dict[str, Any]], limits: tuple[Limit, ...], cash: int, seed: str
) -> None:
    """Of all numbers of first drawn rows the largest that keeps everything; none where no number does."""
    deal = deal_with(*limits, smallest="10")
    rows = rows_of(rows_from(values), deal)
    offer = make_offer(rows.take(drawing_order(rows.receivable_ids, seed)), deal, cash)
    places, longest = np.flatnonzero(offer.is_free), 0
    for length in range(1, len(places) + 1):
        batch = np.zeros_like(offer.is_free)
        batch[places[:length]] = True
        longest = length if is_kept(offer, batch) else longest
    assert np.flatnonzero(longest_sample(offer)).tolist() == places[:longest].tolist()


def test_the_seed_deals() -> None:
    """The same seed the same batch, another seed another one, neither steered by the order of the file."""
    table, deal = random_rows(8, 500), deal_with(limit("P07", "weighted_average", at_most="0.5"))
    cash = int(table.column("principal_minor").to_numpy().sum() / 5)
    one, again, other = (select(table, deal, cash, Aim.SAMPLE, seed).items for seed in ("x", "x", "y"))
    turned = select(table.take(list(range(499, -1, -1))), deal, cash, Aim.SAMPLE, "x").items
    assert one == again == turned
    shared = len({item.receivable_id for item in one} & {item.receivable_id for item in other})
    assert shared < 0.5 * len(one)


def test_an_offer_that_breaks_a_limit_as_a_whole_gives_no_sample() -> None:
    """Only a choice could keep it, and it says so."""
    table, deal = random_rows(8, 3000), deal_with(limit("P07", "weighted_average", at_most="0.025"))
    found = select(table, deal, 10**12, Aim.SAMPLE)
    assert found.items == ()
    assert found.reasons == ("what is offered breaks limit P07 as a whole: only a choice could keep it",)
    assert select(table, deal, 10**12, Aim.CASH).items
