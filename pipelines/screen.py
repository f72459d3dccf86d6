"""Stage `screen`: every criterion of a deal on every open receivable, with what was seen where it does not pass."""

from collections.abc import Mapping
from datetime import date

from pyspark.sql import DataFrame

from features.spark import visible
from pipelines.deals import all_pledges, champion_for, pledged, pledges_hash
from pool.deal import Deal
from pool.spark_judge import judge_tables, screened
from pool.spark_others import with_others
from pool.spark_view import Tables, screening_view
from runtime.stage import Stage, Task, part
from runtime.workspace import Workspace
from schemas import derived, events, lending, parties

LOGS = (
    lending.RECEIVABLES,
    parties.BORROWERS,
    parties.MERCHANTS,
    events.ORDERS,
    parties.CREDIT_REPORTS,
    parties.BLACKLIST,
)
READS = (*LOGS, derived.RECEIVABLE_STATES, derived.RECEIVABLE_TAGS)


def run(task: Task) -> Mapping[str, DataFrame]:
    """Screen the receivables against `extras["deal"]`."""
    deal = task.extras["deal"]
    tables = tables_of(task.inputs, task.extras["pledged"], task.as_of, zone_of(task))
    judged = task.hold(judge_tables(tables, deal, task.extras["champion"]), "judged")
    screenings, failed = screened(judged, deal)
    return {derived.SCREENINGS.name: screenings, derived.SCREENING_FAILURES.name: failed}


SCREEN = Stage(
    name="screen",
    meaning="Every criterion of the deal on every open receivable",
    reads=READS,
    writes=(derived.SCREENINGS, derived.SCREENING_FAILURES),
    run=run,
    per_deal=True,
)


def zone_of(task: Task) -> str:
    """Give the platform's time zone."""
    return task.settings.platform.time_zone


def tables_of(inputs: Mapping[str, DataFrame], held: DataFrame, as_of: date, time_zone: str) -> Tables:
    """Give what a screening is made of, cut at the start of the day."""
    logs = {table.name: visible(inputs[table.name], table, as_of, time_zone) for table in LOGS}
    states, tags = (inputs[table.name] for table in (derived.RECEIVABLE_STATES, derived.RECEIVABLE_TAGS))
    return Tables(logs, states, tags, held, as_of, time_zone)


def build_view(inputs: Mapping[str, DataFrame], held: DataFrame, as_of: date, time_zone: str, deal: Deal) -> DataFrame:
    """Lay side by side what was known of every open receivable, its parties, tag, pledge and borrower's other debts."""
    tables = tables_of(inputs, held, as_of, time_zone)
    return with_others(screening_view(tables), tables.states, tables.logs[lending.RECEIVABLES.name], deal.others)


def inputs_of(workspace: Workspace, as_of: date) -> dict[str, DataFrame]:
    """Read what a screening reads."""
    return {table.name: workspace.catalog.read(workspace.session, table, part(table, as_of)) for table in READS}


def extras(workspace: Workspace, deal: Deal) -> dict[str, object]:
    """Give what a screening is given beside tables."""
    model = champion_for(workspace, deal)
    held = pledged(workspace, all_pledges(workspace))
    return {"deal": deal, "pledged": held, "champion": model.version if model else None}


def depends(workspace: Workspace, deal: Deal) -> dict[str, str]:
    """Identify what of that a screening's answer depends on; no engine is started."""
    model = champion_for(workspace, deal)
    pledges = pledges_hash(all_pledges(workspace))
    return {"deal": deal.hash, "pledges": pledges, "champion": model.version if model else ""}
