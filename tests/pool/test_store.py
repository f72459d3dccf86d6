"""The ledger's promises: nobody acts alone, nothing is pledged twice, nobody changes the past."""

import importlib
import multiprocessing
import os
import signal
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from pool.acts import CleanUpCall
from pool.chain import EntryKind
from pool.ledger import last_move, pledges
from pool.people import Credentials, Role
from pool.purchase import NearDuplicate
from pool.store import LedgerStore
from schemas.errors import AccessError, LedgerError
from tests.pool.purchases import (
    ANN,
    AT,
    BOB,
    CHEAP,
    DAY,
    INPUTS,
    ROOT,
    back,
    behind_its_back,
    booked,
    listed,
    paid,
    reviewed,
    said,
)


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
        store.approve(proposal_id, ANN, AT, reviewed())
    assert said(store) == [EntryKind.PROPOSED]


@pytest.mark.parametrize("by", [Credentials("ann", "wrong-secret"), Credentials("nobody", "ann-secret"), BOB])
def test_wrong_secret_unknown_person_and_wrong_role_are_refused(store: LedgerStore, by: Credentials) -> None:
    """Nothing is entered, and the secret stands in no message."""
    with pytest.raises(AccessError) as refusal:
        store.propose(listed("k1"), by, AT)
    assert said(store) == []
    assert by.secret not in f"{refusal.value} {by!r}"


def test_only_an_admin_enrols_people(store: LedgerStore, tmp_path: Any) -> None:
    """Neither an outsider, nor a proposer, nor anybody first who is no admin; every enrolment is an entry."""
    eve = Credentials("eve", "eve-secret")
    for admin in (None, ANN):
        with pytest.raises(AccessError):
            store.add_person(eve, frozenset({Role.ADMIN}), AT, admin)
    with pytest.raises(AccessError, match="enrolled already"):
        store.add_person(ANN, frozenset({Role.ADMIN}), AT, ROOT)
    fresh = LedgerStore(f"sqlite:///{tmp_path / 'fresh.db'}", CHEAP)
    with fresh, pytest.raises(AccessError, match="admin comes first"):
        fresh.add_person(eve, frozenset({Role.APPROVER}), AT)
    assert [person.name for person in store.people()] == ["ann", "bob", "root"]
    told = [(entry.kind, entry.proposal_id, entry.actor, entry.payload["roles"]) for entry in store.history()]
    assert told == [
        (EntryKind.ENROLLED, "root", "root", ["admin"]),
        (EntryKind.ENROLLED, "ann", "root", ["approver", "proposer"]),
        (EntryKind.ENROLLED, "bob", "root", ["approver"]),
    ]
    assert not any(secret.secret in str(entry.payload) for entry in store.history() for secret in (ROOT, ANN, BOB))


def test_who_is_retired_acts_no_more_and_what_they_did_stays(store: LedgerStore) -> None:
    """Only by an administrator and with a reason; the name is never given again, and somebody can always enrol."""
    name = store.propose(listed("k1"), ANN, AT).entry.proposal_id
    for admin, who, why, fault in (
        (ANN, "bob", "left", "is approver, proposer"),
        (ROOT, "bob", " ", "without a reason"),
        (ROOT, "eve", "left", "nobody who may act"),
        (ROOT, "root", "left", "last administrator"),
    ):
        with pytest.raises((AccessError, LedgerError), match=fault):
            store.retire_person(who, why, AT, admin)
    assert store.retire_person("ann", "left the platform", AT, ROOT).is_new
    assert not store.retire_person("ann", "once more", AT, ROOT).is_new
    with pytest.raises(AccessError, match="the secret given"):
        store.propose(listed("k2"), ANN, AT)
    with pytest.raises(AccessError, match="enrolled already"):
        store.add_person(ANN, frozenset({Role.PROPOSER}), AT, ROOT)
    assert store.approve(name, BOB, AT, reviewed()).is_new
    assert [person.name for person in store.people()] == ["bob", "root"]
    assert store.verify() is None


def test_an_entry_of_somebody_retired_meanwhile_is_refused(store: LedgerStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """The secret was right when it was asked, and the retirement came before the entry."""
    admitted = LedgerStore.admit

    def slowly(self: LedgerStore, kind: EntryKind, by: Credentials) -> None:
        admitted(self, kind, by)
        if by is ANN:
            store.retire_person("ann", "her secret leaked", AT, ROOT)

    monkeypatch.setattr(LedgerStore, "admit", slowly)
    with pytest.raises(AccessError, match="retired meanwhile"):
        store.propose(listed("k1"), ANN, AT)
    assert store.verify() is None
    assert said(store) == [EntryKind.RETIRED]


def test_what_was_looked_at_before_a_pool_moved_is_not_entered(store: LedgerStore) -> None:
    """Between looking and entering another purchase was booked: neither approved nor settled; looked at anew it is."""
    first, second = (store.propose(listed(key), ANN, AT).entry.proposal_id for key in ("k1", "k2"))
    store.approve(first, BOB, AT, reviewed(moved=0))
    store.approve(second, BOB, AT, reviewed(moved=0))
    booking = store.book(first, ANN, AT, paid(1, moved=0)).entry.sequence
    with pytest.raises(LedgerError, match="while this was looked at"):
        store.book(second, ANN, AT, paid(1, moved=0))
    third = store.propose(listed("k3"), ANN, AT).entry.proposal_id
    with pytest.raises(LedgerError, match="while this was looked at"):
        store.approve(third, BOB, AT, reviewed(moved=0))
    assert last_move(pledges(store.history())) == booking
    assert store.book(second, ANN, AT, paid(1, moved=booking)).is_new
    assert "moved" not in store.history()[-1].payload
    ending = store.release("demo", ["k1"], BOB, AT, "paid off").entry.sequence
    assert last_move(pledges(store.history())) == ending
    assert store.approve(third, BOB, AT, reviewed(moved=ending)).is_new


def test_a_rejected_list_stays_rejected(store: LedgerStore) -> None:
    """Proposed or approved once more it is refused, and nobody is told that it stands; rejected again it is already."""
    proposal_id = store.propose(listed("k1"), ANN, AT).entry.proposal_id
    store.approve(proposal_id, BOB, AT, reviewed())
    store.reject(proposal_id, BOB, AT, "the seller withdrew")
    with pytest.raises(LedgerError, match="is REJECTED"):
        store.propose(listed("k1"), ANN, AT)
    with pytest.raises(LedgerError, match="is REJECTED"):
        store.approve(proposal_id, BOB, AT, reviewed())
    assert not store.reject(proposal_id, BOB, AT, "once more").is_new
    assert said(store) == [EntryKind.PROPOSED, EntryKind.APPROVED, EntryKind.REJECTED]


def test_the_same_act_twice_changes_nothing_and_says_so(store: LedgerStore) -> None:
    """A batch that runs again finds its entries."""
    first = store.propose(listed("k1"), ANN, AT)
    later = AT + timedelta(hours=1)
    again = store.propose(listed("k1"), ANN, later)
    proposal_id = first.entry.proposal_id
    acts = [store.approve(proposal_id, BOB, at, reviewed()) for at in (AT, later)]
    acts += [store.book(proposal_id, ANN, at, paid(1)) for at in (AT, later)]
    acts += [store.release("demo", ["k1"], BOB, at, "paid off") for at in (AT, later)]
    assert [first.is_new, again.is_new, *(act.is_new for act in acts)] == [True, False] * 4
    assert again.entry == first.entry
    assert len(said(store)) == 4
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


def test_of_two_proposals_with_one_key_only_the_first_goes_on(store: LedgerStore) -> None:
    """The second is refused whole, at approval and at booking: no entry, no pledge."""
    names = [store.propose(listed("k1", "k2", deal=deal), ANN, AT).entry.proposal_id for deal in ("demo", "b", "c")]
    for name in names[:2]:
        store.approve(name, BOB, AT, reviewed())
    store.book(names[0], ANN, AT, paid(2))
    with pytest.raises(LedgerError, match="k2"):
        store.book(names[1], ANN, AT, paid(2))
    with pytest.raises(LedgerError, match="k2"):
        store.approve(names[2], BOB, AT, reviewed())
    assert store.pledged_keys() == {"k1", "k2"}
    assert store.verify() is None


def test_words_come_in_order(store: LedgerStore) -> None:
    """Nothing is booked unapproved, rejected or unknown; an empty or doubled list is none; a rejection says why."""
    proposal_id = store.propose(listed("k1"), ANN, AT).entry.proposal_id
    with pytest.raises(LedgerError, match="PROPOSED"):
        store.book(proposal_id, ANN, AT, paid(1))
    with pytest.raises(LedgerError, match="without a reason"):
        store.reject(proposal_id, BOB, AT, "  ")
    store.reject(proposal_id, BOB, AT, "wrong cash")
    with pytest.raises(LedgerError, match="REJECTED"):
        store.approve(proposal_id, BOB, AT, reviewed())
    with pytest.raises(LedgerError, match="never made"):
        store.approve("nothing", BOB, AT, reviewed())
    with pytest.raises(LedgerError, match="no proposal"):
        store.words("ann")
    for keys in ((), ("k1", "k1")):
        with pytest.raises(LedgerError):
            store.propose(listed(*keys), ANN, AT)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"inputs": {**INPUTS, "screenings": "bb"}}, "screenings was aa, is bb"),
        ({"inputs": {**INPUTS, "model_version": "4"}}, "model_version was 3, is 4"),
        ({"inputs": {"screenings": "aa"}}, "model_version was 3, is nothing"),
        ({"on": DAY - timedelta(days=1)}, "it is for 2025-06-01 to 2025-06-03, the day is 2025-05-31"),
        ({"on": DAY + timedelta(days=3)}, "the day is 2025-06-04"),
    ],
)
def test_a_proposal_expires(store: LedgerStore, changes: dict[str, Any], told: str) -> None:
    """What it came from has changed, or its days are over: neither approved nor booked, and the change is named."""
    proposal_id = store.propose(listed("k1", valid_until=DAY + timedelta(days=2)), ANN, AT).entry.proposal_id
    with pytest.raises(LedgerError, match=f"has expired: .*{told}"):
        store.approve(proposal_id, BOB, AT, reviewed(**changes))
    store.approve(proposal_id, BOB, AT, reviewed(on=DAY + timedelta(days=2)))
    with pytest.raises(LedgerError, match=f"has expired: .*{told}"):
        store.book(proposal_id, ANN, AT, paid(1, **changes))
    assert said(store) == [EntryKind.PROPOSED, EntryKind.APPROVED]
    assert store.pledged_keys() == frozenset()


@pytest.mark.parametrize("cent", [-1, 1])
def test_cash_is_the_price_to_the_cent(store: LedgerStore, cent: int) -> None:
    """A cent too much or too little, and nothing is booked."""
    proposal_id = store.propose(listed("k1", "k2"), ANN, AT).entry.proposal_id
    store.approve(proposal_id, BOB, AT, reviewed())
    with pytest.raises(LedgerError, match=r"against a price of 19\.80"):
        store.book(proposal_id, ANN, AT, paid(2, cash_minor=1980 + cent))
    assert store.book(proposal_id, ANN, AT, paid(2)).entry.payload["cash_minor"] == 1980


def test_near_duplicates_are_answered_before_approval(store: LedgerStore) -> None:
    """Without a reason there is no approval; the reason stands in the ledger."""
    found = (NearDuplicate("SAME_LOAN", ("k1",), ("k9",), "300.00 of borrower b1"),)
    proposal_id = store.propose(listed("k1", near_duplicates=found), ANN, AT).entry.proposal_id
    for accepted in ("", "  "):
        with pytest.raises(LedgerError, match="1 near-duplicate"):
            store.approve(proposal_id, BOB, AT, reviewed(accepted=accepted))
    entry = store.approve(proposal_id, BOB, AT, reviewed(accepted="two phones, both delivered")).entry
    assert entry.payload["accepted"] == "two phones, both delivered"


def test_released_and_repurchased_receivables_may_be_bought_again(store: LedgerStore) -> None:
    """A pledge ends once, only by the pool that holds it, with a reason or a clause, and its past stays."""
    booked(store, listed("k1", "k2"))
    with pytest.raises(LedgerError, match="does not hold k1"):
        store.release("other", ["k1"], BOB, AT, "mine")
    for wrong in (back("k2", code=""), back("k2", reason=" "), back("k2", price_minor=-1), back()):
        with pytest.raises(LedgerError):
            store.repurchase("demo", BOB, AT, wrong)
    with pytest.raises(AccessError):
        store.release("demo", ["k1"], ROOT, AT, "paid off")
    store.release("demo", ["k1"], BOB, AT, "paid off")
    entry = store.repurchase("demo", BOB, AT, back("k2")).entry
    assert [store.repurchase("demo", BOB, AT, back("k2")).is_new, entry.payload["clause"]] == [False, "5.3(a)"]
    assert store.pledged_keys() == frozenset()
    booked(store, listed("k1", deal="other"))
    store.release("other", ["k1"], BOB, AT, "paid off")
    assert store.verify() is None
    assert len(store.history("demo")) == 5


def test_a_substitution_ends_and_begins_pledges_in_one_entry(store: LedgerStore) -> None:
    """Same principal or more, cash for the difference, one entry; otherwise nothing changes."""
    booked(store, listed("k1", "k2"))
    name = store.propose(listed("k3"), ANN, AT).entry.proposal_id
    store.approve(name, BOB, AT, reviewed())
    before = store.head()
    for settlement, given_back in (
        (paid(1, cash_minor=PRICE_DIFFERENCE), back("k9")),
        (paid(1, cash_minor=PRICE_DIFFERENCE + 1), back("k1")),
        (paid(1, cash_minor=990 - 1800), back("k1", "k2")),
        (paid(1, cash_minor=PRICE_DIFFERENCE, on=DAY + timedelta(days=1)), back("k1")),
        (paid(1, cash_minor=PRICE_DIFFERENCE), back("k1", clause="")),
    ):
        with pytest.raises(LedgerError):
            store.substitute(name, BOB, AT, settlement, given_back)
    with pytest.raises(AccessError):
        store.substitute(name, ROOT, AT, paid(1, cash_minor=PRICE_DIFFERENCE), back("k1"))
    assert store.head() == before
    done = [store.substitute(name, BOB, AT, paid(1, cash_minor=PRICE_DIFFERENCE), back("k1")) for _ in range(2)]
    assert [one.is_new for one in done] == [True, False]
    assert store.pledged_keys() == {"k2", "k3"}
    assert [(one.receivable_key, one.purchase_id == name) for one in store.positions()] == [("k2", False), ("k3", True)]
    with pytest.raises(LedgerError, match="SUBSTITUTED"):
        store.book(name, ANN, AT, paid(1))
    assert store.verify(store.head()) is None


PRICE_DIFFERENCE = 990 - 900


def test_a_clean_up_takes_the_whole_of_a_small_pool(store: LedgerStore) -> None:
    """All that the pool holds, and only once its factor is small; other pools keep theirs."""
    booked(store, listed("k1", "k2", "k3"))
    booked(store, listed("k4", deal="other"))
    store.release("demo", ["k3"], BOB, AT, "paid off")
    call = CleanUpCall(("k1", "k2"), DAY, 300, 3000, Decimal("0.10"), 280)
    for wrong in (
        CleanUpCall(("k1", "k2"), DAY, 301, 3000, Decimal("0.10"), 280),
        CleanUpCall(("k1",), DAY, 100, 3000, Decimal("0.10"), 280),
        CleanUpCall(("k1", "k2", "k4"), DAY, 300, 3000, Decimal("0.10"), 280),
        CleanUpCall(("k1", "k2"), DAY, 0, 0, Decimal("0.10"), 280),
    ):
        with pytest.raises(LedgerError):
            store.clean_up("demo", BOB, AT, wrong)
    done = [store.clean_up("demo", BOB, AT, call).is_new for _ in range(2)]
    assert done == [True, False]
    assert store.pledged_keys() == {"k4"}
    assert store.verify(store.head()) is None


def test_the_database_refuses_to_change_the_past(store: LedgerStore, url: str) -> None:
    """Not even by hand: entries, people and pledges are append-only, and one key has one open pledge."""
    booked(store, listed("k1"))
    engine = sa.create_engine(url)
    for statement in (
        "UPDATE ledger_entries SET actor = 'eve'",
        "DELETE FROM ledger_entries",
        "DELETE FROM pledges",
        "UPDATE pledges SET deal = 'other'",
        "UPDATE people SET roles = 'admin'",
        "DELETE FROM people",
        "INSERT INTO pledges VALUES ('k1', 'other', 5, NULL)",
        *REPLACED[engine.dialect.name],
    ):
        with pytest.raises(sa.exc.DBAPIError, match=r"append-only|UNIQUE|one_open_pledge"), engine.begin() as raw:
            raw.exec_driver_sql(statement)
    engine.dispose()
    assert store.verify(store.head()) is None


COPIED = "kind, deal, proposal_id, 'eve', happened_at, payload, previous_hash, entry_hash FROM ledger_entries"
REPLACED = {
    "sqlite": [
        f"REPLACE INTO ledger_entries SELECT sequence, {COPIED} WHERE sequence = 5",
        f"REPLACE INTO ledger_entries SELECT 99, {COPIED} WHERE sequence = 5",
        "REPLACE INTO people VALUES ('bob', 'admin', 'x')",
        "REPLACE INTO pledges VALUES ('k1', 'other', 5, NULL)",
        "REPLACE INTO pledges VALUES ('k1', 'other', 6, 6)",
    ],
    "postgresql": [f"TRUNCATE {name} CASCADE" for name in ("ledger_entries", "people", "pledges")],
}
"""Ways of each database around a row that is not updated and not deleted."""


def test_a_ledger_whose_guards_were_taken_off_gets_them_back(store: LedgerStore, url: str) -> None:
    """Opened again it refuses what it refused; what was changed meanwhile shows all the same."""
    booked(store, listed("k1"))
    behind_its_back(url, *([] if url.startswith("sqlite") else ["DROP TRIGGER keep_pledges_update ON pledges"]))
    with LedgerStore(url, CHEAP):
        engine = sa.create_engine(url)
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), engine.begin() as raw:
            raw.exec_driver_sql("UPDATE pledges SET deal = 'other'")
        engine.dispose()
    assert store.verify(store.head()) is None


TAMPERINGS = [
    ("UPDATE ledger_entries SET actor = 'eve' WHERE sequence = 5", 5),
    ("UPDATE ledger_entries SET payload = replace(payload, '1000', '1001') WHERE sequence = 4", 4),
    ("UPDATE ledger_entries SET payload = replace(payload, ',', ', ') WHERE sequence = 7", 7),
    ("UPDATE ledger_entries SET payload = '{' WHERE sequence = 7", 7),
    ("UPDATE ledger_entries SET kind = 'booked' WHERE sequence = 6", 6),
    ("UPDATE ledger_entries SET happened_at = '2025-06-01T09:00:00Z' WHERE sequence = 6", 6),
    ("UPDATE ledger_entries SET entry_hash = upper(entry_hash) WHERE sequence = 8", 8),
    ("UPDATE ledger_entries SET sequence = -8 WHERE sequence = 8", 8),
    ("UPDATE ledger_entries SET sequence = 80 WHERE sequence = 8", 8),
    ("DELETE FROM ledger_entries WHERE sequence = 5", 5),
    ("DELETE FROM ledger_entries WHERE sequence = 9", 9),
    ("UPDATE pledges SET closed_sequence = 9 WHERE receivable_key = 'k1'", 6),
    ("UPDATE pledges SET receivable_key = 'k9' WHERE receivable_key = 'k2'", 9),
    ("UPDATE pledges SET opened_sequence = 5 WHERE receivable_key = 'k2'", 9),
    ("DELETE FROM pledges WHERE receivable_key = 'k2'", 9),
    ("INSERT INTO pledges VALUES ('k9', 'demo', 6, NULL)", 6),
    ("UPDATE people SET roles = 'admin' WHERE name = 'bob'", 3),
    ("UPDATE people SET secret_hash = 'x' WHERE name = 'ann'", 2),
    ("UPDATE people SET name = 'eve' WHERE name = 'ann'", 2),
    ("DELETE FROM people WHERE name = 'root'", 1),
    ("INSERT INTO people VALUES ('eve', 'admin', 'x')", 10),
]


@pytest.mark.parametrize(("statement", "place"), TAMPERINGS)
def test_verify_finds_the_first_altered_entry(store: LedgerStore, url: str, statement: str, place: int) -> None:
    """With the guards taken off, each change shows at its entry; a cut end shows against a witness."""
    booked(store, listed("k1"))
    booked(store, listed("k2"))
    head = store.head()
    behind_its_back(url, statement)
    assert store.verify(head) == place


def _killed_while_booking(address: str, proposal_id: str) -> None:
    store_module = importlib.import_module("pool.store_rows")
    store_module.open_pledges = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[attr-defined]
    LedgerStore(address, CHEAP).book(proposal_id, ANN, AT, paid(1))


def test_a_kill_in_the_middle_leaves_nothing_behind(store: LedgerStore, url: str) -> None:
    """After the entry is written and before its pledges: the next run books as if nothing had been."""
    proposal_id = store.propose(listed("k1"), ANN, AT).entry.proposal_id
    store.approve(proposal_id, BOB, AT, reviewed())
    before = store.head()
    runner = multiprocessing.get_context("spawn").Process(target=_killed_while_booking, args=(url, proposal_id))
    runner.start()
    runner.join(60)
    assert runner.exitcode == -signal.SIGKILL
    assert store.head() == before
    assert store.book(proposal_id, ANN, AT, paid(1)).is_new
    assert store.pledged_keys() == {"k1"}
    assert store.verify() is None


def test_the_day_counts_in_its_own_form(store: LedgerStore) -> None:
    """A proposal of one cut-off day is for that day, and its list is kept with totals that anybody can add up."""
    entry = store.propose(listed("k2", "k1"), ANN, AT).entry
    kept = entry.payload
    assert (kept["as_of"], kept["valid_until"]) == (DAY.isoformat(), date(2025, 6, 1).isoformat())
    assert (kept["count"], kept["principal_minor"], kept["price_minor"]) == (2, 2000, 1980)
    assert [item[0] for item in kept["items"]] == ["k1", "k2"]
