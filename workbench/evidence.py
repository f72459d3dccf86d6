"""One receivable: everything that is known of it as of a day, and how each criterion sees it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pool.deal import Criterion, Deal, parsed
from pool.vocabulary import in_order
from schemas import derived, events, lending, parties
from schemas.moments import day_start
from schemas.table import Table
from workbench.book import Reading
from workbench.copies import Copies
from workbench.sheet import Place, Sheet
from workbench.shelf import Row, Shelf, source

HISTORY = "receivable_id, as_of, days_past_due, worst_days_past_due, current_principal_amount, arrears_amount"
MOST_DAYS = 24
"""Days past due are shown of so many published days, the latest."""
TABLES = {
    "receivable": lending.RECEIVABLES.name,
    "state": derived.RECEIVABLE_STATES.name,
    "tag": derived.RECEIVABLE_TAGS.name,
    "borrower": parties.BORROWERS.name,
    "merchant": parties.MERCHANTS.name,
    "order": events.ORDERS.name,
    "report": parties.CREDIT_REPORTS.name,
    "blacklist": parties.BLACKLIST.name,
    "exposure": derived.RECEIVABLE_STATES.name,
    "position": "ledger",
    "deal": "deal",
}
"""Where the columns of a criterion come from, by group."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One criterion and what it saw: outcome P, F or U; values by column; the tables that they come from."""

    criterion: Criterion
    outcome: str
    observed: tuple[tuple[str, Any], ...]
    sources: tuple[str, ...]

    @property
    def is_passed(self) -> bool:
        """Tell whether it stands in nobody's way."""
        return self.outcome == "P"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a receivable.

    Args:
        row: Its row of the sheet.
        state: Its state.
        tag: The model's word; None where there is none.
        contract: The contract in force; None where it was withdrawn.
        order: The order behind it.
        merchant: Who sold.
        borrower: Who owes.
        schedule: Its instalments, in the version in force.
        payments: Its payments that count, reversed ones and reversals left out, oldest first.
        adjustments: Movements that are no payments.
        history: Its states on published days, oldest first.
        verdicts: Every criterion of the deal; empty where the deal has changed since it was screened.
        failures: What it failed, or is unknown, as the screening wrote it down.
    """

    row: Row
    state: Row
    tag: Row | None
    contract: Row | None
    order: Row | None
    merchant: Row | None
    borrower: Row | None
    schedule: list[Row]
    payments: list[Row]
    adjustments: list[Row]
    history: list[Row]
    verdicts: tuple[Verdict, ...]
    failures: list[Row]


LOOKED_UP: tuple[tuple[Table, str], ...] = (
    (lending.INSTALMENTS, "receivable_id"),
    (lending.REPAYMENTS, "receivable_id"),
    (lending.RECEIVABLES, "receivable_id"),
    (events.ORDERS, "order_id"),
    (parties.BORROWERS, "borrower_id"),
    (parties.CREDIT_REPORTS, "borrower_id"),
)
"""Large logs, and the column by which one receivable's rows are found."""
FOUND = 20_480
"""So many rows of a copied log stand together: a few are looked for."""


def copy_logs(shelf: Shelf, copies: Copies) -> None:
    """Copy the large logs in the order by which pages look things up, and the states of all days by receivable."""
    for table, column in LOOKED_UP:
        if files := shelf.files(table):
            ordered = f"SELECT * FROM {source()} ORDER BY {column}"
            copies.made(f"log-{table.name}-by-{column}", files, ordered, (files,), FOUND)
    if files := shelf.files(derived.RECEIVABLE_STATES):
        ordered = f"SELECT {HISTORY} FROM {source()} ORDER BY receivable_id, as_of"
        copies.made("history", files, ordered, (files,), FOUND)


class Cut:
    """Logs as they were known at the start of a day, a thing at a time."""

    def __init__(self, shelf: Shelf, copies: Copies, place: Place, time_zone: str) -> None:
        """Cut logs at a place's day."""
        self._shelf = shelf
        self._copies = copies
        self._moment = day_start(place.day, time_zone)

    @property
    def moment(self) -> str:
        """Give the instant of the cut, as rows write theirs."""
        return self._moment.strftime("%Y-%m-%dT%H:%M:%S")

    def rows(self, table: Table, column: str, value: object) -> list[Row]:
        """Give the things of a log that a column singles out, each in its latest known version, by their key.

        Raises:
            KeyError: The table has no such column.
        """
        if value is None:
            return []
        name, keys = table.column(column).name, ", ".join(table.key)
        latest = f"row_number() OVER (PARTITION BY {keys} ORDER BY known_at DESC, record_hash) = 1"
        known = f"{name} = ? AND known_at < ? AND happened_at < ? QUALIFY {latest}"
        found = self._shelf.read_files(self._files(table, name), table, known, value, self._moment, self._moment)
        return sorted(
            (row for row in found if not row["is_deleted"]), key=lambda row: [str(row[one]) for one in table.key]
        )

    def _files(self, table: Table, column: str) -> list[str]:
        """Give the copy in which a value is found fast, or, while it is not made, the log's own files."""
        files = self._shelf.files(table)
        path = self._copies.path(f"log-{table.name}-by-{column}", files)
        return [str(path)] if path.exists() else files

    def one(self, table: Table, column: str, value: object) -> Row | None:
        """Give one thing of a log, or None."""
        return next(iter(self.rows(table, column, value)), None)


def evidence(sheet: Sheet, copies: Copies, reading: Reading, receivable_id: str, time_zone: str) -> Evidence | None:
    """Gather what is known of a receivable; None where it is not open that day."""
    row = sheet.row(receivable_id)
    if row is None:
        return None
    place, shelf = sheet.place, sheet.shelf
    cut = Cut(shelf, copies, place, time_zone)

    def of_day(table: Table) -> list[Row]:
        return shelf.read(table, place.day, place.deal.name, "receivable_id = ?", receivable_id)

    contract = cut.one(lending.RECEIVABLES, "receivable_id", receivable_id) or {}
    tags, failures = of_day(derived.RECEIVABLE_TAGS), of_day(derived.SCREENING_FAILURES)
    known: dict[str, Row | None] = {
        "receivable": contract,
        "state": of_day(derived.RECEIVABLE_STATES)[0],
        "tag": tags[0] if tags else None,
        "borrower": cut.one(parties.BORROWERS, "borrower_id", row["borrower_id"]),
        "merchant": cut.one(parties.MERCHANTS, "merchant_id", contract.get("merchant_id")),
        "order": cut.one(events.ORDERS, "order_id", contract.get("order_id")),
        "report": _latest(cut.rows(parties.CREDIT_REPORTS, "borrower_id", row["borrower_id"])),
        "exposure": _exposure(sheet, row),
        "position": _position(reading, row),
        "deal": _deal(place),
    }
    known["blacklist"] = _listed(cut, known)
    return Evidence(
        row=row,
        state=known["state"] or {},
        tag=known["tag"],
        contract=contract or None,
        order=known["order"],
        merchant=known["merchant"],
        borrower=known["borrower"],
        schedule=_in_force(cut.rows(lending.INSTALMENTS, "receivable_id", receivable_id)),
        payments=_standing(cut.rows(lending.REPAYMENTS, "receivable_id", receivable_id)),
        adjustments=cut.rows(lending.ADJUSTMENTS, "receivable_id", receivable_id),
        history=_history(shelf, copies, place, receivable_id),
        verdicts=_verdicts(row, place.deal, known, failures),
        failures=failures,
    )


def _in_force(schedule: list[Row]) -> list[Row]:
    """Keep the latest version of a schedule, in order of its periods."""
    latest = max((row["schedule_version_number"] for row in schedule), default=0)
    kept = [row for row in schedule if row["schedule_version_number"] == latest]
    return sorted(kept, key=lambda row: row["period_number"])


def _standing(payments: list[Row]) -> list[Row]:
    """Leave out payments that were reversed, and the reversals."""
    voided = {row["reverses_repayment_id"] for row in payments}
    kept = [row for row in payments if not row["reverses_repayment_id"] and row["repayment_id"] not in voided]
    return sorted(kept, key=lambda row: (row["value_on"], row["repayment_id"]))


def _latest(reports: list[Row]) -> Row | None:
    return max(reports, key=lambda row: (row["happened_at"], row["known_at"], row["report_id"]), default=None)


def _exposure(sheet: Sheet, row: Row) -> Row:
    """Sum over all of the borrower's receivables, as the screening does."""
    files = sheet.shelf.files(derived.RECEIVABLE_STATES, sheet.place.day)
    found = sheet.shelf.rows(
        "SELECT coalesce(max(days_past_due) FILTER (is_open OR is_written_off), 0) AS max_days_past_due, "
        "max(worst_days_past_due) AS worst_days_past_due, "
        "coalesce(sum(current_principal_amount) FILTER (is_open), 0) AS total_principal_amount, "
        "count(*) FILTER (is_open) AS open_count, count(*) FILTER (is_written_off) AS written_off_count "
        f"FROM {source()} WHERE borrower_id = ?",
        files,
        row["borrower_id"],
    )
    return found[0]


def _listed(cut: Cut, known: Mapping[str, Row | None]) -> Row:
    """Tell who is on the blacklist."""
    subjects = (("borrower", "borrower_id"), ("merchant", "merchant_id"), ("order", "device_id"))
    found = {}
    for group, column in subjects:
        entries = cut.rows(parties.BLACKLIST, "subject_id", (known[group] or {}).get(column))
        kind = column.removesuffix("_id")
        found[f"is_{kind}_listed"] = any(
            one["subject_type"] == kind.upper() and (one["ended_at"] is None or one["ended_at"] > cut.moment)
            for one in entries
        )
    return found


def _position(reading: Reading, row: Row) -> Row:
    held = reading.held.get(row["receivable_key"])
    return {"is_pledged": held is not None, "deal": held.deal if held else None}


def _deal(place: Place) -> Row:
    days = place.deal.calendar
    return {
        "as_of": place.day,
        "revolving_end_on": days.revolving_end_on,
        "expected_maturity_on": days.expected_maturity_on,
        "legal_final_on": days.legal_final_on,
        "currency": place.deal.currency,
        "score_max_age_days": place.deal.score_max_age_days,
    }


def _history(shelf: Shelf, copies: Copies, place: Place, receivable_id: str) -> list[Row]:
    files = shelf.files(derived.RECEIVABLE_STATES)
    path = copies.path("history", files)
    sql = f"SELECT {HISTORY} FROM {source()} WHERE receivable_id = ? AND as_of <= ? ORDER BY as_of"
    found = shelf.rows(sql, [str(path)] if path.exists() else files, receivable_id, place.day)
    return found[-MOST_DAYS:]


def _verdicts(row: Row, deal: Deal, known: Mapping[str, Row | None], failures: list[Row]) -> tuple[Verdict, ...]:
    """Lay every criterion beside its outcome; what the screening wrote down is shown as it was written."""
    outcomes = row["outcomes"] or ""
    if row["deal_hash"] != deal.hash or len(outcomes) != len(deal.criteria):
        return ()
    written = {one["code"]: one["observed"] for one in failures}
    return tuple(
        _verdict(criterion, outcome, written.get(criterion.code), known)
        for criterion, outcome in zip(deal.criteria, outcomes, strict=True)
    )


def _verdict(criterion: Criterion, outcome: str, written: str | None, known: Mapping[str, Row | None]) -> Verdict:
    names = in_order(parsed(criterion.expression).columns)
    groups = dict.fromkeys(name.partition(".")[0] for name in names)
    seen: list[tuple[str, Any]] = []
    if written is not None:
        seen = [(part.partition("=")[0], part.partition("=")[2]) for part in written.split("; ")]
    else:
        for name in names:
            group, _, column = name.partition(".")
            row = known.get(group)
            if row is not None and column in row:
                seen.append((name, row[column]))
    return Verdict(criterion, outcome, tuple(seen), tuple(dict.fromkeys(TABLES.get(group, group) for group in groups)))
