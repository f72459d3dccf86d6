"""The payment paths: on which day each instalment is covered, and how the story of a receivable ends."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from simulate.arrays import NEVER, Columns, Flags, Floats, Ints, between, chance, choose, logistic
from simulate.lending import NO_PERIOD, Loans
from simulate.parameters import LONGEST_TERM, Payment
from simulate.people import Population
from simulate.schedules import Schedules, months_later

PERIODS = np.arange(LONGEST_TERM)
CURE_DAYS = (61, 100)


@dataclass(frozen=True, slots=True)
class Paths(Columns):
    """What becomes of every receivable: one row a receivable, one column a period.

    Args:
        due_on: Due days in force in the end.
        covered_on: Value day that covers the instalment; `NEVER` when none does.
        first_part: Fen of the instalment that were paid ahead of the rest; 0 when it was paid at once.
        first_part_on: Value day of that part.
        bounced: Whether a payment at the due day was voided a few days later.
        prepaid_from: First period that was prepaid; `NO_PERIOD` when none.
        extended_from: First period that was moved; `NO_PERIOD` when none.
        cured_on: Day on which a defaulted receivable was paid off after all.
        written_off_on: Day on which its principal was written off.
        refunded_on: Day on which the order's refund cleared it.
    """

    due_on: Ints
    covered_on: Ints
    first_part: Ints
    first_part_on: Ints
    bounced: Flags
    prepaid_from: Ints
    extended_from: Ints
    cured_on: Ints
    written_off_on: Ints
    refunded_on: Ints

    @property
    def late_days(self) -> Ints:
        """Give how late each covered instalment was; 0 where on time, early or never covered."""
        late = np.where(self.covered_on < NEVER, self.covered_on - self.due_on, 0)
        return np.maximum(late, 0)


def paths(
    rng: np.random.Generator, population: Population, lent: Loans, plan: Schedules, refunded_on: Ints, first_day: date
) -> Paths:
    """Draw how each receivable is paid, in keeping with its drawn default."""
    payment = population.parameters.payment
    refunded, stops = refunded_on < NEVER, lent.stops_at < NO_PERIOD
    prepaid = _from_period(rng, lent, payment.prepaid_share, free=~refunded & ~stops)
    extended = _from_period(rng, lent, payment.extended_share, free=~refunded & ~stops & (prepaid == NO_PERIOD))
    due = _extend(plan.due_on, extended, first_day)
    late = _late_days(rng, population, lent, plan)
    covered = np.maximum.accumulate(due - _early_days(rng, payment, late) + late, axis=1)
    covered = np.maximum(_prepay(rng, covered, due, prepaid), lent.day[:, None])
    unpaid = (lent.stops_at[:, None] <= PERIODS) | refunded[:, None] | ~plan.live
    cured_on, written_off_on = _endings(rng, payment, lent)
    covered = np.where(unpaid, NEVER, covered)
    covered = np.where((lent.stops_at[:, None] <= PERIODS) & plan.live, cured_on[:, None], covered)
    part, part_on = _first_parts(rng, payment, lent, plan, (due, covered, prepaid))
    overdue_long = (covered - due >= 5) & (part == 0) & plan.live & ~refunded[:, None] & (due < NEVER)
    overdue_long &= (covered < NEVER) | (lent.stops_at[:, None] == PERIODS)
    bounced = overdue_long & (rng.random(due.shape) < payment.reversed_share)
    return Paths(
        due, covered, part, part_on, bounced, prepaid, extended, cured_on, written_off_on, refunded_on=refunded_on
    )


def _from_period(rng: np.random.Generator, lent: Loans, share: float, *, free: Flags) -> Ints:
    happens = chance(rng, share, lent.size) & free & (lent.term > 1)
    place = 1 + np.floor(rng.random(lent.size) * (lent.term - 1)).astype(np.int64)
    return np.where(happens, place, NO_PERIOD)


def _extend(due: Ints, extended_from: Ints, first_day: date) -> Ints:
    moved = due.copy()
    row = np.flatnonzero(extended_from < NO_PERIOD)
    later = months_later(np.where(due[row] < NEVER, due[row], 0), np.ones_like(due[row]), first_day)
    shifts = (extended_from[row, None] <= PERIODS) & (due[row] < NEVER)
    moved[row] = np.where(shifts, later, due[row])
    return moved


def _late_days(rng: np.random.Generator, population: Population, lent: Loans, plan: Schedules) -> Ints:
    """Draw lateness: riskier borrowers pay late more often, and more so in the run-up to a default."""
    payment = population.parameters.payment
    row, period = np.nonzero(plan.live)
    trait = population.trait("lateness", lent.borrower[row], plan.due_on[row, period])
    odds = payment.late_log_odds + payment.late_weight * trait
    odds = odds + np.where(lent.stops_at[row] < NO_PERIOD, payment.before_default, 0.0)
    happens = chance(rng, logistic(odds), row.size)
    bucket = choose(rng, payment.late_shares, row.size)
    low, high = np.asarray(payment.late_days, dtype=np.int64).T
    days = low[bucket] + np.floor(rng.random(row.size) * (high - low + 1)[bucket]).astype(np.int64)
    late = np.zeros(plan.due_on.shape, dtype=np.int64)
    late[row, period] = np.where(happens, days, 0)
    return late


def _early_days(rng: np.random.Generator, payment: Payment, late: Ints) -> Ints:
    early = (rng.random(late.shape) < payment.early_share) & (late == 0)
    return np.where(early, rng.integers(1, 9, late.shape), 0)


def _prepay(rng: np.random.Generator, covered: Ints, due: Ints, prepaid_from: Ints) -> Ints:
    row = np.flatnonzero(prepaid_from < NO_PERIOD)
    place = prepaid_from[row]
    day = np.maximum(covered[row, place - 1], due[row, place] - between(rng, 1, 20, row.size))
    paid = covered.copy()
    paid[row] = np.where(place[:, None] <= PERIODS, day[:, None], covered[row])
    return paid


def _endings(rng: np.random.Generator, payment: Payment, lent: Loans) -> tuple[Ints, Ints]:
    stops = lent.stops_at < NO_PERIOD
    cured = stops & chance(rng, payment.cured_share, lent.size)
    cured_on = np.where(cured, lent.stopped_on + between(rng, *CURE_DAYS, lent.size), NEVER)
    written_off_on = lent.stopped_on + between(rng, *payment.written_off_days, lent.size)
    return cured_on, np.where(stops & ~cured, written_off_on, NEVER)


def _first_parts(
    rng: np.random.Generator, payment: Payment, lent: Loans, plan: Schedules, drawn: tuple[Ints, Ints, Ints]
) -> tuple[Ints, Ints]:
    """Choose instalments of which a part is paid ahead of the rest, once all before them are covered."""
    due, covered, prepaid_from = drawn
    before = np.concatenate([np.full((lent.size, 1), -NEVER), covered[:, :-1]], axis=1)
    on = due + rng.integers(0, 3, due.shape)
    open_after = (covered > on) & plan.live & (prepaid_from[:, None] > PERIODS)
    unpaid = (covered == NEVER) & (lent.stops_at[:, None] != PERIODS)
    splits = open_after & ~unpaid & (before <= on) & (rng.random(due.shape) < payment.partial_share)
    share: Floats = rng.uniform(0.2, 0.6, due.shape)
    part = np.where(splits, (plan.owed * share).astype(np.int64), 0)
    return part, np.where(part > 0, on, NEVER)
