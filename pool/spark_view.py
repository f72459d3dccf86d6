"""The wide view that criteria are judged on: one row for each open receivable, one column for each word of a deal.

What many receivables share, a merchant, an order, a borrower, is gathered first, each by its own key, and then meets
the receivables; so a criterion about a borrower can be judged once for all of the borrower's receivables.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from pool.vocabulary import GROUPS, engine_name, visible_columns
from schemas.moments import day_start
from schemas.spark import engine_type

KEY = "_key"
"""What a gathered frame is joined by."""
FLAGS = {
    "BORROWER": "blacklist__is_borrower_listed",
    "MERCHANT": "blacklist__is_merchant_listed",
    "DEVICE": "blacklist__is_device_listed",
}
LINKS = {
    "merchant": "receivable__merchant_id",
    "order": "receivable__order_id",
    "borrower": "receivable__borrower_id",
}
"""Where a receivable names each party."""
OWN = "receivable__receivable_id"
FINAL = ("state__receivable_id", "state__receivable_key", "state__current_principal_amount")

Visit = Callable[[DataFrame, Sequence[str], bool], DataFrame]
"""What is done with a frame as soon as it stands: given the frame, columns that must stay, and whether every row of the
view will find its row there."""


@dataclass(frozen=True, slots=True)
class Tables:
    """What the view is made of.

    Args:
        logs: Visible rows of the log tables by name, one for each key; of a table that is not given nothing is known.
        states: `receivable_states` of the day.
        tags: `receivable_tags`, at most one for each receivable.
        pledged: What pools hold: `receivable_key` and `deal`.
        as_of: The cut-off.
        time_zone: Where its day begins.
    """

    logs: Mapping[str, DataFrame]
    states: DataFrame
    tags: DataFrame
    pledged: DataFrame
    as_of: date
    time_zone: str


def screening_view(tables: Tables) -> DataFrame:
    """Lay everything that a deal may ask of an open receivable side by side."""
    view = lay(tables, lambda frame, _, __: frame)
    known = frozenset(view.columns)
    columns = [
        (engine_name(f"{group}.{column.name}"), column.kind)
        for group in GROUPS
        if group != "deal"
        for column in visible_columns(group)
    ]
    return view.select(
        *(F.col(name) if name in known else F.lit(None).cast(engine_type(kind)).alias(name) for name, kind in columns)
    )


def lay(tables: Tables, visit: Visit, also: Sequence[str] = ()) -> DataFrame:
    """Join all tables of the view, and let each frame be visited on the way; `also` must stay to the end.

    The smaller frame always stands left in a right join: an engine without statistics holds the left side in memory.
    """
    links = list(LINKS.values())
    view = visit(_named(tables.logs["receivables"], "receivable"), [OWN, *links, *also], False)
    for party, frame in _parties(tables).items():
        gathered = visit(frame, [KEY, *also], False)
        links.remove(LINKS[party])
        view = visit(_met(view, gathered, LINKS[party]), [OWN, *links, *also], False)
    state = visit(_named(tables.states.where("is_open"), "state"), [*FINAL, *also], True)
    view = view.join(state, F.col(OWN) == F.col(FINAL[0]), "right")
    tag = _named(tables.tags, "tag").withColumn(KEY, F.col("tag__receivable_id"))
    view = _met(view, visit(tag, [KEY, *also], False), FINAL[0])
    view = _met(view, _positions(tables.pledged), FINAL[1])
    view = view.withColumn("position__is_pledged", F.coalesce("position__is_pledged", F.lit(False)))
    has_no_device = "blacklist" in tables.logs and "orders" not in tables.logs
    return view.withColumn(FLAGS["DEVICE"], F.lit(False)) if has_no_device else view


def _parties(tables: Tables) -> dict[str, DataFrame]:
    """Give what is known of each merchant, order and borrower, by its key."""
    listed = _listed(tables) if "blacklist" in tables.logs else {}
    logs = tables.logs
    gathered: dict[str, list[DataFrame]] = {"merchant": [], "order": [], "borrower": [_exposures(tables.states)]}
    for party, table in (("merchant", "merchants"), ("order", "orders"), ("borrower", "borrowers")):
        if table in logs:
            named = _named(logs[table], party)
            gathered[party].append(named.withColumn(KEY, F.col(f"{party}__{party}_id")))
    if "credit_reports" in logs:
        reports = _named(_latest_reports(logs["credit_reports"]), "report")
        gathered["borrower"].append(reports.withColumn(KEY, F.col("report__borrower_id")))
    for party, subject in (("merchant", "MERCHANT"), ("borrower", "BORROWER")):
        gathered[party] += [listed[subject]] if listed else []
    frames = {party: reduce(_beside, frames) for party, frames in gathered.items() if frames}
    if listed and "order" in frames:
        order = frames["order"].withColumnRenamed(KEY, "_order")
        frames["order"] = _met(order, listed["DEVICE"], "order__device_id").withColumnRenamed("_order", KEY)
    return {party: _told(frame) for party, frame in frames.items()}


def _named(frame: DataFrame, group: str) -> DataFrame:
    names = [column.name for column in visible_columns(group)]
    return frame.select(*(F.col(name).alias(engine_name(f"{group}.{name}")) for name in names))


def _beside(left: DataFrame, right: DataFrame) -> DataFrame:
    """Put two frames side by side, with the keys that either of them has."""
    other = right.withColumnRenamed(KEY, "_other")
    both = left.join(other, F.col(KEY) == F.col("_other"), "full")
    return both.withColumn(KEY, F.coalesce(KEY, "_other")).drop("_other")


def _met(view: DataFrame, few: DataFrame, link: str) -> DataFrame:
    return _told(few.join(view, F.col(KEY) == F.col(link), "right").drop(KEY))


def _told(frame: DataFrame) -> DataFrame:
    """Say of who stands on no list that they do not."""
    flags = [name for name in FLAGS.values() if name in frame.columns]
    return frame.withColumns({name: F.coalesce(name, F.lit(False)) for name in flags}) if flags else frame


def _latest_reports(reports: DataFrame) -> DataFrame:
    newest = [F.col(name).desc() for name in ("happened_at", "known_at", "report_id")]
    place = F.row_number().over(Window.partitionBy("borrower_id").orderBy(*newest))
    return reports.withColumn("place", place).where("place = 1").drop("place")


def _listed(tables: Tables) -> dict[str, DataFrame]:
    """Give who is on a list at the cut-off, by kind of subject."""
    at = F.lit(day_start(tables.as_of, tables.time_zone))
    in_force = tables.logs["blacklist"].where(F.col("ended_at").isNull() | (F.col("ended_at") > at))
    return {
        subject: in_force.where(F.col("subject_type") == subject)
        .select(F.col("subject_id").alias(KEY))
        .distinct()
        .withColumn(flag, F.lit(True))
        for subject, flag in FLAGS.items()
    }


def _exposures(states: DataFrame) -> DataFrame:
    unpaid = F.col("is_open") | F.col("is_written_off")
    principal = F.when(F.col("is_open"), F.col("current_principal_amount"))
    zero = F.lit(0).cast("bigint")
    return states.groupBy(F.col("borrower_id").alias(KEY)).agg(
        F.coalesce(F.max(F.when(unpaid, F.col("days_past_due"))), zero).alias("exposure__max_days_past_due"),
        F.max("worst_days_past_due").alias("exposure__worst_days_past_due"),
        F.coalesce(F.sum(principal), zero).cast("decimal(18,2)").alias("exposure__total_principal_amount"),
        F.count(F.when(F.col("is_open"), 1)).alias("exposure__open_count"),
        F.count(F.when(F.col("is_written_off"), 1)).alias("exposure__written_off_count"),
    )


def _positions(pledged: DataFrame) -> DataFrame:
    is_pledged: Column = F.lit(True)
    return pledged.select(
        F.col("receivable_key").alias(KEY),
        F.col("deal").alias("position__deal"),
        is_pledged.alias("position__is_pledged"),
    )
