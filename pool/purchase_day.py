"""The purchase day: what held at the cut-off must hold again on the day on which the batch is bought."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from pool.clauses import PASSED, UNKNOWN, Criterion
from pool.deal import Deal
from pool.purchase import Item
from pool.triggers import TriggerResult, check_revolving
from schemas.errors import LedgerError

NAMED = 10
"""So many receivables are named in a refusal."""
Name = tuple[str, str]
"""Receivable key and receivable id."""


def refuse_unmet(deal: Deal, on: date, proposal_id: str, triggers: Sequence[TriggerResult]) -> None:
    """Refuse a purchase on a day that does not meet a revolving condition of the deal.

    Args:
        deal: The deal in force on the day.
        on: The purchase day.
        proposal_id: The proposal.
        triggers: Where the triggers stand on that day.

    Raises:
        LedgerError: It is no purchase day, a trigger is in force, or the pool buys no more.
    """
    unmet = [f"{one.code}: {one.observed}" for one in check_revolving(deal, triggers, on) if not one.is_met]
    if unmet:
        raise LedgerError(
            f"a purchase on {on} does not meet {'; '.join(unmet)}",
            "every revolving condition holds on the day of the purchase",
            f"--on another day, or poolwright reject {proposal_id} --reason REASON",
        )


def refuse_failing(deal: Deal, on: date, proposal_id: str, items: Sequence[Item], outcomes: Mapping[Name, str]) -> None:
    """Refuse a purchase of which anything does not pass on its day.

    Args:
        deal: The deal that was applied on the day.
        on: The purchase day.
        proposal_id: The proposal.
        items: What would be bought.
        outcomes: Packed outcomes of that day; what is not among them is not open any more.

    Raises:
        LedgerError: Some are not open, or a criterion fails or is unknown; the first are named with their clauses.
    """
    found = list(_failing(deal.criteria, items, outcomes))
    if found:
        more = f"; and {len(found) - NAMED:,} more" if len(found) > NAMED else ""
        raise LedgerError(
            f"{len(found):,} of {len(items):,} receivables do not pass on {on}: {'; '.join(found[:NAMED])}{more}",
            "every criterion holds at purchase as at the cut-off",
            f"poolwright reject {proposal_id} --reason REASON, then poolwright propose --as-of {on} --deal {deal.name}",
        )


def _failing(criteria: Sequence[Criterion], items: Sequence[Item], outcomes: Mapping[Name, str]) -> Iterator[str]:
    for item in sorted(items, key=lambda one: (one.receivable_id, one.receivable_key)):
        letters = outcomes.get((item.receivable_key, item.receivable_id))
        if letters is None:
            yield f"{item.receivable_id} is not open"
        elif set(letters) != {PASSED}:
            broken = [
                f"{each.code} ({each.clause}) {'is unknown' if letter == UNKNOWN else 'fails'}"
                for each, letter in zip(criteria, letters, strict=True)
                if letter != PASSED
            ]
            yield f"{item.receivable_id}: {', '.join(broken)}"
