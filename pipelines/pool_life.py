"""What every stage of a pool's life is given: its tenures from the ledger, and the logs of what it holds or held."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import partial

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from features.spark_known import Known
from features.spark_tenures import standing
from features.states import StateConvention
from pipelines.deals import read_deal
from pipelines.signing import ledger
from pool.deal import Deal
from pool.tenures import Tenure, tenures
from runtime.iceberg import arrow_schema
from runtime.stage import Task
from runtime.workspace import Workspace
from schemas import lending
from schemas.errors import CatalogError
from schemas.hashing import digest
from schemas.moments import local_day
from schemas.spark import struct_type
from schemas.table import Table

LIFE_LOGS = (
    lending.RECEIVABLES,
    lending.INSTALMENTS,
    lending.REPAYMENTS,
    lending.ADJUSTMENTS,
    lending.REPORTED_STATES,
)
HELD = pa.schema(
    [
        ("purchase_id", pa.string()),
        ("receivable_id", pa.string()),
        ("bought_on", pa.date32()),
        ("until_on", pa.date32()),
        ("is_ended", pa.bool_()),
        ("bought_units", pa.int64()),
    ]
)


def lives(workspace: Workspace, deal: str, as_of: date) -> list[Tenure]:
    """Give what a pool holds or held on a day, with the day's own purchase.

    Raises:
        CatalogError: Nothing was bought by then.
    """
    store = ledger(workspace)
    try:
        entries = store.history()
    finally:
        store.close()
    zone = workspace.settings.platform.time_zone
    found = [one for one in tenures(entries, deal, partial(local_day, time_zone=zone)) if one.pledge.bought_on <= as_of]
    if not found:
        asked = f"poolwright propose, approve and settle a purchase of {deal} with a cut-off up to {as_of}"
        raise CatalogError(f"{deal} had bought nothing by {as_of}", "a pool with receivables", asked)
    return found


def given(workspace: Workspace, deal: str, as_of: date) -> tuple[dict[str, object], dict[str, str]]:
    """Give the deal and its tenures as a stage's extras, and what of them its answer depends on."""
    document = read_deal(workspace.settings.folder, deal, as_of)
    held = lives(workspace, deal, as_of)
    return {"deal": document, "tenures": held}, {"deal": document.hash, "tenures": identified(held)}


def identified(held: Sequence[Tenure]) -> str:
    """Identify tenures."""
    return digest([[t.pledge.purchase_id, t.pledge.receivable_id, str(t.ended_on), t.is_released] for t in held])


def held_frame(session: SparkSession, held: Sequence[Tenure], as_of: date) -> DataFrame:
    """Give tenures as holdings for the engine: `until_on` is the day of leaving, or the as-of day."""
    ended = [one.ended_on is not None and one.ended_on <= as_of for one in held]
    until = [one.ended_on if gone else as_of for one, gone in zip(held, ended, strict=True)]
    pledges = [one.pledge for one in held]
    columns = {
        "purchase_id": [one.purchase_id for one in pledges],
        "receivable_id": [one.receivable_id for one in pledges],
        "bought_on": [one.bought_on for one in pledges],
        "until_on": until,
        "is_ended": ended,
        "bought_units": [one.principal_minor for one in pledges],
    }
    return session.createDataFrame(pa.table(columns, schema=HELD))


def known_of(task: Task, held: DataFrame) -> Known:
    """Give what was known of the receivables that a pool holds or held."""
    ids = held.select("receivable_id").distinct()
    logs = {table.name: task.inputs[table.name].join(ids, "receivable_id", "left_semi") for table in LIFE_LOGS}
    convention = task.settings.section("states", StateConvention)
    return Known(logs, task.as_of, task.settings.platform.time_zone, convention, task.hold)


def life_of(task: Task) -> tuple[DataFrame, Known]:
    """Give the holdings of a stage whose receivable is known, and what was known of them."""
    held = task.hold(held_frame(task.session, task.extras["tenures"], task.as_of), "held")
    known = known_of(task, held)
    return standing(held, known), known


def rows_frame(task: Task, table: Table, rows: Sequence[Mapping[str, object]]) -> DataFrame:
    """Give plain rows as a frame of a table, with the stage's deal and day."""
    if not rows:
        return task.session.createDataFrame([], struct_type(table))
    told = [{"deal": task.deal, "as_of": task.as_of, **row} for row in rows]
    return task.session.createDataFrame(pa.Table.from_pylist(told, arrow_schema(table)))


def default_days(deal: Deal, otherwise: int) -> int:
    """Give the days past due from which the deal's trigger of cumulative default counts; else the given number."""
    said = (one.days_past_due for one in deal.triggers if one.measure == "cumulative_default_rate")
    return next((days for days in said if days), otherwise)


def first_day(held: Sequence[Tenure]) -> date:
    """Give the day before the first purchase: the pool was empty."""
    return min(one.pledge.bought_on for one in held) - timedelta(days=1)
