"""The ledger's promises: nobody acts alone, nothing is pledged twice, nobody changes the past."""

import importlib
import multiprocessing
import os
import signal
import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from pool.ledger import EntryKind, Item, PurchaseList
from pool.people import Cost, Credentials, Role
from pool.store import LedgerStore
from schemas.errors import AccessError, LedgerError

CHEAP = Cost(rounds=1, memory_kib=8, lanes=1)
AT = datetime(2025, 6, 1, 9, tzinfo=UTC)
ROOT = Credentials("root", "root-secret")
ANN = Credentials("ann", "ann-secret")
BOB = Credentials("bob", "bob-secret")


def url(folder: Path) -> str:
    return f"sqlite:///{folder / 'ledger.db'}"


def listed(*keys: str, deal: str = "demo", cash: int = 100_000) -> PurchaseList:
    items = tuple(Item(key, f"id-{key}", 1000, 990) for key in keys)
    return PurchaseList(deal, "deal-hash", date(2025, 6, 1), cash, items, {"model_version": "3"})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LedgerStore]:
    opened = LedgerStore(url(tmp_path), CHEAP)
    opened.add_person(ROOT, frozenset({Role.ADMIN}), AT)
    opened.add_person(ANN, frozenset({Role.PROPOSER, Role.APPROVER}), AT, ROOT)
    opened.add_person(BOB, frozenset({Role.APPROVER}), AT, ROOT)
    yield opened
    opened.close()


def booked(store: LedgerStore, purchase: PurchaseList) -> str:
    proposal_id = store.propose(purchase, ANN, AT).entry.proposal_id
    store.approve(proposal_id, BOB, AT)
    store.book(proposal_id, ANN, AT)
    return proposal_id


def test_a_booked_purchase_is_what_the_pool_holds(store: LedgerStore) -> None:
    """Positions are the fold of the entries, with the money of the list."""
    purchase_id = booked(store, listed("k1", "k2"))
    held = store.positions("demo")
    assert [(p.receivable_key, p.principal_minor, p.price_minor, p.purchase_id) for p in held] == [
        ("k1", 1000, 990, purchase_id),
        ("k2", 1000, 990, purchase_id),
    ]
    assert store.pledged_keys() == {"k1", "k2"}
    assert store.positions("other") == []
    assert store.verify(store.head()) is None


def test_a_person_does_not_approve_their_own_proposal(store: LedgerStore) -> None:
    """Ann may approve, but not what she proposed."""
    proposal_id = store.propose(listed("k1"), ANN, AT).entry.proposal_id
    with pytest.raises(AccessError, match="another person"):
        store.approve(proposal_id, ANN, AT)
    assert [entry.kind for entry in store.history()] == [EntryKind.PROPOSED]


@pytest.mark.parametrize("by", [Credentials("ann", "wrong-secret"), Credentials("nobody", "ann-secret"), BOB])
def test_wrong_secret_unknown_person_and_wrong_role_are_refused(store: LedgerStore, by: Credentials) -> None:
    """Nothing is entered, and the secret stands in no message."""
    with pytest.raises(AccessError) as refusal:
        store.propose(listed("k1"), by, AT)
    assert store.history() == []
    assert by.secret not in f"{refusal.value} {by!r}"


def test_only_an_admin_enrols_people(store: LedgerStore, tmp_path: Path) -> None:
    """Neither an outsider, nor a proposer, nor anybody first who is no admin."""
    eve = Credentials("eve", "eve-secret")
    for admin in (None, ANN):
        with pytest.raises(AccessError):
            store.add_person(eve, frozenset({Role.ADMIN}), AT, admin)
    with pytest.raises(AccessError, match="enrolled already"):
        store.add_person(ANN, frozenset({Role.ADMIN}), AT, ROOT)
    fresh = LedgerStore(f"sqlite:///{tmp_path / 'fresh.db'}", CHEAP)
    with pytest.raises(AccessError, match="admin comes first"):
        fresh.add_person(eve, frozenset({Role.APPROVER}), AT)
    assert [person.name for person in store.people()] == ["ann", "bob", "root"]


def test_the_same_act_twice_changes_nothing_and_says_so(store: LedgerStore) -> None:
    """A batch that runs again finds its entries."""
    first = store.propose(listed("k1"), ANN, AT)
    later = AT + timedelta(hours=1)
    again = store.propose(listed("k1"), ANN, later)
    proposal_id = first.entry.proposal_id
    acts = [store.approve(proposal_id, BOB, AT), store.approve(proposal_id, BOB, later)]
    acts += [store.book(proposal_id, ANN, AT), store.book(proposal_id, ANN, later)]
    acts += [store.release("demo", ["k1"], BOB, at, "paid off") for at in (AT, later)]
    assert [first.is_new, again.is_new, *(act.is_new for act in acts)] == [True, False] * 4
    assert again.entry == first.entry
    assert len(store.history()) == 4
    assert store.positions() == []
    assert store.verify() is None


def test_what_is_pledged_refuses_the_whole_list_by_name(store: LedgerStore) -> None:
    """One pledged key among others, in any pool, and nothing is entered."""
    booked(store, listed("k1"))
    before = store.head()
    with pytest.raises(LedgerError, match="k1") as refusal:
        store.propose(listed("k0", "k1", "k2", deal="other"), ANN, AT)
    assert "k2" not in refusal.value.found
    assert store.head() == before


def test_of_two_approved_proposals_with_one_key_only_the_first_books(store: LedgerStore) -> None:
    """The second is refused whole: no entry, no pledge."""
    names = []
    for purchase in (listed("k1", "k2"), listed("k2", "k3", deal="other")):
        names.append(store.propose(purchase, ANN, AT).entry.proposal_id)
        store.approve(names[-1], BOB, AT)
    store.book(names[0], ANN, AT)
    with pytest.raises(LedgerError, match="k2"):
        store.book(names[1], ANN, AT)
    assert store.pledged_keys() == {"k1", "k2"}
    assert store.verify() is None


def test_words_come_in_order(store: LedgerStore) -> None:
    """Nothing is booked unapproved, rejected or unknown; an empty or doubled list is none."""
    proposal_id = store.propose(listed("k1"), ANN, AT).entry.proposal_id
    with pytest.raises(LedgerError, match="PROPOSED"):
        store.book(proposal_id, ANN, AT)
    store.reject(proposal_id, BOB, AT, "wrong cash")
    with pytest.raises(LedgerError, match="REJECTED"):
        store.approve(proposal_id, BOB, AT)
    with pytest.raises(LedgerError, match="never made"):
        store.approve("nothing", BOB, AT)
    for keys in ((), ("k1", "k1")):
        with pytest.raises(LedgerError):
            store.propose(listed(*keys), ANN, AT)


def test_released_and_repurchased_receivables_may_be_bought_again(store: LedgerStore) -> None:
    """A pledge ends once, only by the pool that holds it, and its past stays."""
    booked(store, listed("k1", "k2"))
    with pytest.raises(LedgerError, match="does not hold k1"):
        store.release("other", ["k1"], BOB, AT, "mine")
    store.release("demo", ["k1"], BOB, AT, "paid off")
    store.repurchase("demo", ["k2"], BOB, AT, 980)
    assert store.pledged_keys() == frozenset()
    booked(store, listed("k1", deal="other"))
    store.release("other", ["k1"], BOB, AT, "paid off")
    assert store.verify() is None
    assert len(store.history("demo")) == 5


def test_the_database_refuses_to_change_the_past(store: LedgerStore, tmp_path: Path) -> None:
    """Not even by hand: entries and pledges are append-only, and one key has one open pledge."""
    booked(store, listed("k1"))
    raw = sqlite3.connect(tmp_path / "ledger.db")
    for statement in (
        "UPDATE ledger_entries SET actor = 'eve'",
        "DELETE FROM ledger_entries",
        "DELETE FROM pledges",
        "UPDATE pledges SET deal = 'other'",
        "INSERT INTO pledges VALUES ('k1', 'other', 2, NULL)",
    ):
        with pytest.raises(sqlite3.IntegrityError, match=r"append-only|UNIQUE"):
            raw.execute(statement)
    raw.close()


TAMPERINGS = [
    ("UPDATE ledger_entries SET actor = 'eve' WHERE sequence = 2", 2),
    ("UPDATE ledger_entries SET payload = replace(payload, '1000', '1001') WHERE sequence = 1", 1),
    ("UPDATE ledger_entries SET payload = replace(payload, ',', ', ') WHERE sequence = 4", 4),
    ("UPDATE ledger_entries SET payload = '{' WHERE sequence = 4", 4),
    ("UPDATE ledger_entries SET kind = 'booked' WHERE sequence = 3", 3),
    ("UPDATE ledger_entries SET happened_at = '2025-06-01T09:00:00Z' WHERE sequence = 3", 3),
    ("UPDATE ledger_entries SET entry_hash = upper(entry_hash) WHERE sequence = 5", 5),
    ("DELETE FROM ledger_entries WHERE sequence = 2", 2),
    ("DELETE FROM ledger_entries WHERE sequence = 6", 6),
    ("UPDATE pledges SET closed_sequence = 6 WHERE receivable_key = 'k1'", 3),
    ("DELETE FROM pledges WHERE receivable_key = 'k2'", 6),
]


@pytest.mark.parametrize(("statement", "place"), TAMPERINGS)
def test_verify_finds_the_first_altered_entry(store: LedgerStore, tmp_path: Path, statement: str, place: int) -> None:
    """With the guards taken off, each change of a byte shows at its entry; a cut end shows against a witness."""
    booked(store, listed("k1"))
    booked(store, listed("k2"))
    head = store.head()
    raw = sqlite3.connect(tmp_path / "ledger.db")
    for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        raw.execute(f"DROP TRIGGER {name}")
    raw.execute(statement)
    raw.commit()
    raw.close()
    assert store.verify(head) == place


def _race(address: str, deal: str, keys: list[str], start: object) -> None:
    store = LedgerStore(address, CHEAP)
    start.wait()  # type: ignore[attr-defined]
    for key in keys:
        purchase = listed(key, f"{deal}-{key}", deal=deal)
        try:
            booked(store, purchase)
        except LedgerError:
            continue


def test_processes_that_race_for_the_same_receivables_never_pledge_one_twice(
    store: LedgerStore, tmp_path: Path
) -> None:
    """Four processes, twelve contested keys: each goes to one pool, with its companion, and the chain holds."""
    keys = [f"k{n}" for n in range(12)]
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(4)
    runners = [context.Process(target=_race, args=(url(tmp_path), f"deal_{n}", keys, start)) for n in range(4)]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join(60)
    held = store.positions()
    owners = {p.receivable_key: p.deal for p in held if "-" not in p.receivable_key}
    assert [runner.exitcode for runner in runners] == [0, 0, 0, 0]
    assert sorted(owners) == sorted(keys)
    assert {p.receivable_key for p in held} == {*keys, *(f"{deal}-{key}" for key, deal in owners.items())}
    assert store.verify(store.head()) is None


def _killed_while_booking(address: str, proposal_id: str) -> None:
    store_module = importlib.import_module("pool.store")
    store_module.open_pledges = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[attr-defined]
    LedgerStore(address, CHEAP).book(proposal_id, ANN, AT)


def test_a_booking_killed_in_the_middle_leaves_nothing_behind(store: LedgerStore, tmp_path: Path) -> None:
    """After the entry is written and before its pledges: the next run books as if nothing had been."""
    proposal_id = store.propose(listed("k1"), ANN, AT).entry.proposal_id
    store.approve(proposal_id, BOB, AT)
    before = store.head()
    runner = multiprocessing.get_context("spawn").Process(
        target=_killed_while_booking, args=(url(tmp_path), proposal_id)
    )
    runner.start()
    runner.join(60)
    assert runner.exitcode == -signal.SIGKILL
    assert store.head() == before
    assert store.book(proposal_id, ANN, AT).is_new
    assert store.pledged_keys() == {"k1"}
    assert store.verify() is None
