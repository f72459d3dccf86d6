"""Every changed byte of a stored field or an exported line is found at its entry; so is what is missing or moved."""

import random
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from pool.acts import CleanUpCall
from pool.audit import export_lines, first_wrong, read_export
from pool.chain import Act, Entry, EntryKind, append
from pool.purchase import NearDuplicate
from pool.store import LedgerStore
from pool.store_rows import first_wrong_place
from pool.store_tables import ENTRIES, PEOPLE, PLEDGES
from tests.pool.purchases import (
    ANN,
    AT,
    BOB,
    DAY,
    ROOT,
    back,
    behind_its_back,
    booked,
    described,
    listed,
    paid,
    reviewed,
)

SAMPLED = {"sqlite": 5000, "postgresql": 1000}


@pytest.fixture
def filled(store: LedgerStore) -> LedgerStore:
    """Give a ledger with an entry of every kind."""
    odd = NearDuplicate("SAME_LOAN", ("k1",), ("k0",), "300.00 of 借款人 “b1”\u2028")
    first = listed("k1", "k2", near_duplicates=(odd,), items=(described("k1"), described("k2", merchant_id="商户")))
    name = store.propose(first, ANN, AT).entry.proposal_id
    store.approve(name, BOB, AT, reviewed(accepted="two phones"))
    store.book(name, ANN, AT, paid(2))
    booked(store, listed("k3", "k4"))
    refused = store.propose(listed("k5"), ANN, AT).entry.proposal_id
    store.reject(refused, BOB, AT, "wrong cash\n")
    store.release("demo", ["k3"], BOB, AT, "paid off")
    store.repurchase("demo", BOB, AT, back("k4"))
    other = store.propose(listed("k6"), ANN, AT).entry.proposal_id
    store.approve(other, BOB, AT, reviewed())
    store.substitute(other, BOB, AT, paid(1, cash_minor=90), back("k1"))
    booked(store, listed("k1", deal="other"))
    store.clean_up("demo", BOB, AT, CleanUpCall(("k2", "k6"), DAY, 100, 2000, Decimal("0.1"), 90))
    store.retire_person("ann", "left the platform", AT, ROOT)
    return store


def test_every_changed_byte_of_an_export_shows_in_its_line(filled: LedgerStore) -> None:
    """Five thousand single bytes, anywhere: the line that held the byte is the first that is wrong."""
    entries = filled.history()
    content = export_lines(entries)
    assert {entry.kind for entry in entries} == set(EntryKind)
    assert read_export(content) == entries
    assert first_wrong(read_export(content), filled.head()) is None
    chance = random.Random(1)  # noqa: S311 - a seeded sample
    for _ in range(5000):
        place = chance.randrange(len(content))
        other = chance.choice([one for one in range(256) if one != content[place]])
        altered = content[:place] + bytes([other]) + content[place + 1 :]
        assert first_wrong(read_export(altered)) == content[:place].count(b"\n") + 1, (place, other)


def test_every_changed_character_of_a_stored_field_shows_at_its_entry(filled: LedgerStore, url: str) -> None:
    """Thousands of fields of entries, pledges and people with one character changed in the database itself."""
    behind_its_back(url)
    engine = sa.create_engine(url)
    chance = random.Random(2)  # noqa: S311 - a seeded sample
    wanted, found = SAMPLED[engine.dialect.name], 0
    with engine.connect() as connection:
        fields = [*stored_fields(connection)]
    people = {entry.proposal_id: entry.sequence for entry in filled.history() if entry.kind is EntryKind.ENROLLED}
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET session_replication_role = replica")
        connection.commit()
        while found < wanted:
            table, row, name = chance.choice(fields)
            expected = right_entry(people, table, row, name)
            try:
                same_row = sa.and_(*(table.c[one].is_not_distinct_from(value) for one, value in row.items()))
                connection.execute(sa.update(table).where(same_row).values({name: garbled(chance, row[name])}))
                assert first_wrong_place(connection, None) == expected, (table.name, row, name)
                found += 1
            except sa.exc.IntegrityError:  # the database refuses the number of another entry
                assert name.endswith("sequence")
            connection.rollback()
        assert first_wrong_place(connection, filled.head()) is None
    engine.dispose()


def stored_fields(connection: sa.Connection) -> Any:
    """Give every field of the ledger's tables: the table, its row, the column; long payloads count for more."""
    for table in (ENTRIES, PLEDGES, PEOPLE):
        for found in connection.execute(sa.select(table)):
            row = dict(found._mapping)
            for name, value in row.items():
                for _ in range(1 + len(str(value)) // 100):
                    yield table, row, name


def right_entry(people: dict[str, int], table: sa.Table, row: dict[str, Any], name: str) -> int:
    """Give the entry that a field belongs to."""
    if table is ENTRIES:
        return int(row["sequence"])
    if table is PEOPLE:
        return people[row["name"]]
    is_its_end = name == "closed_sequence" and row[name]
    return int(row["closed_sequence"] if is_its_end else row["opened_sequence"])


def garbled(chance: random.Random, value: Any) -> Any:
    """Change one character of a text, or a number."""
    if value is None or isinstance(value, int):
        return (value or 0) + chance.choice((-30, -1, 1, 10, 100))
    place = chance.randrange(max(1, len(value)))
    other = chance.choice([one for one in '0aZ"{}[],:\\ \n\u2028é' if value[place : place + 1] != one])
    return value[:place] + other + value[place + 1 :]


def test_what_is_dropped_swapped_repeated_or_cut_off_shows(filled: LedgerStore) -> None:
    """Wherever it happens; of a cut-off end the witness's head is needed, and shows the first entry that is gone."""
    entries = filled.history()
    lines = export_lines(entries).splitlines(keepends=True)
    size, head = len(lines), filled.head()

    def wrong(*kept: bytes) -> int | None:
        return first_wrong(read_export(b"".join(kept)), head)

    for place in range(size):
        assert wrong(*lines[:place], *lines[place + 1 :]) == place + 1
        assert wrong(*lines[: place + 1], *lines[place:]) == place + 2
        assert wrong(*lines[:place]) == place + 1
        assert wrong(*lines[:place], lines[place][:-1]) == place + 1
        assert first_wrong(entries[:place]) is None
        for other in range(place + 1, size):
            swapped = [*lines]
            swapped[place], swapped[other] = swapped[other], swapped[place]
            assert wrong(*swapped) == place + 1
    assert wrong(*lines, lines[0]) == size + 1
    assert wrong(*lines, b"\n") == size + 1


def test_a_whole_forged_end_shows_to_the_witness_alone(filled: LedgerStore) -> None:
    """Who rewrites every hash after a change leaves a chain that holds, but not the head that somebody keeps."""
    entries, head = filled.history(), filled.head()
    for place, kept in enumerate(entries):
        if kept.kind is not EntryKind.RELEASED:
            continue
        forged = [
            *entries[:place],
            *resealed(
                entries[place - 1], replace(kept, payload={**kept.payload, "reason": "x"}), *entries[place + 1 :]
            ),
        ]
        assert first_wrong(forged) is None
        assert first_wrong(forged, head) == len(entries)


def resealed(before: Entry, *entries: Entry) -> list[Entry]:
    """Give entries new hashes, so that the chain holds."""
    made = [before]
    for one in entries:
        act = Act(one.kind, one.deal, one.proposal_id, one.actor, one.happened_at, one.payload)
        made.append(append(made[-1].head, act))
    return made[1:]


UNRULY = {
    "approved by the proposer": ("APPROVED", {"actor": "ann"}, {}),
    "approved by nobody": ("APPROVED", {"actor": "eve"}, {}),
    "approved by an administrator": ("APPROVED", {"actor": "root"}, {}),
    "approved though expired": ("APPROVED", {}, {"inputs": {"screenings": "bb"}}),
    "approved too late": ("APPROVED", {}, {"on": "2025-06-02"}),
    "near-duplicates not answered": ("APPROVED", {}, {"accepted": ""}),
    "another cash": ("BOOKED", {}, {"cash_minor": 1}),
    "nothing in it": ("BOOKED", {}, None),
    "another total": ("PROPOSED", {}, {"price_minor": 1}),
    "another name": ("PROPOSED", {"proposal_id": "p"}, {}),
    "out of order": ("APPROVED", {"kind": EntryKind.BOOKED}, {"cash_minor": 1980}),
    "enrolled by a proposer": ("ENROLLED", {"actor": "ann"}, {}),
    "retired by a proposer": ("RETIRED", {"actor": "ann"}, {}),
    "retired without a reason": ("RETIRED", {}, {"reason": " "}),
    "the last administrator retired": ("RETIRED", {"proposal_id": "root"}, {}),
    "somebody unknown retired": ("RETIRED", {"proposal_id": "eve"}, {}),
    "enrolled with an unknown role": ("ENROLLED", {}, {"roles": ["king"]}),
    "ends what others hold": ("RELEASED", {"deal": "other"}, {}),
    "ended without a reason": ("RELEASED", {}, {"reason": ""}),
    "taken back without a clause": ("REPURCHASED", {}, {"code": ""}),
    "replaced by less": ("SUBSTITUTED", {}, {"principal_minor": 1001}),
    "not the whole pool": ("CLEANED_UP", {}, {"receivable_keys": ["k2"]}),
    "too large a pool": ("CLEANED_UP", {}, {"unpaid_minor": 201}),
}


@pytest.mark.parametrize(("kind", "changes", "payload"), UNRULY.values(), ids=UNRULY)
def test_a_well_chained_entry_that_breaks_a_rule_shows(
    filled: LedgerStore, kind: str, changes: dict[str, Any], payload: dict[str, Any] | None
) -> None:
    """Somebody with the database in hand writes what the ledger would refuse, and seals it: it is found there."""
    entries = filled.history()
    place = next(number for number, one in reversed([*enumerate(entries)]) if one.kind.value == kind)
    if kind in ("APPROVED", "BOOKED", "PROPOSED"):
        place = next(number for number, one in enumerate(entries) if one.kind.value == kind)
    said = {} if payload is None else {**entries[place].payload, **payload}
    forged = replace(entries[place], **{"payload": said, **changes})
    chain = [*entries[:place], *resealed(entries[place - 1], forged, *entries[place + 1 :])]
    assert first_wrong(chain) == place + 1


def test_what_an_export_holds_is_read_as_it_is_written_and_nothing_else(filled: LedgerStore) -> None:
    """No entry in other spelling: spaces, key order, floats for integers, deep nesting, no text at all."""
    line = export_lines(filled.history()[:1]).rstrip(b"\n")
    for other in (
        line.replace(b":", b": ", 1),
        line.replace(b'"sequence":1', b'"sequence":1.0'),
        line.replace(b'"sequence":1', b'"sequence":true'),
        line.replace(b"}", b',"x":1}'),
        b"[" * 100_000,
        b"\xff",
        b"[]",
        b"null",
        b"",
    ):
        assert read_export(other + b"\n") == [None], other[:40]
