"""Stages `stand` and `trigger`: what a pool showed at every month's start, and where its triggers stand on a day."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date
from functools import reduce
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from features.spark_cut import minor
from pipelines.pool_life import LIFE_LOGS, identified, life_of, lives, rows_frame
from pipelines.pool_watch import STEPS, rows_of
from pipelines.progress import told
from pipelines.signing import ledger
from pipelines.states import STATES
from pool.deal import Deal
from pool.ledger import EntryKind
from pool.price import to_amount, to_minor
from pool.spark_standing import lateness
from pool.standing import Late, Standing, late_from
from pool.tenures import Tenure
from pool.triggers import TriggerResult, follow, results
from runtime.stage import Stage, Task, execute, part
from runtime.workspace import Workspace
from schemas.after_purchase import POOL_TURNOVERS, WARRANTY_BREACHES
from schemas.derived import RECEIVABLE_STATES
from schemas.errors import CatalogError
from schemas.hashing import digest
from schemas.moments import month_starts, months_after
from schemas.triggers import POOL_STANDINGS, TRIGGER_RESULTS, TRIGGER_STATES

ASKED = pa.schema(
    [
        ("receivable_id", pa.string()),
        ("bought_units", pa.int64()),
        ("looked_on", pa.date32()),
        ("began_on", pa.date32()),
        ("is_held", pa.bool_()),
        ("was_held", pa.bool_()),
        ("left_before", pa.bool_()),
    ]
)
WHOLE = ("bought", "unpaid", "lost", "opening", "received", "gains", "cash", "ineligible")
LATE = {"late": "late", "defaulted": "defaulted", "default_unpaid": "default_unpaid", "newly": "newly_defaulted"}
"""Amounts of a standing, and of what is late, by the names of their columns."""


def stand(task: Task) -> Mapping[str, DataFrame]:
    """Sum up what the pool shows on the day."""
    deal: Deal = task.extras["deal"]
    days = late_from(deal) or (0,)
    asked = _asked(task.extras["tenures"], task.as_of)
    sums = lateness(task.session.createDataFrame(asked), task.extras["states"], days)
    sums |= _cash(task, _began(task.extras["tenures"], task.as_of))
    seen = {"cash": task.extras["cash"], "ineligible": task.extras["ineligible"]}
    whole = {**sums, **seen, "lost": sums["written_off"] - sums["recovered"]}
    shared = {f"{name}_amount": None if whole[name] is None else to_amount(whole[name]) for name in WHOLE}
    shared["turnover_late_days"] = task.extras["turnover_late_days"]
    rows = [
        {**shared, "late_from_days": day}
        | {f"{column}_amount": to_amount(sums[f"{name}_{day}"]) for name, column in LATE.items()}
        for day in days
    ]
    return {POOL_STANDINGS.name: rows_frame(task, POOL_STANDINGS, rows)}


def _cash(task: Task, began_on: date) -> dict[str, int]:
    """Sum up what was paid in the month before, and what was recovered ever, while the pool held it."""
    held, known = life_of(task)
    ends = held.select("receivable_id", "bought_on", "until_on")

    def within(frame: DataFrame, day: str) -> DataFrame:
        mine = frame.join(ends, "receivable_id")
        return mine.where((F.col(day) >= F.col("bought_on")) & (F.col(day) < F.col("until_on")))

    gains = minor("interest_amount") + minor("fee_amount") + minor("penalty_amount")
    paid = within(known.payments(), "value_on").where(F.col("value_on") >= F.lit(began_on))
    sums = paid.agg(F.sum(minor("principal_amount") + gains).alias("received"), F.sum(gains).alias("gains")).collect()[
        0
    ]
    moved = within(known.movements().where("kind = 'RECOVERY'"), "moved_on")
    recovered = moved.agg(F.sum("principal_units").alias("recovered")).collect()[0]
    found = {**sums.asDict(), **recovered.asDict()}
    return {name: int(value or 0) for name, value in found.items()}


STAND = Stage(
    name="stand",
    meaning="What the pool shows on a day: late, lost, paid",
    reads=LIFE_LOGS,
    writes=(POOL_STANDINGS,),
    run=stand,
    sections=("states",),
    per_deal=True,
)


def trigger(task: Task) -> Mapping[str, DataFrame]:
    """Fold the standings into the states of every trigger."""
    deal: Deal = task.extras["deal"]
    standings: Sequence[Standing] = task.extras["standings"]
    history = [
        {
            "code": one.code,
            "measured_on": one.on,
            "value": None if one.value is None else float(one.value),
            "average": None if one.average is None else float(one.average),
            "threshold": float(one.threshold),
            "is_beyond": one.is_beyond,
            "phase": one.phase.value,
            "since_on": one.since,
            "row_count": one.in_a_row,
        }
        for each in deal.triggers
        for one in follow(deal, each, standings)
    ]
    now = [asdict(one) for one in results(deal, standings, task.as_of)]
    return {
        TRIGGER_STATES.name: rows_frame(task, TRIGGER_STATES, history),
        TRIGGER_RESULTS.name: rows_frame(task, TRIGGER_RESULTS, now),
    }


TRIGGER = Stage(
    name="trigger",
    meaning="Where the deal's triggers stand, and how they came there",
    reads=(),
    writes=(TRIGGER_STATES, TRIGGER_RESULTS),
    run=trigger,
    per_deal=True,
)


def watch_triggers(workspace: Workspace, deal: Deal, as_of: date, cash: int | None = None) -> list[TriggerResult]:
    """Measure the pool at every month's start and on the day, and publish where its triggers stand.

    Args:
        workspace: Where.
        deal: The deal in force on the day.
        as_of: The day.
        cash: Cash that the pool has on the day, in minor units; of other days the ledger's proposals say it.
    """
    found = standings(workspace, deal, as_of, cash)
    depends = {"deal": deal.hash, "standings": digest(str(found))}
    told(execute(TRIGGER, workspace, as_of, deal.name, {"deal": deal, "standings": found}, depends))
    return results(deal, found, as_of)


def triggers_on(workspace: Workspace, deal: Deal, on: date) -> list[TriggerResult] | None:
    """Read where the deal's triggers stand on a day; None where they were not measured by it, on the states of now."""
    subject = {"as_of": on.isoformat(), "deal": deal.name}
    measured, stood = (workspace.runs.latest(stage.name, subject) for stage in (TRIGGER, STAND))
    states = workspace.catalog.fingerprint(RECEIVABLE_STATES.name, part(RECEIVABLE_STATES, on))
    if measured is None or measured.identity["depends"]["deal"] != deal.hash:
        return None
    if stood and stood.identity["depends"].get(f"states {on}", states) != states:
        return None
    rows = workspace.catalog.arrow(TRIGGER_RESULTS, part(TRIGGER_RESULTS, on, deal.name)).to_pylist()
    return [TriggerResult(**row) for row in rows]


def standings(workspace: Workspace, deal: Deal, as_of: date, cash: int | None = None) -> list[Standing]:
    """Give what the pool showed at every month's start since its first purchase, and on the day."""
    try:
        held = lives(workspace, deal.name, as_of)
    except CatalogError:
        return [Standing(as_of, cash=cash)]
    first = min(one.pledge.bought_on for one in held)
    had = _proposed_cash(workspace, deal.name)
    days = sorted({*(day for day in month_starts(first, as_of) if day > first), as_of})
    return [standing(workspace, deal, day, held, cash if day == as_of else had.get(day)) for day in days]


def standing(workspace: Workspace, deal: Deal, day: date, held: Sequence[Tenure], cash: int | None) -> Standing:
    """Measure the pool on a day by what was known then, and read what was published of it."""
    known = [replace(one, ended_on=None if one.ended_on and one.ended_on > day else one.ended_on) for one in held]
    known = [one for one in known if one.pledge.bought_on <= day]
    asked = _asked(known, day)
    looked = sorted({*asked.column("looked_on").to_pylist(), *asked.column("began_on").to_pylist()})
    for each in looked:
        told(execute(STATES, workspace, each))
    read, name = workspace.catalog.read, RECEIVABLE_STATES.name
    states = reduce(DataFrame.unionByName, (read(workspace.session, RECEIVABLE_STATES, {"as_of": d}) for d in looked))
    prints = {f"states {each}": workspace.catalog.fingerprint(name, {"as_of": each}) for each in looked}
    seen = {"cash": cash, **_looked_into(workspace, deal, day)}
    extras = {"deal": deal, "tenures": known, "states": states, **seen}
    depends = {"tenures": identified(known), "late": str(late_from(deal)), "seen": str(seen), **prints}
    told(execute(STAND, workspace, day, deal.name, extras, depends))
    return _read(workspace.catalog.arrow(POOL_STANDINGS, part(POOL_STANDINGS, day, deal.name)).to_pylist(), day)


def _asked(held: Sequence[Tenure], on: date) -> pa.Table:
    """Say of every receivable on which days its state is looked at."""
    began = _began(held, on)
    rows = [
        {
            "receivable_id": one.pledge.receivable_id,
            "bought_units": one.pledge.principal_minor,
            "looked_on": min(on, one.ended_on or on),
            "began_on": began,
            "is_held": one.is_held(on),
            "was_held": one.is_held(began),
            "left_before": one.ended_on is not None and one.ended_on <= began,
        }
        for one in held
    ]
    return pa.Table.from_pylist(rows, schema=ASKED)


def _began(held: Sequence[Tenure], on: date) -> date:
    """Give the start of the month before, or of the pool where that is later."""
    return max(months_after(on, -1), min(one.pledge.bought_on for one in held))


def _looked_into(workspace: Workspace, deal: Deal, day: date) -> dict[str, int | None]:
    """Time turnover and look for what was not eligible, where some trigger asks."""
    asked = {each.measure for each in deal.triggers}
    late: int | None = None
    ineligible: int | None = None
    if "turnover_late_days" in asked:
        STEPS["turnover"](workspace, deal.name, day)
        rows = rows_of(workspace, POOL_TURNOVERS, deal.name, day)
        late = max((row["late_days"] or 0 for row in rows if row["outstanding_amount"] > 0), default=0)
    if "ineligible_share" in asked:
        STEPS["warranties"](workspace, deal.name, day)
        rows = rows_of(workspace, WARRANTY_BREACHES, deal.name, day)
        ineligible = sum({row["receivable_id"]: to_minor(row["bought_amount"]) for row in rows}.values())
    return {"turnover_late_days": late, "ineligible": ineligible}


def _proposed_cash(workspace: Workspace, deal: str) -> dict[date, int]:
    """Give the cash that the latest proposal of each day had."""
    store = ledger(workspace)
    try:
        entries = store.history(deal)
    finally:
        store.close()
    made = [one.payload for one in entries if one.kind is EntryKind.PROPOSED]
    return {date.fromisoformat(payload["as_of"]): payload["cash_minor"] for payload in made}


def _read(rows: list[dict[str, Any]], day: date) -> Standing:
    """Read a published standing."""
    first = rows[0]
    late = {
        row["late_from_days"]: Late(**{name: to_minor(row[f"{column}_amount"]) for name, column in LATE.items()})
        for row in rows
    }
    known = {name: to_minor(first[f"{name}_amount"]) for name in WHOLE if first[f"{name}_amount"] is not None}
    return Standing(on=day, lateness=late, turnover_late_days=first["turnover_late_days"], **known)
