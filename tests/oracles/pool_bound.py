"""The linear bound of a purchase with every receivable a variable of its own, written out from plain rows."""

from typing import Any

import numpy as np
from scipy.optimize import linprog

from pool.deal import Deal, Limit
from pool.price import price_minor

Row = dict[str, Any]


def most_cash_cut_to_the_cent(rows: list[Row], deal: Deal, cash_minor: int) -> float | None:
    """Give the most cash, in minor units, that parts of receivables can use; None where no parts keep the limits."""
    held = [row for row in rows if row["is_pooled"]]
    averaged = [each.code for each in deal.limits if each.measure == "weighted_average"]
    free = [row for row in rows if not row["is_pooled"] and all(row[code] is not None for code in averaged)]
    if not free:
        return None
    prices = [float(price_minor(row["principal_minor"], deal.price.discount_rate)) for row in free]
    amounts = [float(row["principal_minor"]) for row in free]
    largest, smallest = float(deal.batch.maximum_amount) * 100, float(deal.batch.minimum_amount) * 100
    left: list[list[float]] = [prices, amounts, [-each for each in amounts]]
    right = [float(cash_minor), largest, -smallest]
    for limit in deal.limits:
        for weigh in weighings(limit, rows):
            left.append([weigh(row) for row in free])
            right.append(allowance(limit) - sum(weigh(row) for row in held))
    found = linprog(-np.array(prices), A_ub=np.array(left), b_ub=right, bounds=(0, 1), method="highs")
    return -found.fun if found.status == 0 else None


def weighings(limit: Limit, rows: list[Row]) -> list[Any]:
    """Give, for a limit, what one row adds to each sum that must not pass its allowance."""
    code, bound = limit.code, float(limit.bound)
    if limit.measure == "member_count":
        return []
    if limit.measure == "member_share":
        members = {row[code] for row in rows}
        return [lambda row, m=member: row["principal_minor"] * ((row[code] == m) - bound) for member in members]
    if limit.measure == "total_amount":
        return [lambda row: row["principal_minor"] * float(row[code] is not False)]
    if limit.measure == "weighted_average":
        side = 1 if limit.is_cap else -1
        return [lambda row: 0.0 if row[code] is None else side * row["principal_minor"] * (row[code] - bound)]
    if limit.is_cap:
        return [lambda row: row["principal_minor"] * ((row[code] is not False) - bound)]
    return [lambda row: row["principal_minor"] * (bound - (row[code] is True))]


def allowance(limit: Limit) -> float:
    """Give what the sum over pool and parts may come to."""
    return float(limit.bound) * 100 if limit.measure == "total_amount" else 0.0
