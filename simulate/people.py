"""The borrowers: who they are, how risky, how active, and how the population shifts."""

from dataclasses import dataclass

import numpy as np

from simulate.arrays import NEVER, Flags, Floats, Ints, between, chance, logistic, noisy_copy
from simulate.parameters import REGIONS, Parameters, Traits

ADULT_YEARS = (18.5, 58.0)


@dataclass(frozen=True, slots=True)
class Population:
    """All borrowers, one array a property.

    Args:
        latent: Risk before any shock; standard normal for the oldest cohort.
        shock_on: Day from which a shock raises the risk; `NEVER` when none comes.
        noise: The part of each trait that is not the latent, by trait name.
        registered_on: Day of registration, negative before the first day.
        activity: Orders a day in an ordinary season.
        log_income: Standardised logarithm of income.
        limit_changed_on: Day of the one limit review that changed it; `NEVER` when none.
    """

    latent: Floats
    shock_on: Ints
    noise: dict[str, Floats]
    registered_on: Ints
    activity: Floats
    region: Ints
    log_income: Floats
    income: Ints
    is_income_declared: Flags
    age_days: Ints
    limit: Ints
    limit_changed_on: Ints
    limit_after: Ints
    is_colluder: Flags
    parameters: Parameters

    @property
    def size(self) -> int:
        """Give how many borrowers there are."""
        return int(self.latent.size)

    def risk(self, borrower: Ints, day: Ints) -> Floats:
        """Give the latent risk of borrowers on days."""
        shock = np.where(day >= self.shock_on[borrower], self.parameters.people.shock_size, 0.0)
        return np.asarray(self.latent[borrower] + shock, dtype=np.float64)

    def trait(self, name: str, borrower: Ints, day: Ints) -> Floats:
        """Give an observable trait of borrowers on days: a noisy proxy of the latent risk."""
        correlation = getattr(self.parameters.traits, name)
        rest = np.sqrt(1.0 - correlation**2) * self.noise[name][borrower]
        return np.asarray(correlation * self.risk(borrower, day) + rest, dtype=np.float64)

    def limit_on(self, borrower: Ints, day: Ints) -> Ints:
        """Give the credit limit of borrowers on days, in fen."""
        changed = day >= self.limit_changed_on[borrower]
        return np.where(changed, self.limit_after[borrower], self.limit[borrower])


def people(rng: np.random.Generator, size: int, days: int, parameters: Parameters) -> Population:
    """Draw the borrowers."""
    made, origins = parameters.people, parameters.origins
    registered = _registrations(rng, size, days, made.registered_before_share)
    cohort = np.clip(registered / max(days, 1), 0.0, 1.0)
    latent = rng.standard_normal(size) + made.cohort_drift * cohort
    log_income = noisy_copy(rng, latent, origins.income)
    limit = _limits(rng, latent, log_income, parameters)
    reviewed = chance(rng, 0.4, size)
    factor = np.where(chance(rng, 0.75, size), rng.uniform(1.1, 1.6, size), rng.uniform(0.6, 0.9, size))
    reviewed_on = np.maximum(registered, 0) + between(rng, 60, max(days, 61), size)
    return Population(
        latent=latent,
        shock_on=np.where(chance(rng, made.shock_share, size), between(rng, 0, days, size), NEVER),
        noise={name: rng.standard_normal(size) for name in Traits.__dataclass_fields__},
        registered_on=registered,
        activity=_activity(rng, size, parameters),
        region=_regions(rng, latent, cohort, origins.region),
        log_income=log_income,
        income=_incomes(log_income, parameters),
        is_income_declared=chance(rng, made.declared_income_share, size),
        age_days=_ages(rng, latent, origins.youth),
        limit=limit,
        limit_changed_on=np.where(reviewed, reviewed_on, NEVER),
        limit_after=_hundreds(limit.astype(np.float64) * factor),
        is_colluder=_colluders(rng, registered, days, parameters),
        parameters=parameters,
    )


def _registrations(rng: np.random.Generator, size: int, days: int, before_share: float) -> Ints:
    before = -1 - np.floor(rng.exponential(400.0, size)).astype(np.int64)
    during = np.floor(rng.random(size) * days * 0.98).astype(np.int64)
    return np.where(chance(rng, before_share, size), before, during)


def _activity(rng: np.random.Generator, size: int, parameters: Parameters) -> Floats:
    deviation = parameters.people.activity_deviation
    factor = np.exp(deviation * rng.standard_normal(size) - deviation**2 / 2)
    return np.asarray(parameters.people.orders_per_day * np.minimum(factor, parameters.people.most_active))


def _regions(rng: np.random.Generator, latent: Floats, cohort: Floats, correlation: float) -> Ints:
    """Draw home regions: they are listed from safer to riskier, and later cohorts come from further down the list."""
    place = logistic(1.702 * noisy_copy(rng, latent, correlation)) ** (1.0 / (1.0 + 0.8 * cohort))
    return np.minimum(np.floor(place * len(REGIONS)), len(REGIONS) - 1).astype(np.int64)


def _incomes(log_income: Floats, parameters: Parameters) -> Ints:
    made = parameters.people
    yuan = np.exp(made.log_income_mean + made.log_income_deviation * log_income)
    return np.asarray(np.round(yuan, -3), dtype=np.int64)


def _ages(rng: np.random.Generator, latent: Floats, correlation: float) -> Ints:
    """Draw ages on the first day, in days: the young are riskier."""
    low, high = ADULT_YEARS
    youth = logistic(1.702 * noisy_copy(rng, latent, correlation))
    return np.floor((low + 3.0 + (high - low - 3.0) * (1.0 - youth) ** 1.4) * 365.25).astype(np.int64)


def _limits(rng: np.random.Generator, latent: Floats, log_income: Floats, parameters: Parameters) -> Ints:
    view = noisy_copy(rng, latent, parameters.origins.lender_view)
    return _hundreds(100 * np.exp(parameters.people.log_limit_mean + 0.35 * log_income + 0.35 * view))


def _hundreds(fen: Floats) -> Ints:
    return np.asarray(np.clip(np.round(fen, -4), 100_000, 5_000_000), dtype=np.int64)


def _colluders(rng: np.random.Generator, registered: Ints, days: int, parameters: Parameters) -> Flags:
    eligible = np.flatnonzero(registered < parameters.ring.starts * days)
    wanted = min(max(4, round(parameters.ring.borrower_share * registered.size)), eligible.size)
    chosen = np.zeros(registered.size, dtype=np.bool_)
    chosen[rng.choice(eligible, wanted, replace=False)] = True
    return chosen
