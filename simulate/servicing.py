"""The servicer's books: what is open at month ends, what the lines hold, and what is written off."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from simulate.arrays import DAY, NEVER, Columns, Flags, Ints, between, chance
from simulate.lending import NO_PERIOD, Loans
from simulate.parameters import LONGEST_TERM, Parameters
from simulate.paths import Paths
from simulate.payments import closed_days, open_principal
from simulate.people import Population
from simulate.schedules import Schedules

WRITE_OFF, REFUND, RECOVERY, EXTENSION = range(4)
ADJUSTMENT_CODES = ("HX", "TK", "HS", "ZQ")
EXTENDED_BEFORE_DAYS = 3
ROLLED_BACK_DAYS = 3


@dataclass(frozen=True, slots=True)
class Statements(Columns):
    """The servicer's statement of open receivables at ends of days; -1 days past due says not reported."""

    loan: Ints
    day: Ints
    balance: Ints
    days_past_due: Ints
    left: Ints


@dataclass(frozen=True, slots=True)
class LineStates:
    """States of credit lines, amounts in fen."""

    borrower: Ints
    second: Ints
    limit: Ints
    used: Ints
    is_frozen: Flags


@dataclass(frozen=True, slots=True)
class Adjustments:
    """Movements that are not payments, amounts in fen."""

    loan: Ints
    kind: Ints
    second: Ints
    amount: Ints


BEFORE_ALL = -1
"""A day on which nothing was lent yet: a history without a month's end has statements of nothing."""


def month_ends(first_day: date, days: int) -> Ints:
    """Give the last days of months within the history, as days since the first."""
    ends = [n for n in range(days) if (first_day + timedelta(days=n + 1)).day == 1]
    return np.asarray(ends, dtype=np.int64)


def statements(
    rng: np.random.Generator, lent: Loans, plan: Schedules, path: Paths, ends: Ints, parameters: Parameters
) -> Statements:
    """State every receivable that is open at a month's end; a small share is misreported or not reported."""
    closed_on = closed_days(path)
    parts = []
    for end in ends if ends.size else (BEFORE_ALL,):
        open_now = np.flatnonzero((lent.day <= end) & (closed_on > end))
        parts.append(_statement(plan.take(open_now), path.take(open_now), open_now, int(end)))
    whole = Statements.join(parts)
    size = whole.loan.size
    wrong = chance(rng, parameters.dirt.misreported, size)
    reported = np.where(wrong, np.maximum(whole.days_past_due - ROLLED_BACK_DAYS, 0), whole.days_past_due)
    return replace(whole, days_past_due=np.where(chance(rng, parameters.dirt.unreported, size), -1, reported))


def _statement(plan: Schedules, path: Paths, loan: Ints, end: int) -> Statements:
    open_period = plan.live & (path.covered_on > end)
    overdue = open_period & (path.due_on <= end)
    oldest = np.where(overdue, path.due_on, NEVER).min(axis=1, initial=NEVER)
    return Statements(
        loan=loan,
        day=np.full(loan.size, end, dtype=np.int64),
        balance=open_principal(plan, path, end),
        days_past_due=np.where(oldest < NEVER, end + 1 - oldest, 0),
        left=open_period.sum(axis=1).astype(np.int64),
    )


def line_states(
    rng: np.random.Generator, population: Population, lent: Loans, stated: Statements, ends: Ints, frozen_on: Ints
) -> LineStates:
    """Give each line's opening, limit change, freeze, and month-end statement while anything is or was just in use."""
    everyone = np.arange(population.size)
    opened = np.maximum(population.registered_on, 0)
    used = np.zeros((population.size, ends.size + 1), dtype=np.int64)
    np.add.at(used, (lent.borrower[stated.loan], np.searchsorted(ends, stated.day) + 1), stated.balance)
    who, month = np.nonzero((used[:, 1:] > 0) | (used[:, :-1] > 0))
    frozen = np.flatnonzero(frozen_on < NEVER)
    changed = np.flatnonzero(population.limit_changed_on < NEVER)
    borrower = np.concatenate([everyone, changed, frozen, who])
    day = np.concatenate([opened, population.limit_changed_on[changed], frozen_on[frozen], ends[month]])
    month_before = np.searchsorted(ends, day)
    at_end = np.arange(borrower.size) >= borrower.size - who.size
    second = np.where(at_end, day * DAY + 86_399, day * DAY + between(rng, 9 * 3600, 20 * 3600, borrower.size))
    second[: everyone.size] = opened * DAY + 60
    return LineStates(
        borrower=borrower,
        second=second,
        limit=population.limit_on(borrower, day),
        used=np.where(at_end, used[borrower, np.minimum(month_before + 1, ends.size)], used[borrower, month_before]),
        is_frozen=day >= frozen_on[borrower],
    )


def adjustments(
    rng: np.random.Generator, lent: Loans, plan: Schedules, path: Paths, parameters: Parameters
) -> Adjustments:
    """Give write-offs with their recoveries, refunds of principal, and extensions."""
    written = np.flatnonzero(path.written_off_on < NEVER)
    lost = open_principal(plan.take(written), path.take(written), path.written_off_on[written])
    recovered = chance(rng, parameters.payment.recovered_share, written.size)
    back = np.flatnonzero(recovered)
    regained = (lost[back] * rng.uniform(0.05, 0.30, back.size)).astype(np.int64)
    refunded = np.flatnonzero(path.refunded_on < NEVER)
    moved = np.flatnonzero(path.extended_from < NO_PERIOD)
    moved_on = extended_days(plan, path, moved)
    loan = np.concatenate([written, written[back], refunded, moved])
    day = np.concatenate(
        [
            path.written_off_on[written],
            path.written_off_on[written[back]] + between(rng, 10, 90, back.size),
            path.refunded_on[refunded],
            moved_on,
        ]
    )
    return Adjustments(
        loan=loan,
        kind=np.repeat([WRITE_OFF, RECOVERY, REFUND, EXTENSION], [written.size, back.size, refunded.size, moved.size]),
        second=np.maximum(day * DAY + between(rng, 20 * 3600, 23 * 3600, loan.size), lent.second[loan] + 3600),
        amount=np.concatenate([lost, regained, lent.principal[refunded], np.zeros_like(moved)]),
    )


def extended_days(plan: Schedules, path: Paths, moved: Ints) -> Ints:
    """Give the day on which each schedule was moved: a few days before the first moved due day."""
    place = np.minimum(path.extended_from[moved], LONGEST_TERM - 1)
    return plan.due_on[moved, place] - EXTENDED_BEFORE_DAYS
