"""How loose a deal is: the worst pool that its criteria and limits allow, beside the pool that there is.

Three worlds, each wider than the one before: the receivables that are eligible today, each once; any amount of each
kind that is eligible today, from borrowers without number; and every receivable that the document's numbers allow.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import pyarrow as pa

from pool.cells import make_plan
from pool.deal import Deal, parsed
from pool.limits import Measure, Rows, rows_of
from pool.mixture import Kinds, Members, worst_mixture
from pool.offer import Mask, Offer, Reals
from pool.program import programme_of
from pool.traits import Traits, traits_of

BORROWER = frozenset({"receivable.borrower_id"})
MEASURES = ("loss_rate", "life_months", "annual_yield")
SIGNS = {"loss_rate": 1.0, "life_months": 1.0, "annual_yield": -1.0}
"""Which way a measure is bad: high loss, long life, low yield."""


@dataclass(frozen=True, slots=True)
class Worst:
    """One measure of the worst pools, by principal; None where there is no such pool.

    Args:
        measure: `loss_rate` (probability of default as tagged x loss given default), `life_months`, or `annual_yield`
            (annual rate, and the discount over the life, on the price).
        pool: Of the pool that there is.
        offered: Of all that is eligible, pool and offer.
        supply: Of the worst pool as large as this one out of what is eligible, each receivable once.
        kinds: Of the worst mixture of kinds that are eligible, each in any amount.
        document: Of the worst pool that the numbers of the document allow.
        left_open: Columns that the document leaves so open that the last one has no end.
        binding: Limits that keep the worst mixture of kinds from being worse.
    """

    measure: str
    pool: float | None
    offered: float | None
    supply: float | None
    kinds: float | None
    document: float | None
    left_open: tuple[str, ...]
    binding: tuple[str, ...]

    @property
    def distance(self) -> float | None:
        """Give by what part of itself the pool could become worse, as a mixture of what is eligible."""
        if self.pool is None or self.kinds is None or not self.pool:
            return None
        return SIGNS[self.measure] * (self.kinds - self.pool) / abs(self.pool)


def worst_pools(
    table: pa.Table, deal: Deal, grid: pa.Table, left_open: Mapping[str, tuple[str, ...]]
) -> tuple[Worst, ...]:
    """Find the worst pools in every measure.

    Args:
        table: Pool and eligible rows, as `pool.spark.limit_rows` gathered them.
        deal: The deal.
        grid: The kinds that the document's numbers allow, from `pool.spark_grid`.
        left_open: For each measure the columns that the document leaves open.
    """
    rows, traits = _unmoved(rows_of(table, deal), deal), traits_of(table)
    found = []
    for name in MEASURES:
        values = values_of(name, traits, deal)
        known = ~np.isnan(values) & (rows.principal > 0) & _measured(rows)
        kinds = worst_mixture(_kinds(rows, SIGNS[name] * values, known, _total(rows)))
        document = None if left_open[name] else worst_mixture(_grid_kinds(grid, deal, name))
        found.append(
            Worst(
                measure=name,
                pool=_mean(values, rows.principal, rows.is_pooled & ~np.isnan(values)),
                offered=_mean(values, rows.principal, known),
                supply=_supply(rows, SIGNS[name] * values, known, SIGNS[name]),
                kinds=SIGNS[name] * kinds.value if kinds else None,
                document=SIGNS[name] * document.value if document else None,
                left_open=left_open[name],
                binding=tuple(sorted(kinds.binding)) if kinds else (),
            )
        )
    return tuple(found)


def values_of(measure: str, traits: Traits, deal: Deal) -> Reals:
    """Give a measure row by row; NaN where unknown."""
    if measure == "loss_rate":
        return traits.default_probability * float(deal.loss_given_default)
    if measure == "life_months":
        return traits.life_months
    discount = float(deal.price.discount_rate)
    return (traits.annual_rate + discount * 12 / traits.life_months) / (1 - discount)


def _unmoved(rows: Rows, deal: Deal) -> Rows:
    """Take every bound as the deal says it, whatever the pool is like."""
    measures = (
        replace(measure, bound=Fraction(limit.bound)) for measure, limit in zip(rows.measures, deal.limits, strict=True)
    )
    return replace(rows, measures=tuple(measures))


def _measured(rows: Rows) -> Mask:
    known = np.ones(len(rows.principal), dtype=np.bool_)
    for measure in rows.measures:
        if measure.limit.measure == "weighted_average":
            known &= ~np.isnan(measure.values)
    return known


def _total(rows: Rows) -> int:
    """Give the size of the worst pool: that of the pool, or half of what is eligible where there is none."""
    return int(rows.principal[rows.is_pooled].sum()) or int(rows.principal.sum()) // 2


def _mean(values: Reals, principal: np.ndarray, held: Mask) -> float | None:
    return float(np.average(values[held], weights=principal[held])) if held.any() else None


def _supply(rows: Rows, values: Reals, known: Mask, sign: float) -> float | None:
    """Find the worst pool of that size out of what is eligible, receivables cut to the cent."""
    total = min(_total(rows), int(rows.principal[known].sum()))
    if not total:
        return None
    free = replace(rows, is_pooled=np.zeros_like(rows.is_pooled))
    offer = Offer(free, rows.principal, known, total, total, total)
    plan = make_plan(programme_of(offer, np.where(known, values * rows.principal, 0.0)))
    return sign * plan.found.value / total if plan else None


def _kinds(rows: Rows, values: Reals, known: Mask, total: int) -> Kinds:
    """Take each receivable for a kind, of which there is any amount; a limit on one borrower then says nothing."""
    forms = [each for each in rows.measures if not each.limit.measure.startswith("member_")]
    families = [
        Members(each.limit.code, each.members[known], float(each.bound))
        for each in rows.measures
        if each.limit.measure == "member_share" and parsed(each.limit.expression).columns != BORROWER
    ]
    written = [_written(each, each.values[known], total) for each in forms]
    return Kinds(
        values=values[known],
        codes=tuple(each.limit.code for each in forms),
        weights=np.array([weights for weights, _ in written]).reshape(len(forms), int(known.sum())),
        rooms=np.array([room for _, room in written]),
        members=tuple(families),
    )


def _written(measure: Measure, values: Reals, total: int) -> tuple[Reals, float]:
    """Write a limit over parts of a pool: the sum over parts of its weights is at most its room."""
    bound = float(measure.bound)
    if measure.limit.measure == "total_amount":
        return values, bound * 100 / total if total else np.inf
    return (values - bound if measure.limit.is_cap else bound - values), 0.0


def _grid_kinds(grid: pa.Table, deal: Deal, name: str) -> Kinds:
    """Take each point of the grid for a kind; members and totals can always be found others for."""
    limits = [each for each in deal.limits if each.code in grid.column_names]
    nothing = np.empty(0, dtype=np.int64)
    columns = {each.code: np.asarray(grid.column(each.code).cast(pa.float64()).to_numpy()) for each in limits}
    measures = [Measure(each, nothing, (), columns[each.code], Fraction(each.bound)) for each in limits]
    weights = [_written(measure, measure.values, 1)[0] for measure in measures]
    return Kinds(
        values=SIGNS[name] * np.asarray(grid.column(name).to_numpy()),
        codes=tuple(each.code for each in limits),
        weights=np.array(weights).reshape(len(limits), grid.num_rows),
        rooms=np.zeros(len(limits)),
        members=(),
    )
