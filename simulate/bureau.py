"""What others say: credit bureau reports, and the list of those who must not be lent to."""

from dataclasses import dataclass

import numpy as np

from simulate.arrays import DAY, NEVER, Floats, Ints, between, chance, logistic
from simulate.lending import NO_PERIOD, Loans
from simulate.people import Population
from simulate.shops import Shops

EVERY_DAYS, JITTER_DAYS = 70, 25
SCORE_MEAN, SCORE_WEIGHT, SCORE_NOISE = 640.0, -60.0, 14.0
UNSCORED_SHARE = 0.04
LISTED_AFTER_DAYS, LISTED_SHARE, MISTAKEN_SHARE = 90, 0.5, 0.001
USER, SHOP, DEVICE = range(3)
REASONS = ("OVERDUE", "FRAUD", "MISMATCH")
OVERDUE, FRAUD, MISMATCH = range(3)


@dataclass(frozen=True, slots=True)
class Reports:
    """All bureau reports, one array a property, amounts in fen; a score of 0 says not scored."""

    borrower: Ints
    second: Ints
    provider: Ints
    score: Ints
    inquiries_3m: Ints
    inquiries_12m: Ints
    lenders: Ints
    balance: Ints
    overdue: Ints
    worst_bucket: Ints


@dataclass(frozen=True, slots=True)
class Listings:
    """All blacklist entries; `subject` is a borrower or a merchant, as `kind` says; an end of `NEVER` is open."""

    kind: Ints
    subject: Ints
    second: Ints
    until: Ints
    reason: Ints


def reports(rng: np.random.Generator, population: Population, days: int) -> Reports:
    """Draw a report at the start and about every ten weeks, each number a noisy proxy of the risk at that time."""
    start = np.maximum(population.registered_on, 0)
    repeats = 1 + np.maximum(days - start, 0) // EVERY_DAYS
    who = np.repeat(np.arange(population.size), repeats)
    place = np.arange(who.size) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    day = start[who] + place * EVERY_DAYS + np.where(place > 0, between(rng, 0, JITTER_DAYS, who.size), 0)
    bureau = population.trait("bureau", who, day)
    score = np.rint(SCORE_MEAN + SCORE_WEIGHT * bureau + SCORE_NOISE * rng.standard_normal(who.size)).astype(np.int64)
    recent = rng.poisson(np.exp(0.7 + 0.60 * population.trait("inquiries", who, day)))
    lenders = rng.poisson(np.exp(1.0 + 0.50 * population.trait("lenders", who, day)))
    late = chance(rng, logistic(-4.0 + 1.0 * bureau), who.size)
    balance = lenders * whole_thousands(np.exp(8.5 + 0.6 * rng.standard_normal(who.size)))
    return Reports(
        borrower=who,
        second=day * DAY + between(rng, 120, 3600, who.size),
        provider=(rng.random(who.size) < 0.3).astype(np.int64),
        score=np.where(chance(rng, UNSCORED_SHARE, who.size), 0, np.clip(score, 350, 900)),
        inquiries_3m=recent,
        inquiries_12m=recent + rng.poisson(4.0 * np.exp(0.45 * population.trait("inquiries", who, day))),
        lenders=lenders,
        balance=balance,
        overdue=np.where(late, balance // 10, 0),
        worst_bucket=np.where(late, 1 + rng.poisson(0.7, who.size), rng.poisson(0.05, who.size)),
    )


def whole_thousands(yuan: Floats) -> Ints:
    """Round yuan to hundreds and give fen."""
    return np.asarray(np.round(yuan, -2) * 100, dtype=np.int64)


def listings(rng: np.random.Generator, population: Population, merchants: Shops, lent: Loans, days: int) -> Listings:
    """List long-overdue borrowers, the ring once it is found, and a few by mistake for a while."""
    stopped = np.flatnonzero(lent.stops_at < NO_PERIOD)
    overdue = np.unique(lent.borrower[stopped])
    first = np.full(population.size, NEVER, dtype=np.int64)
    np.minimum.at(first, lent.borrower[stopped], lent.stopped_on[stopped])
    overdue = overdue[chance(rng, LISTED_SHARE, overdue.size)]
    found = int(population.parameters.ring.found * days)
    ring, members = np.flatnonzero(merchants.is_ring), np.flatnonzero(population.is_colluder)
    mistaken = np.flatnonzero(chance(rng, MISTAKEN_SHARE, population.size) & (population.registered_on < days // 2))
    parts = [
        (USER, overdue, first[overdue] + LISTED_AFTER_DAYS, OVERDUE, False),
        (SHOP, ring, np.full(ring.size, found), FRAUD, False),
        (USER, members, np.full(members.size, found + 3), FRAUD, False),
        (DEVICE, members, np.full(members.size, found + 3), FRAUD, False),
        (USER, mistaken, np.full(mistaken.size, days // 2), MISMATCH, True),
    ]
    size = [part[1].size for part in parts]
    second = np.concatenate([part[2] for part in parts]) * DAY
    second = second + between(rng, 9 * 3600, 18 * 3600, second.size)
    ends = np.repeat([part[4] for part in parts], size)
    return Listings(
        kind=np.repeat([part[0] for part in parts], size),
        subject=np.concatenate([part[1] for part in parts]),
        second=second,
        until=np.where(ends, second + 20 * DAY, NEVER * DAY),
        reason=np.repeat([part[3] for part in parts], size),
    )
