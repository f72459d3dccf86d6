"""What tells the loans of a purchase list from others, gathered on the engine."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pool.purchase import Facts, Item

SHOWN = ("borrower_id", "merchant_id", "order_id", "order_minor", "original_minor", "disbursed_on", "final_due_on",
         "term_number", "annual_rate")  # fmt: skip


def with_facts(
    items: Sequence[Item], receivables: DataFrame, orders: DataFrame, secrets: Mapping[str, str]
) -> tuple[Item, ...]:
    """Give the items with the facts by which near-duplicates are found.

    Args:
        items: The purchase list.
        receivables: Visible rows of `receivables`, one for each.
        orders: Visible rows of `orders`, one for each.
        secrets: Fingerprint of the pseudonym secret by ingest batch; a batch that is not there had none.
    """
    listed = pa.table({"listed_id": pa.array([item.receivable_id for item in items], pa.string())})
    wanted = receivables.sparkSession.createDataFrame(listed, "listed_id string")
    sums = orders.select(F.col("order_id").alias("ordered_id"), _minor("credit_amount", "order_amount", "order_minor"))
    rows = (
        wanted.join(receivables, F.col("listed_id") == F.col("receivable_id"), "inner")
        .join(sums, F.col("order_id") == F.col("ordered_id"), "left")
        .select(
            "receivable_id",
            "source",
            "batch",
            *(F.coalesce(F.col(name), F.lit("")).alias(name) for name in ("borrower_id", "merchant_id", "order_id")),
            F.coalesce("order_minor", F.lit(0).cast("bigint")).alias("order_minor"),
            _minor("original_principal_amount", "original_principal_amount", "original_minor"),
            *(F.coalesce(F.col(name).cast("string"), F.lit("")).alias(name) for name in SHOWN[5:7]),
            "term_number",
            F.coalesce(F.col("annual_rate").cast("string"), F.lit("")).alias("annual_rate"),
        )
    )
    known = {row["receivable_id"]: _facts(row, secrets) for row in rows.toArrow().to_pylist()}
    return tuple(replace(item, facts=known.get(item.receivable_id, item.facts)) for item in items)


def _minor(first: str, otherwise: str, name: str) -> Column:
    return (F.coalesce(F.col(first), F.col(otherwise)) * F.lit(100)).cast("bigint").alias(name)


def _facts(row: Mapping[str, object], secrets: Mapping[str, str]) -> Facts:
    space = f"{row['source']}/{secrets.get(str(row['batch']), '')}"
    return Facts(space, *(row[name] for name in SHOWN))  # type: ignore[arg-type]
