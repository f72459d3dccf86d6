"""The independent check: measure the limits again, with none of the code that chose the batch and in another way.

Everything is summed by Arrow over the rows that would be held, in whole minor units, and compared as fractions.
"""

import math
from collections.abc import Collection, Iterator
from decimal import Decimal
from fractions import Fraction

import pyarrow as pa
import pyarrow.compute as pc

from pool.deal import Deal, Limit

MICRO = 10**6
AVERAGE_DIGITS = 9


def find_breaches(table: pa.Table, bought: Collection[str], deal: Deal, cash_minor: int) -> tuple[str, ...]:
    """Say everything that is wrong with buying those receivables; nothing is wrong with buying none.

    Args:
        table: Pool and eligible rows, as `pool.spark.limit_rows` gathered them.
        bought: Ids of the receivables in the batch.
        deal: The deal.
        cash_minor: Cash available, in minor units.
    """
    if not bought:
        return ()
    names = pa.array(sorted(set(bought)), pa.string())
    is_named = pc.is_in(table.column("receivable_id"), value_set=names)
    pooled = table.filter(table.column("is_pooled"))
    batch = table.filter(pc.and_(is_named, pc.invert(table.column("is_pooled"))))
    held = pa.concat_tables([pooled, batch])
    return (*_batch_breaches(batch, len(names), deal, cash_minor), *_limit_breaches(held, pooled, deal))


def _batch_breaches(batch: pa.Table, promised: int, deal: Deal, cash_minor: int) -> Iterator[str]:
    if batch.num_rows != promised:
        yield f"{promised} receivables are named, {batch.num_rows} of them eligible and free"
    principal = Decimal(_principal(batch)).scaleb(-2)
    if not deal.batch.minimum_amount <= principal <= deal.batch.maximum_amount:
        yield f"the batch has {principal}, allowed {deal.batch.minimum_amount} to {deal.batch.maximum_amount}"
    price = _price(batch, deal.price.discount_rate)
    if price > cash_minor:
        yield f"the batch costs {price} minor units, there are {cash_minor}"
    for limit in deal.limits:
        unknown = batch.column(limit.code).null_count
        if limit.measure == "weighted_average" and unknown:
            yield f"{limit.code} averages a value that is unknown of {unknown} receivables of the batch"


def _limit_breaches(held: pa.Table, pooled: pa.Table, deal: Deal) -> Iterator[str]:
    for limit in deal.limits:
        value, before = _value(limit, held), _value(limit, pooled)
        if value is None or (limit.maintain_or_improve and before is not None and _is_no_worse(limit, value, before)):
            continue
        if limit.at_most is not None and value > Fraction(limit.at_most):
            yield f"{limit.code} is {float(value)}, at most {limit.at_most}"
        if limit.at_least is not None and value < Fraction(limit.at_least):
            yield f"{limit.code} is {float(value)}, at least {limit.at_least}"


def _is_no_worse(limit: Limit, value: Fraction, before: Fraction) -> bool:
    return value <= before if limit.at_most is not None else value >= before


def _value(limit: Limit, held: pa.Table) -> Fraction | None:
    whole = _principal(held)
    if not whole:
        return None
    if limit.measure == "member_count":
        return Fraction(len(pc.unique(held.column(limit.code))))
    if limit.measure == "member_share":
        sums = held.group_by(limit.code).aggregate([("principal_minor", "sum")])
        return Fraction(pc.max(sums.column("principal_minor_sum")).as_py(), whole)
    if limit.measure == "weighted_average":
        return _average(limit.code, held)
    is_inside = pc.fill_null(held.column(limit.code), limit.at_most is not None)
    return Fraction(_principal(held.filter(is_inside)), 100 if limit.measure == "total_amount" else whole)


def _average(code: str, held: pa.Table) -> Fraction | None:
    known = held.filter(pc.is_valid(held.column(code)))
    if not known.num_rows:
        return None
    weighed = pc.multiply(
        pc.cast(known.column("principal_minor"), pa.float64()), pc.cast(known.column(code), pa.float64())
    )
    return Fraction(str(round(math.fsum(weighed.to_pylist()) / _principal(known), AVERAGE_DIGITS)))


def _principal(rows: pa.Table) -> int:
    return pc.sum(rows.column("principal_minor")).as_py() or 0


def _price(batch: pa.Table, discount_rate: Decimal) -> int:
    """Sum the prices, each rounded half up: half a minor unit is added, and what is left of a whole one is cut off."""
    kept = int((1 - discount_rate) * MICRO)
    raised = pc.add(pc.multiply(batch.column("principal_minor"), kept), MICRO // 2)
    return pc.sum(pc.divide(raised, MICRO)).as_py() or 0
