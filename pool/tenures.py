"""Tenures: from which day to which day a pool held each receivable, folded from the ledger's entries."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pool.chain import CLOSING
from pool.ledger import Entry, EntryKind, Pledge, pledges


@dataclass(frozen=True, slots=True)
class Tenure:
    """A receivable in a pool: held from the cut-off of its purchase up to, and not on, the day its pledge ended.

    Args:
        pledge: The pledge.
        ended_on: Local day of the entry that ended it; None while the pool holds it.
        is_released: Whether it was released; else the seller took it back, at a price or for another one.
    """

    pledge: Pledge
    ended_on: date | None
    is_released: bool

    def is_held(self, day: date) -> bool:
        """Tell whether the pool holds it on a day, with the day's own purchase and without what ends on it."""
        return self.pledge.bought_on <= day and (self.ended_on is None or self.ended_on > day)


def tenures(entries: Sequence[Entry], deal: str, day_of: Callable[[datetime], date]) -> list[Tenure]:
    """Fold all entries into the tenures of one pool, in order of purchase.

    Args:
        entries: The whole ledger, in order.
        deal: The pool.
        day_of: Gives the local day of an entry's moment.
    """
    closing = {entry.sequence: entry for entry in entries if entry.kind in CLOSING}
    found = []
    for pledge in (one for one in pledges(entries) if one.deal == deal):
        end = closing[pledge.closed_sequence] if pledge.closed_sequence is not None else None
        released = end is not None and end.kind is EntryKind.RELEASED
        found.append(Tenure(pledge, day_of(end.happened_at) if end else None, released))
    return found
