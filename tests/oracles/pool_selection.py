"""The best batch by trying every one: for a dozen receivables at most."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations

import pyarrow as pa

from pool.aims import Aim
from pool.check import find_breaches
from pool.deal import Deal
from pool.price import price_minor

THOUSANDTH = Fraction("0.001")


def allowed(table: pa.Table, deal: Deal, cash_minor: int, aim: Aim = Aim.CASH) -> Iterator[tuple[int, float]]:
    """Give price and worth to the aim of every batch without a breach, in minor units."""
    rows = [row for row in table.to_pylist() if not row["is_pooled"] and worth(row, deal, aim) is not None]
    for size in range(len(rows) + 1):
        for batch in combinations(rows, size):
            used = sum(price_minor(row["principal_minor"], deal.price.discount_rate) for row in batch)
            names = [row["receivable_id"] for row in batch]
            if used <= cash_minor and not find_breaches(table, names, deal, cash_minor):
                yield used, sum(worth(row, deal, aim) or 0.0 for row in batch)


def most_cash(table: pa.Table, deal: Deal, cash_minor: int, aim: Aim = Aim.CASH) -> int:
    """Give the most cash that any batch without a breach uses, of rows that tell what the aim needs."""
    return max(used for used, _ in allowed(table, deal, cash_minor, aim))


def most_worth(table: pa.Table, deal: Deal, cash_minor: int, aim: Aim) -> float:
    """Give the most that any batch is worth to an aim, of those that use all but a thousandth of the most cash."""
    batches = list(allowed(table, deal, cash_minor, aim))
    most = max(used for used, _ in batches)
    return max(value for used, value in batches if used >= most - int(most * THOUSANDTH))


def worth(row: dict[str, float | None], deal: Deal, aim: Aim) -> float | None:
    """Give what one receivable is worth to an aim: price, yearly income on it, or less loss."""
    principal = int(row["principal_minor"] or 0)
    price = price_minor(principal, deal.price.discount_rate)
    if aim is Aim.LOSS:
        return None if row["loss_rate"] is None else -principal * row["loss_rate"]
    if aim is Aim.YIELD:
        rate, life = row["annual_rate"], row["life_months"]
        return None if rate is None or life is None else principal * rate + (principal - price) * 12 / life
    return float(price)
