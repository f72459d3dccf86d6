"""Receivable states and labels by plain loops over rows: slow, obvious, and the judge of the engine's."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from features.labels import LabelDefinition
from features.states import StateConvention
from schemas.house import TABLES
from schemas.moments import day_start, local_day

Row = dict[str, Any]
Rows = Mapping[str, list[Row]]
ZERO = Decimal("0.00")
NEVER = date.max


def visible(rows: Iterable[Row], key: tuple[str, ...], as_of: date, time_zone: str) -> list[Row]:
    """Walk the rows and remember of each key the latest version known before the cut."""
    cut = day_start(as_of, time_zone)
    latest: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        if row["known_at"] >= cut or row["happened_at"] >= cut:
            continue
        name = tuple(row[column] for column in key)
        held = latest.get(name)
        if held is None or row["known_at"] > held["known_at"]:
            latest[name] = row
    return [row for row in latest.values() if not row["is_deleted"]]


def cut(rows: Rows, as_of: date, time_zone: str) -> dict[str, list[Row]]:
    """Cut every log."""
    return {name: visible(rows.get(name, []), TABLES[name].key, as_of, time_zone) for name in rows}


def payments(known: Rows, as_of: date) -> list[Row]:
    voided = {row["reverses_repayment_id"] for row in known["repayments"]}
    return [
        row
        for row in known["repayments"]
        if row.get("reverses_repayment_id") is None and row["repayment_id"] not in voided and row["value_on"] < as_of
    ]


class Contract:
    """One receivable with its schedule in force and its movements, day by day."""

    def __init__(self, row: Row, known: Rows, as_of: date, time_zone: str, convention: StateConvention) -> None:
        """Gather what is known of it."""
        self.row, self.as_of, self.convention = row, as_of, convention
        name = row["receivable_id"]
        lines = [line for line in known["instalments"] if line["receivable_id"] == name]
        version = max((line["schedule_version_number"] for line in lines), default=0)
        lines = [line for line in lines if line["schedule_version_number"] == version and due(line) > 0]
        self.lines = sorted(lines, key=lambda line: (line["due_on"], line["period_number"]))
        self.paid = [row for row in payments(known, as_of) if row["receivable_id"] == name]
        self.adjusted = [row for row in known["adjustments"] if row["receivable_id"] == name]
        self.moved_on = {id(row): local_day(row["happened_at"], time_zone) for row in self.adjusted}
        told = [row for row in known["reported_states"] if row["receivable_id"] == name and row["reported_on"] < as_of]
        self.told = sorted(told, key=lambda row: row["reported_on"])
        self.paid_off_on = self._paid_off_on()
        self.settled = [self._settled_on(index) for index in range(len(self.lines))]

    def adjusted_by(self, *kinds: str) -> Decimal:
        """Sum its adjustments of some kinds."""
        return sum((row["adjustment_amount"] for row in self.adjusted if row["adjustment_kind"] in kinds), ZERO)

    def _cover(self) -> dict[date, Decimal]:
        cover: dict[date, Decimal] = defaultdict(lambda: ZERO)
        for row in self.paid:
            cover[row["value_on"]] += row["principal_amount"] + row["interest_amount"] + row["fee_amount"]
        for row in self.adjusted:
            if row["adjustment_kind"] in self.convention.covering_kinds:
                cover[self.moved_on[id(row)]] += max(row["adjustment_amount"], ZERO)
        return cover

    def _paid_off_on(self) -> date | None:
        reduced: dict[date, Decimal] = defaultdict(lambda: ZERO)
        for row in self.paid:
            reduced[row["value_on"]] += row["principal_amount"]
        for row in self.adjusted:
            if row["adjustment_kind"] in {"REFUND", "CORRECTION"}:
                reduced[self.moved_on[id(row)]] += row["adjustment_amount"]
        so_far, first = ZERO, None
        for day in sorted(reduced):
            so_far += reduced[day]
            if so_far >= self.row["original_principal_amount"]:
                first = first or day
        return first if so_far >= self.row["original_principal_amount"] else None

    def _settled_on(self, index: int) -> date | None:
        needed = sum((due(line) for line in self.lines[: index + 1]), ZERO)
        cover, so_far, days = self._cover(), ZERO, []
        for day in sorted(cover):
            so_far += cover[day]
            if so_far >= needed:
                days.append(day)
                break
        days += [self.paid_off_on] if self.paid_off_on else []
        return min(days, default=None)

    def graced(self, late: int) -> int:
        """Count lateness by the convention."""
        return late if late > self.convention.grace_days else 0

    def late(self, index: int) -> int:
        """Count days late of an instalment that was due, so far or until it was covered."""
        due_on = self.lines[index]["due_on"]
        if due_on >= self.as_of:
            return 0
        return self.graced(((self.settled[index] or self.as_of) - due_on).days)

    def owed(self) -> Decimal:
        """Give the principal still owed."""
        paid = sum((row["principal_amount"] for row in self.paid), ZERO)
        return Decimal(
            self.row["original_principal_amount"] - paid - self.adjusted_by("WRITE_OFF", "REFUND", "CORRECTION")
        )


def due(line: Row) -> Decimal:
    return Decimal(line["principal_due_amount"] + line["interest_due_amount"] + line["fee_due_amount"])


def is_case_open(row: Row, known: Rows, kinds: set[str]) -> bool:
    return any(
        case["case_status"] == "OPEN"
        and case["case_kind"] in kinds
        and (case["receivable_id"] == row["receivable_id"] or (row["order_id"] and case["order_id"] == row["order_id"]))
        for case in known["refunds_disputes"]
    )


def states(rows: Rows, as_of: date, time_zone: str, convention: StateConvention) -> list[Row]:
    """Give the state of every receivable known at the start of a day."""
    known = cut(rows, as_of, time_zone)
    return [state(Contract(row, known, as_of, time_zone, convention), known) for row in known["receivables"]]


def lateness(contract: Contract) -> Row:
    if contract.lines:
        late = [contract.late(index) for index in range(len(contract.lines))]
        unpaid = [index for index, day in enumerate(contract.settled) if day is None]
        return {
            "days_past_due": max((late[index] for index in unpaid), default=0),
            "worst_days_past_due": max(late),
            "late_count": sum(1 for days in late if days > 0),
            "paid_period_count": len(late) - len(unpaid),
            "remaining_period_count": len(unpaid),
            "next_due_on": min((contract.lines[index]["due_on"] for index in unpaid), default=None),
            "final_due_on": max(line["due_on"] for line in contract.lines),
        }
    told, term = contract.told, contract.row["term_number"]
    days = [row["reported_days_past_due"] for row in told if row["reported_days_past_due"] is not None]
    reported = [row["reported_remaining_count"] for row in told if row["reported_remaining_count"] is not None]
    remaining = reported[-1] if reported else (0 if contract.paid_off_on else term)
    return {
        "days_past_due": days[-1] if days else 0,
        "worst_days_past_due": max(days, default=0),
        "late_count": sum(1 for each in days if each > 0),
        "paid_period_count": max(term - remaining, 0),
        "remaining_period_count": remaining,
        "next_due_on": None,
        "final_due_on": contract.row["final_due_on"],
    }


def arrears(contract: Contract) -> Decimal:
    if contract.paid_off_on:
        return ZERO
    owed = sum((due(line) for line in contract.lines if line["due_on"] < contract.as_of), ZERO)
    return max(owed - sum(contract._cover().values(), ZERO), ZERO)


def state(contract: Contract, known: Rows) -> Row:
    row, late, paid_off = contract.row, lateness(contract), contract.paid_off_on
    written_off = contract.adjusted_by("WRITE_OFF")
    return {
        **{name: row[name] for name in ("receivable_id", "receivable_key", "borrower_id", "original_principal_amount")},
        **late,
        "as_of": contract.as_of,
        "paid_principal_amount": sum((each["principal_amount"] for each in contract.paid), ZERO),
        "written_off_amount": written_off,
        "refunded_amount": contract.adjusted_by("REFUND"),
        "corrected_amount": contract.adjusted_by("CORRECTION"),
        "current_principal_amount": contract.owed(),
        "arrears_amount": arrears(contract),
        "last_paid_on": max((each["value_on"] for each in contract.paid), default=None),
        "is_prepaid": bool(paid_off and late["final_due_on"] and paid_off < late["final_due_on"]),
        "is_written_off": written_off > 0,
        "is_disputed": is_case_open(row, known, {"DISPUTE", "CHARGEBACK"}),
        "is_refund_open": is_case_open(row, known, {"REFUND", "RETURN"}),
        "extension_count": sum(1 for each in contract.adjusted if each["adjustment_kind"] == "EXTENSION"),
        "restructure_count": sum(1 for each in contract.adjusted if each["adjustment_kind"] == "RESTRUCTURE"),
        "is_open": contract.owed() > 0 and written_off <= 0,
    }


def labels(rows: Rows, as_of: date, data_until: date, time_zone: str, definition: LabelDefinition) -> list[Row]:
    """Give the label of every open receivable that is not in default already, walking the window day by day."""
    known = cut(rows, data_until, time_zone)
    later = {row["receivable_id"]: row for row in known["receivables"]}
    population = [
        row
        for row in states(rows, as_of, time_zone, definition.convention)
        if row["is_open"] and row["days_past_due"] < definition.default_days_past_due
    ]
    return [
        label(row, later.get(row["receivable_id"]), known, (as_of, data_until), time_zone, definition)
        for row in population
    ]


def label(
    row: Row, later: Row | None, known: Rows, span: tuple[date, date], time_zone: str, definition: LabelDefinition
) -> Row:
    as_of, data_until = span
    window = [as_of + timedelta(days=n) for n in range(definition.horizon_days)]
    worst: int | None = None
    is_lost = False
    if later and as_of + timedelta(days=definition.horizon_days) <= data_until:
        contract = Contract(later, known, data_until, time_zone, definition.convention)
        worst = worst_in(contract, window)
        is_lost = any(
            each["adjustment_kind"] in definition.convention.writing_off_kinds and contract.moved_on[id(each)] in window
            for each in contract.adjusted
        )
    return {
        **{name: row[name] for name in ("receivable_id", "as_of", "borrower_id")},
        "horizon_days": definition.horizon_days,
        "window_ends_on": window[-1],
        "window_worst_days_past_due": worst,
        "is_default": verdict(worst, definition, is_lost=is_lost),
    }


def worst_in(contract: Contract, window: list[date]) -> int | None:
    if not contract.lines:
        told = [row for row in contract.told if row["reported_on"] + timedelta(days=1) in window]
        days = [row["reported_days_past_due"] for row in told if row["reported_days_past_due"] is not None]
        return max(days, default=0 if contract.paid_off_on else None)
    worst = 0
    for day in window:
        for line, settled_on in zip(contract.lines, contract.settled, strict=True):
            if line["due_on"] < day <= (settled_on or NEVER):
                worst = max(worst, contract.graced((day - line["due_on"]).days))
    return worst


def verdict(worst: int | None, definition: LabelDefinition, *, is_lost: bool) -> bool | None:
    if is_lost:
        return True
    if worst is None:
        return None
    band = definition.indeterminate_from_days
    if band is not None and band <= worst < definition.default_days_past_due:
        return None
    return worst >= definition.default_days_past_due
