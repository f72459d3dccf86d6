"""What a pool brings in, by plain loops over rows: slow, obvious, and the judge of the engine's."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from features.states import StateConvention
from schemas.moments import local_day, months_after
from tests.oracles.states import NEVER, Contract, Row, Rows, cut, due

ZERO = Decimal("0.00")
OF_DUE = ("due", "in_time", "late", "fallen_away", "open", "ahead")


class Held:
    """A receivable in a pool, from a day up to another, as known at the start of a later day."""

    def __init__(self, held: Row, contract: Contract) -> None:
        """Keep the holding and what is known of its receivable."""
        self.held, self.contract = held, contract
        self.start, self.end = held["bought_on"], held["until_on"]

    def cover(self, until: date) -> Decimal:
        """Sum what covers instalments before a day."""
        return sum((units for day, units in self.contract._cover().items() if day < until), ZERO)

    def lines(self) -> list[Row]:
        """Say of every instalment what was expected of it and what came."""
        before, now, level, found = self.cover(self.start), self.cover(self.end), ZERO, []
        paid_off = self.contract.paid_off_on or NEVER
        for line in self.contract.lines:
            whole = due(line)
            expected = max(line["due_on"], self.start)
            by_day = self.cover(min(self.end, date.fromordinal(expected.toordinal() + 1)))
            had, early, has = (min(max(each - level, ZERO), whole) for each in (before, by_day, now))
            early, level = max(early, had), level + whole
            told = dict.fromkeys(OF_DUE, ZERO)
            if expected < self.end:
                told |= {"due": whole - had, "in_time": early - had, "late": has - early}
                told["fallen_away" if paid_off < self.end else "open"] = whole - has
            else:
                told["ahead"] = has - had
            found.append({"period_number": line["period_number"], "expected_on": expected, **told})
        return found

    def cash(self) -> list[tuple[date, Row]]:
        """Give the payments and recoveries that came in while held."""
        paid = [(row["value_on"], row) for row in self.contract.paid]
        return [(day, row) for day, row in paid if self.start <= day < self.end]

    def months(self, as_of: date) -> list[tuple[int, date, date, bool]]:
        """Give the months since purchase that begin while held: number, first day, end, and if it is over."""
        found, number = [], 1
        while months_after(self.start, number - 1) < self.end:
            first, last = months_after(self.start, number - 1), months_after(self.start, number)
            found.append((number, first, min(last, as_of), last <= as_of))
            number += 1
        return found

    def reduced(self, kinds: tuple[str, ...], since: date, until: date) -> Decimal:
        """Sum the adjustments of some kinds between two days."""
        moved = self.contract.moved_on
        rows = [row for row in self.contract.adjusted if row["adjustment_kind"] in kinds]
        return sum((row["adjustment_amount"] for row in rows if since <= moved[id(row)] < until), ZERO)

    def paid(self, since: date, until: date, *names: str) -> Decimal:
        """Sum parts of the payments between two days."""
        rows = [row for row in self.contract.paid if since <= row["value_on"] < until]
        return sum((row[f"{name}_amount"] for row in rows for name in names), ZERO)

    def month(self, first: date, last: date) -> Row:
        """Walk through one month."""
        end, always = min(last, self.end), date.min
        losses = self.contract.convention.writing_off_kinds
        gifts = tuple(kind for kind in ("REFUND", "CORRECTION") if kind not in losses)
        original = self.contract.row["original_principal_amount"]
        before = self.paid(always, first, "principal") + self.reduced(gifts, always, first)
        opening = original - before - self.reduced(losses, always, first)
        asked = sum((line["principal_due_amount"] for line in self.contract.lines if line["due_on"] < last), ZERO)
        wanted = max(asked - before, ZERO)
        paid = self.paid(first, end, "principal")
        told = {
            "opening": opening,
            "scheduled": min(wanted, max(opening, ZERO)),
            "paid": paid,
            "prepaid": max(paid - wanted, ZERO),
            "yield": self.paid(first, end, "interest", "fee", "penalty"),
            "recovered": self.reduced(("RECOVERY",), first, end),
            "written_off": self.reduced(losses, first, end),
            **{name: self.reduced((kind,) if kind in gifts else (), first, end) for name, kind in GIFTS.items()},
        }
        after = opening - sum((told[name] for name in ("paid", "refunded", "corrected", "written_off")), ZERO)
        is_last = self.held["is_ended"] and self.end <= last
        return {**told, "left": after if is_last else ZERO, "closing": ZERO if is_last else after}


GIFTS = {"refunded": "REFUND", "corrected": "CORRECTION"}


def holdings(rows: Rows, held: list[Row], as_of: date, time_zone: str, convention: StateConvention) -> list[Held]:
    """Give every holding whose receivable is known."""
    known: Mapping[str, list[Any]] = cut(rows, as_of, time_zone)
    by_name = {row["receivable_id"]: row for row in known["receivables"]}
    found = [(each, by_name[each["receivable_id"]]) for each in held if each["receivable_id"] in by_name]
    return [Held(each, Contract(row, known, as_of, time_zone, convention)) for each, row in found]


def recoveries(one: Held, time_zone: str) -> list[tuple[date, Decimal]]:
    """Give the recoveries that came in while held."""
    rows = [row for row in one.contract.adjusted if row["adjustment_kind"] == "RECOVERY"]
    days = [(local_day(row["happened_at"], time_zone), row["adjustment_amount"]) for row in rows]
    return [(day, amount) for day, amount in days if one.start <= day < one.end]
