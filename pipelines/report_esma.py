"""The exposures of a pool on a day, gathered for a disclosure file in the manner of ESMA's Annex VI."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from features.spark_cut import money, read_visible
from features.spark_known import Known
from features.states import StateConvention
from pipelines.common import written
from pipelines.pool_life import LIFE_LOGS, held_frame, lives
from pipelines.states import STATES
from pool.tenures import Tenure
from reports.esma import annex
from runtime.stage import Task, execute
from runtime.workspace import Workspace
from schemas import derived, lending, parties

LOGS = (*LIFE_LOGS, parties.BORROWERS, parties.CREDIT_ACCOUNTS)
CONTRACT = (
    "originated_on", "final_due_on", "term_number", "channel", "purpose", "currency", "amortization", "pay_frequency",
    "account_id", "region_code",
)  # fmt: skip
PERSON = ("employment", "is_insolvent", "is_related_party", "annual_income_amount")


def write_annex(workspace: Workspace, deal: str, as_of: date, out: Path | None) -> Path:
    """Write every exposure that a pool holds or held on a day; give where the file is.

    Raises:
        CatalogError: Nothing was bought by then.
        ConfigurationError: The file cannot be written.
    """
    held = lives(workspace, deal, as_of)
    execute(STATES, workspace, as_of)
    rows = _rows(workspace, held, deal, as_of)
    path = out or workspace.home / "reports" / f"{deal}-{as_of}-annex-vi.csv"
    return written(path, annex(rows).encode())


def _rows(workspace: Workspace, held: list[Tenure], deal: str, as_of: date) -> list[dict[str, Any]]:
    settings, session = workspace.settings, workspace.session
    with workspace.scratch(f"esma-{deal}") as scratch:
        inputs = {table.name: workspace.catalog.read(session, table) for table in LOGS}
        task = Task(session, settings, as_of, deal, inputs, {}, scratch)
        holdings = held_frame(session, held, as_of).select("purchase_id", "receivable_id", "bought_on")
        found = _facts(task, workspace, holdings).toArrow().to_pylist()
    by_name = {(one.pledge.purchase_id, one.pledge.receivable_id): one for one in held}
    told = [_row(one, by_name[one["purchase_id"], one["receivable_id"]], deal, as_of) for one in found]
    return sorted(told, key=lambda row: (row["bought_on"], row["receivable_key"]))


def _row(found: dict[str, Any], tenure: Tenure, deal: str, as_of: date) -> dict[str, Any]:
    pledge, ended = tenure.pledge, tenure.ended_on is not None and tenure.ended_on <= as_of
    is_gone = found["current_principal_amount"] <= 0 and not found["is_written_off"]
    return {
        **found,
        "securitisation": deal,
        "receivable_key": pledge.receivable_key,
        "cut_off_on": as_of,
        "ended_on": tenure.ended_on if ended else None,
        "is_repurchased": ended and not tenure.is_released,
        "redeemed_on": found["last_paid_on"] if is_gone else None,
        "price_share": Decimal(pledge.price_minor) / pledge.principal_minor if pledge.principal_minor else None,
    }


def _facts(task: Task, workspace: Workspace, holdings: DataFrame) -> DataFrame:
    """Lay beside each exposure its contract, its borrower, its state, its line and what it pays next."""
    zone, as_of = task.settings.platform.time_zone, task.as_of
    logs = {table.name: read_visible(task.inputs, table.name, as_of, zone) for table in LOGS if table in READ}
    contracts = logs["receivables"].select("receivable_id", "borrower_id", *CONTRACT)
    people = logs["borrowers"].select("borrower_id", *PERSON)
    states = workspace.catalog.read(task.session, derived.RECEIVABLE_STATES, {"as_of": as_of}).select(
        "receivable_id", "original_principal_amount", "current_principal_amount", "is_written_off", "last_paid_on"
    )
    newest = Window.partitionBy("account_id").orderBy(F.desc("happened_at"), F.desc("known_at"))
    lines = logs["credit_accounts"].withColumn("place", F.row_number().over(newest)).where("place = 1")
    first = logs["receivables"].groupBy("borrower_id").agg(F.min("originated_on").alias("first_on"))
    rows = holdings.join(contracts, "receivable_id").join(states, "receivable_id")
    rows = rows.join(people, "borrower_id", "left").join(first, "borrower_id", "left")
    rows = rows.join(lines.select("account_id", "limit_amount"), "account_id", "left")
    rows = rows.join(_next_dues(task), "receivable_id", "left")
    return rows.withColumn("is_new_customer", F.col("originated_on") == F.col("first_on")).drop(
        "first_on", "account_id"
    )


READ = (lending.RECEIVABLES, parties.BORROWERS, parties.CREDIT_ACCOUNTS)


def _next_dues(task: Task) -> DataFrame:
    """Give what falls due next of each receivable: the first instalment from the day on that is not covered."""
    convention = task.settings.section("states", StateConvention)
    known = Known(task.inputs, task.as_of, task.settings.platform.time_zone, convention, task.hold)
    ahead = known.settlements().where(F.col("settled_on").isNull() & (F.col("due_on") >= F.lit(task.as_of)))
    first = ahead.groupBy("receivable_id").agg(F.min("due_on").alias("due_on"))
    dues = (
        ahead.join(first, ["receivable_id", "due_on"]).groupBy("receivable_id").agg(F.sum("due_units").alias("units"))
    )
    return dues.select("receivable_id", money("units").alias("next_due_amount"))
