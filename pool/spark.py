"""Screening on the engine: every open receivable judged by every criterion of a deal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pool.deal import CHAMPION, Deal, Limit, parsed
from pool.ledger import Item
from pool.price import to_amount
from pool.spark_view import screening_view
from pool.traits import REGION
from pool.vocabulary import COLUMNS, engine_name, in_order
from schemas import derived
from schemas.spark import compile_expression, conform, engine_type
from schemas.table import Kind

__all__ = ["Explanation", "explain", "limit_rows", "proposal_rows", "screen", "screening_view"]

MICRO = 1_000_000


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
        view: From `screening_view`.
        deal: The deal.
        as_of: The cut-off.
        champion: Registered version that `champion` among the deal's approved models stands for.

    Returns:
        Rows of `screenings`, and of `screening_failures` for all that failed or is unknown.
    """
    judged = _judged(view, deal, as_of, champion)
    size = len(deal.criteria)
    is_eligible = F.col("outcomes") == F.lit("P" * size)
    passed_first = F.length(F.regexp_extract("outcomes", "^P*", 0))
    codes = F.array(*(F.lit(criterion.code) for criterion in deal.criteria), F.lit(None).cast("string"))
    screenings = judged.select(
        "receivable_id",
        "as_of",
        "deal",
        F.lit(deal.hash).alias("deal_hash"),
        "receivable_key",
        "outcomes",
        is_eligible.alias("is_eligible"),
        F.element_at(codes, passed_first + 1).alias("first_failed_code"),
        F.length(F.translate("outcomes", "P", "")).cast("bigint").alias("failed_count"),
        "current_principal_amount",
    )
    failures = _exploded(judged.where(~is_eligible), deal).where("outcome <> 'P'").drop("place")
    return conform(screenings, derived.SCREENINGS), conform(failures, derived.SCREENING_FAILURES)


def explain(
    view: DataFrame, deal: Deal, as_of: date, receivable_id: str, champion: str | None = None
) -> list[Explanation]:
    """Say for one receivable what each criterion saw, in the deal's order; nothing where it is not open."""
    row = view.where(F.col("state__receivable_id") == receivable_id)
    seen = _exploded(_judged(row, deal, as_of, champion), deal).orderBy("place").collect()
    return [
        Explanation(
            each.code, each.clause, each.text_en, each.text_zh, found["outcome"], found["observed"], each.expression
        )
        for each, found in zip(deal.criteria, seen, strict=False)
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
    resolve = _Resolver(deal, F.col("state__as_of"), None)
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


class _Resolver:
    """Gives an expression's columns: the deal's own words as literals, the others from the view."""

    def __init__(self, deal: Deal, as_of: Column, champion: str | None) -> None:
        days = deal.calendar
        self.words = {
            "deal.as_of": as_of,
            "deal.revolving_end_on": F.lit(days.revolving_end_on),
            "deal.expected_maturity_on": F.lit(days.expected_maturity_on),
            "deal.legal_final_on": F.lit(days.legal_final_on),
            "deal.currency": F.lit(deal.currency),
            "deal.score_max_age_days": F.lit(deal.score_max_age_days).cast("bigint"),
            "deal.approves_model": _approval(deal, champion),
        }

    def __call__(self, name: str) -> Column:
        return self.words[name] if name in self.words else F.col(engine_name(name))


def _approval(deal: Deal, champion: str | None) -> Column:
    versions = [version for version in deal.approved_models if version != CHAMPION]
    versions += [champion] if champion and CHAMPION in deal.approved_models else []
    version = F.col("tag__model_version")
    return F.when(version.isNotNull(), version.isin(*versions) if versions else F.lit(False))


def _judged(view: DataFrame, deal: Deal, as_of: date, champion: str | None) -> DataFrame:
    """Give each row's outcomes as one text, and the text of every value that some criterion looks at."""
    resolve = _Resolver(deal, F.lit(as_of), champion)
    expressions = [parsed(criterion.expression) for criterion in deal.criteria]
    letters = [_letter(compile_expression(expression, resolve)) for expression in expressions]
    looked_at = in_order(name for expression in expressions for name in expression.columns)
    kinds = {**COLUMNS, **{each.name: each.kind for each in deal.others}}
    return view.select(
        F.col("state__receivable_id").alias("receivable_id"),
        F.lit(as_of).alias("as_of"),
        F.lit(deal.name).alias("deal"),
        F.col("state__receivable_key").alias("receivable_key"),
        F.concat(*letters).alias("outcomes"),
        F.col("state__current_principal_amount").alias("current_principal_amount"),
        *(_shown(name, _text(resolve(name), kinds[name])).alias(engine_name(name)) for name in looked_at),
    )


def _letter(passes: Column) -> Column:
    return F.when(passes.isNull(), F.lit("U")).when(passes, F.lit("P")).otherwise(F.lit("F"))


def _shown(name: str, value: Column) -> Column:
    return F.concat(F.lit(f"{name}="), F.coalesce(value, F.lit("null")))


def _text(value: Column, kind: Kind) -> Column:
    """Write a value the same on every engine: exact numbers plain, doubles with six decimals, moments in UTC."""
    if kind is Kind.MOMENT:
        return F.date_format(value, "yyyy-MM-dd'T'HH:mm:ss'Z'")
    if kind is not Kind.REAL:
        return value.cast("string")
    micro = F.floor(F.abs(value) * F.lit(float(MICRO)) + F.lit(0.5)).cast("bigint")
    sign = F.when((value < 0) & (micro > 0), F.lit("-")).otherwise(F.lit(""))
    whole = F.floor(micro / F.lit(MICRO)).cast("bigint")
    return F.concat(sign, whole.cast("string"), F.lit("."), F.lpad((micro % F.lit(MICRO)).cast("string"), 6, "0"))


def _exploded(judged: DataFrame, deal: Deal) -> DataFrame:
    """Give one row for each receivable and criterion."""
    observed = []
    for criterion in deal.criteria:
        names = in_order(parsed(criterion.expression).columns)
        observed.append(F.concat_ws("; ", *(F.col(engine_name(name)) for name in names)))
    codes = F.array(*(F.lit(criterion.code) for criterion in deal.criteria))
    thresholds = F.array(*(F.lit(criterion.expression) for criterion in deal.criteria))
    each = judged.select(
        "receivable_id", "as_of", "deal", "outcomes", F.posexplode(F.array(*observed)).alias("place", "observed")
    )
    return each.select(
        "receivable_id",
        "as_of",
        "deal",
        F.element_at(codes, F.col("place") + 1).alias("code"),
        F.expr("substring(outcomes, place + 1, 1)").alias("outcome"),
        "observed",
        F.element_at(thresholds, F.col("place") + 1).alias("threshold"),
        "place",
    )


def _limit_column(limit: Limit, resolve: _Resolver) -> Column:
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
