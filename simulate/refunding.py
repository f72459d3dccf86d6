"""Refunds, returns, disputes and chargebacks."""

from dataclasses import dataclass

import numpy as np

from simulate.arrays import DAY, NEVER, Flags, Ints, between, chance, choose, logistic
from simulate.lending import NO_PERIOD, Loans
from simulate.people import Population
from simulate.shopping import Orders
from simulate.shops import Shops

CASE_LOG_ODDS, CASE_TRAIT, CASE_SHOP = -3.1, 0.7, 0.35
KIND_SHARES = (0.50, 0.38, 0.10, 0.02)
GRANTED_SHARE, PARTIAL_SHARE = 0.75, 0.30


@dataclass(frozen=True, slots=True)
class Cases:
    """All cases, one array a property.

    Args:
        order: Position of the order.
        loan: Position of its receivable, -1 when there is none.
        amount: Fen.
        is_full: The order's whole amount was given back.
    """

    order: Ints
    loan: Ints
    kind: Ints
    opened: Ints
    closed: Ints
    is_granted: Flags
    is_full: Flags
    amount: Ints

    @property
    def size(self) -> int:
        """Give how many cases there are."""
        return int(self.order.size)


def cases(rng: np.random.Generator, population: Population, merchants: Shops, bought: Orders, lent: Loans) -> Cases:
    """Draw the cases: more where the borrower or the merchant leans to them; a defaulted receivable has none.

    A refund of an order on credit is whole and closes before the first instalment falls due.
    """
    loan_of = np.full(bought.size, -1, dtype=np.int64)
    loan_of[lent.order] = np.arange(lent.size)
    odds = CASE_LOG_ODDS + CASE_TRAIT * population.trait("refunds", bought.borrower, bought.day)
    odds += CASE_SHOP * merchants.leaning[bought.shop]
    spoiled = np.append(lent.stops_at < NO_PERIOD, False)[loan_of]
    opened = chance(rng, logistic(odds), bought.size) & (bought.outcome == 0) & ~bought.is_invented & ~spoiled
    order = np.flatnonzero(opened)
    loan = loan_of[order]
    granted = chance(rng, GRANTED_SHARE, order.size)
    full = (loan >= 0) | ~chance(rng, PARTIAL_SHARE, order.size)
    share = np.where(full, 1.0, rng.uniform(0.1, 0.7, order.size))
    opened_at = (bought.day[order] + between(rng, 1, 9, order.size)) * DAY + between(rng, 8 * 3600, 86_000, order.size)
    return Cases(
        order=order,
        loan=loan,
        kind=choose(rng, KIND_SHARES, order.size),
        opened=opened_at,
        closed=opened_at + between(rng, 3_600, 8 * DAY, order.size),
        is_granted=granted,
        is_full=granted & full,
        amount=(bought.amount[order] * share).astype(np.int64),
    )


def refunded_days(found: Cases, size: int) -> Ints:
    """Give by receivable the day on which its order was refunded in full; `NEVER` when it was not."""
    day = np.full(size, NEVER, dtype=np.int64)
    hit = found.is_full & (found.loan >= 0)
    day[found.loan[hit]] = found.closed[hit] // DAY
    return day
