"""The pledge ledger as values: what the pools hold is the fold of its entries."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from pool.chain import CLOSING, FOLLOWING, OPENING, Act, Entry, EntryKind, append, check_order, verify
from pool.purchase import UNKNOWN, Facts, Item, PurchaseList, read_items
from schemas.errors import LedgerError

__all__ = [
    "Act",
    "Entry",
    "EntryKind",
    "Fold",
    "Item",
    "Pledge",
    "PurchaseList",
    "append",
    "last_move",
    "pledges",
    "positions",
    "verify",
]


@dataclass(frozen=True, slots=True)
class Pledge:
    """A receivable in a pool, from the entry that booked it to the one that ended it; money in minor units as bought.

    Args:
        bought_on: Cut-off of the purchase.
        opened_sequence: Entry that booked it.
        closed_sequence: Entry that ended it; None while the pool holds it.
        facts: What tells it from other loans, as on the purchase list.
    """

    receivable_key: str
    receivable_id: str
    deal: str
    purchase_id: str
    principal_minor: int
    price_minor: int
    bought_on: date
    opened_sequence: int
    closed_sequence: int | None = None
    facts: Facts = UNKNOWN


class Fold:
    """The state of all pools after the entries that it has taken.

    Args:
        words: The entries on each proposal, in order.
        held: The open pledges by receivable key.
        closed: The pledges that ended.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self.words: dict[str, list[Entry]] = defaultdict(list)
        self.held: dict[str, Pledge] = {}
        self.closed: list[Pledge] = []

    def take(self, entry: Entry) -> None:
        """Go on by one entry.

        Raises:
            LedgerError: It does not follow: out of order, books what is held, or ends what its pool does not hold.
        """
        past = self.words[entry.proposal_id]
        if entry.kind in FOLLOWING:
            check_order(entry.kind, entry.proposal_id, past)
            past.append(entry)
        if entry.kind in CLOSING:
            self.closed += [self._ended(key, entry) for key in entry.payload["receivable_keys"]]
        if entry.kind in OPENING:
            self._open(past[0], entry)

    def _open(self, proposal: Entry, booking: Entry) -> None:
        for item in read_items(proposal.payload):
            pledge = _pledge(item, proposal, booking)
            if self.held.setdefault(item.receivable_key, pledge) is not pledge:
                raise LedgerError(f"{item.receivable_key} is booked twice", "one open pledge for each receivable")

    def _ended(self, key: str, entry: Entry) -> Pledge:
        pledge = self.held.get(key)
        if pledge is None or pledge.deal != entry.deal:
            raise LedgerError(f"entry {entry.sequence} ends {key}", f"only what {entry.deal} holds is ended")
        return replace(self.held.pop(key), closed_sequence=entry.sequence)


def pledges(entries: Iterable[Entry]) -> list[Pledge]:
    """Fold entries into every pledge that was ever opened, in order of opening.

    Raises:
        LedgerError: An entry does not follow from those before it.
    """
    fold = Fold()
    for entry in entries:
        fold.take(entry)
    return sorted([*fold.closed, *fold.held.values()], key=lambda each: (each.opened_sequence, each.receivable_key))


def positions(entries: Iterable[Entry]) -> list[Pledge]:
    """Fold entries into what the pools hold now."""
    return [each for each in pledges(entries) if each.closed_sequence is None]


def last_move(ever: Iterable[Pledge]) -> int:
    """Give the sequence of the last entry by which a pool bought or let go of something; 0 where none did."""
    return max((one.closed_sequence or one.opened_sequence for one in ever), default=0)


def _pledge(item: Item, proposal: Entry, booking: Entry) -> Pledge:
    return Pledge(
        receivable_key=item.receivable_key,
        receivable_id=item.receivable_id,
        deal=proposal.deal,
        purchase_id=proposal.proposal_id,
        principal_minor=item.principal_minor,
        price_minor=item.price_minor,
        bought_on=date.fromisoformat(proposal.payload["as_of"]),
        opened_sequence=booking.sequence,
        facts=item.facts,
    )
