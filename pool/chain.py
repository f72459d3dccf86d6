"""The entries of the pledge ledger, the hash chain that ties them, and which word may follow which."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from types import MappingProxyType
from typing import Any

from pool.people import Role
from schemas.errors import LedgerError
from schemas.hashing import digest

GENESIS = "0" * 64
"""What the first entry names as its predecessor."""
Head = tuple[int, str]
"""Sequence and hash of the last entry."""


class EntryKind(Enum):
    """What an entry says."""

    ENROLLED = "ENROLLED"
    RETIRED = "RETIRED"
    PROPOSED = "PROPOSED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    BOOKED = "BOOKED"
    SUBSTITUTED = "SUBSTITUTED"
    RELEASED = "RELEASED"
    REPURCHASED = "REPURCHASED"
    CLEANED_UP = "CLEANED_UP"


OPENING = frozenset({EntryKind.BOOKED, EntryKind.SUBSTITUTED})
"""Entries that pledge a proposal's receivables."""
CLOSING = frozenset({EntryKind.RELEASED, EntryKind.REPURCHASED, EntryKind.SUBSTITUTED, EntryKind.CLEANED_UP})
"""Entries that end pledges: paid off or given free, bought back, replaced, or the whole pool bought back."""

NEXT = MappingProxyType(
    {
        None: frozenset({EntryKind.PROPOSED}),
        EntryKind.PROPOSED: frozenset({EntryKind.APPROVED, EntryKind.REJECTED}),
        EntryKind.APPROVED: frozenset({EntryKind.BOOKED, EntryKind.SUBSTITUTED, EntryKind.REJECTED}),
    }
)
"""Which entry may follow the latest one of a proposal; after REJECTED, BOOKED and SUBSTITUTED none."""
FOLLOWING = frozenset().union(*NEXT.values())
"""Entries that speak of a proposal."""
MAY = MappingProxyType(
    {
        EntryKind.ENROLLED: frozenset({Role.ADMIN}),
        EntryKind.RETIRED: frozenset({Role.ADMIN}),
        EntryKind.PROPOSED: frozenset({Role.PROPOSER}),
        EntryKind.APPROVED: frozenset({Role.APPROVER}),
        EntryKind.REJECTED: frozenset({Role.APPROVER}),
        EntryKind.BOOKED: frozenset({Role.PROPOSER, Role.APPROVER}),
        EntryKind.SUBSTITUTED: frozenset({Role.APPROVER}),
        EntryKind.RELEASED: frozenset({Role.APPROVER}),
        EntryKind.REPURCHASED: frozenset({Role.APPROVER}),
        EntryKind.CLEANED_UP: frozenset({Role.APPROVER}),
    }
)
"""Which roles may make which entry."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger.

    Args:
        sequence: Position, from 1 without gaps.
        kind: What it says.
        deal: The pool that it is about; empty for people.
        proposal_id: The purchase, ending or person that it is about.
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
    def plain(self) -> dict[str, Any]:
        """Give the entry as plain values: a line of the export."""
        return {
            "sequence": self.sequence,
            "kind": self.kind.value,
            "deal": self.deal,
            "proposal_id": self.proposal_id,
            "actor": self.actor,
            "happened_at": self.happened_at.isoformat(),
            "payload": dict(self.payload),
            "previous_hash": self.previous_hash,
            "entry_hash": self.entry_hash,
        }

    @property
    def expected_hash(self) -> str:
        """Give the hash that the content should have."""
        return digest({name: value for name, value in self.plain.items() if name != "entry_hash"})

    @property
    def head(self) -> Head:
        """Give what a witness keeps of the chain up to here."""
        return self.sequence, self.entry_hash


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody wants to enter, before it has a place in the chain."""

    kind: EntryKind
    deal: str
    proposal_id: str
    actor: str
    happened_at: datetime
    payload: Mapping[str, Any]


def append(head: Head | None, act: Act) -> Entry:
    """Give an act its place after the head, None where there is none."""
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


def verify(entries: Sequence[Entry | None], head: Head | None = None) -> int | None:
    """Give the place of the first entry that does not hold, or None where the whole chain does.

    Args:
        entries: All entries in order; None for one that cannot be read as an entry is written.
        head: Sequence and hash of an entry that an outside witness saw; without it a cut-off end shows nothing.
    """
    previous = GENESIS
    for place, entry in enumerate(entries, start=1):
        linked = entry is not None and entry.sequence == place and entry.previous_hash == previous
        if entry is None or not linked or entry.entry_hash != entry.expected_hash:
            return place
        if head and head[0] == place and head[1] != entry.entry_hash:
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
        mend = "poolwright propose with other cash or another aim" if last is EntryKind.REJECTED else ""
        raise LedgerError(f"proposal {proposal_id} {stands}", "proposed, approved by another person, then booked", mend)


def said(kind: EntryKind, past: Sequence[Entry]) -> Entry | None:
    """Give the word of a kind on a proposal, if it was said; after a rejection nothing stands but the rejection."""
    spoken = past if not past or past[-1].kind is not EntryKind.REJECTED else past[-1:]
    return next((entry for entry in spoken if entry.kind is kind), None)
