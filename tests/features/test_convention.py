"""The convention in single cases that a person can check by hand, all in one engine call."""

from datetime import date, timedelta
from typing import Any

import pytest
from pyspark.sql import SparkSession

from features.spark_states import receivable_states
from features.states import StateConvention
from tests.features.compare import rows_of
from tests.features.platform import Row, Rows, event, logs_of, moment, money

ZONE = "Asia/Shanghai"
DUE, AS_OF = date(2025, 3, 1), date(2025, 3, 11)
START = DUE - timedelta(days=30)


class Case:
    """A contract of 100.00 in two instalments, the first due ten days before the as-of day."""

    def __init__(self, name: str) -> None:
        """Sign it and lay down its schedule."""
        self.name = name
        signed = {"originated_on": START, "disbursed_on": START, "term_number": 2, "currency": "CNY"}
        parties = {"borrower_id": "b", "contract_no": name, "originator_id": "x", "order_id": f"o-{name}"}
        self.rows: dict[str, list[Row]] = {"receivables": [], "instalments": [], "repayments": [], "adjustments": []}
        principal = {"original_principal_amount": money(10_000), "receivable_key": name}
        self._add("receivables", START, {**signed, **parties, **principal})
        self.plan(1, DUE, DUE + timedelta(days=30))

    def _add(self, table: str, day: date, values: Row, known: date | None = None) -> None:
        known_at = moment(known, 0, ZONE) if known else None
        self.rows[table].append(event(moment(day, 0, ZONE), known_at, receivable_id=self.name, **values))

    def plan(self, version: int, *days: date) -> "Case":
        """Put a schedule in force."""
        amounts = {"principal_due_amount": money(5_000), "interest_due_amount": money(100), "fee_due_amount": money(0)}
        for period, day in enumerate(days, 1):
            key = {"schedule_version_number": version, "period_number": period, "due_on": day}
            self._add("instalments", START, {**key, **amounts})
        return self

    def pay(self, day: date, principal: int = 5_000, known: date | None = None, **values: Any) -> "Case":
        """Receive cash, with 1.00 of interest and a penalty that covers nothing."""
        amounts = {"principal_amount": money(principal), "interest_amount": money(100), "fee_amount": money(0)}
        name = f"{self.name}-{len(self.rows['repayments'])}"
        row = {"repayment_id": name, "value_on": day, "penalty_amount": money(9_900), **amounts, **values}
        self._add("repayments", day, row, known)
        return self

    def adjust(self, day: date, kind: str, principal: int) -> "Case":
        """Move principal without a payment."""
        name = f"{self.name}-{len(self.rows['adjustments'])}"
        row = {"adjustment_id": name, "adjustment_kind": kind, "adjustment_amount": money(principal)}
        self._add("adjustments", day, row)
        return self


BEFORE = AS_OF - timedelta(days=1)
CASES = (
    (Case("unpaid"), {"days_past_due": 10, "worst_days_past_due": 10, "late_count": 1, "arrears_amount": money(5_100)}),
    (Case("in time").pay(DUE), {"days_past_due": 0, "late_count": 0, "paid_period_count": 1}),
    (Case("early").pay(START), {"days_past_due": 0, "next_due_on": DUE + timedelta(days=30)}),
    (Case("late").pay(DUE + timedelta(days=7)), {"days_past_due": 0, "worst_days_past_due": 7, "late_count": 1}),
    (Case("short").pay(DUE, 4_999), {"days_past_due": 10, "arrears_amount": money(1), "paid_period_count": 0}),
    (
        Case("in parts").pay(DUE, 4_000).pay(DUE + timedelta(days=2), 900),
        {"days_past_due": 0, "worst_days_past_due": 2, "late_count": 1},
    ),
    (Case("value day is today").pay(BEFORE, value_on=AS_OF), {"days_past_due": 10, "paid_principal_amount": money(0)}),
    (Case("known today").pay(DUE, known=AS_OF), {"days_past_due": 10}),
    (Case("known yesterday").pay(DUE, known=BEFORE), {"days_past_due": 0, "worst_days_past_due": 0}),
    (
        Case("voided").pay(DUE).pay(BEFORE, reverses_repayment_id="voided-0"),
        {"days_past_due": 10, "paid_principal_amount": money(0), "last_paid_on": None},
    ),
    (
        Case("paid off early").pay(DUE, 10_000),
        {"is_open": False, "is_prepaid": True, "remaining_period_count": 0, "current_principal_amount": money(0)},
    ),
    (
        Case("returned goods").adjust(DUE - timedelta(days=5), "REFUND", 10_000),
        {"days_past_due": 0, "arrears_amount": money(0), "is_open": False, "refunded_amount": money(10_000)},
    ),
    (
        Case("lost").adjust(BEFORE, "WRITE_OFF", 10_000),
        {"days_past_due": 10, "is_written_off": True, "is_open": False, "current_principal_amount": money(0)},
    ),
    (
        Case("corrected up").adjust(BEFORE, "CORRECTION", -500),
        {"current_principal_amount": money(10_500), "corrected_amount": money(-500), "days_past_due": 10},
    ),
    (
        Case("put off").plan(2, DUE + timedelta(days=20), DUE + timedelta(days=50)).adjust(BEFORE, "EXTENSION", 0),
        {"days_past_due": 0, "extension_count": 1, "final_due_on": DUE + timedelta(days=50)},
    ),
)


@pytest.fixture(scope="module")
def told(engine: SparkSession) -> dict[str, Row]:
    """States of all cases, by name."""
    rows: Rows = {table: [row for case, _ in CASES for row in case.rows[table]] for table in CASES[0][0].rows}
    states = receivable_states(logs_of(engine, rows), AS_OF, ZONE, StateConvention())
    return {row["receivable_id"]: row for row in rows_of(states)}


@pytest.mark.parametrize(("case", "promised"), CASES, ids=[case.name for case, _ in CASES])
def test_the_convention_in_single_cases(told: dict[str, Row], case: Case, promised: Row) -> None:
    """Strict count, first due first paid, penalties left out, value days, reversals, payoffs, refunds, extensions."""
    assert {name: told[case.name][name] for name in promised} == promised


def test_the_balance_is_what_its_movements_leave(told: dict[str, Row]) -> None:
    """Current principal = original - paid - written off - refunded - corrected, to the cent."""
    parts = ("paid_principal_amount", "written_off_amount", "refunded_amount", "corrected_amount")
    for row in told.values():
        assert row["current_principal_amount"] == row["original_principal_amount"] - sum(row[part] for part in parts)
