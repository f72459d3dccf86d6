"""Stage `warrant`: what a pool bought is screened again as of its cut-offs, by all that is known now."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import reduce
from typing import Any

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from features.spark_cut import minor
from features.spark_hindsight import hindsight, learned
from features.spark_states import receivable_states
from features.states import StateConvention
from pipelines.deals import all_pledges, pledged, read_deal
from pipelines.pool_cash import told
from pipelines.pool_life import given, held_frame, rows_frame
from pipelines.progress import told as said
from pipelines.screen import LOGS, build_view
from pool.deal import Deal
from pool.ledger import Pledge
from pool.spark import screen
from pool.tenures import Tenure
from runtime.stage import Outcome, Stage, Task, execute
from runtime.workspace import Workspace
from schemas import derived, events
from schemas.after_purchase import WARRANTY_BREACHES
from schemas.lending import ADJUSTMENTS, INSTALMENTS, REPAYMENTS, REPORTED_STATES

NOT_OPEN, OVERSTATED = "NOT_OPEN", "OVERSTATED"
SOLD = "the purchase list"


def run(task: Task) -> Mapping[str, DataFrame]:
    """Screen every purchase again as of its cut-off, by what is known at the start of the stage's day."""
    if not task.extras["cuts"]:
        return {WARRANTY_BREACHES.name: rows_frame(task, WARRANTY_BREACHES, [])}
    held = task.hold(held_frame(task.session, task.extras["tenures"], task.as_of), "held")
    found = [_at(task, held.where(F.col("bought_on") == F.lit(cut)), cut) for cut in sorted(task.extras["cuts"])]
    rows = task.hold(reduce(DataFrame.unionByName, found), "breaches")
    unpaid = task.inputs[derived.RECEIVABLE_STATES.name].select(
        "receivable_id", minor("current_principal_amount").alias("unpaid_units")
    )
    owed = rows.join(unpaid, "receivable_id", "left").withColumns(
        {
            "unpaid_units": F.coalesce(F.col("unpaid_units"), F.lit(0)).cast("bigint"),
            "is_held": ~F.col("is_ended"),
        }
    )
    return {WARRANTY_BREACHES.name: told(owed, WARRANTY_BREACHES, task)}


def _at(task: Task, bought: DataFrame, cut: date) -> DataFrame:
    """Give the breaches of what was bought with one cut-off."""
    zone, told_then = task.settings.platform.time_zone, task.extras["cuts"][cut]
    deal: Deal = told_then["deal"]
    mine = task.inputs["receivables"].join(bought, "receivable_id", "left_semi").select("borrower_id").distinct()
    logs = hindsight(task.inputs, task.hold(mine, "borrowers"), cut, task.as_of, zone)
    logs = {name: task.hold(rows, name) for name, rows in logs.items()}
    convention = task.settings.section("states", StateConvention)
    states = task.hold(receivable_states(logs, cut, zone, convention, task.hold), "states")
    inputs = {**logs, derived.RECEIVABLE_STATES.name: states, derived.RECEIVABLE_TAGS.name: told_then["tags"]}
    view = build_view(inputs, told_then["pledged"], cut, zone, deal)
    view = view.join(bought.select(F.col("receivable_id").alias("_id")), F.col("state__receivable_id") == F.col("_id"))
    screened, failed = screen(task.hold(view.drop("_id"), "view"), deal, cut, told_then["champion"])
    clauses = _clauses(task, deal)
    judged = failed.join(clauses, "code").select("receivable_id", "code", "outcome", "observed", "threshold", "clause")
    rows = reduce(DataFrame.unionByName, (judged, _not_open(bought, screened, states), _overstated(bought, screened)))
    came = learned(task.inputs, cut, task.as_of, zone)
    found = bought.join(rows, "receivable_id").join(came, "receivable_id", "left")
    return found.withColumn("deal_hash", F.lit(deal.hash)).drop("until_on")


def _clauses(task: Task, deal: Deal) -> DataFrame:
    codes = [one.code for one in deal.criteria]
    rows = pa.table({"code": codes, "clause": [one.clause for one in deal.criteria]})
    return task.session.createDataFrame(rows)


def _row(code: str, observed: Column, threshold: str) -> list[Column]:
    fixed = {"code": code, "outcome": "F", "threshold": threshold, "clause": SOLD}
    named = {**{name: F.lit(value) for name, value in fixed.items()}, "observed": observed}
    order = ("code", "outcome", "observed", "threshold", "clause")
    return [F.col("receivable_id"), *(named[name].alias(name) for name in order)]


def _not_open(bought: DataFrame, screened: DataFrame, states: DataFrame) -> DataFrame:
    """Find what could not be bought at all: paid, written off or withdrawn before the cut-off."""
    gone = (
        bought.join(screened, "receivable_id", "left_anti")
        .select("receivable_id")
        .join(states, "receivable_id", "left")
    )
    seen = F.concat(
        F.lit("state.current_principal_amount="),
        F.col("current_principal_amount").cast("string"),
        F.lit("; state.is_written_off="),
        F.col("is_written_off").cast("string"),
    )
    return gone.select(*_row(NOT_OPEN, F.coalesce(seen, F.lit("no such receivable")), "state.is_open"))


def _overstated(bought: DataFrame, screened: DataFrame) -> DataFrame:
    """Find what was sold for more principal than was owed."""
    both = bought.join(screened, "receivable_id").where(minor("current_principal_amount") < F.col("bought_units"))
    owed = F.concat(F.lit("state.current_principal_amount="), F.col("current_principal_amount").cast("string"))
    return both.select(*_row(OVERSTATED, owed, "state.current_principal_amount >= principal bought"))


WARRANT = Stage(
    name="warrant",
    meaning="What was bought, screened again as of its cut-off by what is known now",
    reads=(
        *LOGS,
        INSTALMENTS,
        REPAYMENTS,
        ADJUSTMENTS,
        REPORTED_STATES,
        events.REFUNDS_DISPUTES,
        derived.RECEIVABLE_STATES,
    ),
    writes=(WARRANTY_BREACHES,),
    run=run,
    sections=("states",),
    per_deal=True,
)


def warrant(workspace: Workspace, deal: str, as_of: date) -> Outcome:
    """Screen what a pool bought again, by what is known at the start of a day."""
    extras, depends = given(workspace, deal, as_of)
    held: list[Tenure] = extras["tenures"]  # type: ignore[assignment]
    cut_offs = sorted({one.pledge.bought_on for one in held if one.pledge.bought_on < as_of})
    everything = all_pledges(workspace)
    cuts = {cut: _then(workspace, deal, cut, held, everything) for cut in cut_offs}
    prints = {
        f"tags {cut}": workspace.catalog.fingerprint(derived.RECEIVABLE_TAGS.name, {"as_of": cut}) for cut in cut_offs
    }
    champions = {f"champion {cut}": cuts[cut]["champion"] or "" for cut in cut_offs}
    documents = {f"deal {cut}": cuts[cut]["deal"].hash for cut in cut_offs}
    given_too = {**extras, "cuts": cuts, "tenures": [one for one in held if one.pledge.bought_on < as_of]}
    return said(execute(WARRANT, workspace, as_of, deal, given_too, {**depends, **prints, **champions, **documents}))


def _then(
    workspace: Workspace, deal: str, cut: date, held: Sequence[Tenure], everything: Sequence[Pledge]
) -> dict[str, Any]:
    """Give what a screening of that cut-off was given beside logs: deal, tags, what pools held, the model in force."""
    booked = min(one.pledge.opened_sequence for one in held if one.pledge.bought_on == cut)
    others = [
        replace(one, closed_sequence=None)
        for one in everything
        if one.opened_sequence < booked and (one.closed_sequence is None or one.closed_sequence > booked)
    ]
    manifest = workspace.runs.latest("screen", {"as_of": cut.isoformat(), "deal": deal})
    champion = manifest.identity["depends"].get("champion") if manifest else None
    tags = workspace.catalog.read(workspace.session, derived.RECEIVABLE_TAGS, {"as_of": cut})
    document = read_deal(workspace.settings.folder, deal, cut)
    return {"deal": document, "tags": tags, "pledged": pledged(workspace, others), "champion": champion or None}
