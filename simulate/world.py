"""The whole simulated history in numbers, before anything is written down."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from simulate.arrays import Ints
from simulate.behaviour import Clicks, clicks
from simulate.bureau import Listings, Reports, listings, reports
from simulate.lending import Loans, loans
from simulate.parameters import Parameters
from simulate.paths import Paths, paths
from simulate.payments import Payments, payments
from simulate.people import Population, people
from simulate.refunding import Cases, cases, refunded_days
from simulate.schedules import Schedules, schedules
from simulate.seasons import day_weights
from simulate.servicing import Adjustments, LineStates, Statements, adjustments, line_states, month_ends, statements
from simulate.shopping import Orders, orders
from simulate.shops import Shops, shops


@dataclass(frozen=True, slots=True)
class World:
    """Everything that happened, and what will happen to the receivables after the last day."""

    first_day: date
    days: int
    parameters: Parameters
    population: Population
    shops: Shops
    orders: Orders
    loans: Loans
    frozen_on: Ints
    cases: Cases
    plan: Schedules
    path: Paths
    payments: Payments
    statements: Statements
    lines: LineStates
    adjustments: Adjustments
    clicks: Clicks
    reports: Reports
    listings: Listings


def world(borrowers: int, days: int, seed: int, first_day: date, parameters: Parameters) -> World:
    """Let the platform live through its days; each part draws from its own stream of the seed."""
    streams = iter(np.random.default_rng(seed).spawn(16))
    population = people(next(streams), borrowers, days, parameters)
    merchants = shops(next(streams), borrowers, parameters)
    bought = orders(next(streams), population, merchants, day_weights(first_day, days))
    lent, frozen_on = loans(next(streams), population, merchants, bought, first_day)
    found = cases(next(streams), population, merchants, bought, lent)
    plan = schedules(lent.principal, lent.product, lent.annual_rate, lent.is_fee_plan, lent.due_on)
    path = paths(next(streams), population, lent, plan, refunded_days(found, lent.size), first_day)
    ends = month_ends(first_day, days)
    stated = statements(next(streams), lent, plan, path, ends, parameters)
    return World(
        first_day=first_day,
        days=days,
        parameters=parameters,
        population=population,
        shops=merchants,
        orders=bought,
        loans=lent,
        frozen_on=frozen_on,
        cases=found,
        plan=plan,
        path=path,
        payments=payments(next(streams), lent, plan, path, parameters),
        statements=stated,
        lines=line_states(next(streams), population, lent, stated, ends, frozen_on),
        adjustments=adjustments(next(streams), lent, plan, path, parameters),
        clicks=clicks(next(streams), population, bought, lent, path, days),
        reports=reports(next(streams), population, days),
        listings=listings(next(streams), population, merchants, lent, days),
    )
