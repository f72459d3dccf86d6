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


def asked_of(deal: Deal, changed: Deal, codes: Sequence[str]) -> Deal:
    """Give a deal with nothing in it but what is judged anew: the criteria of those codes as they were and would be.

    Those that stay as they are must come out as published, so that what differs is what was changed.
    """
    criteria = tuple(each for one in (deal, changed) for each in one.criteria if each.code in codes)
    return changed.model_copy(update={"criteria": criteria, "limits": ()})


def compare(deal: Deal, asked: Deal, codes: Sequence[str], published: pa.Table, judged: pa.Table) -> WhatIf:
    """Compare what is eligible with what would be.

    Args:
        deal: The deal by which the receivables were screened.
        asked: From `asked_of`.
        codes: The changed criteria, each once; of one that is dropped `asked` has only what was.
        published: `PUBLISHED` of every open receivable.
        judged: `receivable_id`, the outcomes by `asked`, and `ASKED`, of the same receivables.

    Raises:
        CatalogError: They are not the same receivables, or what was published does not come out again.
    """
    published, judged = (table.sort_by("receivable_id") for table in (published, judged))
    if published.column("receivable_id").to_pylist() != judged.column("receivable_id").to_pylist():
        raise CatalogError("a screening of other receivables than its files hold", "one of all open receivables")
    told = [(each.code, place) for place, each in enumerate(asked.criteria)]
    again, anew = dict(told[: len(codes)]), dict(told[len(codes) :])
    every = np.ones(published.num_rows, dtype=np.bool_)
    before = _published(deal, published, judged, again)
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


def _published(deal: Deal, published: pa.Table, judged: pa.Table, again: Mapping[str, int]) -> dict[str, Marks]:
    """Give what passes by criteria as published, if judging them again says the same of every receivable."""
    places = {each.code: place for place, each in enumerate(deal.criteria)}
    differing = {
        code: pc.sum(pc.not_equal(_letters(published, places[code]), _letters(judged, place))).as_py() or 0
        for code, place in again.items()
    }
    if any(differing.values()):
        listed = ", ".join(f"{count:,} of {code}" for code, count in differing.items() if count)
        raise CatalogError(
            f"published outcomes that do not come out again from the screening's own files: {listed}",
            "a screening that a second opinion agrees with before anything is changed",
            "poolwright recheck names receivables and clauses",
        )
    return {code: _passes(published, places[code]) for code in again}


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
    marks: Marks = pc.equal(_letters(table, place), PASSED).to_numpy(zero_copy_only=False).astype(np.bool_)
    return marks


def _letters(table: pa.Table, place: int) -> pa.ChunkedArray:
    return pc.utf8_slice_codeunits(table.column("outcomes"), place, place + 1)
