"""The ledger as values: what the chain shows, what entries add up to."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pool.ledger import Act, Entry, EntryKind, Item, PurchaseList, append, pledges, positions, verify
from pool.price import price_minor, to_amount, to_minor
from schemas.errors import LedgerError

AT = datetime(2025, 6, 1, 9, tzinfo=UTC)


def chain(*acts: Act) -> list[Entry]:
    entries: list[Entry] = []
    for act in acts:
        entries.append(append((entries[-1].sequence, entries[-1].entry_hash) if entries else None, act))
    return entries


def bought(proposal_id: str, *keys: str) -> list[Act]:
    payload = PurchaseList(
        "demo", "hash", date(2025, 6, 1), 10**6, tuple(Item(key, key, 100, 98) for key in keys)
    ).payload
    acts = [Act(EntryKind.PROPOSED, "demo", proposal_id, "ann", AT, payload)]
    return [*acts, *(Act(kind, "demo", proposal_id, "bob", AT, {}) for kind in (EntryKind.APPROVED, EntryKind.BOOKED))]


def released(*keys: str) -> Act:
    return Act(EntryKind.RELEASED, "demo", f"end-{'-'.join(keys)}", "bob", AT, {"receivable_keys": list(keys)})


CHAIN = chain(*bought("p1", "k1", "k2"), released("k1"), *bought("p2", "k1"))


def test_positions_are_what_was_booked_and_not_ended() -> None:
    """Bought, released and bought again is held once, by the later purchase; the past stays."""
    assert [(each.receivable_key, each.purchase_id) for each in positions(CHAIN)] == [("k2", "p1"), ("k1", "p2")]
    assert [(each.receivable_key, each.opened_sequence, each.closed_sequence) for each in pledges(CHAIN)] == [
        ("k1", 3, 4),
        ("k2", 3, None),
        ("k1", 7, None),
    ]


@pytest.mark.parametrize("acts", [[*bought("p1", "k1"), *bought("p2", "k1")], [released("k1")]])
def test_a_fold_that_does_not_add_up_is_refused(acts: list[Act]) -> None:
    """Booked twice, or ended without being held."""
    with pytest.raises(LedgerError):
        positions(chain(*acts))


changes = st.sampled_from(
    [
        {"kind": EntryKind.REJECTED},
        {"deal": "other"},
        {"proposal_id": "p9"},
        {"actor": "eve"},
        {"happened_at": AT.replace(microsecond=1)},
        {"payload": {"receivable_keys": ["k9"]}},
        {"previous_hash": "f" * 64},
        {"entry_hash": "f" * 64},
        {"sequence": 99},
    ]
)


@given(st.integers(0, len(CHAIN) - 1), changes)
@settings(max_examples=60)
def test_any_changed_field_shows_at_its_entry(place: int, change: dict[str, object]) -> None:
    """The chain holds as written, and breaks at the first entry that was altered."""
    assert verify(CHAIN) is None
    altered = [*CHAIN[:place], replace(CHAIN[place], **change), *CHAIN[place + 1 :]]  # type: ignore[arg-type]
    assert verify(altered) == place + 1


def test_a_sealed_forgery_shows_at_the_next_entry_or_to_the_witness() -> None:
    """Whoever recomputes one hash must recompute all after it, and then the witness's head differs."""
    head = (CHAIN[-1].sequence, CHAIN[-1].entry_hash)
    forged = replace(CHAIN[-1], actor="eve")
    forged = replace(forged, entry_hash=forged.expected_hash)
    assert verify([*CHAIN[:-1], forged]) is None
    assert verify([*CHAIN[:-1], forged], head) == len(CHAIN)
    middle = replace(CHAIN[2], actor="eve")
    assert verify([*CHAIN[:2], replace(middle, entry_hash=middle.expected_hash), *CHAIN[3:]]) == 4


@pytest.mark.parametrize(
    ("entries", "place"),
    [
        ([*CHAIN[:2], *CHAIN[3:]], 3),
        ([*CHAIN[:3], CHAIN[2], *CHAIN[3:]], 4),
        ([*CHAIN[:1], CHAIN[2], CHAIN[1], *CHAIN[3:]], 2),
        (CHAIN[:-1], len(CHAIN)),
        ([], 1),
    ],
)
def test_dropped_repeated_swapped_and_cut_entries_show(entries: list[Entry], place: int) -> None:
    """Against the head that a witness keeps."""
    assert verify(entries, (CHAIN[-1].sequence, CHAIN[-1].entry_hash)) == place


def test_equal_lists_are_one_proposal() -> None:
    """Order of the items does not matter; cash, inputs and amounts do."""
    items = (Item("k1", "r1", 100, 98), Item("k2", "r2", 100, 98))
    one = PurchaseList("demo", "hash", date(2025, 6, 1), 10**6, items, {"model_version": "3"})
    assert replace(one, items=items[::-1]).proposal_id == one.proposal_id
    others = [
        replace(one, cash_minor=1),
        replace(one, inputs={}),
        replace(one, items=items[:1]),
        replace(one, deal="x"),
    ]
    assert len({one.proposal_id, *(each.proposal_id for each in others)}) == 5


@given(st.integers(0, 10**9), st.decimals(0, 1, places=6))
def test_the_price_is_rounded_half_up(principal: int, discount: Decimal) -> None:
    """Principal x (1 - discount) to the nearest minor unit, halves up, never above the principal."""
    exact = principal * (1 - discount)
    price = price_minor(principal, discount)
    assert -Decimal("0.5") < price - exact <= Decimal("0.5")
    assert 0 <= price <= principal
    assert to_minor(to_amount(price)) == price
