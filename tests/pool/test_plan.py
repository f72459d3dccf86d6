"""The plan over cells is as good as one over all receivables, and proves it."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pool.cells import GAP, evened, make_plan, split
from pool.choice import choose
from pool.deal import Limit
from pool.limits import rows_of
from pool.offer import Offer, drawing_order, make_offer
from pool.program import programme_of
from pool.selection import select
from tests.oracles.pool_bound import most_cash_cut_to_the_cent
from tests.pool.offers import LIMITS, deal_with, limit, random_rows, some_limits

TIGHT = (
    limit("P01", "member_share", at_most="0.02"),
    limit("P03", "member_share", at_most="0.087"),
    limit("P05", "attribute_share", at_most="0.4"),
    limit("P06", "attribute_share", at_least="0.4"),
    limit("P07", "weighted_average", at_most="0.025"),
)


def offer_of(seed: int, limits: tuple[Limit, ...], part: float, size: int = 400) -> tuple[Offer, float | None]:
    """Give an offer of random rows, and the most cash that parts of them can use."""
    table, deal = random_rows(seed, size), deal_with(*limits)
    rows = rows_of(table, deal)
    cash = int(part * float(rows.principal.sum()))
    offer = make_offer(rows.take(drawing_order(rows.receivable_ids, "")), deal, cash)
    return offer, most_cash_cut_to_the_cent(table.to_pylist(), deal, cash)


@given(st.integers(0, 2**32 - 1), some_limits, st.floats(0.05, 1.5))
@settings(max_examples=40, deadline=None)
def test_a_plan_is_as_good_as_one_over_all_rows(seed: int, limits: tuple[Limit, ...], part: float) -> None:
    """Within a ten-thousandth of the programme in which each receivable has its own share; its bound is above that."""
    offer, best = offer_of(seed, limits, part)
    plan = make_plan(programme_of(offer, offer.price.astype(np.float64)))
    assert (plan is None) == (best is None)
    if plan is not None and best is not None:
        assert plan.bound >= best * (1 - 1e-9)
        assert best * (1 - 2 * GAP) - 1 <= plan.found.value <= best * (1 + 1e-6) + 1


def test_where_only_cash_stops_it_there_is_one_cell() -> None:
    """Nothing is told apart that no limit tells apart: the batch is a random part of the offer."""
    offer, best = offer_of(3, (limit("P07", "weighted_average", at_most="0.9"),), 0.3)
    plan = make_plan(programme_of(offer, offer.price.astype(np.float64)))
    assert plan is not None
    assert plan.cells.max() == 0
    assert plan.found.value == pytest.approx(best)


def test_many_limits_at_once_leave_little() -> None:
    """Five bind together; whole receivables come within a receivable for each of what parts of them could use."""
    offer, best = offer_of(5, TIGHT, 2.0, size=3000)
    found = choose(offer, offer.price.astype(np.float64))
    assert best is not None
    assert len(found.binding) >= 4
    assert found.value >= best - 6 * float(offer.price.max())
    assert found.bound == pytest.approx(best, rel=2 * GAP)


def test_evened_shares_lie_nearer_to_each_other() -> None:
    """What the aim does not ask for is given back: shares of cells differ less, and as much cash is used."""
    offer, _ = offer_of(5, TIGHT, 0.3, size=2000)
    plan = make_plan(programme_of(offer, offer.price.astype(np.float64)))
    assert plan is not None
    even = evened(plan)

    def unevenness(shares: np.ndarray, cells: np.ndarray) -> float:
        taken = shares[cells] * plan.programme.amounts
        fair = taken.sum() / plan.programme.amounts.sum() * plan.programme.amounts
        return float(np.abs(taken - fair).sum())

    assert unevenness(even.found.shares, plan.cells) < unevenness(plan.found.shares, plan.cells)
    brought = np.bincount(plan.cells, plan.programme.gain) @ even.found.shares
    assert brought >= plan.found.value * (1 - 2 * GAP)


def test_a_cell_is_split_where_its_rows_disagree() -> None:
    """One cell holds rows worth taking and rows not, the other only rows worth taking."""
    cells = np.array([0, 0, 0, 1, 1])
    assert split(cells, np.array([3.0, -2.0, 1.0, 1.0, 2.0])).tolist() == [1, 0, 1, 2, 2]
    assert split(cells, np.array([3.0, 2.0, 1.0, 1.0, 2.0])).tolist() == [0, 0, 0, 1, 1]


def test_members_of_a_count_are_bought_first_where_they_lack() -> None:
    """Large receivables would use all the cash and be few: the smallest ones of other members come first."""
    table = random_rows(11, 300, members=200)
    deal = deal_with(limit("P14", "member_count", at_least="60"))
    cash = int(table.column("principal_minor").to_numpy().sum() / 12)
    found = select(table, deal, cash)
    assert found.breaches == ()
    assert found.results[0].value_after is not None
    assert found.results[0].value_after >= 60
    assert found.cash_used >= 0.97 * cash
    assert Decimal(60) == deal.limits[0].bound


def test_members_that_a_plan_overfills_are_kept() -> None:
    """A hundred borrowers, each capped near what it offers: none passes its share."""
    table, deal = random_rows(2, 2000, members=100), deal_with(limit("P01", "member_share", at_most="0.013"))
    found = select(table, deal, 10**12)
    assert found.breaches == ()
    assert found.cash_used >= 0.99 * found.cash_bound
    assert found.binding == ("P01",)
    assert LIMITS[0].code == "P01"
