"""Screening on the engine: every open receivable judged by every criterion of a deal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pool.deal import Deal, Limit, parsed
from pool.ledger import Item
from pool.price import to_amount
from pool.spark_judge import Words, judge_view, letter, observed, screened
from pool.traits import REGION
from pool.vocabulary import COLUMNS
from schemas import derived
from schemas.spark import compile_expression, conform, engine_type
from schemas.table import Kind

__all__ = ["Explanation", "explain", "limit_rows", "proposal_rows", "screen"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """One criterion and what came of it for one receivable.

    Args:
        code: The criterion.
        clause: Where the contract says it.
        text_en: The promise in English.
        text_zh: The promise in Chinese.
        outcome: P pass, F fail, U unknown.
        observed: The values that it looked at, as `name=value`.
        threshold: Its expression.
    """

    code: str
    clause: str
    text_en: str
    text_zh: str
    outcome: str
    observed: str
    threshold: str


def screen(view: DataFrame, deal: Deal, as_of: date, champion: str | None = None) -> tuple[DataFrame, DataFrame]:
    """Judge every row of the view by every criterion; what is unknown never passes.

    Args:
        view: From `pool.spark_view.screening_view`.
        deal: The deal.
        as_of: The cut-off.
        champion: Registered version that `champion` among the deal's approved models stands for.

    Returns:
        Rows of `screenings`, and of `screening_failures` for all that failed or is unknown.
    """
    return screened(judge_view(view, deal, as_of, champion), deal)


def explain(
    view: DataFrame, deal: Deal, as_of: date, receivable_id: str, champion: str | None = None
) -> list[Explanation]:
    """Say for one receivable what each criterion saw, in the deal's order; nothing where it is not open."""
    row = view.where(F.col("state__receivable_id") == receivable_id)
    words = Words(deal, F.lit(as_of), champion)
    kinds = {**COLUMNS, **{each.name: each.kind for each in deal.others}}
    expressions = [parsed(criterion.expression) for criterion in deal.criteria]
    told = row.select(
        F.array(*(letter(compile_expression(each, words)) for each in expressions)).alias("outcomes"),
        F.array(*(observed(each, words, kinds) for each in expressions)).alias("observed"),
    ).collect()
    return [
        Explanation(each.code, each.clause, each.text_en, each.text_zh, outcome, seen, each.expression)
        for found in told
        for each, outcome, seen in zip(deal.criteria, found["outcomes"], found["observed"], strict=True)
    ]


def limit_rows(view: DataFrame, screenings: DataFrame, deal: Deal) -> DataFrame:
    """Give what the limits must know of the pool's receivables and of those that are eligible and free.

    One column for each limit, named by its code: the member, the attribute, or the value that is averaged; and the
    traits that `pool.traits` reads.
    """
    eligible = screenings.where("is_eligible").select(F.col("receivable_id").alias("eligible_id"))
    joined = view.join(eligible, F.col("state__receivable_id") == F.col("eligible_id"), "left")
    is_pooled = F.coalesce(F.col("position__deal") == deal.name, F.lit(False))
    is_free = F.col("eligible_id").isNotNull() & ~F.col("position__is_pledged")
    principal = F.col("state__current_principal_amount")
    resolve = Words(deal, F.col("state__as_of"), None)
    return joined.where(is_pooled | is_free).select(
        F.col("state__receivable_id").alias("receivable_id"),
        F.col("state__receivable_key").alias("receivable_key"),
        (principal * F.lit(100)).cast("bigint").alias("principal_minor"),
        is_pooled.alias("is_pooled"),
        *(_limit_column(limit, resolve) for limit in deal.limits),
        *_trait_columns(deal),
    )


def proposal_rows(view: DataFrame, items: Sequence[Item], proposal_id: str, deal: Deal, as_of: date) -> DataFrame:
    """Give the rows of `proposals` for the receivables on a list."""
    listed = pa.table(
        {
            "listed_id": pa.array([item.receivable_id for item in items], pa.string()),
            "price_amount": pa.array([to_amount(item.price_minor) for item in items], pa.decimal128(18, 2)),
        }
    )
    frame = view.sparkSession.createDataFrame(listed, "listed_id string, price_amount decimal(18,2)")
    joined = frame.join(view, F.col("listed_id") == F.col("state__receivable_id"), "inner")
    rows = joined.select(
        F.lit(proposal_id).alias("proposal_id"),
        F.lit(deal.name).alias("deal"),
        F.lit(as_of).alias("as_of"),
        F.col("listed_id").alias("receivable_id"),
        F.col("state__receivable_key").alias("receivable_key"),
        F.col("state__borrower_id").alias("borrower_id"),
        F.col("state__current_principal_amount").alias("principal_amount"),
        F.col("price_amount"),
        F.col("tag__default_probability").alias("default_probability"),
        F.col("tag__grade").alias("grade"),
        F.col("receivable__annual_rate").alias("annual_rate"),
        F.col("state__remaining_period_count").alias("remaining_period_number"),
    )
    return conform(rows, derived.PROPOSALS)


def _limit_column(limit: Limit, resolve: Words) -> Column:
    value = compile_expression(parsed(limit.expression), resolve)
    kind = Kind.REAL if limit.measure == "weighted_average" else parsed(limit.expression).kind
    return value.cast(engine_type(kind)).alias(limit.code)


def _trait_columns(deal: Deal) -> list[Column]:
    """Give what `pool.traits` reads; where the model tells no life, the mean month of level instalments stands in."""
    probability, lifetime = F.col("tag__default_probability"), F.col("tag__lifetime_default_probability")
    left = F.col("state__remaining_period_count").cast("double")
    columns = {
        "default_probability": probability,
        "loss_rate": F.coalesce(lifetime, probability) * F.lit(float(deal.loss_given_default)),
        "annual_rate": F.col("receivable__annual_rate").cast("double"),
        "life_months": F.coalesce(F.col("tag__expected_life_months"), (left + F.lit(1.0)) / F.lit(2.0)),
        "remaining_periods": left,
        REGION: F.col("receivable__region_code"),
    }
    return [column.alias(name) for name, column in columns.items()]
