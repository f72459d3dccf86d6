"""What decides over a pool's life, by hand and by property: tenures, turnover, static pools, dilution, alarms."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pool.dilution import DilutedMonth, by_month, reserve
from pool.ledger import Act, EntryKind
from pool.static import Month, average_life, rates, together
from pool.tenures import tenures
from pool.turnover import Turnover, turned_over
from pool.watch import Drifted, PoolLife, WatchParameters, pool_alarms
from tests.pool.test_ledger import AT, bought, chain, released

DAY = date(2025, 6, 1)
days = st.integers(0, 20).map(lambda n: DAY + timedelta(days=n))
amounts = st.integers(-300, 1000)
BACK = Act(EntryKind.REPURCHASED, "demo", "back", "bob", AT, {"receivable_keys": ["k2"], "price_minor": 90})


def test_a_tenure_ends_on_the_local_day_of_its_entry() -> None:
    """Released, bought back, still held, and held again: each with its days."""
    entries = chain(*bought("p1", "k1", "k2"), released("k1"), BACK, *bought("p2", "k1"))
    found = tenures(entries, "demo", lambda moment: moment.date() + timedelta(days=1))
    assert [(one.pledge.receivable_key, one.pledge.purchase_id, one.ended_on, one.is_released) for one in found] == [
        ("k1", "p1", date(2025, 6, 2), True),
        ("k2", "p1", date(2025, 6, 2), False),
        ("k1", "p2", None, False),
    ]
    assert [one.is_held(DAY) for one in found] == [True, True, True]
    assert [one.is_held(date(2025, 6, 2)) for one in found] == [False, False, True]
    assert tenures(entries, "other", lambda moment: moment.date()) == []


def test_the_oldest_cash_is_turned_over_first() -> None:
    """100 of Monday and 50 of Tuesday; 120 come on Thursday: Monday is whole, 30 of Tuesday are out."""
    found = turned_over([(DAY + timedelta(days=1), 50), (DAY, 100)], [(DAY + timedelta(days=3), 120)])
    assert [(one.turned_over, one.outstanding, one.turned_over_on) for one in found.days] == [
        (100, 0, DAY + timedelta(days=3)),
        (20, 30, None),
    ]
    assert found.beyond == 0
    monday, tuesday = found.days
    assert (monday.last_day(3), monday.late_days(3, DAY + timedelta(days=9))) == (DAY + timedelta(days=3), 0)
    assert monday.late_days(2, DAY + timedelta(days=9)) == 1
    assert [tuesday.late_days(3, DAY + timedelta(days=n)) for n in (4, 5, 6, 9)] == [0, 0, 1, 4]


def test_money_that_went_back_makes_the_latest_turnover_smaller() -> None:
    """What the servicer took back was never turned over."""
    day = [DAY + timedelta(days=n) for n in range(5)]
    found = turned_over([(day[0], 100)], [(day[1], 60), (day[2], 60), (day[3], -70)])
    assert [(one.turned_over, one.turned_over_on) for one in found.days] == [(50, None)]
    assert turned_over([(day[0], 10)], [(day[1], 25)]).beyond == 15


@given(st.dictionaries(days, amounts, max_size=8), st.lists(st.tuples(days, amounts), max_size=8))
def test_turnover_loses_no_cent(collected: dict[date, int], moved: list[tuple[date, int]]) -> None:
    """What was turned over of all days and what is beyond is what moved; no later day is whole before an earlier."""
    found = turned_over(collected.items(), moved)
    assert sum(one.turned_over for one in found.days) + found.beyond == sum(amount for _, amount in moved)
    assert {one.collected_on: one.collected for one in found.days} == collected
    assert all(one.outstanding >= 0 for one in found.days)
    assert all((one.turned_over_on is None) == (one.outstanding > 0) for one in found.days)
    if all(amount > 0 for amount in collected.values()) and all(amount > 0 for _, amount in moved):
        for one in found.days:
            due = sum(amount for day, amount in collected.items() if day <= one.collected_on)
            came = [sum(a for d, a in moved if d <= day) for day in (DAY + timedelta(days=n) for n in range(21))]
            reached = next((DAY + timedelta(days=n) for n, amount in enumerate(came) if amount >= due), None)
            assert one.turned_over_on == (None if reached is None else max(reached, one.collected_on))


def month(number: int, opening: int, scheduled: int, paid: int, prepaid: int, **more: int) -> Month:
    """Give a month; what is not said is nothing."""
    blank = dict.fromkeys(
        ("cash", "gains", "refunded", "corrected", "defaulted", "written_off", "recovered", "left"), 0
    )
    told = {**blank, "closing": opening - paid, "bought": 1000, **more}
    return Month(number, is_over=True, opening=opening, scheduled=scheduled, paid=paid, prepaid=prepaid, **told)


def test_speeds_are_those_of_the_textbook() -> None:
    """1,000 bought, 100 scheduled, 90 of the 900 left are prepaid: SMM 10 %, CPR 71.76 %; ABS of the third month."""
    first, second, third = rates(
        [
            month(1, 1000, 100, 190, 90, cash=200, gains=10, defaulted=20),
            month(2, 810, 90, 90, 0, written_off=20, cash=95, gains=5),
            month(3, 700, 100, 160, 60, recovered=5, defaulted=30),
        ]
    )
    assert first.smm == pytest.approx(0.1)
    assert first.cpr == pytest.approx(0.71757, abs=1e-5)
    assert (first.payment_rate, first.annual_yield, first.factor) == pytest.approx((0.2, 0.12, 0.81))
    assert third.abs_speed == pytest.approx(0.1 / 1.2)
    assert [one.default_rate for one in (first, second, third)] == pytest.approx([0.02, 0.02, 0.05])
    assert [one.loss_rate for one in (first, second, third)] == pytest.approx([0, 0.02, 0.015])
    assert third.prepaid_rate == pytest.approx(0.15)
    assert second.smm == 0


def test_a_month_that_is_not_over_has_no_speed() -> None:
    """Cumulative rates go on; speeds of half a month would mislead."""
    (one,) = rates([replace(month(1, 1000, 100, 190, 90, defaulted=20), is_over=False)])
    assert (one.smm, one.cpr, one.payment_rate, one.annual_yield) == (None, None, None, None)
    assert one.default_rate == pytest.approx(0.02)
    (empty,) = rates([month(1, 0, 0, 0, 0, bought=0)])
    assert (empty.default_rate, empty.smm, empty.payment_rate) == (None, None, None)


def test_purchases_together_count_where_they_have_come_to() -> None:
    """In the second month only the older purchase speaks, with its own first month."""
    old = [month(1, 1000, 0, 0, 0, defaulted=10), month(2, 1000, 0, 0, 0, defaulted=20)]
    young = [month(1, 1000, 0, 0, 0, defaulted=50), replace(month(2, 900, 0, 0, 0, defaulted=500), is_over=False)]
    assert [(one.number, one.default_rate) for one in together([old, young])] == [(1, 0.03), (2, 0.03)]
    assert together([]) == []


def test_average_life_falls_with_prepayment() -> None:
    """Four equal months: 2 at no prepayment, and less the faster it goes; overdue principal counts at once."""
    plan = [0, 25, 25, 25, 25]
    lives = [average_life(plan, smm) for smm in (0.0, 0.1, 0.5, 1.0)]
    assert lives[0] == pytest.approx(2.0)
    assert lives == sorted(lives, reverse=True)
    assert lives[-1] == pytest.approx(0.5)
    assert average_life([100, 0]) == 0
    assert average_life([0, 0]) is None


def test_the_reserve_is_the_mean_of_whole_months_times_a_factor() -> None:
    """The month that runs does not count, nor what lies before the last three."""
    months = by_month(
        [(date(2025, 1, 5), 900), (date(2025, 3, 31), 100), (date(2025, 5, 2), 70)], date(2025, 1, 1), DAY
    )
    assert months[2] == DilutedMonth(date(2025, 3, 1), 1, 100)
    assert [one.amount for one in months] == [900, 0, 100, 0, 70, 0]
    assert reserve(months, 2.0) == 114
    assert reserve(months[:1], 2.0) == 0


QUIET = PoolLife(
    as_of=DAY,
    allowed_days=3,
    turnover=turned_over([(DAY - timedelta(days=9), 100)], [(DAY - timedelta(days=8), 100)]),
    has_statement=True,
    due=1000,
    open=50,
    cash=1000,
    unmatched=0,
    bought=10_000,
    refunded=100,
    breached=0,
    breached_unpaid=0,
    difference=0,
    drifts=(Drifted("p2", "region", 0.2, 0.1, 0.3, 0.05),),
)
LATE = turned_over([(DAY - timedelta(days=9), 100), (DAY - timedelta(days=1), 30)], [])
BEYOND = Turnover(QUIET.turnover.days, 5)


@pytest.mark.parametrize(
    ("change", "fired"),
    [
        ({}, []),
        ({"turnover": LATE}, [("CASH_NOT_TURNED_OVER", "stop", 100 / 130)]),
        ({"turnover": LATE, "allowed_days": None}, []),
        ({"turnover": LATE, "has_statement": False}, [("TURNOVER_UNKNOWN", "look", 2)]),
        ({"turnover": BEYOND}, [("TURNED_OVER_BEYOND", "look", 0.05)]),
        ({"open": 101}, [("COLLECTIONS_SHORT", "look", 0.101)]),
        ({"unmatched": 11}, [("CASH_UNMATCHED", "look", 0.011)]),
        ({"refunded": 301}, [("DILUTION", "look", 0.0301)]),
        ({"breached": 2, "breached_unpaid": 70}, [("WARRANTY_BREACHED", "look", 2)]),
        ({"difference": -1}, [("ROLL_FORWARD_OPEN", "stop", 0.01)]),
        ({"drifts": (Drifted("p2", "region", 0.3, 0.1, 0.4, 0.05),)}, [("BATCH_DRIFTED", "look", 0.3)]),
        ({"drifts": (Drifted("p2", "region", 0.3, 0.1, 0.4, 0.35),)}, []),
    ],
)
def test_an_alarm_fires_above_its_threshold_and_says_where_to_look(
    change: dict[str, object], fired: list[tuple[str, str, float]]
) -> None:
    """One change at a time; what stops comes first."""
    found = pool_alarms(replace(QUIET, **change), WatchParameters())  # type: ignore[arg-type]
    assert [(one.code, one.severity, pytest.approx(one.value)) for one in found] == fired
    assert all(one.table and one.found for one in found)


def test_stops_come_before_looks() -> None:
    """The gravest first."""
    found = pool_alarms(replace(QUIET, difference=5, open=900, breached=1), WatchParameters())
    assert [one.code for one in found] == ["ROLL_FORWARD_OPEN", "COLLECTIONS_SHORT", "WARRANTY_BREACHED"]
