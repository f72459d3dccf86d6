"""Triggers over time and revolving conditions, counted by hand and by a slow fold."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pool.deal import Trigger
from pool.standing import MEASURES, Late, Standing, late_from, measured
from pool.triggers import IN_FORCE, Phase, check_revolving, follow, results
from schemas.moments import months_after
from schemas.triggers import TRIGGER_RESULTS
from tests.pool.worlds import demo_deal

DEAL = demo_deal()
DAY = date(2025, 6, 1)
START = DEAL.calendar.first_cut_off_on


def trigger(measure: str = "severe_delinquency_rate", **terms: Any) -> Trigger:
    """Give a trigger; one of lateness counts from 61 days past due."""
    bounds = {} if "at_least" in terms else {"at_most": Decimal("0.06")}
    late = (
        {"days_past_due": 61} if "rate" in measure and measure not in ("payment_rate", "cumulative_loss_rate") else {}
    )
    words = {"code": "T", "clause": "8", "text_en": "a trigger", "text_zh": "触发", "effect": "STOP_PURCHASES"}
    return Trigger.model_validate({**words, "measure": measure, **late, **bounds, **terms})


def standing(month: int = 0, *, late: int | None = 0, **told: Any) -> Standing:
    """Give what a pool of ten thousand bought shows some months after the deal's start, so much of a thousand late."""
    unpaid, late = (0, 0) if late is None else (1000, late)
    lateness = {61: Late(late=late, defaulted=late, default_unpaid=late, newly=late)}
    return Standing(months_after(START, month), bought=10_000, unpaid=unpaid, lateness=lateness, **told)


def phases(each: Trigger, shares: list[float | None]) -> str:
    """Give the initials of a trigger's phases over months in which so much of a pool is late; P is pending."""
    shown = [standing(m, late=None if s is None else round(s * 1000)) for m, s in enumerate(shares)]
    names = {Phase.CLEAR: ".", Phase.PENDING: "P", Phase.FIRED: "F", Phase.CURING: "c", Phase.CURED: "-"}
    return "".join(names[one.phase] for one in follow(DEAL, each, shown))


def test_each_measure_is_its_formula() -> None:
    """By hand: 200 late of 1,000 unpaid and 10,000 bought, 30 lost, 90 received of which 50 gains, on 800."""
    one = standing(
        late=200, lost=30, opening=800, received=90, gains=50, cash=250, turnover_late_days=4, ineligible=500
    )
    by_hand = {
        "cumulative_default_rate": Fraction(200, 10_000),
        "cumulative_loss_rate": Fraction(30, 10_000),
        "severe_delinquency_rate": Fraction(200, 1000),
        "excess_spread": Fraction(12 * (50 - 200), 800) - Fraction("0.05"),
        "payment_rate": Fraction(90, 800),
        "pool_balance": Fraction(800, 100),
        "asset_coverage": Fraction(1000 - 200 + 250, 900),
        "idle_cash_share": Fraction(250, 1250),
        "days_past_expected_maturity": Fraction(0),
        "turnover_late_days": Fraction(4),
        "ineligible_share": Fraction(500, 10_000),
    }
    assert set(by_hand) == set(MEASURES)
    terms = {"days_past_due": 61, "annual_cost_rate": Decimal("0.05"), "note_amount": Decimal(9)}
    for measure, expected in by_hand.items():
        each = trigger().model_copy(update={"measure": measure, **terms})
        assert measured(each, DEAL, one) == expected, measure


def test_what_nobody_knows_is_not_measured() -> None:
    """No cash told, no turnover looked at, nothing held a month ago, nothing bought: no value, and nothing fires."""
    for measure in ("asset_coverage", "idle_cash_share", "turnover_late_days", "ineligible_share", "payment_rate"):
        each = trigger().model_copy(update={"measure": measure, "note_amount": Decimal(9)})
        assert measured(each, DEAL, standing()) is None
    floor = trigger("pool_balance", at_least=Decimal(100), days_past_due=61)
    assert measured(floor, DEAL, Standing(DAY)) is None
    assert follow(DEAL, floor, [Standing(DAY)])[-1].phase is Phase.CLEAR


def test_days_past_maturity_count_while_something_is_owed() -> None:
    """From the day after it on."""
    late = trigger("days_past_expected_maturity", at_most=Decimal(0))
    end = DEAL.calendar.expected_maturity_on
    on = [Standing(end + timedelta(days=days), bought=1, unpaid=1) for days in (-3, 0, 5)]
    assert [measured(late, DEAL, one) for one in on] == [0, 0, 5]
    assert measured(late, DEAL, Standing(end + timedelta(days=5), bought=1)) == 0


@pytest.mark.parametrize(
    ("terms", "shares", "expected"),
    [
        ({}, [0.05, 0.06, 0.07, 0.06], "..F-"),
        ({"fire_periods": 2}, [0.07, 0.05, 0.07, 0.07, 0.01], "P.PF-"),
        ({"cure_periods": 2}, [0.07, 0.01, 0.07, 0.01, 0.01, 0.01], "FcFc--"),
        ({"cure_periods": None}, [0.07, 0.01, 0.01, 0.01], "Fccc"),
        ({"average_months": 3}, [0.09, 0.00, 0.03, 0.15, 0.15, 0.03], "F---FF"),
        ({"cure_periods": 1, "fire_periods": 2}, [0.07, 0.07, None, 0.01, 0.07], "PFF-P"),
    ],
)
def test_a_trigger_fires_and_cures_by_its_rules(
    terms: dict[str, Any], shares: list[float | None], expected: str
) -> None:
    """Month after month; a month in which nothing is held changes nothing."""
    assert phases(trigger(**terms), shares) == expected


def test_a_bound_steps_with_the_age_of_the_deal() -> None:
    """Six hundredths at first, twelve from the third month on: the same share fires only before."""
    each = trigger(steps=[{"from_month": 3, "bound": Decimal("0.12")}])
    assert phases(each, [0.1] * 4) == "FFF-"
    states = follow(DEAL, each, [standing(month, late=100) for month in range(4)])
    assert [float(one.threshold) for one in states] == [0.06, 0.06, 0.06, 0.12]
    assert [one.since for one in states] == [START] * 3 + [months_after(START, 3)]


def plain_fold(each: Trigger, values: list[Fraction | None]) -> list[bool]:
    """Tell for every period whether a trigger is in force: look back over all periods before, again each time."""
    found: list[bool] = []
    seen: list[bool] = []
    told: list[Fraction] = []
    for value in values:
        if value is None:
            found.append(bool(found) and found[-1])
            continue
        told.append(value)
        window = told[-each.average_months :]
        mean = sum(window, Fraction(0)) / len(window)
        seen.append(mean > Fraction(each.bound))
        was = bool(found) and found[-1]
        beyond = all(seen[-each.fire_periods :]) and len(seen) >= each.fire_periods
        cure = each.cure_periods
        within = cure is not None and not any(seen[-max(cure, 1) :]) and len(seen) >= max(cure, 1)
        found.append(not within if was else beyond)
    return found


@given(
    st.lists(st.one_of(st.none(), st.integers(0, 120)), max_size=24),
    st.integers(1, 4),
    st.integers(1, 3),
    st.one_of(st.none(), st.integers(0, 4)),
)
@settings(max_examples=300, deadline=None)
def test_the_fold_is_that_of_looking_back(late: list[int | None], average: int, fire: int, cure: int | None) -> None:
    """In force in the same periods as when all periods are looked at again each time."""
    each = trigger(average_months=average, fire_periods=fire, cure_periods=cure)
    shown = [standing(m, late=part) for m, part in enumerate(late)]
    states = follow(DEAL, each, shown)
    values = [None if part is None else Fraction(part, 1000) for part in late]
    assert [one.phase in IN_FORCE for one in states] == plain_fold(each, values)
    for one, after in pairwise(states):
        assert (after.phase is Phase.CLEAR) <= (one.phase in (Phase.CLEAR, Phase.PENDING))
        assert (after.since == one.since) == (after.phase is one.phase)


def test_results_are_the_last_period_and_fit_their_table() -> None:
    """Both triggers of the demonstration deal, exactly at and just above their bounds."""
    assert late_from(DEAL) == (60, 61)
    shown = [Standing(DAY, bought=100, unpaid=100, lateness={60: Late(defaulted=5), 61: Late(late=7)})]
    found = results(DEAL, shown, DAY)
    assert [(one.code, one.value, one.is_fired) for one in found] == [("T01", 0.05, False), ("T02", 0.07, True)]
    assert set(found[0].__slots__) == set(TRIGGER_RESULTS.names)
    assert [one.value for one in results(DEAL, [Standing(DAY)], DAY)] == [None, None]


def test_purchases_need_the_period_the_start_and_quiet_triggers() -> None:
    """The end day is outside, the first day inside."""
    fired = results(DEAL, [Standing(DAY, bought=1, unpaid=1, lateness={61: Late(late=1)})], DAY)
    quiet = results(DEAL, [Standing(DAY)], DAY)
    end = DEAL.calendar.revolving_end_on

    def met(day: date, triggers: list) -> list[bool]:  # type: ignore[type-arg]
        return [result.is_met for result in check_revolving(DEAL, triggers, day)]

    assert met(DEAL.effective_on, quiet) == [True, True, True]
    assert met(DEAL.effective_on.replace(year=2023), quiet) == [False, True, True]
    assert met(end, quiet) == [True, False, True]
    assert met(DAY, fired) == [True, True, False]
    assert check_revolving(DEAL, fired, DAY)[2].observed == f"fired=T02 (FIRED since {DAY})"
