"""Stage `roll_pool`: how the unpaid principal that a pool holds moved, to the cent, every movement named."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from features.spark_cut import minor
from pipelines.pool_life import first_day, given, rows_frame
from pipelines.progress import told
from pipelines.states import STATES
from pool.price import to_amount
from pool.tenures import Tenure
from runtime.stage import Outcome, Stage, Task, execute, part
from runtime.workspace import Workspace
from schemas import derived
from schemas.after_purchase import POOL_ROLL_FORWARDS
from schemas.errors import ConfigurationError
from schemas.moments import days_between, month_starts

SUMS = {
    "unpaid": "current_principal_amount",
    "collected": "paid_principal_amount",
    "written_off": "written_off_amount",
    "refunded": "refunded_amount",
    "corrected": "corrected_amount",
}
MOVEMENTS = ("collected", "written_off", "refunded", "corrected")
ASKED = pa.schema(
    [("opened_on", pa.date32()), ("role", pa.string()), ("receivable_id", pa.string()), ("day", pa.date32())]
)
Sums = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Seen:
    """A receivable whose state on a day enters a roll-forward as one of its parts.

    Args:
        opened_on: The roll-forward, by its earlier day.
        role: opening, bought, closing, released or repurchased.
        receivable_id: Which.
        day: On which day its state is looked at.
    """

    opened_on: date
    role: str
    receivable_id: str
    day: date


def looks(held: Sequence[Tenure], opened_on: date, as_of: date) -> Iterator[Seen]:
    """Say on which days which receivables enter the roll-forward from one day to another, each with its purchase."""
    for one in held:
        name, bought_on, ended_on = one.pledge.receivable_id, one.pledge.bought_on, one.ended_on
        if bought_on > as_of or (ended_on is not None and ended_on <= opened_on and bought_on <= opened_on):
            continue
        first = max(opened_on, bought_on)
        yield Seen(opened_on, "opening" if bought_on <= opened_on else "bought", name, first)
        if ended_on is None or ended_on > as_of:
            yield Seen(opened_on, "closing", name, as_of)
        else:
            yield Seen(opened_on, "released" if one.is_released else "repurchased", name, max(ended_on, first))


def run(task: Task) -> Mapping[str, DataFrame]:
    """Roll the pool forward to the day from each earlier day that `extras` names."""
    held, opened = task.extras["tenures"], task.extras["opened"]
    seen = [one for day in opened for one in looks(held, day, task.as_of)]
    columns = [
        pa.array([getattr(one, name) for one in seen], kind)
        for name, kind in zip(ASKED.names, ASKED.types, strict=True)
    ]
    asked = task.session.createDataFrame(pa.table(columns, schema=ASKED))
    states: DataFrame = task.extras["states"]
    units = [minor(column).alias(name) for name, column in SUMS.items()]
    rows = states.select("receivable_id", F.col("as_of").alias("day"), *units)
    sums = asked.join(rows, ["receivable_id", "day"]).groupBy("opened_on", "role")
    found = sums.agg(F.count("*").alias("count"), *(F.sum(name).alias(name) for name in SUMS)).toArrow().to_pylist()
    cells = {(row["opened_on"], row["role"]): row for row in found}
    bought = {
        day: sum(p.pledge.principal_minor for p in held if day < p.pledge.bought_on <= task.as_of) for day in opened
    }
    lines = [_line(day, cells, bought[day]) for day in opened]
    return {POOL_ROLL_FORWARDS.name: rows_frame(task, POOL_ROLL_FORWARDS, lines)}


def _line(opened_on: date, cells: Mapping[tuple[date, str], Mapping[str, Any]], bought: int) -> dict[str, Any]:
    none = dict.fromkeys(("count", *SUMS), 0)
    part = {role: cells.get((opened_on, role), none) for role in ROLES}
    ends = ("closing", "released", "repurchased")
    moved = {
        name: sum(part[r][name] for r in ends) - sum(part[r][name] for r in ROLES if r not in ends)
        for name in MOVEMENTS
    }
    left = sum(part[role]["unpaid"] for role in ends)
    amounts = {f"{name}_amount": to_amount(moved[name]) for name in MOVEMENTS}
    amounts |= {f"{role}_amount": to_amount(part[role]["unpaid"]) for role in ROLES if role != "bought"}
    difference = part["opening"]["unpaid"] + bought - sum(moved.values()) - left
    counts = {f"{role}_count": part[role]["count"] for role in ROLES}
    whole = {"bought_amount": to_amount(bought), "difference_amount": to_amount(difference)}
    return {"opened_on": opened_on, **counts, **amounts, **whole}


ROLES = ("opening", "bought", "released", "repurchased", "closing")

ROLL_POOL = Stage(
    name="roll_pool",
    meaning="How the unpaid principal that the pool holds moved",
    reads=(derived.RECEIVABLE_STATES,),
    writes=(POOL_ROLL_FORWARDS,),
    run=run,
    per_deal=True,
)


def roll_pool(workspace: Workspace, deal: str, as_of: date, also: Sequence[date] = ()) -> Outcome:
    """Roll a pool forward to a day: from before its first purchase, from the month's start, and from the given days.

    States of every day that enters are computed where they do not stand.
    """
    extras, depends = given(workspace, deal, as_of)
    held: list[Tenure] = extras["tenures"]  # type: ignore[assignment]
    start = first_day(held)
    month = as_of.replace(day=1)
    opened = sorted({start, *(day for day in (month, *also) if start < day < as_of)})
    days = sorted({one.day for day in opened for one in looks(held, day, as_of)} | {as_of})
    for day in days:
        told(execute(STATES, workspace, day))
    read = workspace.catalog.read
    frames = [read(workspace.session, derived.RECEIVABLE_STATES, {"as_of": day}) for day in days]
    states = frames[0]
    for frame in frames[1:]:
        states = states.unionByName(frame)
    prints = {
        f"states {day}": workspace.catalog.fingerprint(derived.RECEIVABLE_STATES.name, {"as_of": day}) for day in days
    }
    spans = {"opened": ", ".join(map(str, opened))}
    return told(
        execute(
            ROLL_POOL,
            workspace,
            as_of,
            deal,
            {**extras, "opened": opened, "states": states},
            {**depends, **prints, **spans},
        )
    )


def roll_series(workspace: Workspace, deal: str, as_of: date, since: date | None, every: str) -> list[dict[str, Any]]:
    """Roll a pool forward to a day and, if asked, to every month's start or every day before it; give the rows.

    Raises:
        ConfigurationError: There is no such span.
    """
    if every not in ("", "month", "day"):
        raise ConfigurationError(f"--every {every}", "month or day", "the command line")
    extras, _ = given(workspace, deal, as_of)
    held: list[Tenure] = extras["tenures"]  # type: ignore[assignment]
    first = since or first_day(held)
    starts = {"month": month_starts(first, as_of), "day": days_between(first, as_of)}.get(every, [])
    days = [day for day in sorted({*starts, as_of}) if day > first_day(held)]
    before = [first_day(held), *days]
    for earlier, day in zip(before, days, strict=False):
        roll_pool(workspace, deal, day, (earlier,))
    table = POOL_ROLL_FORWARDS
    found = [row for day in days for row in workspace.catalog.arrow(table, part(table, day, deal)).to_pylist()]
    wanted = {(earlier, day) for earlier, day in zip(before, days, strict=False)} | {(first_day(held), days[-1])}
    rows = [row for row in found if not every or (row["opened_on"], row["as_of"]) in wanted]
    return sorted(rows, key=lambda row: (row["as_of"], row["opened_on"]))
