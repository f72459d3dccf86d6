"""The pledge ledger as values: entries, the hash chain that ties them, and what they add up to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import Enum
from types import MappingProxyType
from typing import Any

from schemas.errors import LedgerError
from schemas.hashing import digest

GENESIS = "0" * 64
"""What the first entry names as its predecessor."""


class EntryKind(Enum):
    """What an entry says."""

    PROPOSED = "PROPOSED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    BOOKED = "BOOKED"
    RELEASED = "RELEASED"
    REPURCHASED = "REPURCHASED"


CLOSING = frozenset({EntryKind.RELEASED, EntryKind.REPURCHASED})
"""Entries that end pledges: paid off or given free, or bought back by the seller."""

NEXT = MappingProxyType(
    {
        None: frozenset({EntryKind.PROPOSED}),
        EntryKind.PROPOSED: frozenset({EntryKind.APPROVED, EntryKind.REJECTED}),
        EntryKind.APPROVED: frozenset({EntryKind.BOOKED, EntryKind.REJECTED}),
    }
)
"""Which entry may follow the latest one of a proposal; after REJECTED and BOOKED none."""


@dataclass(frozen=True, slots=True)
class Item:
    """A receivable on a purchase list; money in minor units."""

    receivable_key: str
    receivable_id: str
    principal_minor: int
    price_minor: int


@dataclass(frozen=True, slots=True)
class PurchaseList:
    """What a deal would buy: the receivables, and what the list was made from.

    Args:
        deal: Name of the deal.
        deal_hash: Hash of the deal document.
        as_of: The cut-off.
        cash_minor: Cash that was available, in minor units.
        items: The receivables, in order of their key.
        inputs: What the list came from by name: snapshots, model version.
    """

    deal: str
    deal_hash: str
    as_of: date
    cash_minor: int
    items: tuple[Item, ...]
    inputs: Mapping[str, str] = field(default_factory=dict)

    @property
    def payload(self) -> dict[str, Any]:
        """Give the list with its control totals as plain values: what the ledger keeps."""
        items = sorted(self.items, key=lambda item: item.receivable_key)
        return {
            "deal_hash": self.deal_hash,
            "as_of": self.as_of.isoformat(),
            "cash_minor": self.cash_minor,
            "inputs": dict(self.inputs),
            "count": len(items),
            "principal_minor": sum(item.principal_minor for item in items),
            "price_minor": sum(item.price_minor for item in items),
            "items": [[i.receivable_key, i.receivable_id, i.principal_minor, i.price_minor] for i in items],
        }

    @property
    def proposal_id(self) -> str:
        """Give the name of the proposal: the hash of its deal and content, so that equal lists are one proposal."""
        return digest({"deal": self.deal, **self.payload})[:20]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger.

    Args:
        sequence: Position, from 1 without gaps.
        kind: What it says.
        deal: The pool that it is about.
        proposal_id: The purchase that it is about.
        actor: Who said it, authenticated.
        happened_at: When, UTC.
        payload: What belongs to it, as plain values.
        previous_hash: Hash of the entry before.
        entry_hash: Hash over all of the above.
    """

    sequence: int
    kind: EntryKind
    deal: str
    proposal_id: str
    actor: str
    happened_at: datetime
    payload: Mapping[str, Any]
    previous_hash: str
    entry_hash: str

    @property
    def expected_hash(self) -> str:
        """Give the hash that the content should have."""
        return digest(
            {
                "sequence": self.sequence,
                "kind": self.kind.value,
                "deal": self.deal,
                "proposal_id": self.proposal_id,
                "actor": self.actor,
                "happened_at": self.happened_at.isoformat(),
                "payload": self.payload,
                "previous_hash": self.previous_hash,
            }
        )


@dataclass(frozen=True, slots=True)
class Pledge:
    """A receivable in a pool, from the entry that booked it to the one that ended it; money in minor units as bought.

    Args:
        bought_on: Cut-off of the purchase.
        opened_sequence: Entry that booked it.
        closed_sequence: Entry that ended it; None while the pool holds it.
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


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody wants to enter, before it has a place in the chain."""

    kind: EntryKind
    deal: str
    proposal_id: str
    actor: str
    happened_at: datetime
    payload: Mapping[str, Any]


def append(head: tuple[int, str] | None, act: Act) -> Entry:
    """Give an act its place after the head: sequence and hash of the last entry, None where there is none."""
    sequence, previous = head or (0, GENESIS)
    draft = Entry(
        sequence=sequence + 1,
        kind=act.kind,
        deal=act.deal,
        proposal_id=act.proposal_id,
        actor=act.actor,
        happened_at=act.happened_at,
        payload=act.payload,
        previous_hash=previous,
        entry_hash="",
    )
    return replace(draft, entry_hash=draft.expected_hash)


def verify(entries: Sequence[Entry], head: tuple[int, str] | None = None) -> int | None:
    """Give the place of the first entry that does not hold, or None where the whole chain does.

    Args:
        entries: All entries in stored order.
        head: Sequence and hash of an entry that an outside witness saw; without it a cut-off end shows nothing.
    """
    previous = GENESIS
    for place, entry in enumerate(entries, start=1):
        linked = entry.sequence == place and entry.previous_hash == previous
        witnessed = head is None or head[0] != place or head[1] == entry.entry_hash
        if not (linked and witnessed and entry.entry_hash == entry.expected_hash):
            return place
        previous = entry.entry_hash
    return len(entries) + 1 if head and head[0] > len(entries) else None


def check_order(kind: EntryKind, proposal_id: str, past: Sequence[Entry]) -> None:
    """Refuse a word on a proposal that may not follow the words before it.

    Raises:
        LedgerError: Unknown, rejected, booked already, or not approved yet.
    """
    last = past[-1].kind if past else None
    if kind not in NEXT.get(last, frozenset()):
        stands = f"is {last.value}" if last else "was never made"
        raise LedgerError(f"proposal {proposal_id} {stands}", "proposed, approved by another person, then booked")


def pledges(entries: Iterable[Entry]) -> list[Pledge]:
    """Fold entries into every pledge that was ever opened, in order of opening.

    Raises:
        LedgerError: An entry books what is held already or ends what its pool does not hold.
    """
    lists: dict[str, Entry] = {}
    held: dict[str, Pledge] = {}
    closed: list[Pledge] = []
    for entry in entries:
        if entry.kind is EntryKind.PROPOSED:
            lists[entry.proposal_id] = entry
        elif entry.kind is EntryKind.BOOKED:
            _open(held, _bought(lists[entry.proposal_id], entry))
        elif entry.kind in CLOSING:
            closed += [_closed(held, key, entry) for key in entry.payload["receivable_keys"]]
    return sorted([*closed, *held.values()], key=lambda each: (each.opened_sequence, each.receivable_key))


def positions(entries: Iterable[Entry]) -> list[Pledge]:
    """Fold entries into what the pools hold now."""
    return [each for each in pledges(entries) if each.closed_sequence is None]


def _bought(proposal: Entry, booking: Entry) -> list[Pledge]:
    bought_on = date.fromisoformat(proposal.payload["as_of"])
    return [
        Pledge(key, name, proposal.deal, proposal.proposal_id, principal, price, bought_on, booking.sequence)
        for key, name, principal, price in proposal.payload["items"]
    ]


def _open(held: dict[str, Pledge], bought: list[Pledge]) -> None:
    for pledge in bought:
        if held.setdefault(pledge.receivable_key, pledge) is not pledge:
            raise LedgerError(f"{pledge.receivable_key} is booked twice", "one open pledge for each receivable")


def _closed(held: dict[str, Pledge], key: str, entry: Entry) -> Pledge:
    pledge = held.pop(key, None)
    if pledge is None or pledge.deal != entry.deal:
        raise LedgerError(f"entry {entry.sequence} ends {key}", f"only what {entry.deal} holds is ended")
    return replace(pledge, closed_sequence=entry.sequence)
