"""What a looser bound would buy: promised by its price, and found again by planning from the start."""

from decimal import Decimal

import numpy as np
import pytest

from pool.offer import CASH
from pool.selection import Selection, select
from tests.pool.offers import deal_with, limit, random_rows

LIMITS = (
    limit("P03", "member_share", at_most="0.095"),
    limit("P05", "attribute_share", at_most="0.4"),
    limit("P07", "weighted_average", at_most="0.02"),
    limit("P06", "attribute_share", at_least="0.35"),
)


@pytest.fixture(scope="module")
def stopped() -> Selection:
    return select(random_rows(9, 3000), deal_with(*LIMITS), 10**13)


def test_a_price_promises_at_least_what_is_found(stopped: Selection) -> None:
    """What a batch can use grows ever slower as a bound gets looser: the price is the steepest it can be."""
    assert len(stopped.loosened) >= 3
    assert {one.code for one in stopped.loosened} == set(stopped.binding)
    for one in stopped.loosened:
        assert 0 < one.gained <= one.priced * (1 + 1e-6)


def test_another_deal_with_the_looser_bound_uses_that_much_more(stopped: Selection) -> None:
    """Planned from the start, with cells of its own: within what both plans leave open."""
    for one in stopped.loosened:
        eased = [
            each.model_copy(update={"at_most" if each.is_cap else "at_least": Decimal(repr(one.looser))})
            if each.code == one.code
            else each
            for each in LIMITS
        ]
        again = select(random_rows(9, 3000), deal_with(*eased), 10**13)
        more = again.cash_bound - stopped.cash_bound
        assert more == pytest.approx(one.gained, abs=3e-4 * stopped.cash_bound)
        assert more <= one.priced + 3e-4 * stopped.cash_bound


def test_more_cash_buys_as_much_more() -> None:
    """Where cash stops the purchase, one hundredth more of it is used, all of it."""
    table = random_rows(9, 800)
    cash = int(np.sum(table.column("principal_minor").to_numpy()) / 6)
    [one] = select(table, deal_with(), cash).loosened
    assert one.code == CASH
    assert one.gained == pytest.approx(cash / 100, rel=1e-3)
    assert one.priced == pytest.approx(cash / 100, rel=1e-3)
    assert (one.bound, one.looser) == (cash / 100, pytest.approx(cash * 1.01 / 100, rel=1e-6))
