"""A deal's calendar: days by rule, moved around weekends and holidays, beside a plain walk; versions of a deal."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pool.deal import Deal
from pool.deal_calendar import DAY_KINDS, Calendar, Convention, calendar_problems
from pool.deal_versions import in_force, in_sequence
from schemas.errors import ConfigurationError
from tests.pool.worlds import demo_deal

DAY = timedelta(days=1)
SPAN = {
    "first_cut_off_on": date(2025, 1, 31),
    "revolving_end_on": date(2026, 1, 31),
    "expected_maturity_on": date(2026, 12, 31),
    "legal_final_on": date(2027, 12, 31),
}
HOLIDAYS = [
    {"name": "Spring festival", "first_on": date(2025, 1, 28), "last_on": date(2025, 2, 4)},
    {"name": "Labour day", "first_on": date(2025, 5, 1), "last_on": date(2025, 5, 5)},
]
RULES = {
    "cut_off": {"day_of_month": 31},
    "calculation": {"after": "cut_off", "business_days": 3},
    "purchase": {"after": "calculation", "business_days": 2},
    "transfer": {"day_of_month": 5, "convention": "FOLLOWING"},
    "payment": {"after": "transfer", "business_days": 1},
}


def calendar(**parts: Any) -> Calendar:
    return Calendar.model_validate({**SPAN, "days": RULES, "holidays": HOLIDAYS, **parts})


def test_a_period_runs_from_cut_off_to_payment() -> None:
    """Month end, three business days, two more; the holiday and the weekends are no business days."""
    plan = calendar()
    days = {kind: plan.days_of(kind, date(2025, 1, 1), date(2025, 5, 31)) for kind in DAY_KINDS}
    assert days["cut_off"] == [date(2025, month, day) for month, day in ((1, 31), (2, 28), (3, 31), (4, 30), (5, 31))]
    assert days["calculation"][:2] == [date(2025, 2, 10), date(2025, 3, 5)]
    assert days["purchase"][0] == date(2025, 2, 12)
    assert days["transfer"] == [date(2025, 2, 5), date(2025, 3, 5), date(2025, 4, 7), date(2025, 5, 6)]
    assert days["payment"][-1] == date(2025, 5, 7)


def test_purchases_end_before_the_revolving_period_does_and_payments_at_legal_final() -> None:
    """The end day of revolving is no purchase day; transfers go on after it."""
    plan = calendar(days={"purchase": {"every_days": 1}, "payment": {"day_of_month": 31}})
    bought = plan.days_of("purchase", date(2020, 1, 1), date(2030, 1, 1))
    paid = plan.days_of("payment", date(2020, 1, 1), date(2030, 1, 1))
    assert (bought[0], bought[-1], len(bought)) == (date(2025, 1, 31), date(2026, 1, 30), 365)
    assert (paid[0], paid[-1]) == (date(2025, 1, 31), date(2027, 12, 31))
    assert plan.days_of("transfer", date(2020, 1, 1), date(2030, 1, 1)) == []


def test_the_short_form_and_the_rule_are_the_same() -> None:
    """`purchase_every_days: 30` is `purchase: {every_days: 30}`."""
    short = calendar(days={}, purchase_every_days=30)
    long = calendar(days={"purchase": {"every_days": 30}})
    span = (date(2025, 1, 1), date(2025, 12, 31))
    assert short.days_of("purchase", *span) == long.days_of("purchase", *span)
    assert not [*calendar_problems(short), *calendar_problems(long)]


def test_a_working_weekend_is_one() -> None:
    """China works on some weekend days beside its holidays."""
    plan = calendar(working_days=[date(2025, 2, 8)], weekend=["SATURDAY", "SUNDAY"])
    assert (plan.is_business_day(date(2025, 2, 8)), plan.is_business_day(date(2025, 2, 9))) == (True, False)
    assert (plan.is_business_day(date(2025, 2, 4)), plan.is_business_day(date(2025, 2, 5))) == (False, True)


def moved(plan: Calendar, day: date, convention: Convention) -> date:
    """Walk a day to a business day, the plain way."""

    def walk(step: timedelta) -> date:
        at = day
        while not plan.is_business_day(at):
            at += step
        return at

    if convention == "UNADJUSTED":
        return day
    if convention == "PRECEDING":
        return walk(-DAY)
    following = walk(DAY)
    return walk(-DAY) if convention == "MODIFIED_FOLLOWING" and following.month != day.month else following


@settings(max_examples=150, deadline=None)
@given(
    st.integers(1, 31),
    st.integers(1, 6),
    st.sampled_from(["UNADJUSTED", "FOLLOWING", "MODIFIED_FOLLOWING", "PRECEDING"]),
    st.sampled_from([["SATURDAY", "SUNDAY"], ["FRIDAY"], []]),
    st.integers(0, 12),
)
def test_days_are_those_of_a_plain_walk(
    day_of_month: int, every_months: int, convention: Convention, weekend: list[str], business_days: int
) -> None:
    """Month by month, moved by the convention; days after by counting business days one by one."""
    rule = {"day_of_month": day_of_month, "every_months": every_months, "convention": convention}
    after = {"after": "transfer", "business_days": business_days}
    plan = calendar(days={"transfer": rule, "payment": after, "purchase": {"every_days": 7}}, weekend=weekend)
    wanted, later, month = set(), set(), date(2025, 1, 1)
    while month <= plan.legal_final_on:
        end = (month + 31 * DAY).replace(day=1) - DAY
        day = min(month + (day_of_month - 1) * DAY, end)
        if plan.first_cut_off_on <= day <= plan.legal_final_on:
            wanted.add(moved(plan, day, convention))
            at = moved(plan, moved(plan, day, convention), "FOLLOWING")
            for _ in range(business_days):
                at = moved(plan, at + DAY, "FOLLOWING")
            later.add(at)
        for _ in range(every_months):
            month = (month + 31 * DAY).replace(day=1)
    span = (date(2024, 1, 1), date(2029, 1, 1))
    assert plan.days_of("transfer", *span) == sorted(day for day in wanted if day <= plan.legal_final_on)
    assert plan.days_of("payment", *span) == sorted(day for day in later if day <= plan.legal_final_on)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"days": {}}, "purchase_every_days or a rule"),
        ({"purchase_every_days": 1}, "purchase_every_days or a rule"),
        (
            {"days": {"purchase": {"after": "cut_off", "business_days": 1}}},
            "purchase follows cut_off, which has no rule",
        ),
        ({"days": {**RULES, "cut_off": {"after": "payment", "business_days": 1}}}, "cut_off follows payment"),
        ({"days": {**RULES, "purchase": {"after": "purchase", "business_days": 1}}}, "purchase follows purchase"),
        ({"holidays": [{"name": "x", "first_on": date(2025, 2, 1), "last_on": date(2025, 1, 1)}]}, "the holiday x"),
        ({"legal_final_on": date(9999, 12, 31)}, "between 1980 and 2150"),
        ({"revolving_end_on": date(2024, 1, 1)}, "must come in this order"),
    ],
)
def test_a_calendar_that_cannot_be_is_refused(change: dict[str, Any], told: str) -> None:
    """Rules that hang in the air or in a circle, two rules for one thing, days without order or end."""
    assert any(told in problem for problem in calendar_problems(calendar(**change)))


def version(number: int, on: str, name: str = "demo_consumer") -> Deal:
    return demo_deal().model_copy(update={"version": number, "effective_on": date.fromisoformat(on), "name": name})


def test_the_version_in_force_is_the_latest_that_is_effective() -> None:
    """From its first day on, exclusive of none; before all the first stands, and is not effective yet."""
    deals = in_sequence([version(2, "2025-01-01"), version(1, "2024-03-01"), version(4, "2025-06-01")], "demo_consumer")
    found: Callable[[str], int] = lambda day: in_force(deals, date.fromisoformat(day)).version  # noqa: E731
    assert [found(day) for day in ("2023-01-01", "2024-03-01", "2024-12-31", "2025-01-01", "2025-06-01")] == [
        1,
        1,
        1,
        2,
        4,
    ]


@pytest.mark.parametrize(
    "deals",
    [
        [version(1, "2024-03-01"), version(1, "2025-01-01")],
        [version(1, "2025-01-01"), version(2, "2025-01-01")],
        [version(1, "2025-01-01"), version(2, "2024-01-01")],
        [version(1, "2024-03-01"), version(2, "2025-01-01", "other")],
    ],
)
def test_versions_that_do_not_follow_one_another_are_refused(deals: list[Deal]) -> None:
    """A number twice, a later one that is effective earlier or on the same day, another deal's name."""
    with pytest.raises(ConfigurationError, match="deal demo_consumer: version"):
        in_sequence(deals, "demo_consumer")
