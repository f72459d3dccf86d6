"""Limits of the pool: what each measures over the receivables held, and whether it is kept."""

import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pool.deal import Deal, Limit

UNKNOWN_MEMBER = "(unknown)"
"""The one member that all receivables without a member's name belong to."""

AVERAGE_DIGITS = 9
"""Weighted averages are compared after rounding to that many decimals."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What one limit looks at, row by row.

    Args:
        limit: The limit.
        members: Index into `names` for member limits; else empty.
        names: The members.
        values: 1 or 0 for an attribute, the value for an average (NaN where unknown); else empty.
        bound: What the pool with a batch must keep: the limit's bound, or the pool's own value where that is beyond it
            and the limit asks only to maintain or improve.
    """

    limit: Limit
    members: NDArray[np.int64]
    names: tuple[str, ...]
    values: NDArray[np.float64]
    bound: Fraction

    def take(self, order: NDArray[np.int64]) -> "Measure":
        """Give the rows in another order."""
        members = self.members[order] if len(self.members) else self.members
        return replace(self, members=members, values=self.values[order] if len(self.values) else self.values)


@dataclass(frozen=True, slots=True)
class Rows:
    """Receivables as the limits see them: what the pool holds and what it could buy.

    Args:
        receivable_ids: The receivables.
        receivable_keys: Their identities for the single-pledge rule.
        principal: Unpaid principal in minor units.
        is_pooled: Whether the pool holds it already; the others are eligible and free.
        measures: One for each limit of the deal, in its order.
    """

    receivable_ids: NDArray[np.object_]
    receivable_keys: NDArray[np.object_]
    principal: NDArray[np.int64]
    is_pooled: NDArray[np.bool_]
    measures: tuple[Measure, ...]

    def take(self, order: NDArray[np.int64]) -> "Rows":
        """Give the rows in another order."""
        return Rows(
            self.receivable_ids[order],
            self.receivable_keys[order],
            self.principal[order],
            self.is_pooled[order],
            tuple(measure.take(order) for measure in self.measures),
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """What a limit showed on a set of receivables; no value where there are none."""

    value: float | None
    is_kept: bool
    worst_member: str | None = None


@dataclass(frozen=True, slots=True)
class LimitResult:
    """A limit before and after a batch, as `schemas.derived.LIMIT_RESULTS` lays it out."""

    code: str
    value_before: float | None
    value_after: float | None
    threshold: float
    headroom: float | None
    worst_member: str | None
    is_kept: bool
    is_maintained: bool
    is_binding: bool


def rows_of(table: pa.Table, deal: Deal) -> Rows:
    """Read the rows that `pool.spark.limit_rows` gathered: one column for each limit, named by its code."""
    principal = table.column("principal_minor").to_numpy().astype(np.int64)
    is_pooled = table.column("is_pooled").to_numpy(zero_copy_only=False).astype(np.bool_)
    measures = (_measure(limit, table.column(limit.code)) for limit in deal.limits)
    return Rows(
        receivable_ids=_objects(table, "receivable_id"),
        receivable_keys=_objects(table, "receivable_key"),
        principal=principal,
        is_pooled=is_pooled,
        measures=tuple(_maintained(measure, principal, is_pooled) for measure in measures),
    )


def read_limit(measure: Measure, principal: NDArray[np.int64], held: NDArray[np.bool_]) -> Reading:
    """Measure a limit on the held rows; shares and counts are compared exactly, averages after rounding."""
    value = _exact(measure, principal, held)
    if value is None:
        return Reading(None, is_kept=True)
    worst = None
    if measure.limit.measure == "member_share":
        worst = measure.names[int(member_sums(measure, principal, held).argmax())]
    return Reading(float(value), _within(measure, value), worst)


def compare(rows: Rows, batch: NDArray[np.bool_], binding: Collection[str]) -> tuple[LimitResult, ...]:
    """Measure every limit on the pool alone and with the batch."""
    return tuple(_compared(measure, rows, batch, measure.limit.code in binding) for measure in rows.measures)


def member_sums(measure: Measure, principal: NDArray[np.int64], held: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Give the principal held of each member; exact below 2^53 minor units."""
    sums = np.bincount(measure.members[held], weights=principal[held], minlength=len(measure.names))
    return sums.astype(np.int64)


def member_cap(measure: Measure, total: int) -> int:
    """Give the most principal that one member may have in a pool of that principal, in minor units."""
    return int(measure.bound * total)


def _measure(limit: Limit, column: pa.ChunkedArray) -> Measure:
    nothing, bound = np.empty(0, dtype=np.float64), Fraction(limit.bound)
    if limit.measure.startswith("member_"):
        coded = column.combine_chunks().dictionary_encode()
        names = (*coded.dictionary.to_pylist(), UNKNOWN_MEMBER)
        members = coded.indices.fill_null(len(names) - 1).to_numpy(zero_copy_only=False).astype(np.int64)
        return Measure(limit, members, names, nothing, bound)
    if limit.measure == "weighted_average":
        values = column.cast(pa.float64()).to_numpy().astype(np.float64)
    else:
        values = column.fill_null(limit.is_cap).to_numpy().astype(np.float64)
    return Measure(limit, np.empty(0, dtype=np.int64), (), values, bound)


def _maintained(measure: Measure, principal: NDArray[np.int64], is_pooled: NDArray[np.bool_]) -> Measure:
    """Move the bound to where the pool stands already, where the limit allows that and the pool is beyond it."""
    if not measure.limit.maintain_or_improve:
        return measure
    value = _exact(measure, principal, is_pooled)
    return measure if value is None or _within(measure, value) else replace(measure, bound=value)


def _objects(table: pa.Table, name: str) -> NDArray[np.object_]:
    return np.array(table.column(name).to_pylist(), dtype=np.object_)


def _exact(measure: Measure, principal: NDArray[np.int64], held: NDArray[np.bool_]) -> Fraction | None:
    """Give the limit's value as it is compared; None where nothing is held or nothing held is known."""
    total, kind = int(principal[held].sum()), measure.limit.measure
    if total == 0:
        return None
    if kind == "member_share":
        return Fraction(int(member_sums(measure, principal, held).max()), total)
    if kind == "member_count":
        return Fraction(int(np.count_nonzero(np.bincount(measure.members[held]))))
    if kind == "weighted_average":
        return _average(measure, principal, held)
    part = int(principal[held & (measure.values > 0)].sum())
    return Fraction(part, 100 if kind == "total_amount" else total)


def _average(measure: Measure, principal: NDArray[np.int64], held: NDArray[np.bool_]) -> Fraction | None:
    known = held & ~np.isnan(measure.values)
    if not known.any():
        return None
    weighed = math.fsum((principal[known] * measure.values[known]).tolist()) / int(principal[known].sum())
    return Fraction(str(round(weighed, AVERAGE_DIGITS)))


def _within(measure: Measure, value: Fraction) -> bool:
    return value <= measure.bound if measure.limit.is_cap else value >= measure.bound


def _compared(measure: Measure, rows: Rows, batch: NDArray[np.bool_], is_binding: bool) -> LimitResult:  # noqa: FBT001 - a column of the result
    before = read_limit(measure, rows.principal, rows.is_pooled)
    after = read_limit(measure, rows.principal, rows.is_pooled | batch)
    threshold = float(measure.limit.bound)
    room = None if after.value is None else threshold - after.value
    return LimitResult(
        code=measure.limit.code,
        value_before=before.value,
        value_after=after.value,
        threshold=threshold,
        headroom=room if room is None or measure.limit.is_cap else -room,
        worst_member=after.worst_member,
        is_kept=after.is_kept,
        is_maintained=measure.bound != Fraction(measure.limit.bound),
        is_binding=is_binding,
    )
