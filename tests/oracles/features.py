"""Every feature by plain loops over rows: the frames, and what declarations mean."""

import math
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

from features.declarations import (
    ORDERED,
    PLATFORM,
    ZERO_WHEN_EMPTY,
    Aggregate,
    Aggregation,
    Definition,
    Difference,
    Feature,
    Ratio,
    Smoothed,
    Term,
    Trend,
    of_platform,
)
from features.states import StateConvention
from features.streams import STREAMS
from tests.oracles.states import Row, Rows, due
from tests.oracles.streams import Platform


def is_in(aggregate: Aggregate, row: Row) -> bool:
    if aggregate.window_days is not None and row["age_days"] > aggregate.window_days:
        return False
    return all(row[each.column] in each.values if each.values else row[each.column] == 1 for each in aggregate.where)


def taking_part(aggregate: Aggregate, rows: Sequence[Row]) -> list[Row]:
    """Give the rows that count, in order if their order matters, and of these the latest ones asked for."""
    named = [name for name in (aggregate.measure, aggregate.by) if name]
    found = [row for row in rows if is_in(aggregate, row) and all(row[name] is not None for name in named)]
    if aggregate.aggregation in ORDERED or aggregate.last_count is not None:
        found.sort(key=lambda row: (row["at"], row["tie"]))
    return found if aggregate.last_count is None else found[-aggregate.last_count :]


def aggregate_value(aggregate: Aggregate, rows: Sequence[Row]) -> float | None:
    """Compute one aggregate from an entity's rows."""
    rows, kind = taking_part(aggregate, rows), aggregate.aggregation
    if not rows:
        return 0.0 if kind in ZERO_WHEN_EMPTY else None
    if kind in {Aggregation.TOP_SHARE, Aggregation.ENTROPY}:
        return shared_out(aggregate, rows)
    if aggregate.measure:
        value = measured(kind, [row[aggregate.measure] for row in rows])
        has_unit = kind not in {Aggregation.STREAK, Aggregation.LONGEST}
        return value / STREAMS[aggregate.stream].column(aggregate.measure).scale if has_unit else value
    ages = [row["age_days"] for row in rows]
    numbers = {
        Aggregation.COUNT: len(rows),
        Aggregation.DISTINCT: len({row[aggregate.by] for row in rows if aggregate.by}),
        Aggregation.RECENCY: min(ages),
        Aggregation.OLDEST: max(ages),
    }
    return float(numbers[kind])


def unbroken(kind: Aggregation, values: list[int]) -> int:
    """Walk from the oldest value on: a run grows with every value but 0, which ends it."""
    run = longest = 0
    for value in values:
        run = run + 1 if value != 0 else 0
        longest = max(longest, run)
    return run if kind is Aggregation.STREAK else longest


def measured(kind: Aggregation, values: list[int]) -> float:
    """Make one number of the values of the events that take part, the oldest first."""
    count = len(values)
    match kind:
        case Aggregation.MEAN | Aggregation.SHARE:
            return sum(values) / count
        case Aggregation.STD:
            mean = sum(values) / count
            return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / count)
        case Aggregation.STREAK | Aggregation.LONGEST:
            return float(unbroken(kind, values))
    numbers = {
        Aggregation.SUM: sum(values),
        Aggregation.MAX: max(values),
        Aggregation.MIN: min(values),
        Aggregation.LAST: values[-1],
    }
    return float(numbers[kind])


def shared_out(aggregate: Aggregate, rows: Sequence[Row]) -> float | None:
    groups: dict[Any, int] = defaultdict(int)
    for row in rows:
        groups[row[aggregate.by]] += row[aggregate.measure] if aggregate.measure else 1
    total = sum(groups.values())
    if total <= 0:
        return None
    if aggregate.aggregation is Aggregation.TOP_SHARE:
        return max(groups.values()) / total
    return -math.fsum(value / total * math.log(value / total) for value in groups.values() if value > 0)


class Reader:
    """Computes definitions for one open receivable."""

    def __init__(self, platform: Platform, receivable_id: str) -> None:
        """Stand at one receivable."""
        self.platform, self.name = platform, receivable_id
        self.row, self.state = platform.receivables[receivable_id], platform.states[receivable_id]
        self.borrower = platform.borrowers.get(self.row["borrower_id"])
        self.merchant = platform.merchants.get(self.row["merchant_id"])

    def value(self, definition: Definition) -> float | None:
        """Compute a definition."""
        match definition:
            case Aggregate():
                return self._aggregate(definition)
            case Term():
                value = getattr(self, f"_{definition.frame}")().get(definition.column)
                return None if value is None else float(value)
            case Ratio():
                return self._over(self.value(definition.numerator), self.value(definition.denominator))
            case Difference():
                left, right = self.value(definition.minuend), self.value(definition.subtrahend)
                return None if left is None or right is None else left - right
            case Trend():
                paces = [
                    (self.value(each) or 0.0) / (each.window_days or 1)
                    for each in (definition.recent, definition.longer)
                ]
                return self._over(*paces)
            case Smoothed():
                return self._smoothed(definition)

    @staticmethod
    def _over(left: float | None, right: float | None) -> float | None:
        return None if left is None or right is None or right <= 0 else left / right

    def _aggregate(self, aggregate: Aggregate) -> float | None:
        rows = self.platform.streams[aggregate.stream]
        if aggregate.entity == PLATFORM:
            return aggregate_value(aggregate, rows)
        name = self.row[aggregate.entity]
        if name is None:
            return None
        return aggregate_value(aggregate, [row for row in rows if row[aggregate.entity] == name])

    def _smoothed(self, smoothed: Smoothed) -> float | None:
        overall = self._over(self.value(of_platform(smoothed.cases)), self.value(of_platform(smoothed.rows)))
        cases, rows = self.value(smoothed.cases), self.value(smoothed.rows)
        if overall is None or cases is None or rows is None:
            return None
        rate = (cases + smoothed.weight * overall) / (rows + smoothed.weight)
        return self._over(rate, overall) if smoothed.is_relative else rate

    def _days(self, later: date | None, earlier: date | None) -> int | None:
        return None if later is None or earlier is None else (later - earlier).days

    def _own(self) -> Row:
        row, state, as_of = self.row, self.state, self.platform.as_of
        loans = [each for each in self.platform.receivables.values() if each["borrower_id"] == row["borrower_id"]]
        loans.sort(key=lambda each: (each["originated_on"], each["receivable_id"]))
        number = loans.index(row)
        dues = [due(line) for line in self.platform.contracts[self.name].lines]
        mean = float(sum(dues)) / len(dues) if dues else float(row["original_principal_amount"]) / row["term_number"]
        taken = ("annual_rate", "term_number", "original_principal_amount")
        return {
            **state,
            **{name: row[name] for name in taken},
            "instalment_amount": mean,
            "age_days": self._days(as_of, row["originated_on"]),
            "days_since_paid": self._days(as_of, state["last_paid_on"]),
            "days_to_next_due": self._days(state["next_due_on"], as_of),
            "days_to_final_due": self._days(state["final_due_on"], as_of),
            "loan_number": number + 1,
            "days_since_previous_loan": self._days(row["originated_on"], loans[number - 1]["originated_on"])
            if number
            else None,
            "is_first_loan": number == 0,
            "is_auto_debit": row["is_auto_debit"],
            "is_cash_loan": row["merchant_id"] is None,
            **self._previous(loans[:number]),
        }

    def _previous(self, loans: list[Row]) -> Row:
        if not loans:
            return {}
        states = [self.platform.states[each["receivable_id"]] for each in loans]
        principals = [float(each["original_principal_amount"]) for each in loans]
        rates = [float(each["annual_rate"]) for each in loans if each["annual_rate"] is not None]
        return {
            "previous_principal_amount": sum(principals) / len(loans),
            "previous_largest_amount": max(principals),
            "previous_term_number": sum(each["term_number"] for each in loans) / len(loans),
            "previous_annual_rate": sum(rates) / len(rates) if rates else None,
            "previous_worst_days": max(each["worst_days_past_due"] for each in states),
            "previous_open_count": sum(each["is_open"] for each in states),
        }

    def _obligation(self) -> Row:
        lines = []
        for name, contract in self.platform.contracts.items():
            state = self.platform.states[name]
            if contract.row["borrower_id"] == self.row["borrower_id"] and state["is_open"] and state["next_due_on"]:
                lines += [line for line in contract.lines if line["due_on"] >= state["next_due_on"]]
        soon = [line for line in lines if 0 <= (line["due_on"] - self.platform.as_of).days < 30]
        if not lines:
            return {}
        return {"due_next_30d_amount": sum(map(due, soon)), "left_to_pay_amount": sum(map(due, lines))}

    def _profile(self) -> Row:
        row, as_of = self.borrower, self.platform.as_of
        if row is None:
            return {}
        age = self._days(as_of, row["born_on"])
        return {
            "age_years": None if age is None else age / 365.25,
            "tenure_days": self._days(as_of, row["registered_on"]),
            "annual_income_amount": row["annual_income_amount"],
            "is_income_unknown": row["annual_income_amount"] is None,
            "is_enterprise": None if row["customer_type"] is None else row["customer_type"] == "ENTERPRISE",
            "is_verified": None if row["kyc_status"] is None else row["kyc_status"] == "VERIFIED",
            "kyc_factor_count": row["kyc_factor_count"],
            "is_related_party": row["is_related_party"],
            "is_insolvent": row["is_insolvent"],
            "is_blacklisted": self.platform.is_listed("BORROWER", row["borrower_id"]),
        }

    def _device(self) -> Row:
        people: dict[str, set[str]] = defaultdict(set)
        for row in (*self.platform.known["behaviour_events"], *self.platform.known["orders"]):
            if row["device_id"] is not None and row["borrower_id"] is not None:
                people[row["device_id"]].add(row["borrower_id"])
        me = self.row["borrower_id"]
        mine = [device for device, users in people.items() if me in users]
        others = {user for device in mine if len(people[device]) <= 50 for user in people[device]} - {me}
        seasoned = [row for row in self.platform.streams["loan"] if row["is_seasoned"]]
        theirs = [row for row in seasoned if row["borrower_id"] in others]
        if not mine:
            return {}
        rate = sum(row["is_bad"] for row in seasoned) / len(seasoned) if seasoned else None
        bad = sum(row["is_bad"] for row in theirs)
        return {
            "other_borrower_count": len(others),
            "other_loan_count": len(theirs),
            "smoothed_bad_ratio": (bad + 20 * rate) / (len(theirs) + 20) / rate if rate else None,
            "blacklisted_count": sum(self.platform.is_listed("DEVICE", device) for device in mine),
        }

    def _merchant(self) -> Row:
        row = self.merchant
        if row is None:
            return {}
        return {
            "age_days": self._days(self.platform.as_of, row["onboarded_on"]),
            "is_active": None if row["merchant_status"] is None else row["merchant_status"] == "ACTIVE",
            "is_under_review": row["is_under_review"],
            "is_blacklisted": self.platform.is_listed("MERCHANT", row["merchant_id"]),
        }


def features(
    rows: Rows, as_of: date, time_zone: str, convention: StateConvention, wanted: Sequence[Feature]
) -> list[Row]:
    """Describe every open receivable by the wanted features."""
    platform = Platform(rows, as_of, time_zone, convention)
    told = []
    for name, state in platform.states.items():
        if state["is_open"]:
            reader = Reader(platform, name)
            key = {"receivable_id": name, "as_of": as_of, "borrower_id": state["borrower_id"]}
            told.append({**key, **{each.name: reader.value(each.definition) for each in wanted}})
    return told
