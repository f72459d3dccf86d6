"""The funnel: how criteria, one after the other, leave fewer receivables, and what each of them costs by itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pool.clauses import PASSED, UNKNOWN, Criterion

Pattern = tuple[str, int, Decimal]
"""Packed outcomes, how many receivables have them, and their unpaid principal."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one criterion does to the open receivables of a day; amounts are unpaid principal.

    Args:
        criterion: Which.
        failed: How many fail it.
        unknown: Of how many it is unknown; they do not pass either.
        amount: What does not pass it.
        only_count: How many are refused for this reason alone: without the criterion they were eligible.
        only_amount: What they owe.
        left_count: How many pass it and all criteria before it.
        left_amount: What they owe.
    """

    criterion: Criterion
    failed: int
    unknown: int
    amount: Decimal
    only_count: int
    only_amount: Decimal
    left_count: int
    left_amount: Decimal


@dataclass(frozen=True, slots=True)
class Funnel:
    """The open receivables of a day and what every criterion of a deal leaves of them, in the deal's order."""

    open_count: int
    open_amount: Decimal
    steps: tuple[Step, ...]

    @property
    def eligible_count(self) -> int:
        """Count what passes every criterion."""
        return self.steps[-1].left_count if self.steps else self.open_count


def funnel(criteria: Sequence[Criterion], patterns: Iterable[Pattern]) -> Funnel:
    """Count what each criterion stops.

    Args:
        criteria: The deal's, in the order of the letters.
        patterns: Every open receivable once; receivables with the same outcomes may stand together.
    """
    held = list(patterns)
    size = len(criteria)
    failed, unknown, only, passed = ([0] * size for _ in range(4))
    amounts, only_amounts, passed_amounts = ([Decimal("0.00")] * size for _ in range(3))
    for outcomes, count, amount in held:
        stopping = [place for place, letter in enumerate(outcomes) if letter != PASSED]
        for place in stopping:
            (unknown if outcomes[place] == UNKNOWN else failed)[place] += count
            amounts[place] += amount
        if len(stopping) == 1:
            only[stopping[0]] += count
            only_amounts[stopping[0]] += amount
        for place in range(stopping[0] if stopping else size):
            passed[place] += count
            passed_amounts[place] += amount
    columns = (failed, unknown, amounts, only, only_amounts, passed, passed_amounts)
    steps = tuple(Step(*each) for each in zip(criteria, *columns, strict=True))
    return Funnel(sum(count for _, count, _ in held), sum((amount for *_, amount in held), Decimal("0.00")), steps)
