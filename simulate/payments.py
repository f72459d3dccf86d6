"""The payments: the rows of money that make up the payment paths, with their voids, repeats and late bookings."""

from dataclasses import dataclass

import numpy as np

from simulate.arrays import DAY, NEVER, Columns, Ints, between, chance
from simulate.lending import Loans
from simulate.parameters import Parameters
from simulate.paths import Paths
from simulate.schedules import Schedules

WAYS = ("DK", "ZD", "TQ", "ZC")
AUTO, MANUAL, PREPAYMENT, RECOVERY = range(4)


@dataclass(frozen=True, slots=True)
class Payments(Columns):
    """All payments, one array a property, amounts in fen.

    Args:
        period: Position of the instalment that it pays.
        second: When it was made; its value day is that day.
        voided: Second at which it was voided; `NEVER * DAY` when it stands.
    """

    loan: Ints
    period: Ints
    second: Ints
    principal: Ints
    interest: Ints
    fee: Ints
    penalty: Ints
    way: Ints
    voided: Ints

    @property
    def size(self) -> int:
        """Give how many payments there are."""
        return int(self.loan.size)


def payments(rng: np.random.Generator, lent: Loans, plan: Schedules, path: Paths, parameters: Parameters) -> Payments:
    """Lay out the payments of all paths by receivable."""
    parts = (
        _settlements(rng, lent, plan, path, parameters),
        _first_parts(rng, plan, path),
        _bounced(rng, plan, path),
    )
    return Payments.join(parts)


def split(interest: Ints, fee: Ints, amount: Ints) -> tuple[Ints, Ints, Ints]:
    """Share amounts over the fee, interest and principal due, in this order; give principal, interest, fee."""
    to_fee = np.minimum(fee, amount)
    to_interest = np.minimum(interest, amount - to_fee)
    return amount - to_fee - to_interest, to_interest, to_fee


def _settlements(
    rng: np.random.Generator, lent: Loans, plan: Schedules, path: Paths, parameters: Parameters
) -> Payments:
    """Give the payment that covers each instalment: all that a first part left open, and the penalty."""
    row, period = np.nonzero(path.covered_on < NEVER)
    principal, interest, fee = split(plan.interest[row, period], plan.fee[row, period], path.first_part[row, period])
    days = path.covered_on[row, period]
    late = path.late_days[row, period]
    owed = plan.owed[row, period]
    penalty = np.rint(owed * late * parameters.payment.penalty_per_day).astype(np.int64)
    by_hand = (days < path.due_on[row, period]) | ((late > 0) & chance(rng, 0.4, row.size))
    way = np.where(by_hand, MANUAL, AUTO)
    way = np.where(path.prepaid_from[row] <= period, PREPAYMENT, way)
    way = np.where(path.cured_on[row] == days, RECOVERY, way)
    return Payments(
        loan=row,
        period=period,
        second=np.maximum(days * DAY + _hours(rng, row, way), lent.second[row] + 60),
        principal=plan.principal[row, period] - principal,
        interest=plan.interest[row, period] - interest,
        fee=plan.fee[row, period] - fee,
        penalty=penalty,
        way=way,
        voided=np.full(row.size, NEVER * DAY),
    )


def _hours(rng: np.random.Generator, row: Ints, way: Ints) -> Ints:
    """Draw the second of the day: debits run in the morning, people pay when they like, a payoff is one act."""
    at_once = (row * 7919 + 17) % (14 * 3600) + 8 * 3600
    free = np.where(way == AUTO, between(rng, 6 * 3600, 9 * 3600, row.size), between(rng, 7 * 3600, 86_000, row.size))
    return np.where(np.isin(way, (PREPAYMENT, RECOVERY)), at_once, free)


def _first_parts(rng: np.random.Generator, plan: Schedules, path: Paths) -> Payments:
    row, period = np.nonzero(path.first_part > 0)
    principal, interest, fee = split(plan.interest[row, period], plan.fee[row, period], path.first_part[row, period])
    way = np.where(chance(rng, 0.7, row.size), AUTO, MANUAL)
    second = path.first_part_on[row, period] * DAY + between(rng, 9 * 3600, 22 * 3600, row.size)
    nothing = np.zeros_like(row)
    return Payments(row, period, second, principal, interest, fee, nothing, way, np.full(row.size, NEVER * DAY))


def _bounced(rng: np.random.Generator, plan: Schedules, path: Paths) -> Payments:
    """Give the debits at the due day that the bank took back."""
    row, period = np.nonzero(path.bounced)
    second = path.due_on[row, period] * DAY + between(rng, 6 * 3600, 9 * 3600, row.size)
    voided = second + between(rng, 1, 3, row.size) * DAY + between(rng, 3600, 10 * 3600, row.size)
    nothing = np.zeros_like(row)
    principal, interest, fee = (part[row, period] for part in (plan.principal, plan.interest, plan.fee))
    return Payments(row, period, second, principal, interest, fee, nothing, np.full(row.size, AUTO), voided)


def open_principal(plan: Schedules, path: Paths, day: Ints | int) -> Ints:
    """Give the principal of receivables that payments have not covered by the end of a day, in fen."""
    when = np.reshape(np.asarray(day, dtype=np.int64), (-1, 1))
    first = split(plan.interest, plan.fee, path.first_part)[0]
    paid = np.where(path.covered_on <= when, plan.principal, np.where(path.first_part_on <= when, first, 0))
    return np.asarray((plan.principal - paid).sum(axis=1))


def closed_days(path: Paths) -> Ints:
    """Give the day on which nothing is left to collect in the ordinary way; `NEVER` when that does not come."""
    live = path.due_on < NEVER
    last = np.where(live, path.covered_on, -NEVER).max(axis=1)
    return np.asarray(np.minimum.reduce([last, path.written_off_on, path.refunded_on]))
