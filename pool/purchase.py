"""The purchase list: what a deal would buy, what the list was made from, and what a near-duplicate is known by."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field
from datetime import date
from typing import Any

from schemas.hashing import digest


@dataclass(frozen=True, slots=True)
class Facts:
    """What tells a loan from others whatever its ids; empty texts and zeros where it is not known.

    Args:
        id_space: Source and pseudonym secret of the row: borrowers compare within one space, orders within one source.
        borrower_id: Who owes, pseudonymized.
        merchant_id: Who sold.
        order_id: The order that it paid for.
        order_minor: What of the order was on credit, in minor units.
        original_minor: Principal at disbursement, in minor units.
        disbursed_on: Day of disbursement.
        final_due_on: Due day of the last instalment.
        term_number: Number of instalments.
        annual_rate: All-in annual rate, as text.
    """

    id_space: str = ""
    borrower_id: str = ""
    merchant_id: str = ""
    order_id: str = ""
    order_minor: int = 0
    original_minor: int = 0
    disbursed_on: str = ""
    final_due_on: str = ""
    term_number: int = 0
    annual_rate: str = ""

    @property
    def source(self) -> str:
        """Give the source mapping that the row came through."""
        return self.id_space.partition("/")[0]


UNKNOWN = Facts()
"""Of a loan of which nothing is known, no near-duplicate can be found."""


@dataclass(frozen=True, slots=True)
class Item:
    """A receivable on a purchase list; money in minor units."""

    receivable_key: str
    receivable_id: str
    principal_minor: int
    price_minor: int
    facts: Facts = UNKNOWN

    @property
    def plain(self) -> list[Any]:
        """Give the item as the ledger keeps it."""
        return [
            self.receivable_key,
            self.receivable_id,
            self.principal_minor,
            self.price_minor,
            list(astuple(self.facts)),
        ]


@dataclass(frozen=True, slots=True, order=True)
class NearDuplicate:
    """Receivables that look like one loan under several ids.

    Args:
        kind: In what they agree; see `pool.near_duplicates`.
        listed: Keys on the purchase list, in order.
        held: Keys that some pool holds, in order.
        observed: What was seen, in words.
    """

    kind: str
    listed: tuple[str, ...]
    held: tuple[str, ...]
    observed: str


@dataclass(frozen=True, slots=True)
class PurchaseList:
    """What a deal would buy: the receivables, and what the list was made from.

    Args:
        deal: Name of the deal.
        deal_hash: Hash of the deal document.
        as_of: The cut-off.
        cash_minor: Cash that was available, in minor units.
        items: The receivables, in any order.
        inputs: What the list came from by name: content of tables, deal, model; where one changes, the list expires.
        selection: How it was chosen: the parameters of the selection.
        near_duplicates: What a reviewer must look at.
        valid_until: Last day on which it may be settled; the cut-off day where not said.
    """

    deal: str
    deal_hash: str
    as_of: date
    cash_minor: int
    items: tuple[Item, ...]
    inputs: Mapping[str, str] = field(default_factory=dict)
    selection: Mapping[str, Any] = field(default_factory=dict)
    near_duplicates: tuple[NearDuplicate, ...] = ()
    valid_until: date | None = None

    @property
    def payload(self) -> dict[str, Any]:
        """Give the list with its control totals as plain values: what the ledger keeps."""
        return {
            "deal_hash": self.deal_hash,
            "as_of": self.as_of.isoformat(),
            "valid_until": (self.valid_until or self.as_of).isoformat(),
            "cash_minor": self.cash_minor,
            "inputs": dict(self.inputs),
            "selection": dict(self.selection),
            "near_duplicates": plain_findings(self.near_duplicates),
            **control_totals(self.items),
            "items": [item.plain for item in _ordered(self.items)],
        }

    @property
    def proposal_id(self) -> str:
        """Give the name of the proposal: the hash of its deal and content, so that equal lists are one proposal."""
        return digest({"deal": self.deal, **self.payload})[:20]


def control_totals(items: Sequence[Item]) -> dict[str, Any]:
    """Give what a list is checked by: count, sums, hash of the keys, and hash of the whole list."""
    ordered = _ordered(items)
    return {
        "count": len(ordered),
        "principal_minor": sum(item.principal_minor for item in ordered),
        "price_minor": sum(item.price_minor for item in ordered),
        "key_digest": digest([item.receivable_key for item in ordered]),
        "list_hash": digest([item.plain for item in ordered]),
    }


def read_items(payload: Mapping[str, Any]) -> tuple[Item, ...]:
    """Give the receivables that a proposal's entry lists."""
    return tuple(
        Item(key, name, principal, price, Facts(*facts)) for key, name, principal, price, facts in payload["items"]
    )


def plain_findings(found: Sequence[NearDuplicate]) -> list[Any]:
    """Give near-duplicates as the ledger keeps them."""
    return [[one.kind, list(one.listed), list(one.held), one.observed] for one in sorted(found)]


def read_findings(payload: Mapping[str, Any]) -> tuple[NearDuplicate, ...]:
    """Give the near-duplicates that a proposal's entry names."""
    return tuple(
        NearDuplicate(kind, tuple(listed), tuple(held), observed)
        for kind, listed, held, observed in payload["near_duplicates"]
    )


def _ordered(items: Sequence[Item]) -> list[Item]:
    return sorted(items, key=lambda item: item.receivable_key)
