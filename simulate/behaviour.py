"""What borrowers do in the app: sessions with their clicks, and debits that fail."""

from dataclasses import dataclass

import numpy as np

from simulate.arrays import DAY, NEVER, Ints, between, chance, logistic
from simulate.lending import Loans
from simulate.paths import Paths
from simulate.people import Population
from simulate.seasons import draw_days, draw_seconds
from simulate.shopping import NIGHT_LOG_ODDS, NIGHT_WEIGHT, Orders, device_generation

ACTS = ("login", "view", "credit", "bill", "payfail", "profile", "bindcard", "ping")
LOGIN, VIEW, CREDIT, BILL, PAYFAIL, PROFILE, BINDCARD, PING = range(8)
CLICK_ODDS = {
    CREDIT: (-1.4, 0.90, "credit_pages"),
    BILL: (-1.1, 0.80, "bill_views"),
    PAYFAIL: (-2.9, 0.95, "failures"),
    PROFILE: (-4.6, 0.70, "changes"),
    BINDCARD: (-4.4, 0.70, "changes"),
}
"""Log-odds in a session without any leaning, weight of the trait, and the trait."""
VIEWS_MEAN, PING_SHARE = 0.9, 0.08
SESSIONS_PER_ORDER, SESSIONS_PER_DAY = 0.5, 0.012
FAILED_DEBIT_SHARE = 0.6
NO_SESSION = -1


@dataclass(frozen=True, slots=True)
class Clicks:
    """All events in the app, one array a property; `session` is `NO_SESSION` for what the platform did by itself."""

    borrower: Ints
    second: Ints
    session: Ints
    act: Ints
    device: Ints


def clicks(
    rng: np.random.Generator, population: Population, bought: Orders, lent: Loans, path: Paths, days: int
) -> Clicks:
    """Draw sessions around orders and between them, the clicks in them, and debits that fail for late payers."""
    borrower, start = _sessions(rng, population, bought, days)
    day = start // DAY
    counts = [np.ones(borrower.size, dtype=np.int64), rng.poisson(VIEWS_MEAN, borrower.size)]
    for level, weight, trait in CLICK_ODDS.values():
        odds = level + weight * population.trait(trait, borrower, day)
        counts.append(chance(rng, logistic(odds), borrower.size).astype(np.int64))
    counts.append(chance(rng, PING_SHARE, borrower.size).astype(np.int64))
    session = np.concatenate([np.repeat(np.arange(borrower.size), count) for count in counts])
    act = np.repeat(np.arange(len(ACTS)), [count.sum() for count in counts])
    failed, failed_at = _failed_debits(rng, lent, path)
    who = np.concatenate([borrower[session], failed])
    later = np.where(act == LOGIN, 0, between(rng, 5, 900, session.size))
    when = np.concatenate([start[session] + later, failed_at])
    return Clicks(
        borrower=who,
        second=when,
        session=np.concatenate([session, np.full(failed.size, NO_SESSION)]),
        act=np.concatenate([act, np.full(failed.size, PAYFAIL)]),
        device=device_generation(population, who, when // DAY),
    )


def _sessions(rng: np.random.Generator, population: Population, bought: Orders, days: int) -> tuple[Ints, Ints]:
    start = np.maximum(population.registered_on, 0)
    mean = SESSIONS_PER_ORDER * population.activity * (days - start) + SESSIONS_PER_DAY * (days - start)
    extra = np.repeat(np.arange(population.size), rng.poisson(mean))
    day = draw_days(rng, start[extra], np.ones(days))
    night = chance(rng, logistic(NIGHT_LOG_ODDS + NIGHT_WEIGHT * population.trait("night", extra, day)), extra.size)
    at_order = np.maximum(bought.second - between(rng, 30, 600, bought.size), bought.day * DAY)
    return np.concatenate([bought.borrower, extra]), np.concatenate([at_order, day * DAY + draw_seconds(rng, night)])


def _failed_debits(rng: np.random.Generator, lent: Loans, path: Paths) -> tuple[Ints, Ints]:
    row, period = np.nonzero((path.covered_on > path.due_on) & (path.refunded_on[:, None] == NEVER))
    told = chance(rng, FAILED_DEBIT_SHARE, row.size)
    row, period = row[told], period[told]
    before_write_off = path.due_on[row, period] < path.written_off_on[row]
    row, period = row[before_write_off], period[before_write_off]
    return lent.borrower[row], path.due_on[row, period] * DAY + between(rng, 6 * 3600, 9 * 3600, row.size)
