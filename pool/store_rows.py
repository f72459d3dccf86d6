"""How the ledger's tables are read and written, within a transaction that the store opened."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from pool import ledger
from pool.ledger import Act, Entry, EntryKind
from pool.people import Person, Role
from pool.store_tables import ENTRIES, IS_OPEN, PEOPLE, PLEDGES
from schemas.errors import LedgerError
from schemas.hashing import canonical_json

CHUNK = 500
SHOWN = 10


def iso_text(at: datetime) -> str:
    """Write a moment as UTC text: what the ledger keeps."""
    return at.astimezone(UTC).isoformat()


def read_people(connection: sa.Connection) -> dict[str, Person]:
    """Give everybody who is enrolled, by name."""
    rows = connection.execute(sa.select(PEOPLE.c.name, PEOPLE.c.roles, PEOPLE.c.secret_hash))
    return {
        name: Person(name, frozenset(Role(role) for role in roles.split(",")), secret_hash)
        for name, roles, secret_hash in rows
    }


def read_head(connection: sa.Connection) -> tuple[int, str] | None:
    """Give sequence and hash of the last entry; None while there is none."""
    last = sa.select(ENTRIES.c.sequence, ENTRIES.c.entry_hash).order_by(ENTRIES.c.sequence.desc()).limit(1)
    row = connection.execute(last).first()
    return (row.sequence, row.entry_hash) if row else None


def append_act(connection: sa.Connection, act: Act) -> Entry:
    """Write an act as the next entry of the chain."""
    entry = ledger.append(read_head(connection), replace(act, happened_at=act.happened_at.astimezone(UTC)))
    connection.execute(sa.insert(ENTRIES).values(_row(entry)))
    return entry


def _row(entry: Entry) -> dict[str, Any]:
    return {
        "sequence": entry.sequence,
        "kind": entry.kind.value,
        "deal": entry.deal,
        "proposal_id": entry.proposal_id,
        "actor": entry.actor,
        "happened_at": entry.happened_at.isoformat(),
        "payload": canonical_json(entry.payload),
        "previous_hash": entry.previous_hash,
        "entry_hash": entry.entry_hash,
    }


def read_entry(row: sa.Row[Any]) -> Entry | None:
    """Give a stored row as an entry; None where the row is not as an entry was written."""
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name begins so
    try:
        kind, moment = EntryKind(values["kind"]), datetime.fromisoformat(values["happened_at"])
        entry = Entry(**{**values, "kind": kind, "happened_at": moment, "payload": json.loads(values["payload"])})
    except (ValueError, RecursionError):
        return None
    return entry if _row(entry) == values else None


def read_entries(connection: sa.Connection, **where: str) -> list[Entry]:
    """Give the entries in order whose columns have the given values.

    Raises:
        LedgerError: One of them was tampered with.
    """
    rows = connection.execute(sa.select(ENTRIES).filter_by(**where).order_by(ENTRIES.c.sequence)).all()
    entries = [read_entry(row) for row in rows]
    broken = [row.sequence for row, entry in zip(rows, entries, strict=True) if entry is None]
    if broken:
        raise LedgerError(f"entry {broken[0]} cannot be read as it was written", "nobody changes the past", "verify it")
    return [entry for entry in entries if entry is not None]


def _open_among(connection: sa.Connection, keys: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for start in range(0, len(keys), CHUNK):
        among = PLEDGES.c.receivable_key.in_(keys[start : start + CHUNK])
        rows = connection.execute(sa.select(PLEDGES.c.receivable_key, PLEDGES.c.deal).where(IS_OPEN, among))
        found.update((row.receivable_key, row.deal) for row in rows)
    return found


def refuse_pledged(connection: sa.Connection, keys: Sequence[str]) -> None:
    """Raise where any of the keys is pledged.

    Raises:
        LedgerError: Naming the keys.
    """
    pledged = _open_among(connection, keys)
    if pledged:
        found = f"{len(pledged)} pledged already: {named(sorted(pledged))}"
        raise LedgerError(found, "a receivable is in one pool", "take them off the list; nothing was entered")


def not_held(connection: sa.Connection, deal: str, keys: Sequence[str]) -> list[str]:
    """Give those of the keys that the deal does not hold."""
    held = _open_among(connection, keys)
    return [key for key in keys if held.get(key) != deal]


def named(keys: Sequence[str]) -> str:
    """Name the first few keys, and say how many more there are."""
    more = f" and {len(keys) - SHOWN} more" if len(keys) > SHOWN else ""
    return ", ".join(keys[:SHOWN]) + more


def open_pledges(connection: sa.Connection, proposal: Entry, booking: Entry) -> None:
    """Pledge every receivable of a booked proposal."""
    keys = [item[0] for item in proposal.payload["items"]]
    refuse_pledged(connection, keys)
    rows = [{"receivable_key": key, "deal": booking.deal, "opened_sequence": booking.sequence} for key in keys]
    connection.execute(sa.insert(PLEDGES), rows)


def close_pledges(connection: sa.Connection, keys: Sequence[str], entry: Entry) -> None:
    """End the open pledges of the keys."""
    for start in range(0, len(keys), CHUNK):
        among = PLEDGES.c.receivable_key.in_(keys[start : start + CHUNK])
        connection.execute(sa.update(PLEDGES).where(IS_OPEN, among).values(closed_sequence=entry.sequence))


def first_wrong_pledge(entries: list[Entry], kept: set[tuple[Any, ...]]) -> int | None:
    """Give the first entry whose pledges are not as the entries tell; None where all are."""
    told = {(p.receivable_key, p.deal, p.opened_sequence, p.closed_sequence) for p in ledger.pledges(entries)}
    wrong = told ^ kept
    return min(closed or opened for _, _, opened, closed in wrong) if wrong else None
