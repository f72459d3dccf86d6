"""The pages of a day: what needs a person, and the pool."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from starlette.responses import Response

from pool.deal import Limit, Trigger, parsed
from reports.contents import Unit
from reports.words import headroom, measured
from runtime.manifest import Manifest
from schemas import derived
from schemas.table import Kind
from schemas.triggers import TRIGGER_RESULTS, TRIGGER_STATES
from workbench import census, quality
from workbench.asked import AtPlace
from workbench.pages import link
from workbench.pictures import Gauge, Plot, gauge, over_time
from workbench.sheet import Place
from workbench.shelf import Row, ordered
from workbench.visit import Visit

MOST_RUNS = 15
TRIGGER_UNITS = {
    "pool_balance": Unit.MONEY,
    "asset_coverage": Unit.NUMBER,
    "days_past_expected_maturity": Unit.DAYS,
    "turnover_late_days": Unit.DAYS,
}
"""Units of the measures that are no shares."""
UNITS = {Kind.RATE: Unit.RATE, Kind.MONEY: Unit.MONEY, Kind.DAYS: Unit.DAYS, Kind.COUNT: Unit.COUNT}


@dataclass(frozen=True, slots=True)
class Task:
    """Something that needs a person: how grave, what in words with their blanks, and where to look.

    `severity` is stop (grave), look, or act (a person's turn in the ordinary way).
    """

    severity: str
    words: str
    blanks: dict[str, object]
    path: str


@dataclass(frozen=True, slots=True)
class LimitLine:
    """A limit beside its values, written as its unit asks; `gain` is the cash that a bound 1 % looser would use."""

    limit: Limit
    before: str
    after: str
    bound: str
    headroom: str
    gauge: Gauge
    state: str
    worst_member: str
    gain: Decimal | None


@dataclass(frozen=True, slots=True)
class TriggerLine:
    """A trigger on the day and over the periods before, written as its unit asks; no phase where none was measured."""

    trigger: Trigger
    value: str
    bound: str
    phase: str
    plot: Plot | None


def today(visit: Visit, asked: AtPlace) -> Response:
    """Show what ran and what needs a person."""
    place = visit.place(asked)
    manifests = visit.desk.shelf.manifests()
    tasks = sorted(_tasks(visit, place), key=lambda one: ("stop", "act", "look").index(one.severity))
    return visit.page(
        "today", place, tasks=tasks, runs=[_ran(one) for one in reversed(manifests[-MOST_RUNS:])], many=len(manifests)
    )


def _ran(one: Manifest) -> Row:
    seconds = (one.finished_at - one.started_at).total_seconds() if one.finished_at else None
    rows = sum(output.get("rows", 0) for output in one.outputs.values())
    subject = " · ".join(one.subject.values())
    return {"run": one, "subject": subject, "seconds": seconds, "rows": rows}


def _tasks(visit: Visit, place: Place | None) -> Iterator[Task]:
    for proposal in visit.desk.book.now().proposals.values():
        if proposal.waits_for:
            blanks = {"proposal": proposal.proposal_id, "deal": proposal.deal, "day": proposal.day}
            yield Task("act", f"task.{proposal.waits_for}", blanks, f"/proposals/{proposal.proposal_id}")
    known = quality.versions(visit.desk)
    for version in quality.undecided(known):
        yield Task("act", "task.promote", {"version": version.version}, link("/models", {}, version=version.version))
    for one in visit.desk.shelf.manifests():
        if one.status == "started" and one.stage == "ingest":
            yield Task("stop", "task.half", {"batch": one.subject.get("batch", "")}, "/data")
    found = quality.watched(visit.desk)
    for alarm in found.alarms if found else ():
        yield Task(
            alarm["severity"], "task.alarm", {name: alarm[name] for name in ("code", "subject", "found")}, "/models"
        )
    if place is not None:
        yield from _place_tasks(visit, place)


def _place_tasks(visit: Visit, place: Place) -> Iterator[Task]:
    shelf, deal = visit.desk.shelf, place.deal
    here = {"day": place.day, "deal": deal.name}
    for row in shelf.read(derived.RECONCILIATIONS, place.day, "", "breach_count > 0"):
        blanks = {"code": row["code"], "count": row["breach_count"], "example": row["example"] or ""}
        yield Task("look", "task.promise", blanks, link("/data", here))
    for row in shelf.read(TRIGGER_RESULTS, place.day, deal.name, "is_fired"):
        yield Task("stop", "task.trigger", {"code": row["code"], "effect": row["effect"]}, link("/pool", here))
    for row in shelf.read(derived.LIMIT_RESULTS, place.day, deal.name, "NOT is_kept"):
        yield Task("stop", "task.limit", {"code": row["code"]}, link("/pool", here))


def pool(visit: Visit, asked: AtPlace) -> Response:
    """Show the funnel, what stops receivables, composition, limits and triggers."""
    place = visit.place(asked)
    if place is None:
        return visit.page("nothing")
    sheet, reading = visit.desk.sheets.at(place), visit.desk.book.now()
    stopped = census.stopped(sheet)
    return visit.page(
        "pool",
        place,
        census=census.census(sheet, reading),
        steps=census.STEPS,
        groups=census.GROUPS,
        stopping=sorted((one for one in stopped if one.failed + one.unknown), key=lambda one: -one.amount),
        passing=[one for one in stopped if not one.failed + one.unknown],
        limits=limit_lines(visit, place),
        triggers=_trigger_lines(visit, place),
        is_current=is_current(visit, place),
    )


def is_current(visit: Visit, place: Place) -> bool:
    """Tell whether the deal's document is still the one that the day was screened by."""
    sheet = visit.desk.sheets.at(place)
    hashes = f"SELECT DISTINCT deal_hash FROM {sheet.name} WHERE deal_hash IS NOT NULL"
    found: list[Row] = sheet.once("hashes", lambda: sheet.shelf.rows(hashes))
    return all(row["deal_hash"] == place.deal.hash for row in found)


def limit_lines(visit: Visit, place: Place) -> list[LimitLine]:
    """Lay the deal's limits beside what the latest proposal of the day made of them."""
    rows = {row["code"]: row for row in visit.desk.shelf.read(derived.LIMIT_RESULTS, place.day, place.deal.name)}
    return [_limit_line(limit, rows[limit.code]) for limit in place.deal.limits if limit.code in rows]


def _limit_line(limit: Limit, row: Row) -> LimitLine:
    unit, bound = unit_of(limit), row["threshold"]
    state = "broken" if not row["is_kept"] else "binds" if row["is_binding"] else "kept"
    state = "maintained" if row["is_maintained"] else state
    if row["value_before"] is None and row["value_after"] is None:
        state = "empty"
    return LimitLine(
        limit,
        measured(row["value_before"], unit, bound),
        measured(row["value_after"], unit, bound),
        measured(bound, unit, bound),
        headroom(row["headroom"], unit, bound),
        gauge(row["value_before"], row["value_after"], bound, is_cap=limit.is_cap),
        state,
        row["worst_member"] or "",
        row["looser_gain_amount"],
    )


def unit_of(limit: Limit) -> Unit:
    """Give the unit in which a limit is measured."""
    if limit.measure == "weighted_average":
        kind = parsed(limit.expression).kind
        return Unit.RATE if kind is Kind.REAL and limit.bound < 1 else UNITS.get(kind, Unit.NUMBER)
    return {"member_count": Unit.COUNT, "total_amount": Unit.MONEY}.get(limit.measure, Unit.SHARE)


def _trigger_lines(visit: Visit, place: Place) -> list[TriggerLine]:
    """Lay the deal's triggers beside what they say on the day, and what they measured in each period before."""
    shelf, deal = visit.desk.shelf, place.deal
    now = {row["code"]: row for row in shelf.read(TRIGGER_RESULTS, place.day, deal.name)}
    states = ordered(shelf.read(TRIGGER_STATES, place.day, deal.name), "measured_on")
    return [
        _trigger_line(trigger, now.get(trigger.code), [row for row in states if row["code"] == trigger.code])
        for trigger in deal.triggers
    ]


def _trigger_line(trigger: Trigger, now: Row | None, states: list[Row]) -> TriggerLine:
    unit = TRIGGER_UNITS.get(trigger.measure, Unit.SHARE)
    bound = now["threshold"] if now else float(trigger.bound)
    points = [(row["measured_on"], row["average"], row["is_beyond"]) for row in states if row["average"] is not None]
    return TriggerLine(
        trigger,
        measured(now["value"] if now else None, unit, bound),
        measured(bound, unit, bound),
        now["phase"] if now else "",
        over_time(trigger.code, points, bound, as_share=unit is Unit.SHARE),
    )
