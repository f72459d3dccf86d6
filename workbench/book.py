"""The ledger as pages show it: read anew only when it has grown, and never trusted for its own verification."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from threading import Lock

import pyarrow as pa

from pool.ledger import Entry, EntryKind, Pledge, pledges
from pool.price import to_amount
from pool.purchase import Item, NearDuplicate, read_findings, read_items
from pool.store import LedgerStore
from workbench.shelf import Shelf

WAITING = {EntryKind.PROPOSED: "approval", EntryKind.APPROVED: "settlement"}
"""What a proposal waits for, by the last word on it."""


@dataclass(frozen=True)
class Proposal:
    """A proposal and every word on it, oldest first; its list, which may be long, is read once."""

    words: tuple[Entry, ...]

    @property
    def made(self) -> Entry:
        """Give the entry that proposed it."""
        return self.words[0]

    @property
    def proposal_id(self) -> str:
        """Give its name."""
        return self.made.proposal_id

    @property
    def deal(self) -> str:
        """Name the deal whose pool would buy."""
        return self.made.deal

    @property
    def day(self) -> date:
        """Give its cut-off."""
        return date.fromisoformat(self.made.payload["as_of"])

    @property
    def status(self) -> EntryKind:
        """Give the last word on it."""
        return self.words[-1].kind

    @property
    def waits_for(self) -> str:
        """Say what it waits for: approval, settlement, or nothing."""
        return WAITING.get(self.status, "")

    @property
    def count(self) -> int:
        """Count its receivables."""
        return int(self.made.payload["count"])

    def amount(self, name: str) -> Decimal:
        """Give one of its control totals: cash, principal or price."""
        return to_amount(self.made.payload[f"{name}_minor"])

    @property
    def valid_until(self) -> date:
        """Give the last day on which it may be settled."""
        return date.fromisoformat(self.made.payload["valid_until"])

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """Give the receivables that it lists."""
        return read_items(self.made.payload)

    @cached_property
    def keys(self) -> frozenset[str]:
        """Give the keys of the receivables that it lists."""
        return frozenset(item.receivable_key for item in self.items)

    @cached_property
    def near_duplicates(self) -> tuple[NearDuplicate, ...]:
        """Give what looks like one loan under several ids: a reviewer must look at it."""
        return read_findings(self.made.payload)

    @property
    def reason(self) -> str:
        """Give the reason of its rejection; empty where it was not rejected."""
        return str(self.words[-1].payload.get("reason", ""))


@dataclass(frozen=True, slots=True)
class Reading:
    """What the ledger said up to its head.

    Args:
        head: Sequence and hash of its last entry; None while it is empty.
        entries: All entries in order.
        proposals: By id, oldest first.
        held: What the pools hold, by receivable key.
        past: Every pledge that was ever opened.
        table: Name of the copy of `held` in the shelf's database: `receivable_key`, `deal`.
    """

    head: tuple[int, str] | None
    entries: tuple[Entry, ...]
    proposals: Mapping[str, Proposal]
    held: Mapping[str, Pledge]
    past: tuple[Pledge, ...]
    table: str

    def offers(self, receivable_key: str) -> list[Proposal]:
        """Give the proposals that list a receivable and wait for somebody."""
        return [one for one in self.proposals.values() if one.waits_for and receivable_key in one.keys]


class Book:
    """The ledger of a workspace, for many readers at once."""

    def __init__(self, store: LedgerStore, shelf: Shelf) -> None:
        """Read a ledger, and let the shelf hold a copy of what is pledged."""
        self.store = store
        self._shelf = shelf
        self._lock = Lock()
        self._read: Reading | None = None

    def now(self) -> Reading:
        """Give what the ledger says; its head alone is asked where it has not grown."""
        head = self.store.head()
        with self._lock:
            if self._read is None or self._read.head != head:
                self._read = self._reading()
            return self._read

    def _reading(self) -> Reading:
        entries = tuple(self.store.history())
        words: dict[str, list[Entry]] = {}
        for entry in entries:
            words.setdefault(entry.proposal_id, []).append(entry)
        made = {name: Proposal(tuple(told)) for name, told in words.items() if told[0].kind is EntryKind.PROPOSED}
        past = tuple(pledges(entries))
        held = {one.receivable_key: one for one in past if one.closed_sequence is None}
        table = "held"
        rows = pa.table(
            {
                "receivable_key": pa.array(held, pa.string()),
                "deal": pa.array([one.deal for one in held.values()], pa.string()),
            }
        )
        self._shelf.hold(table, rows)
        head = (entries[-1].sequence, entries[-1].entry_hash) if entries else None
        return Reading(head, entries, made, held, past, table)
