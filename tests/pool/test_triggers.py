"""Triggers and revolving conditions, counted by hand."""

from datetime import date
from decimal import Decimal

import pytest

from pool.triggers import Holding, check_revolving, evaluate_triggers
from schemas import derived
from tests.pool.worlds import demo_deal

DEAL = demo_deal()
DAY = date(2025, 6, 1)


def held(count: int, days: int = 0, worst: int | None = None, *, off: bool = False) -> list[Holding]:
    return [Holding(1000, 0 if off else 500, days, worst if worst is not None else days, off)] * count


def test_rates_are_by_principal_over_what_was_ever_bought() -> None:
    """100 bought for 1,000 each: two 60 days late once, one written off, three late now."""
    pool = held(94) + held(2, 0, 60) + held(1, off=True) + held(3, 61)
    values = {result.code: (result.value, result.is_fired) for result in evaluate_triggers(DEAL, pool, DAY)}
    assert values == {"T01": (0.06, True), "T02": (pytest.approx(3 / 99), False)}


def test_a_rate_at_its_bound_does_not_fire() -> None:
    """Above the bound, not at it."""
    results = evaluate_triggers(DEAL, held(95) + held(5, 0, 60), DAY)
    assert (results[0].value, results[0].is_fired) == (0.05, False)
    assert set(results[0].__slots__) == set(derived.TRIGGER_RESULTS.names)


def test_an_empty_pool_fires_nothing() -> None:
    """There is nothing to measure yet."""
    assert [(result.value, result.is_fired) for result in evaluate_triggers(DEAL, [], DAY)] == [(None, False)] * 2


def test_purchases_need_the_period_the_start_and_quiet_triggers() -> None:
    """The end day is outside, the first day inside."""
    fired = evaluate_triggers(DEAL, held(1, 70), DAY)
    quiet = evaluate_triggers(DEAL, held(1), DAY)
    end = DEAL.calendar.revolving_end_on

    def met(day: date, triggers: list) -> list[bool]:  # type: ignore[type-arg]
        return [result.is_met for result in check_revolving(DEAL, triggers, day)]

    assert met(DEAL.effective_on, quiet) == [True, True, True]
    assert met(DEAL.effective_on.replace(year=2023), quiet) == [False, True, True]
    assert met(end, quiet) == [True, False, True]
    assert met(DAY, fired) == [True, True, False]
    assert check_revolving(DEAL, fired, DAY)[2].observed == "fired=T01, T02"
    assert Decimal("0.05") == DEAL.triggers[0].at_most
