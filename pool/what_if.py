"""What other criteria would let in and shut out, beside what is eligible now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pool.clauses import PASSED
from pool.deal import Deal
from pool.price import to_amount
from schemas.errors import CatalogError

PRINCIPAL = "state.current_principal_amount"
TRAITS = ("tag.default_probability", "receivable.annual_rate", "state.remaining_period_count")
"""What is averaged, by dotted name."""
ASKED = (PRINCIPAL, *TRAITS)
PUBLISHED = ("receivable_id", "outcomes", "failed_count")
Marks = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Holding:
    """Receivables taken together; averages are weighted by unpaid principal, null where nothing of it is known.

    Args:
        count: How many.
        amount: Their unpaid principal.
        default_probability: Expected default probability.
        annual_rate: Annual rate, as a share.
        remaining_periods: Instalments still to come.
    """

    count: int
    amount: Decimal
    default_probability: float | None
    annual_rate: float | None
    remaining_periods: float | None


@dataclass(frozen=True, slots=True)
class Effect:
    """What one change does, or all of them together.

    Args:
        code: The criterion; empty for all together.
        pass_more: How many pass the changed criteria that do not now, whatever else refuses them.
        pass_less: How many pass them now and would not.
        gained: What becomes eligible.
        lost: What ceases to be.
    """

    code: str
    pass_more: int
    pass_less: int
    gained: Holding
    lost: Holding


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What a change comes to.

    Args:
        present: What is eligible now.
        then: What would be.
        alone: What each changed criterion does while the others stay; these need not add up to `together`.
        together: What all of them do.
    """

    present: Holding
    then: Holding
    alone: tuple[Effect, ...]
    together: Effect


def asked_of(changed: Deal, codes: Sequence[str]) -> Deal:
    """Give the deal with nothing in it but what is judged anew: the criteria of those codes that it still has."""
    criteria = tuple(each for each in changed.criteria if each.code in codes)
    return changed.model_copy(update={"criteria": criteria, "limits": ()})


def compare(deal: Deal, asked: Deal, codes: Sequence[str], published: pa.Table, judged: pa.Table) -> WhatIf:
    """Compare what is eligible with what would be.

    Args:
        deal: The deal by which the receivables were screened.
        asked: From `asked_of`.
        codes: The changed criteria; one that `asked` does not have is dropped.
        published: `PUBLISHED` of every open receivable.
        judged: `receivable_id`, the outcomes by `asked`, and `ASKED`, of the same receivables.

    Raises:
        CatalogError: They are not the same receivables.
    """
    published, judged = (table.sort_by("receivable_id") for table in (published, judged))
    if published.column("receivable_id").to_pylist() != judged.column("receivable_id").to_pylist():
        raise CatalogError("a screening of other receivables than its files hold", "one of all open receivables")
    places = {each.code: place for place, each in enumerate(deal.criteria)}
    anew = {each.code: place for place, each in enumerate(asked.criteria)}
    every = np.ones(published.num_rows, dtype=np.bool_)
    before = {code: _passes(published, places[code]) for code in codes}
    after = {code: _passes(judged, anew[code]) if code in anew else every for code in codes}
    stopped = published.column("failed_count").to_numpy().astype(np.int64)
    present, rows = stopped == 0, _Rows(judged)

    def then(some: Sequence[str]) -> Marks:
        refused_by_others = stopped - np.sum([~before[code] for code in some], axis=0)
        marks: Marks = (refused_by_others == 0) & _all(after, some)
        return marks

    def effect(name: str, some: Sequence[str]) -> Effect:
        was, becomes = _all(before, some), _all(after, some)
        more, less = (int(np.count_nonzero(marks)) for marks in (becomes & ~was, was & ~becomes))
        return Effect(name, more, less, rows.holding(then(some) & ~present), rows.holding(present & ~then(some)))

    alone = tuple(effect(code, [code]) for code in codes)
    return WhatIf(rows.holding(present), rows.holding(then(codes)), alone, effect("", codes))


def _all(marks: Mapping[str, Marks], codes: Sequence[str]) -> Marks:
    found: Marks = np.logical_and.reduce([marks[code] for code in codes])
    return found


class _Rows:
    """Principal and traits of receivables, in the order of the table that they were read from."""

    def __init__(self, table: pa.Table) -> None:
        minor = pc.multiply(table.column(PRINCIPAL), pa.scalar(Decimal(100)))
        self.principal = pc.cast(minor, pa.int64()).to_numpy()
        self.traits = [pc.cast(table.column(name), pa.float64()).to_numpy() for name in TRAITS]

    def holding(self, marks: Marks) -> Holding:
        averages = (self._average(values, marks) for values in self.traits)
        return Holding(int(np.count_nonzero(marks)), to_amount(int(self.principal[marks].sum())), *averages)

    def _average(self, values: NDArray[np.float64], marks: Marks) -> float | None:
        known = marks & ~np.isnan(values)
        weights = self.principal[known]
        return float(np.average(values[known], weights=weights)) if weights.sum() else None


def _passes(table: pa.Table, place: int) -> Marks:
    letters = pc.utf8_slice_codeunits(table.column("outcomes"), place, place + 1)
    marks: Marks = pc.equal(letters, PASSED).to_numpy(zero_copy_only=False).astype(np.bool_)
    return marks
