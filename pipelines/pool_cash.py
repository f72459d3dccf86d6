"""A pool's cash: `collect` matches it to what fell due, `turn_over` times the servicer, `dilute` finds refunds."""

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from features.spark_cut import minor, money, read_visible
from features.spark_tenures import CASH, HOLDING, by_holding, cash, daily, in_tenure, matched_lines
from pipelines.pool_life import LIFE_LOGS, life_of, rows_frame
from pool.deal import Deal
from pool.price import to_amount, to_minor
from pool.turnover import DayOfCash, turned_over
from runtime.stage import Stage, Task
from schemas import derived, events, lending
from schemas.after_purchase import POOL_COLLECTIONS, POOL_DILUTIONS, POOL_MATCHES, POOL_TURNOVERS
from schemas.table import Kind, Table


def collect(task: Task) -> Mapping[str, DataFrame]:
    """Match the cash of every receivable to its instalments, day by day and receivable by receivable."""
    held, known = life_of(task)
    lines, received = task.hold(matched_lines(held, known), "lines"), task.hold(cash(held, known), "cash")
    whole = sum((F.col(name) for name in CASH[1:]), F.col(CASH[0]))
    by_day = daily(lines, received).withColumn("collected_units", whole)
    return {
        POOL_COLLECTIONS.name: told(by_day, POOL_COLLECTIONS, task),
        POOL_MATCHES.name: told(by_holding(held, lines, received, known), POOL_MATCHES, task),
    }


COLLECT = Stage(
    name="collect",
    meaning="Cash of the pool matched to what fell due to it",
    reads=LIFE_LOGS,
    writes=(POOL_COLLECTIONS, POOL_MATCHES),
    run=collect,
    sections=("states",),
    per_deal=True,
)


def told(rows: DataFrame, table: Table, task: Task) -> DataFrame:
    """Give units as money under the table's names, with the stage's deal and day."""
    fixed = {"deal": F.lit(task.deal), "as_of": F.lit(task.as_of)}

    def value(name: str, kind: Kind) -> Column:
        if name in fixed:
            return fixed[name]
        return money(name.removesuffix("_amount") + "_units") if kind is Kind.MONEY else F.col(name)

    return rows.select(*(value(one.name, one.kind).alias(one.name) for one in table.columns))


def turn_over(task: Task) -> Mapping[str, DataFrame]:
    """Match what was turned over to what was collected, the oldest cash first."""
    deal: Deal = task.extras["deal"]
    collected = task.inputs[POOL_COLLECTIONS.name].where("collected_amount <> 0")
    entries = read_visible(task.inputs, lending.TURNOVERS.name, task.as_of, task.settings.platform.time_zone)
    mine = entries.where((F.col("deal") == deal.name) & (F.col("value_on") < F.lit(task.as_of)))
    cells = collected.select("happened_on", "collected_amount").toArrow().to_pylist()
    moved = mine.groupBy("value_on").agg(F.sum(minor("turnover_amount")).alias("units")).toArrow().to_pylist()
    found = turned_over(
        ((row["happened_on"], to_minor(row["collected_amount"])) for row in cells),
        ((row["value_on"], row["units"]) for row in moved),
    )
    rows = [_turnover_row(one, deal.calendar.turnover_days, task) for one in found.days]
    return {POOL_TURNOVERS.name: rows_frame(task, POOL_TURNOVERS, rows)}


def _turnover_row(one: DayOfCash, allowed: int | None, task: Task) -> dict[str, object]:
    return {
        "collected_on": one.collected_on,
        "collected_amount": to_amount(one.collected),
        "turned_over_amount": to_amount(one.turned_over),
        "outstanding_amount": to_amount(one.outstanding),
        "turn_over_by_on": None if allowed is None else one.last_day(allowed),
        "turned_over_on": one.turned_over_on,
        "late_days": None if allowed is None else one.late_days(allowed, task.as_of),
    }


TURN_OVER = Stage(
    name="turn_over",
    meaning="Collections beside what the servicer turned over",
    reads=(POOL_COLLECTIONS, lending.TURNOVERS),
    writes=(POOL_TURNOVERS,),
    run=turn_over,
    per_deal=True,
)


def dilute(task: Task) -> Mapping[str, DataFrame]:
    """Find refunds after sale, and cases that may become such."""
    held, known = life_of(task)
    refunds = known.movements().where("kind = 'REFUND'").join(held, "receivable_id").where(in_tenure("moved_on"))
    given = refunds.groupBy(*HOLDING).agg(
        F.sum("principal_units").alias("refunded_units"), F.min("moved_on").alias("refunded_on")
    )
    contracts = known.receivables().select("receivable_id", "order_id", "merchant_id")
    unpaid = task.inputs[derived.RECEIVABLE_STATES.name].select(
        "receivable_id", minor("current_principal_amount").alias("unpaid_units")
    )
    rows = held.join(contracts, "receivable_id").join(unpaid, "receivable_id")
    rows = rows.join(given, list(HOLDING), "left").join(_open_cases(task, rows), list(HOLDING), "left")
    zero = F.lit(0).cast("bigint")
    may = F.when(F.col("is_ended"), zero).otherwise(F.least(F.coalesce("asked_units", zero), "unpaid_units"))
    rows = rows.withColumns({"refunded_units": F.coalesce("refunded_units", zero), "open_case_units": may})
    diluted = rows.where((F.col("refunded_units") != 0) | (F.col("open_case_units") > 0))
    return {POOL_DILUTIONS.name: told(diluted, POOL_DILUTIONS, task)}


def _open_cases(task: Task, rows: DataFrame) -> DataFrame:
    """Sum up open cases by holding: those that name the receivable, else those of its order."""
    cases = read_visible(task.inputs, events.REFUNDS_DISPUTES.name, task.as_of, task.settings.platform.time_zone)
    asked = cases.where("case_status = 'OPEN' AND case_kind IN ('REFUND', 'RETURN')")
    asked = asked.select("receivable_id", "order_id", minor("case_amount").alias("_units"))
    ties = rows.select(*HOLDING, "order_id")
    named = asked.where("receivable_id IS NOT NULL").drop("order_id").join(ties.drop("order_id"), "receivable_id")
    ordered = asked.where("receivable_id IS NULL").drop("receivable_id").join(ties, "order_id").drop("order_id")
    both = named.select(*HOLDING, "_units").unionByName(ordered.select(*HOLDING, "_units"))
    return both.groupBy(*HOLDING).agg(F.sum("_units").alias("asked_units"))


DILUTE = Stage(
    name="dilute",
    meaning="Refunds after the sale, and cases that may become such",
    reads=(*LIFE_LOGS, events.REFUNDS_DISPUTES, derived.RECEIVABLE_STATES),
    writes=(POOL_DILUTIONS,),
    run=dilute,
    sections=("states",),
    per_deal=True,
)
