"""The independent check: measure the limits again, row by row, with none of the code that chose the batch."""

import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import pyarrow as pa

from pool.deal import Deal, Limit

Row = Mapping[str, Any]


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
    names = frozenset(bought)
    rows = table.to_pylist()
    batch = [row for row in rows if row["receivable_id"] in names and not row["is_pooled"]]
    held = [row for row in rows if row["is_pooled"]] + batch
    return (*_batch_breaches(batch, len(names), deal, cash_minor), *_limit_breaches(held, deal))


def _batch_breaches(batch: list[Row], promised: int, deal: Deal, cash_minor: int) -> Iterator[str]:
    if len(batch) != promised:
        yield f"{promised} receivables are named, {len(batch)} of them eligible and free"
    principal = Decimal(_principal(batch)).scaleb(-2)
    if not deal.batch.minimum_amount <= principal <= deal.batch.maximum_amount:
        yield f"the batch has {principal}, allowed {deal.batch.minimum_amount} to {deal.batch.maximum_amount}"
    price = sum(_price(row["principal_minor"], deal.price.discount_rate) for row in batch)
    if price > cash_minor:
        yield f"the batch costs {price} minor units, there are {cash_minor}"
    for limit in deal.limits:
        unknown = sum(row[limit.code] is None for row in batch)
        if limit.measure == "weighted_average" and unknown:
            yield f"{limit.code} averages a value that is unknown of {unknown} receivables of the batch"


def _limit_breaches(held: list[Row], deal: Deal) -> Iterator[str]:
    for limit in deal.limits:
        value = _value(limit, held)
        if value is None:
            continue
        if limit.at_most is not None and value > Fraction(limit.at_most):
            yield f"{limit.code} is {float(value)}, at most {limit.at_most}"
        if limit.at_least is not None and value < Fraction(limit.at_least):
            yield f"{limit.code} is {float(value)}, at least {limit.at_least}"


def _value(limit: Limit, held: list[Row]) -> Fraction | None:
    whole = _principal(held)
    if limit.measure == "member_share":
        shares = Counter[str | None]()
        for row in held:
            shares[row[limit.code]] += row["principal_minor"]
        return Fraction(max(shares.values()), whole)
    if limit.measure == "member_count":
        return Fraction(len({row[limit.code] for row in held}))
    if limit.measure == "weighted_average":
        return _average(limit.code, held)
    inside = [row for row in held if row[limit.code] or (row[limit.code] is None and limit.at_most is not None)]
    return Fraction(_principal(inside), 100 if limit.measure == "total_amount" else whole)


def _average(code: str, held: list[Row]) -> Fraction | None:
    known = [row for row in held if row[code] is not None]
    if not known:
        return None
    average = math.fsum(row["principal_minor"] * float(row[code]) for row in known) / _principal(known)
    return Fraction(str(round(average, 9)))


def _principal(rows: list[Row]) -> int:
    return sum(row["principal_minor"] for row in rows)


def _price(principal_minor: int, discount_rate: Decimal) -> int:
    return int((principal_minor * (1 - discount_rate)).quantize(Decimal(1), ROUND_HALF_UP))
