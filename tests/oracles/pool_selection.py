"""The best batch by trying every one: for a dozen receivables at most."""

from collections.abc import Iterator
from itertools import combinations

import pyarrow as pa

from pool.check import find_breaches
from pool.deal import Deal
from pool.price import price_minor


def most_cash(table: pa.Table, deal: Deal, cash_minor: int) -> int:
    """Give the most cash, in minor units, that any batch without a breach uses."""
    rows = [row for row in table.to_pylist() if not row["is_pooled"]]
    prices = {row["receivable_id"]: price_minor(row["principal_minor"], deal.price.discount_rate) for row in rows}
    affordable = [batch for batch in batches(sorted(prices)) if sum(prices[name] for name in batch) <= cash_minor]
    best = 0
    for batch in affordable:
        used = sum(prices[name] for name in batch)
        if used > best and not find_breaches(table, batch, deal, cash_minor):
            best = used
    return best


def batches(names: list[str]) -> Iterator[tuple[str, ...]]:
    for size in range(len(names) + 1):
        yield from combinations(names, size)
