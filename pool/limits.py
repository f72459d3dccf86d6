"""Limits of the pool: what each measures over the receivables held, and whether it is kept."""

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
    """

    limit: Limit
    members: NDArray[np.int64]
    names: tuple[str, ...]
    values: NDArray[np.float64]

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
    is_binding: bool


def rows_of(table: pa.Table, deal: Deal) -> Rows:
    """Read the rows that `pool.spark.limit_rows` gathered: one column for each limit, named by its code."""
    return Rows(
        receivable_ids=_objects(table, "receivable_id"),
        receivable_keys=_objects(table, "receivable_key"),
        principal=table.column("principal_minor").to_numpy().astype(np.int64),
        is_pooled=table.column("is_pooled").to_numpy(zero_copy_only=False).astype(np.bool_),
        measures=tuple(_measure(limit, table.column(limit.code)) for limit in deal.limits),
    )


def read_limit(measure: Measure, principal: NDArray[np.int64], held: NDArray[np.bool_]) -> Reading:
    """Measure a limit on the held rows; shares and counts are compared exactly, averages after rounding."""
    total = int(principal[held].sum())
    limit = measure.limit
    if total == 0:
        return Reading(None, is_kept=True)
    if limit.measure == "member_share":
        return _read_members(measure, principal, held, total)
    if limit.measure == "member_count":
        distinct = len(np.unique(measure.members[held]))
        return Reading(float(distinct), is_kept=distinct >= limit.bound)
    if limit.measure == "weighted_average":
        value = _average(measure, principal, held)
        return Reading(value, is_kept=value is None or _within(limit, Fraction(str(round(value, AVERAGE_DIGITS)))))
    part = int(principal[held & (measure.values > 0)].sum())
    if limit.measure == "total_amount":
        return Reading(part / 100, is_kept=Fraction(part, 100) <= Fraction(limit.bound))
    return Reading(part / total, is_kept=_within(limit, Fraction(part, total)))


def compare(rows: Rows, batch: NDArray[np.bool_], binding: Collection[str]) -> tuple[LimitResult, ...]:
    """Measure every limit on the pool alone and with the batch."""
    return tuple(_compared(measure, rows, batch, measure.limit.code in binding) for measure in rows.measures)


def member_sums(measure: Measure, principal: NDArray[np.int64], held: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Give the principal held of each member; exact below 2^53 minor units."""
    sums = np.bincount(measure.members[held], weights=principal[held], minlength=len(measure.names))
    return sums.astype(np.int64)


def member_cap(limit: Limit, total: int) -> int:
    """Give the most principal that one member may have in a pool of that principal, in minor units."""
    return int(Fraction(limit.bound) * total)


def _measure(limit: Limit, column: pa.ChunkedArray) -> Measure:
    nothing = np.empty(0, dtype=np.float64)
    if limit.measure.startswith("member_"):
        coded = column.combine_chunks().dictionary_encode()
        names = (*coded.dictionary.to_pylist(), UNKNOWN_MEMBER)
        members = coded.indices.fill_null(len(names) - 1).to_numpy(zero_copy_only=False).astype(np.int64)
        return Measure(limit, members, names, nothing)
    if limit.measure == "weighted_average":
        values = column.cast(pa.float64()).to_numpy().astype(np.float64)
    else:
        values = column.fill_null(limit.is_cap).to_numpy().astype(np.float64)
    return Measure(limit, np.empty(0, dtype=np.int64), (), values)


def _objects(table: pa.Table, name: str) -> NDArray[np.object_]:
    return np.array(table.column(name).to_pylist(), dtype=np.object_)


def _read_members(measure: Measure, principal: NDArray[np.int64], held: NDArray[np.bool_], total: int) -> Reading:
    sums = member_sums(measure, principal, held)
    worst = int(sums.argmax())
    largest = int(sums[worst])
    return Reading(largest / total, largest <= member_cap(measure.limit, total), measure.names[worst])


def _average(measure: Measure, principal: NDArray[np.int64], held: NDArray[np.bool_]) -> float | None:
    known = held & ~np.isnan(measure.values)
    weights = principal[known].astype(np.float64)
    return float(weights @ measure.values[known] / weights.sum()) if known.any() else None


def _within(limit: Limit, value: Fraction) -> bool:
    return value <= Fraction(limit.bound) if limit.is_cap else value >= Fraction(limit.bound)


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
        is_binding=is_binding,
    )
