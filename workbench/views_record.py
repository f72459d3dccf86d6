"""The pages of record: the ledger and its verification, the audit log, the models, the data."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

from starlette.responses import Response

from pipelines.report_data import data_quality, provenance
from pool.chain import FOLLOWING
from pool.ledger import EntryKind
from pool.price import to_amount
from runtime.clock import stopwatch
from schemas import derived, house
from workbench import quality
from workbench.asked import Asked, AtVersion, Form, Paged, Quarantined
from workbench.book import Reading
from workbench.desk import Desk
from workbench.pictures import calibration
from workbench.refusal import Refusal
from workbench.sheet import Place
from workbench.shelf import Row
from workbench.visit import Visit

PAGE = 50


class Verify(Form):
    """The wish to have the whole chain checked."""


class AuditLines(Asked):
    """The audit log."""


def ledger(visit: Visit, asked: Paged) -> Response:
    """Show the entries, newest first."""
    return _ledger(visit, visit.place(asked), asked.page, None)


def _ledger(visit: Visit, place: Place | None, number: int, checked: dict[str, Any] | None) -> Response:
    reading = visit.desk.book.now()
    pages = max(1, -(-len(reading.entries) // PAGE))
    if number > pages:
        raise Refusal(404, "refusal.404")
    entries = list(reversed(reading.entries))[(number - 1) * PAGE : number * PAGE]
    return visit.page(
        "ledger",
        place,
        entries=entries,
        proposed=EntryKind.PROPOSED,
        following=FOLLOWING,
        head=reading.head,
        number=number,
        pages=pages,
        totals=_totals(reading),
        checked=checked,
    )


def _totals(reading: Reading) -> list[tuple[str, int, Decimal, Decimal]]:
    """Add up what each pool holds: deal, receivables, principal when bought, price."""
    deals = sorted({one.deal for one in reading.held.values()})
    held = {deal: [one for one in reading.held.values() if one.deal == deal] for deal in deals}
    return [
        (
            deal,
            len(those),
            to_amount(sum(one.principal_minor for one in those)),
            to_amount(sum(one.price_minor for one in those)),
        )
        for deal, those in held.items()
    ]


def verify(visit: Visit, _asked: Verify) -> Response:
    """Check the whole chain, read anew from the database."""
    started = stopwatch()
    wrong = visit.desk.book.store.verify()
    head = visit.desk.book.store.head()
    visit.note("verify", first_wrong=str(wrong))
    checked = {"wrong": wrong, "seconds": stopwatch() - started, "entries": head[0] if head else 0}
    return _ledger(visit, visit.desk.place(None, None), 1, checked)


def audit(visit: Visit, _asked: AuditLines) -> Response:
    """Show the end of the audit log, and whether all of it holds."""
    log = visit.desk.audit
    return visit.page("audit", visit.desk.place(None, None), lines=log.recent(), wrong=log.first_wrong())


def models(visit: Visit, asked: AtVersion) -> Response:
    """Show the registered versions, one of them in full, and what moved since."""
    desk = visit.desk
    known = quality.versions(desk)
    chosen = next((one for one in known if one.version == asked.version), None)
    if asked.version and chosen is None:
        raise Refusal(404, "refusal.version")
    chosen = chosen or quality.champion(known) or next(iter(known), None)
    told = quality.figures(desk, chosen) if chosen else {}
    address = desk.workspace.storage.tracking_url
    return visit.page(
        "models",
        visit.place(asked),
        versions=known,
        chosen=chosen,
        undecided={one.version for one in quality.undecided(known)},
        metrics=quality.metrics(chosen) if chosen else [],
        gates=quality.gates(desk, chosen, known) if chosen else (),
        by_risk=calibration(quality.agreement(told.get("bins", ()))),
        by_grade=calibration(quality.agreement(told.get("grades", ()))),
        watched=quality.watched(desk),
        mlflow=address if address.startswith(("http://", "https://")) else "",
        tracking=desk.workspace.tracking_url,
    )


def data(visit: Visit, asked: Quarantined) -> Response:
    """Show where every raw row went, what is in quarantine and why, and which promises hold."""
    desk, place = visit.desk, visit.place(asked)
    counts = _quarantine_counts(desk)
    number = sum(row["count"] for row in counts if _matches(row, asked))
    pages = max(1, -(-number // PAGE))
    if asked.page > pages:
        raise Refusal(404, "refusal.404")
    return visit.page(
        "data",
        place,
        asked=asked,
        given={name: value for name, value in asked.model_dump(mode="json", exclude_defaults=True).items() if value},
        quality=_quality(desk, place.day) if place else None,
        counts=counts,
        rows=_quarantined(desk, asked),
        number=number,
        pages=pages,
        provenance=_provenance(desk, place.day, place.deal.name) if place else None,
    )


def _matches(row: Row, asked: Quarantined) -> bool:
    return asked.table in (None, row["table_name"]) and asked.code in (None, row["code"])


def _quarantined(desk: Desk, asked: Quarantined) -> list[Row]:
    where = "(? IS NULL OR table_name = ?) AND (? IS NULL OR code = ?) ORDER BY table_name, code, file, line_number"
    paged = f"{where} LIMIT {PAGE} OFFSET {(asked.page - 1) * PAGE}"
    given = (asked.table, asked.table, asked.code, asked.code)
    rows = desk.shelf.read(house.QUARANTINE, None, "", paged, *given)
    return [{**row, "raw": _readable(row["raw"])} for row in rows]


def _quarantine_counts(desk: Desk) -> list[Row]:
    files = desk.shelf.files(house.QUARANTINE)
    if not files:
        return []
    sql = "SELECT table_name, code, count(*) AS count FROM read_parquet(?) GROUP BY ALL ORDER BY ALL"
    found: list[Row] = desk.shelf.kept(("quarantine",), tuple(files), lambda: desk.shelf.rows(sql, files))
    return found


def _readable(raw: str) -> str:
    """Lay a raw row's JSON out so that it can be read: what has a value, as name=value."""
    try:
        told = json.loads(raw)
    except ValueError:
        return raw
    if not isinstance(told, dict):
        return raw
    return "  ".join(f"{name}={value}" for name, value in told.items() if value not in (None, ""))


def _quality(desk: Desk, day: date) -> Any:  # noqa: ANN401 - reports' own
    content = (desk.shelf.runs_version(), desk.shelf.snapshot(derived.RECONCILIATIONS))
    return desk.shelf.kept(("quality", day), content, lambda: data_quality(desk.workspace, day))


def _provenance(desk: Desk, day: date, deal: str) -> Any:  # noqa: ANN401 - reports' own
    content = (desk.shelf.runs_version(),)
    return desk.shelf.kept(("provenance", day, deal), content, lambda: provenance(desk.workspace, day, deal))
