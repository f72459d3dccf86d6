"""A batch that somebody picked looks picked; one that was drawn does not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pool.fairness import ALIKE, APART, CHANCEFUL, SLIGHT, compare_members, compare_numbers, judge
from pool.selection import select
from tests.pool.offers import deal_with, limit, random_rows

numbers = st.lists(st.floats(-100, 100), min_size=2, max_size=30)


@given(numbers, numbers)
@settings(max_examples=100, deadline=None)
def test_effect_and_distance_are_those_of_the_plain_formulae(batch: list[float], rest: list[float]) -> None:
    """Means over the root of the mean variance; the largest gap between the two step curves."""
    found = compare_numbers("ticket", np.array(batch), np.array(rest))
    spread = np.sqrt((np.var(batch, ddof=1) + np.var(rest, ddof=1)) / 2)
    apart = np.mean(batch) - np.mean(rest)
    if spread > 1e-6:
        assert found.effect == pytest.approx(apart / spread, rel=1e-6, abs=1e-9)
    gaps = [
        abs(sum(one <= at for one in batch) / len(batch) - sum(one <= at for one in rest) / len(rest))
        for at in (*batch, *rest)
    ]
    assert found.distance == pytest.approx(max(gaps))


def test_members_are_compared_by_shares_and_by_cramers_v() -> None:
    """Half and half beside nine and one: V by hand, half the differences by hand."""
    found = compare_members("region", np.array([50, 50]), np.array([90, 10]), ("11", "33"))
    square = 4 * 20**2 / 70 / 2 + 4 * 20**2 / 30 / 2
    assert found.effect == pytest.approx(np.sqrt(square / 200))
    assert (found.distance, found.member, found.batch, found.rest) == (pytest.approx(0.4), "11", 0.5, 0.9)
    assert found.verdict == APART


def test_a_verdict_needs_size_and_more_than_chance() -> None:
    """Small is alike, large and rare is apart, large and common is chance."""
    assert [judge(0.05, 1e-9), judge(0.15, 1e-9), judge(0.5, 1e-9), judge(0.5, 0.2)] == [
        ALIKE,
        SLIGHT,
        APART,
        CHANCEFUL,
    ]


def test_what_is_drawn_is_like_what_is_left() -> None:
    """Where only cash stops the purchase nothing is of another kind, whatever the seed."""
    table, deal = random_rows(6, 3000), deal_with(limit("P07", "weighted_average", at_most="0.9"))
    cash = int(table.column("principal_minor").to_numpy().sum() / 3)
    for seed in ("a", "b", "c", "d"):
        found = select(table, deal, cash, seed=seed)
        assert {one.verdict for one in found.fairness} <= {ALIKE, CHANCEFUL}
        assert {one.trait for one in found.fairness} == {
            *("default_probability", "annual_rate", "remaining_periods", "ticket", "region")
        }


def test_a_limit_that_binds_explains_what_it_does() -> None:
    """A strict average of the probability makes the batch safer; the comparison says so, and by which limit."""
    table = random_rows(6, 2000)
    risk = limit("P07", "weighted_average", at_most="0.012").model_copy(
        update={"expression": "tag.default_probability"}
    )
    found = {one.trait: one for one in select(table, deal_with(risk), 10**12).fairness}
    one = found["default_probability"]
    assert (one.verdict, one.explained_by) == (APART, "P07")
    assert one.batch < one.rest
    assert found["ticket"].explained_by == ""


def test_a_seller_that_picks_is_seen() -> None:
    """The riskiest third of an offer, set beside what is left."""
    draw = np.random.default_rng(1)
    risk = np.sort(draw.beta(1, 30, 3000))
    found = compare_numbers("default_probability", risk[2000:], risk[:2000])
    assert (found.verdict, found.effect > 1) == (APART, True)


def test_an_empty_batch_is_compared_with_nothing() -> None:
    """There is nothing to compare."""
    assert select(random_rows(6, 50), deal_with(), 1).fairness == ()
