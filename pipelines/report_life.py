"""The pool's life as a report shows it: what was published of the day, and of the last followed day of each month."""

from datetime import date
from typing import Any

from pipelines.deals import read_deal
from pipelines.pool_life import default_days, lives
from pipelines.pool_watch import is_watched, rows_of, watch_pool
from pool.dilution import by_month, reserve
from pool.price import to_amount, to_minor
from pool.watch import WatchParameters
from reports.performance import Performance
from runtime.workspace import Workspace
from schemas import after_purchase as tables
from schemas.errors import CatalogError
from schemas.table import Table

Rows = list[dict[str, Any]]


def follow(workspace: Workspace, deal: str, as_of: date) -> bool:
    """Bring the pool's life up to a day, where it holds or held anything; tell whether it does."""
    try:
        lives(workspace, deal, as_of)
    except CatalogError:
        return False
    watch_pool(workspace, deal, as_of)
    return True


def performance(workspace: Workspace, deal_name: str, as_of: date) -> Performance | None:
    """Gather the published life of a pool on a day; None where it was not followed up to it."""
    if not is_watched(workspace, deal_name, as_of):
        return None
    deal = read_deal(workspace.settings.folder, deal_name, as_of)
    rules = workspace.settings.section("pool", WatchParameters)

    def rows(table: Table) -> Rows:
        return rows_of(workspace, table, deal_name, as_of)

    dilutions, static = rows(tables.POOL_DILUTIONS), rows(tables.STATIC_POOLS)
    given = [(row["refunded_on"], to_minor(row["refunded_amount"])) for row in dilutions if row["refunded_on"]]
    first = min((row["bought_on"] for row in static), default=as_of)
    months = by_month(given, first, as_of) if given else []
    return Performance(
        allowed_days=deal.calendar.turnover_days,
        default_days=default_days(deal, rules.default_days_past_due),
        reserve=to_amount(reserve(months, rules.dilution_factor)),
        diluted=[{"month_on": o.month_on, "receivables": o.receivables, "amount": to_amount(o.amount)} for o in months],
        strata=rows(tables.POOL_STRATA),
        delinquencies=_in_order(rows(tables.POOL_DELINQUENCIES)),
        history=_history(workspace, deal_name, as_of),
        rolls=rows(tables.POOL_ROLL_RATES),
        static=static,
        outlook=rows(tables.POOL_OUTLOOKS),
        collections=rows(tables.POOL_COLLECTIONS),
        turnovers=rows(tables.POOL_TURNOVERS),
        roll_forwards=rows(tables.POOL_ROLL_FORWARDS),
        dilutions=dilutions,
        breaches=rows(tables.WARRANTY_BREACHES),
        drifts=rows(tables.BATCH_DRIFTS),
        alarms=sorted(rows(tables.POOL_ALARMS), key=lambda row: row["severity"] != "stop"),
    )


def _in_order(rows: Rows) -> Rows:
    order = tables.POOL_DELINQUENCIES.column("bucket").values
    return sorted(rows, key=lambda row: order.index(row["bucket"]))


def _history(workspace: Workspace, deal: str, as_of: date) -> Rows:
    """Give what was late on the last followed day of each month, up to the day."""
    name = tables.POOL_DELINQUENCIES.name
    days = sorted(one["as_of"] for one in workspace.catalog.partitions(name) if one["deal"] == deal)
    last = {(day.year, day.month): day for day in days if day <= as_of}
    found = [rows_of(workspace, tables.POOL_DELINQUENCIES, deal, day) for day in last.values()]
    return [row for rows in found for row in _in_order(rows)]
