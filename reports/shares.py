"""How a composition divides: its columns, their totals, and where batch and eligible differ most."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from reports import words
from reports.contents import Composition, Holding, Member


def eligible_of(member: Member) -> Holding:
    """Give the eligible receivables of a part."""
    return member.eligible


def batch_of(member: Member) -> Holding:
    """Give the batch's receivables of a part."""
    return member.batch


def pool_of(member: Member) -> Holding:
    """Give the pool's receivables of a part, the batch among them."""
    return member.pool


def total(composition: Composition, holding: Callable[[Member], Holding]) -> Holding:
    """Add up one column of a composition."""
    parts = [holding(member) for member in composition.members]
    return Holding(sum(part.count for part in parts), sum((part.principal for part in parts), Decimal(0)))


def compose(
    trait: str,
    eligible: Mapping[str, Holding],
    batch: Mapping[str, Holding],
    pool: Mapping[str, Holding],
    largest: int | None = None,
) -> Composition:
    """Divide three populations by one trait, given what each holds of each part.

    Parts stand in the order in which they are given. With `largest`, only so many parts stand, most principal of the
    eligible and the pool first, and all smaller ones are gathered at the end.
    """
    nothing = Holding()
    parts = [
        Member(label, eligible.get(label, nothing), batch.get(label, nothing), pool.get(label, nothing))
        for label in dict.fromkeys((*eligible, *batch, *pool))
    ]
    if largest is None or len(parts) <= largest:
        return Composition(trait, tuple(parts))
    ranked = sorted(parts, key=lambda part: (-(part.eligible.principal + part.pool.principal), part.label))
    smaller = Composition(trait, tuple(ranked[largest:]))
    rest = Member(
        "All others", total(smaller, eligible_of), total(smaller, batch_of), total(smaller, pool_of), is_rest=True
    )
    return Composition(trait, (*ranked[:largest], rest))


@dataclass(frozen=True, slots=True)
class Gap:
    """The part of a composition where the batch's share differs most from the eligible share."""

    trait: str
    label: str
    difference: float

    def __str__(self) -> str:
        """Say the difference as in '5.0 pp more grade A'."""
        size = words.points(abs(self.difference)).removeprefix("+")
        return f"{size} {'more' if self.difference >= 0 else 'less'} {self.trait} {self.label}"


def widest_gap(compositions: tuple[Composition, ...]) -> Gap | None:
    """Find where the batch differs most from what it was chosen from; None where there is no batch."""
    gaps = [gap for composition in compositions for gap in _gaps(composition)]
    return max(gaps, key=lambda gap: (abs(gap.difference), gap.trait, gap.label), default=None)


def _gaps(composition: Composition) -> list[Gap]:
    batch, eligible = total(composition, batch_of).principal, total(composition, eligible_of).principal
    if not batch or not eligible:
        return []
    return [
        Gap(composition.trait, part.label, float(part.batch.principal / batch - part.eligible.principal / eligible))
        for part in composition.members
        if not part.is_rest
    ]
