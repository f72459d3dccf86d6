"""What the simulated history promises in numbers: the truth, the field's bands, and books that close."""

import numpy as np
import pytest

from simulate.arrays import DAY, NEVER, Flags, Floats, Ints, standing
from simulate.lending import HORIZON_DAYS, NO_PERIOD
from simulate.parameters import Traits
from simulate.payments import closed_days, open_principal
from simulate.world import World
from tests.oracles.simulated_cash import days_past_due, settled_days, worst_days_past_due


def auc(score: Floats, hit: Flags) -> float:
    """Give the chance that a hit has a higher score than a miss."""
    rank = np.empty(score.size)
    rank[np.argsort(score, kind="stable")] = np.arange(score.size)
    hits = int(hit.sum())
    return float((rank[hit].sum() - hits * (hits - 1) / 2) / hits / (score.size - hits))


def cash_of(world: World) -> list[list[tuple[int, int]]]:
    """Give by receivable the payments that stand, as (value day, fen)."""
    paid = world.payments
    cash: list[list[tuple[int, int]]] = [[] for _ in range(world.loans.size)]
    amount = paid.principal + paid.interest + paid.fee
    for place in np.flatnonzero(paid.voided == NEVER * DAY).tolist():
        cash[int(paid.loan[place])].append((int(paid.second[place]) // DAY, int(amount[place])))
    return cash


def settled_of(world: World) -> list[list[int]]:
    """Give by receivable the days on which the plain loop finds its instalments covered; a refund covers all."""
    cash, owed, back = cash_of(world), world.plan.owed, world.path.refunded_on
    found = []
    for row, term in enumerate(world.loans.term.tolist()):
        by_cash = settled_days(owed[row, :term].tolist(), cash[row])
        found.append([min(day, int(back[row])) for day in by_cash])
    return found


def test_the_realised_label_is_the_drawn_one_for_every_receivable(small_world: World) -> None:
    """60 days past due within 180 days of disbursement happens exactly where a default was drawn."""
    lent, due = small_world.loans, small_world.path.due_on
    settled = settled_of(small_world)
    for row, term in enumerate(lent.term.tolist()):
        start = int(lent.day[row])
        worst = worst_days_past_due(due[row, :term].tolist(), settled[row], start, start + HORIZON_DAYS)
        assert (worst >= 60) == lent.is_default[row], row


def test_reported_days_past_due_mostly_agree_with_the_plain_count(small_world: World) -> None:
    """The servicer's statements follow the same count but for a stated small share."""
    stated, due, settled = small_world.statements, small_world.path.due_on, settled_of(small_world)
    agree = []
    for row, day, told in zip(stated.loan.tolist(), stated.day.tolist(), stated.days_past_due.tolist(), strict=True):
        term = len(settled[row])
        agree.append(told == days_past_due(due[row, :term].tolist(), settled[row], day + 1))
    assert 0.99 < np.mean(agree) < 1.0


def test_the_books_close(small_world: World) -> None:
    """Schedules sum to the principal; what is paid, lost, given back and open sums to it too, at every month's end."""
    lent, plan, path = small_world.loans, small_world.plan, small_world.path
    assert (plan.principal.sum(axis=1) == lent.principal).all()
    assert (plan.principal[plan.live] > 0).all()
    paid = small_world.payments
    stands = paid.voided == NEVER * DAY
    for day in (60, 150, small_world.days):
        counted = stands & (paid.second // DAY <= day)
        by_cash = np.bincount(paid.loan[counted], paid.principal[counted], lent.size).astype(np.int64)
        assert (by_cash + open_principal(plan, path, day) == lent.principal).all()
    moved = small_world.adjustments
    gone = np.bincount(moved.loan[moved.kind == 0], moved.amount[moved.kind == 0], lent.size).astype(np.int64)
    written = path.written_off_on < NEVER
    all_cash = np.bincount(paid.loan[stands], paid.principal[stands], lent.size).astype(np.int64)
    assert (gone[written] + all_cash[written] == lent.principal[written]).all()
    assert (gone[~written] == 0).all()


def test_a_receivable_never_exceeds_its_order_or_its_line(small_world: World) -> None:
    """Principal stays within the order, the line holds it, and the schedule begins after the purchase."""
    lent = small_world.loans
    order, limit = small_world.orders.take(lent.order), small_world.population.limit_on(lent.borrower, lent.day)
    assert (lent.principal <= order.amount).all()
    assert (lent.utilisation * limit + lent.principal <= limit + 1e-6).all()
    assert (order.borrower == lent.borrower).all()
    assert (np.diff(lent.due_on, axis=1)[small_world.plan.live[:, 1:]] >= 28).all()
    assert (lent.due_on[:, 0] - lent.day >= 20).all()
    assert np.unique(lent.order).size == lent.size
    assert not small_world.cases.is_full[np.isin(small_world.cases.loan, np.flatnonzero(lent.is_default))].any()


def test_the_platform_looks_like_the_field(wide_world: World) -> None:
    """2-5 % default, the truth separates with an AUC of 0.78-0.86, and many borrowers have a handful of orders."""
    lent, size = wide_world.loans, wide_world.population.size
    assert 0.02 < lent.is_default.mean() < 0.05
    assert 0.78 < auc(lent.default_probability, lent.is_default) < 0.86
    per_borrower = np.sort(np.bincount(wide_world.orders.borrower, minlength=size))
    assert np.median(per_borrower) < 0.6 * per_borrower.mean()
    assert per_borrower[-size // 100 :].sum() > 0.06 * per_borrower.sum()
    assert 4 < lent.size / size < 9


def test_defaults_come_as_often_as_their_probability_says(wide_world: World) -> None:
    """In each tenth of receivables by true probability the drawn share is within four deviations of the mean truth."""
    lent = wide_world.loans
    for tenth in np.array_split(np.argsort(lent.default_probability), 10):
        truth = lent.default_probability[tenth]
        deviation = 1.5 * np.sqrt((truth * (1 - truth)).sum())
        assert abs(lent.is_default[tenth].sum() - truth.sum()) < 4 * deviation


def test_defaults_spread_over_instalments_and_some_borrowers_cure(wide_world: World) -> None:
    """Each of the first three instalments begins some defaults, others begin later, and lateness under 60 days ends."""
    lent, late = wide_world.loans, wide_world.path.late_days
    begun = np.bincount(lent.stops_at[lent.is_default], minlength=3)
    assert (begun[:3] > 0.1 * lent.is_default.sum()).all()
    assert ((lent.stops_at < NO_PERIOD) & ~lent.is_default).sum() > 0.05 * lent.is_default.sum()
    assert ((late >= 30) & (late < 60)).sum() > 100
    written, cured = wide_world.path.written_off_on < NEVER, wide_world.path.cured_on < NEVER
    assert written.sum() > cured.sum() > 0
    days_to_loss = wide_world.path.written_off_on[written] - lent.stopped_on[written]
    assert days_to_loss.min() >= 120
    assert days_to_loss.max() <= 180


def test_no_lending_goes_on_after_a_freeze(wide_world: World) -> None:
    """A receivable begins before its borrower's line is frozen."""
    lent = wide_world.loans
    assert (lent.day < wide_world.frozen_on[lent.borrower]).all()


@pytest.mark.parametrize("name", sorted(Traits.__dataclass_fields__))
def test_every_trait_is_a_noisy_proxy(wide_world: World, name: str) -> None:
    """A trait follows the latent risk as stated and never copies it."""
    people = wide_world.population
    oldest = np.flatnonzero((people.registered_on < 0) & (people.shock_on == NEVER))
    stated = getattr(people.parameters.traits, name)
    seen = np.corrcoef(people.latent[oldest], people.trait(name, oldest, np.zeros_like(oldest)))[0, 1]
    assert abs(seen - stated) < 0.06
    assert abs(stated) < 0.85


def test_what_a_borrower_brings_along_is_a_noisy_proxy_too(wide_world: World) -> None:
    """Risk goes with less income, lower limits, youth and riskier regions, and none tells it all."""
    people = wide_world.population
    seen = {
        "income": -np.log(people.income),
        "limit": -np.log(people.limit),
        "youth": -people.age_days,
        "region": people.region,
    }
    for name, value in seen.items():
        assert 0.15 < np.corrcoef(people.latent, value)[0, 1] < 0.7, name


def test_the_ring_defaults_early_and_the_population_shifts(wide_world: World) -> None:
    """Invented orders default far more often and sooner; later cohorts are riskier and come from other regions."""
    lent, people = wide_world.loans, wide_world.population
    ring = wide_world.orders.is_invented[lent.order]
    assert ring.sum() > 50
    assert lent.is_default[ring].mean() > 4 * lent.is_default[~ring].mean()
    first, long = lent.stops_at == 0, lent.is_default & (lent.term == 12)
    assert first[ring & long].mean() > first[~ring & long].mean()
    late = people.registered_on > wide_world.days // 2
    assert people.latent[late].mean() > people.latent[people.registered_on < 0].mean() + 0.3
    assert people.region[late].mean() > people.region[people.registered_on < 0].mean() + 1


def test_buying_follows_seasons(wide_world: World) -> None:
    """Sale days stand out, weekends sell more, and few buy at night."""
    orders = wide_world.orders
    per_day = np.bincount(orders.day, minlength=wide_world.days)
    sale = (wide_world.first_day.replace(month=6, day=18) - wide_world.first_day).days
    assert per_day[sale] > 3 * np.median(per_day[sale - 30 : sale - 5])
    assert 0.02 < orders.is_night.mean() < 0.2
    assert ((orders.second % DAY < 6 * 3600) == orders.is_night).mean() > 0.999


def test_every_receivable_open_at_a_month_end_is_stated(small_world: World) -> None:
    """No open receivable is left out of the servicer's statement, and no closed one is in it."""
    end, lent = int(small_world.statements.day.max()), small_world.loans
    open_now = np.flatnonzero((lent.day <= end) & (closed_days(small_world.path) > end))
    assert (small_world.statements.loan[small_world.statements.day == end] == open_now).all()


def test_standing_is_the_balance_before_each_change() -> None:
    """The running balance is kept apart by group and follows the order given."""
    group, order, change = (np.array(x, dtype=np.int64) for x in ([1, 0, 1, 0], [2, 1, 1, 2], [5, 10, 7, -4]))
    expected: Ints = np.array([7, 0, 0, 10])
    assert (standing(group, order, change) == expected).all()
