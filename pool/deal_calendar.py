"""A deal's days: when its books are cut off, counted, bought from, paid over and paid out, by rule."""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cached_property
from itertools import count
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from pool.clauses import Document, Sentence
from schemas.moments import days_between, month_starts

DayKind = Literal["cut_off", "calculation", "purchase", "transfer", "payment"]
DAY_KINDS: tuple[DayKind, ...] = ("cut_off", "calculation", "purchase", "transfer", "payment")
Convention = Literal["UNADJUSTED", "FOLLOWING", "MODIFIED_FOLLOWING", "PRECEDING"]
_ROLLS: dict[str, Literal["following", "modifiedfollowing", "preceding"]] = {
    "FOLLOWING": "following",
    "MODIFIED_FOLLOWING": "modifiedfollowing",
    "PRECEDING": "preceding",
}
Weekday = Literal["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"]
_WEEK: tuple[Weekday, ...] = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
FIRST_YEAR, LAST_YEAR = 1980, 2150
_SLACK = timedelta(days=100)
"""By how far a following or counted business day may leave the deal's own span."""


class Holiday(Document):
    """Days on which no business is done.

    Args:
        name: What is kept.
        first_on: First of them.
        last_on: Last of them.
    """

    name: Sentence
    first_on: date
    last_on: date


class EveryDays(Document):
    """A day, and each that many days after the first cut-off."""

    every_days: int = Field(ge=1, le=366)
    convention: Convention = "UNADJUSTED"


class Monthly(Document):
    """A day of the month.

    Args:
        day_of_month: 1 to 31; the last day where the month has no such day.
        every_months: Months from one to the next, counted from the first cut-off's month.
        convention: Where it moves when it is no business day.
    """

    day_of_month: int = Field(ge=1, le=31)
    every_months: int = Field(default=1, ge=1, le=12)
    convention: Convention = "UNADJUSTED"


class After(Document):
    """So many days after each day of another kind.

    Args:
        after: The other kind, one that comes before in the order cut-off, calculation, purchase, transfer, payment.
        business_days: Business days after it; a day that is none counts as the one that follows it.
    """

    after: DayKind
    business_days: int = Field(ge=0, le=60)


DayRule = Annotated[EveryDays | Monthly | After, Field(union_mode="left_to_right")]


class Days(Document):
    """A rule for each kind of day.

    Args:
        cut_off: Books are closed at its start.
        calculation: What was collected, and what may be bought, is counted.
        purchase: A batch is bought.
        transfer: Collections are paid over to the deal's account.
        payment: Holders are paid.
    """

    cut_off: DayRule | None = None
    calculation: DayRule | None = None
    purchase: DayRule | None = None
    transfer: DayRule | None = None
    payment: DayRule | None = None


class Calendar(Document):
    """The deal's days.

    Args:
        first_cut_off_on: First day at whose start receivables are judged.
        purchase_every_days: Days between purchases; the short form of a rule for `purchase`.
        revolving_end_on: First day on which nothing more is bought.
        expected_maturity_on: Day by which the notes should be repaid.
        legal_final_on: Day by which the notes must be repaid.
        days: A rule for each kind of day.
        weekend: Days of the week without business.
        holidays: Days without business.
        working_days: Days of a weekend on which business is done after all.
        turnover_days: Days within which the servicer turns over what it collected; null where nothing is promised.
    """

    first_cut_off_on: date
    purchase_every_days: int | None = Field(default=None, ge=1)
    revolving_end_on: date
    expected_maturity_on: date
    legal_final_on: date
    days: Days = Days()
    weekend: tuple[Weekday, ...] = Field(default=("SATURDAY", "SUNDAY"), max_length=6)
    holidays: tuple[Holiday, ...] = Field(default=(), max_length=1000)
    working_days: tuple[date, ...] = Field(default=(), max_length=1000)
    turnover_days: int | None = Field(default=None, ge=0)

    @property
    def rules(self) -> dict[DayKind, DayRule]:
        """Give the rule of each kind of day that has one, in the order of a period."""
        rules: dict[DayKind, DayRule | None] = {kind: getattr(self.days, kind) for kind in DAY_KINDS}
        if self.purchase_every_days is not None:
            rules["purchase"] = EveryDays(every_days=self.purchase_every_days)
        return {kind: rule for kind, rule in rules.items() if rule is not None}

    def is_business_day(self, day: date) -> bool:
        """Tell whether business is done on a day."""
        return day not in self._closed

    def days_of(self, kind: DayKind, first: date, last: date) -> list[date]:
        """Give the deal's days of a kind from the first day to the last, both counted; none where it has no rule.

        Cut-offs, calculations and purchases end before the revolving period does, transfers and payments at the legal
        final maturity.
        """
        rule = self.rules.get(kind)
        if rule is None:
            return []
        found = {day for day in self._generated(rule) if first <= day <= last}
        return sorted(day for day in found if self._is_within(kind, day))

    def bought_until(self, cut_off: date) -> date:
        """Give the last day on which a list of that cut-off may be settled.

        The day before the next cut-off; where the deal has no rule for cut-offs, before the purchase day after the
        coming one; and while the pool revolves.
        """
        tomorrow, end = cut_off + timedelta(days=1), self.revolving_end_on - timedelta(days=1)
        purchases = self.days_of("purchase", cut_off, end)
        coming = purchases[0] if purchases else cut_off
        later = self.days_of("cut_off", tomorrow, end) if "cut_off" in self.rules else purchases[1:]
        return max(coming, later[0] - timedelta(days=1) if later else end, cut_off)

    def _is_within(self, kind: DayKind, day: date) -> bool:
        if kind in ("transfer", "payment"):
            return day <= self.legal_final_on
        return self.first_cut_off_on <= day < self.revolving_end_on

    def _generated(self, rule: DayRule) -> Iterator[date]:
        if isinstance(rule, After):
            before = self._generated(self.rules[rule.after])
            yield from (self._business_days_later(day, rule.business_days) for day in before)
        elif isinstance(rule, EveryDays):
            steps = (self.first_cut_off_on + timedelta(days=rule.every_days * step) for step in count())
            yield from self._adjusted(steps, rule.convention)
        else:
            months = month_starts(self.first_cut_off_on.replace(day=1), self.legal_final_on)
            days = (_in_month(month, rule.day_of_month) for month in months[:: rule.every_months])
            yield from self._adjusted(days, rule.convention)

    def _adjusted(self, days: Iterator[date], convention: Convention) -> Iterator[date]:
        for day in days:
            if day > self.legal_final_on:
                return
            if day >= self.first_cut_off_on:
                yield self._business_days_later(day, 0, convention)

    def _business_days_later(self, day: date, number: int, convention: Convention = "FOLLOWING") -> date:
        if convention == "UNADJUSTED":
            return day
        start = np.datetime64(day, "D")
        moved = np.busday_offset(start, number, roll=_ROLLS[convention], busdaycal=self._business)
        return date.fromisoformat(str(moved))

    @cached_property
    def _closed(self) -> frozenset[date]:
        first, last = self.first_cut_off_on - _SLACK, self.legal_final_on + _SLACK
        weekend = {_WEEK.index(name) for name in self.weekend}
        days = {day for day in days_between(first, last) if day.weekday() in weekend} - {*self.working_days}
        return frozenset(days.union(*(days_between(each.first_on, each.last_on) for each in self.holidays)))

    @cached_property
    def _business(self) -> np.busdaycalendar:
        return np.busdaycalendar(weekmask="1111111", holidays=sorted(self._closed))


def calendar_problems(calendar: Calendar) -> Iterator[str]:
    """Say what is wrong with a calendar: order of days, rules that hang in the air, holidays that end too early."""
    order = [
        calendar.first_cut_off_on,
        calendar.revolving_end_on,
        calendar.expected_maturity_on,
        calendar.legal_final_on,
    ]
    if order != sorted(order):
        yield "calendar: first cut-off, end of revolving, expected maturity and legal final must come in this order"
    if order[0].year < FIRST_YEAR or order[3].year > LAST_YEAR:
        yield f"calendar: its days lie between {FIRST_YEAR} and {LAST_YEAR}"
    if (calendar.purchase_every_days is None) == (calendar.days.purchase is None):
        yield "calendar: give purchase_every_days or a rule for purchase, one of them"
    for kind, rule in calendar.rules.items():
        if isinstance(rule, After) and rule.after not in _before(calendar, kind):
            yield f"calendar: {kind} follows {rule.after}, which has no rule or does not come before it"
    for holiday in calendar.holidays:
        if not 0 <= (holiday.last_on - holiday.first_on).days < 60:
            yield f"calendar: the holiday {holiday.name} of {holiday.first_on} ends before it begins, or after 60 days"


def _before(calendar: Calendar, kind: DayKind) -> frozenset[DayKind]:
    return frozenset(each for each in calendar.rules if DAY_KINDS.index(each) < DAY_KINDS.index(kind))


def _in_month(month: date, day_of_month: int) -> date:
    first_of_next = (month + timedelta(days=31)).replace(day=1)
    return min(month + timedelta(days=day_of_month - 1), first_of_next - timedelta(days=1))
