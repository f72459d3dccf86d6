"""How the ledger's tables are read and written, within a transaction that the store opened."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC
from typing import Any

import sqlalchemy as sa

from pool import chain
from pool.audit import first_wrong, first_wrong_row, read_entry
from pool.chain import CLOSING, OPENING, Act, Entry, EntryKind, Head
from pool.people import Person, Role, enrolment
from pool.purchase import read_items
from pool.store_tables import ENTRIES, IS_OPEN, PEOPLE, PLEDGES
from schemas.errors import LedgerError
from schemas.hashing import canonical_json

CHUNK = 500
SHOWN = 10


def read_people(connection: sa.Connection) -> dict[str, Person]:
    """Give everybody who may act, by name: who is enrolled and not retired."""
    retired = sa.select(ENTRIES.c.proposal_id).where(ENTRIES.c.kind == EntryKind.RETIRED.value)
    asked = sa.select(PEOPLE).where(PEOPLE.c.name.not_in(retired))
    return {
        name: Person(name, frozenset(Role(role) for role in roles.split(",")), secret_hash)
        for name, roles, secret_hash in connection.execute(asked)
    }


def is_known(connection: sa.Connection, name: str) -> bool:
    """Tell whether somebody of that name was ever enrolled."""
    return connection.execute(sa.select(PEOPLE.c.name).where(PEOPLE.c.name == name)).first() is not None


def write_person(connection: sa.Connection, person: Person) -> None:
    """Keep a person with the hash of their secret."""
    roles = ",".join(person.role_names)
    connection.execute(sa.insert(PEOPLE).values(name=person.name, roles=roles, secret_hash=person.secret_hash))


def read_head(connection: sa.Connection) -> Head | None:
    """Give sequence and hash of the last entry; None while there is none."""
    last = sa.select(ENTRIES.c.sequence, ENTRIES.c.entry_hash).order_by(ENTRIES.c.sequence.desc()).limit(1)
    row = connection.execute(last).first()
    return (row.sequence, row.entry_hash) if row else None


def append_act(connection: sa.Connection, act: Act) -> Entry:
    """Write an act as the next entry of the chain."""
    entry = chain.append(read_head(connection), replace(act, happened_at=act.happened_at.astimezone(UTC)))
    row = {**entry.plain, "payload": canonical_json(entry.payload)}
    connection.execute(sa.insert(ENTRIES).values(row))
    return entry


def read_row(row: sa.Row[Any]) -> Entry | None:
    """Give a stored row as an entry; None where the row is not as an entry was written."""
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name begins so
    try:
        payload = json.loads(values["payload"])
        is_canonical = canonical_json(payload) == values["payload"]
    except (TypeError, ValueError, RecursionError):
        return None
    return read_entry({**values, "payload": payload}) if is_canonical and isinstance(payload, dict) else None


def read_entries(connection: sa.Connection, **where: str) -> list[Entry]:
    """Give the entries in order whose columns have the given values.

    Raises:
        LedgerError: One of them was tampered with.
    """
    rows = connection.execute(sa.select(ENTRIES).filter_by(**where).order_by(ENTRIES.c.sequence)).all()
    entries = [read_row(row) for row in rows]
    broken = [row.sequence for row, entry in zip(rows, entries, strict=True) if entry is None]
    if broken:
        raise LedgerError(f"entry {broken[0]} cannot be read as it was written", "nobody changes the past", "verify it")
    return [entry for entry in entries if entry is not None]


def first_wrong_place(connection: sa.Connection, head: Head | None) -> int | None:
    """Give the first entry that does not hold, in itself, in its pledges or in its person; None where all holds.

    Entries are taken by their sequence from 1 on, as many as there are rows: one that has another number is missing.
    """
    rows = connection.execute(sa.select(ENTRIES)).all()
    found = {row.sequence: row for row in rows}
    places = [read_row(found[place]) if place in found else None for place in range(1, len(rows) + 1)]
    wrong = first_wrong(places, head)
    if wrong:
        return wrong
    pledges = [(key, deal, opened, closed) for key, deal, opened, closed in connection.execute(sa.select(PLEDGES))]
    people = {row.name: enrolment(row.roles, row.secret_hash) for row in connection.execute(sa.select(PEOPLE))}
    return first_wrong_row([entry for entry in places if entry is not None], pledges, people)


def _open_among(connection: sa.Connection, keys: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for start in range(0, len(keys), CHUNK):
        among = PLEDGES.c.receivable_key.in_(keys[start : start + CHUNK])
        rows = connection.execute(sa.select(PLEDGES.c.receivable_key, PLEDGES.c.deal).where(IS_OPEN, among))
        found.update((row.receivable_key, row.deal) for row in rows)
    return found


def open_keys(connection: sa.Connection, deal: str | None = None) -> frozenset[str]:
    """Give the keys of the receivables that a pool holds, or any pool."""
    asked = sa.select(PLEDGES.c.receivable_key).where(IS_OPEN)
    return frozenset(connection.execute(asked.where(PLEDGES.c.deal == deal) if deal else asked).scalars())


def refuse_pledged(connection: sa.Connection, proposal: Act | Entry) -> None:
    """Raise where anything on a purchase list is pledged.

    Raises:
        LedgerError: Naming the keys.
    """
    pledged = _open_among(connection, [item.receivable_key for item in read_items(proposal.payload)])
    if pledged:
        found = f"{len(pledged)} pledged already: {named(sorted(pledged))}"
        raise LedgerError(found, "a receivable is in one pool", "take them off the list; nothing was entered")


def refuse_moved(connection: sa.Connection, moved: int | None) -> None:
    """Raise where a pool bought or let go of something after the entry that was the last to do so.

    Raises:
        LedgerError: What was looked at may not be so any more.
    """
    asked = sa.select(sa.func.max(PLEDGES.c.opened_sequence), sa.func.max(PLEDGES.c.closed_sequence))
    last = max(one or 0 for one in connection.execute(asked).one())
    if moved is not None and last != moved:
        raise LedgerError(
            f"entry {last}: a pool bought or let go of something while this was looked at",
            "nothing moves between looking and entering",
            "the same command once more; nothing was entered",
        )


def not_held(connection: sa.Connection, deal: str, keys: Sequence[str]) -> list[str]:
    """Give those of the keys that the deal does not hold."""
    held = _open_among(connection, keys)
    return [key for key in keys if held.get(key) != deal]


def named(keys: Sequence[str], shown: int = SHOWN) -> str:
    """Name the first few keys or ids, and say how many more there are."""
    more = f" and {len(keys) - shown} more" if len(keys) > shown else ""
    return ", ".join(keys[:shown]) + more


def open_pledges(connection: sa.Connection, proposal: Entry, booking: Entry) -> None:
    """Pledge every receivable of a proposal."""
    keys = [item.receivable_key for item in read_items(proposal.payload)]
    rows = [{"receivable_key": key, "deal": booking.deal, "opened_sequence": booking.sequence} for key in keys]
    connection.execute(sa.insert(PLEDGES), rows)


def close_pledges(connection: sa.Connection, entry: Entry) -> None:
    """End the open pledges of the keys that an entry names."""
    keys = entry.payload["receivable_keys"]
    for start in range(0, len(keys), CHUNK):
        among = PLEDGES.c.receivable_key.in_(keys[start : start + CHUNK])
        connection.execute(sa.update(PLEDGES).where(IS_OPEN, among).values(closed_sequence=entry.sequence))


def enter(connection: sa.Connection, act: Act, proposal: Entry | None = None) -> Entry:
    """Write an entry with the pledges that it ends and opens."""
    if act.kind in CLOSING:
        missing = not_held(connection, act.deal, act.payload["receivable_keys"])
        if missing:
            raise LedgerError(f"{act.deal} does not hold {named(missing)}", "only what the pool holds is ended")
    entry = append_act(connection, act)
    if act.kind in CLOSING:
        close_pledges(connection, entry)
    if act.kind in OPENING and proposal:
        open_pledges(connection, proposal, entry)
    return entry
