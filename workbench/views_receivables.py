"""The pages of receivables: the list, its export, and one of them."""

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response, StreamingResponse

from features.catalogue import FEATURES as CATALOGUE
from features.catalogue import features_table
from features.phrases import Side, phrase, reason_code
from workbench import quality
from workbench.asked import LATENESS, AtPlace, Id, Listing
from workbench.browse import export, find
from workbench.evidence import Evidence, evidence
from workbench.pictures import over_time, schedule
from workbench.refusal import Refusal
from workbench.sheet import Place
from workbench.visit import Visit

COLUMNS = (
    "receivable_id",
    "borrower_id",
    "merchant_id",
    "current_principal_amount",
    "annual_rate",
    "remaining_period_count",
    "days_past_due",
    "default_probability",
    "grade",
    "failed_count",
)
"""Columns of the list, in order; each can be sorted by."""
STANDINGS = ("eligible", "refused", "proposed", "held")
KNOWN = {each.name: each for each in CATALOGUE}
FEATURES = features_table(CATALOGUE)


class OneReceivable(AtPlace):
    """A receivable by its id."""

    receivable: Id


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason for the probability: stable code, sentence in the visitor's language, the value and what is usual."""

    code: str
    sentence: str
    value: float | None
    typical: float | None


def receivables(visit: Visit, asked: Listing) -> Response:
    """Show the receivables that are looked for."""
    place = visit.place(asked)
    if place is None:
        return visit.page("nothing")
    sheet, reading = visit.desk.sheets.at(place), visit.desk.book.now()
    found = find(sheet, reading, asked)
    if asked.page > found.pages:
        raise Refusal(404, "refusal.404")
    grades = sheet.once("grades", lambda: sheet.shelf.rows(f"SELECT DISTINCT grade FROM {sheet.name} ORDER BY grade"))
    return visit.page(
        "receivables",
        place,
        asked=asked,
        given={name: value for name, value in asked.model_dump(mode="json", exclude_defaults=True).items() if value},
        found=found,
        columns=COLUMNS,
        pools={
            row["receivable_key"]: reading.held[row["receivable_key"]].deal
            for row in found.rows
            if row["receivable_key"] in reading.held
        },
        grades=[row["grade"] for row in grades if row["grade"]],
        lateness=tuple(LATENESS),
        standings=STANDINGS,
    )


def exported(visit: Visit, asked: Listing) -> Response:
    """Give the receivables that are looked for as CSV."""
    place = visit.place(asked)
    if place is None:
        raise Refusal(404, "refusal.place")
    visit.note("export", query=visit.query, day=place.day.isoformat(), deal=place.deal.name)
    rows = export(visit.desk.sheets.at(place), visit.desk.book.now(), asked)
    name = f"receivables-{place.deal.name}-{place.day}.csv"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(rows, media_type="text/csv; charset=utf-8", headers=headers)


def receivable(visit: Visit, asked: OneReceivable) -> Response:
    """Show one receivable."""
    place = visit.place(asked)
    if place is None:
        return visit.page("nothing")
    desk = visit.desk
    sheet, reading = desk.sheets.at(place), desk.book.now()
    found = evidence(sheet, desk.copies, reading, asked.receivable, desk.zone)
    if found is None:
        raise Refusal(404, "refusal.receivable")
    late = [(row["as_of"], float(row["days_past_due"]), row["days_past_due"] > 0) for row in found.history]
    return visit.page(
        "receivable",
        place,
        found=found,
        reasons=_reasons(visit, place, found),
        schedule=schedule(found.schedule, found.payments, place.day),
        late=over_time("days_past_due", late),
        pledges=[one for one in reading.past if one.receivable_key == found.row["receivable_key"]],
        proposals=reading.offers(found.row["receivable_key"]),
    )


def _reasons(visit: Visit, place: Place, found: Evidence) -> list[Reason]:
    """Say why the probability is what it is, as the tag names the features and the day's features their values."""
    tag = found.tag or {}
    names = [tag[f"reason_{number}"] for number in (1, 2, 3, 4) if tag.get(f"reason_{number}")]
    known = [name for name in names if name in KNOWN]
    files = visit.desk.shelf.files(FEATURES, place.day) if known else []
    sql = f"SELECT {', '.join(known)} FROM read_parquet(?, union_by_name = true) WHERE receivable_id = ?"
    values = visit.desk.shelf.rows(sql, files, tag["receivable_id"]) if files else []
    card = quality.card(visit.desk, tag["model_version"]) if names else None
    hints = card.hints if card else {}
    return [_reason(visit, name, values[0].get(name) if values else None, hints.get(name)) for name in names]


def _reason(visit: Visit, name: str, value: float | None, hint: Any) -> Reason:  # noqa: ANN401 - the model's own
    feature, typical = KNOWN.get(name), hint.typical if hint else None
    if feature is None:
        return Reason("", name, value, typical)
    side = Side.MISSING
    if value is not None and typical is not None:
        side = Side.USUAL if value == typical else Side.HIGH if value > typical else Side.LOW
    elif value is not None:
        return Reason(reason_code(feature), feature.sentence, value, typical)
    return Reason(reason_code(feature), str(getattr(phrase(feature, side), visit.language)), value, typical)
