"""Schedules: when each instalment falls due and what it is made of."""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from simulate.arrays import NEVER, Columns, Flags, Floats, Ints
from simulate.parameters import LONGEST_TERM, TERMS

BILL_DAY = 9
"""Days after the first of the month on which a bill falls due: the 10th."""
SHORTEST_BILL_DAYS = 20
LAST_SAFE_DAY = 27
"""Days after the first that every month has."""


@dataclass(frozen=True, slots=True)
class Schedules(Columns):
    """The schedules of all receivables: one row a receivable, one column a period, amounts in fen.

    Args:
        term: How many periods; columns beyond it hold `NEVER` and zero amounts.
        due_on: Due days.
    """

    term: Ints
    due_on: Ints
    principal: Ints
    interest: Ints
    fee: Ints

    @property
    def owed(self) -> Ints:
        """Give what each instalment asks for in all."""
        return self.principal + self.interest + self.fee

    @property
    def live(self) -> Flags:
        """Tell which columns hold an instalment."""
        return np.asarray(np.arange(LONGEST_TERM) < self.term[:, None], dtype=np.bool_)


def months_later(day: Ints, months: Ints, first_day: date) -> Ints:
    """Give the same day of a later month, the 28th at the latest; both arrays have one shape."""
    moment = _calendar(day, first_day)
    month = moment.astype("datetime64[M]")
    place = np.minimum((moment - month.astype("datetime64[D]")).astype(np.int64), LAST_SAFE_DAY)
    return _days((month + months).astype("datetime64[D]") + place, first_day)


def due_days(disbursed_on: Ints, product: Ints, first_day: date) -> Ints:
    """Give the due days: monthly from disbursement, or the 10th that ends the bill of a pay-later purchase."""
    term = np.asarray(TERMS)[product]
    shape = (disbursed_on.size, LONGEST_TERM)
    start = np.broadcast_to(disbursed_on[:, None], shape)
    months = np.broadcast_to(np.arange(1, LONGEST_TERM + 1), shape)
    due = months_later(start, months, first_day)
    due[:, 0] = np.where(term == 1, _bill_days(disbursed_on, first_day), due[:, 0])
    return np.where(months <= term[:, None], due, NEVER)


def schedules(principal: Ints, product: Ints, annual_rate: Floats, is_fee_plan: Flags, due_on: Ints) -> Schedules:
    """Split principals into instalments.

    Args:
        principal: Fen.
        product: Position in `PRODUCTS`.
        annual_rate: Annual decimal.
        is_fee_plan: Equal principal and a flat fee instead of equal instalments with interest.
        due_on: Due days, from `due_days`.
    """
    term = np.asarray(TERMS)[product]
    by_rate = _equal_instalments(principal, term, annual_rate / 12)
    by_fee = _equal_principal(principal, term)
    parts = np.where(is_fee_plan[:, None], by_fee, by_rate[0])
    interest = np.where(is_fee_plan[:, None], 0, by_rate[1])
    flat = np.rint(principal * annual_rate / 24 * (term + 1) / term).astype(np.int64)
    live = np.arange(LONGEST_TERM) < term[:, None]
    fee = np.where(is_fee_plan[:, None] & live, flat[:, None], 0)
    return Schedules(term, due_on, parts, interest, fee)


def _equal_principal(principal: Ints, term: Ints) -> Ints:
    each, rest = np.divmod(principal, term)
    column = np.arange(LONGEST_TERM)
    parts = each[:, None] + np.where(column == 0, rest[:, None], 0)
    return np.where(column < term[:, None], parts, 0)


def _equal_instalments(principal: Ints, term: Ints, monthly_rate: Floats) -> tuple[Ints, Ints]:
    safe = np.maximum(monthly_rate, 1e-9)
    payment = np.rint(principal * safe / (1 - (1 + safe) ** -term.astype(np.float64))).astype(np.int64)
    parts = np.zeros((principal.size, LONGEST_TERM), dtype=np.int64)
    interest = np.zeros_like(parts)
    balance = principal.copy()
    for period in range(LONGEST_TERM):
        interest[:, period] = np.where(period < term, np.rint(balance * monthly_rate), 0)
        part = np.where(period == term - 1, balance, np.minimum(payment - interest[:, period], balance))
        parts[:, period] = np.where(period < term, part, 0)
        balance -= parts[:, period]
    return parts, interest


def _bill_days(disbursed_on: Ints, first_day: date) -> Ints:
    month = _calendar(disbursed_on, first_day).astype("datetime64[M]")
    nearest = _days((month + 1).astype("datetime64[D]") + BILL_DAY, first_day)
    later = _days((month + 2).astype("datetime64[D]") + BILL_DAY, first_day)
    return np.where(nearest - disbursed_on >= SHORTEST_BILL_DAYS, nearest, later)


def _calendar(day: Ints, first_day: date) -> NDArray[np.datetime64]:
    return np.asarray(np.datetime64(first_day, "D") + day)


def _days(moment: NDArray[np.datetime64], first_day: date) -> Ints:
    return np.asarray((moment - np.datetime64(first_day, "D")).astype(np.int64))
