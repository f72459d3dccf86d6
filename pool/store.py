"""Where the ledger is kept: SQLite or PostgreSQL, append-only and single-pledge by the database's own rules."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from pool import ledger
from pool.ledger import Act, Entry, EntryKind, Pledge, PurchaseList
from pool.people import Cost, Credentials, Person, Role, authenticate, enrol
from pool.store_rows import (
    append_act,
    close_pledges,
    first_wrong_pledge,
    iso_text,
    named,
    not_held,
    open_pledges,
    read_entries,
    read_entry,
    read_head,
    read_people,
    refuse_pledged,
)
from pool.store_tables import ENTRIES, IS_OPEN, METADATA, PEOPLE, PLEDGES, READ_ONLY, open_engine
from schemas.errors import AccessError, LedgerError
from schemas.hashing import canonical_json, digest

WRITER_LOCK = 0x706C6564
"""Number of the PostgreSQL advisory lock that writers take in turn."""
MAY = MappingProxyType(
    {
        EntryKind.PROPOSED: frozenset({Role.PROPOSER}),
        EntryKind.APPROVED: frozenset({Role.APPROVER}),
        EntryKind.REJECTED: frozenset({Role.APPROVER}),
        EntryKind.BOOKED: frozenset({Role.PROPOSER, Role.APPROVER}),
        EntryKind.RELEASED: frozenset({Role.APPROVER}),
        EntryKind.REPURCHASED: frozenset({Role.APPROVER}),
    }
)
"""Which roles may make which entry."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an act did: the entry that stands, and whether it is new or stood there already."""

    entry: Entry
    is_new: bool


class LedgerStore:
    """The pledge ledger of all pools.

    Every act is one transaction that writes everything or nothing; writers come one after the other. Moments are given
    by the caller and kept in UTC.
    """

    def __init__(self, url: str, cost: Cost | None = None) -> None:
        """Open the ledger at a database URL, and make its tables where they are missing."""
        self._engine = open_engine(url)
        self._cost = cost or Cost()
        with self._writing() as connection:
            METADATA.create_all(connection)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def add_person(
        self, credentials: Credentials, roles: frozenset[Role], at: datetime, admin: Credentials | None = None
    ) -> Person:
        """Enrol a person; the first must be an administrator, and enrols everybody after.

        Raises:
            AccessError: The administrator is not one, or the name is taken.
        """
        with self._writing() as connection:
            people = read_people(connection)
            if people:
                authenticate(people, admin or Credentials("", ""), frozenset({Role.ADMIN}), self._cost)
            elif Role.ADMIN not in roles:
                raise AccessError(f"nobody is enrolled, and {credentials.name!r} is no admin", "an admin comes first")
            if credentials.name in people:
                raise AccessError(f"{credentials.name!r} is enrolled already", "a name stands for one person")
            person = enrol(credentials, roles, self._cost)
            names = ",".join(sorted(role.value for role in roles))
            row = {"name": person.name, "roles": names, "secret_hash": person.secret_hash, "enrolled_at": iso_text(at)}
            connection.execute(sa.insert(PEOPLE).values(row))
        return person

    def authenticated(self, by: Credentials, roles: frozenset[Role]) -> Person:
        """Give the person behind the credentials, who has one of the roles.

        Raises:
            AccessError: Unknown name, wrong secret, or none of the roles.
        """
        with self._reading() as connection:
            return authenticate(read_people(connection), by, roles, self._cost)

    def people(self) -> list[Person]:
        """Give everybody who may act, by name."""
        with self._reading() as connection:
            return [person for _, person in sorted(read_people(connection).items())]

    def admit(self, kind: EntryKind, by: Credentials) -> None:
        """Let a person on to long work that ends in such an entry; the entry itself asks again.

        Raises:
            AccessError: The person may not.
        """
        with self._reading() as connection:
            people = read_people(connection)
        authenticate(people, by, MAY[kind], self._cost)

    def propose(self, purchase: PurchaseList, by: Credentials, at: datetime) -> Outcome:
        """Enter a purchase list, if no pool holds any of it; the same list again changes nothing.

        Raises:
            AccessError: The person may not.
            LedgerError: The list is empty, names a receivable twice, or holds what is pledged.
        """
        keys = [item.receivable_key for item in purchase.items]
        if not keys or len(set(keys)) < len(keys):
            raise LedgerError(
                f"{len(keys)} receivables, {len(set(keys))} of them distinct", "each stands once, some do"
            )
        act = Act(EntryKind.PROPOSED, purchase.deal, purchase.proposal_id, by.name, at, purchase.payload)
        with self._acting(act.kind, by) as connection:
            known = read_entries(connection, proposal_id=act.proposal_id)
            if known:
                return Outcome(known[0], is_new=False)
            refuse_pledged(connection, keys)
            return Outcome(append_act(connection, act), is_new=True)

    def approve(self, proposal_id: str, by: Credentials, at: datetime) -> Outcome:
        """Approve a proposal: by another person than the one who made it.

        Raises:
            AccessError: The person may not, or made the proposal.
            LedgerError: There is no such open proposal.
        """
        return self._decide(EntryKind.APPROVED, proposal_id, by, at, {})

    def reject(self, proposal_id: str, by: Credentials, at: datetime, reason: str) -> Outcome:
        """Reject a proposal that is not booked yet, with the reason."""
        return self._decide(EntryKind.REJECTED, proposal_id, by, at, {"reason": reason})

    def book(self, proposal_id: str, by: Credentials, at: datetime) -> Outcome:
        """Settle an approved proposal: its receivables are pledged to the deal's pool from here on.

        Raises:
            AccessError: The person may not.
            LedgerError: It is not approved, or some of it was pledged in the meantime; then nothing is booked.
        """
        return self._decide(EntryKind.BOOKED, proposal_id, by, at, {})

    def release(self, deal: str, keys: Iterable[str], by: Credentials, at: datetime, reason: str) -> Outcome:
        """End pledges of a pool without money: paid off, written off, given free; the same again changes nothing.

        Raises:
            LedgerError: The pool does not hold all of them.
        """
        return self._end(EntryKind.RELEASED, deal, by, at, {"reason": reason, "receivable_keys": sorted(set(keys))})

    def repurchase(self, deal: str, keys: Iterable[str], by: Credentials, at: datetime, price_minor: int) -> Outcome:
        """End pledges of a pool because the seller buys them back, at a price in minor units for all."""
        payload = {"price_minor": price_minor, "receivable_keys": sorted(set(keys))}
        return self._end(EntryKind.REPURCHASED, deal, by, at, payload)

    def history(self, deal: str | None = None) -> list[Entry]:
        """Give the entries in order, of one pool or of all."""
        with self._reading() as connection:
            return read_entries(connection, **({"deal": deal} if deal else {}))

    def positions(self, deal: str | None = None) -> list[Pledge]:
        """Give what the pools hold: the fold of the entries."""
        return [each for each in ledger.positions(self.history()) if deal in (None, each.deal)]

    def pledged_keys(self) -> frozenset[str]:
        """Give the keys of the receivables that some pool holds."""
        with self._reading() as connection:
            return frozenset(connection.execute(sa.select(PLEDGES.c.receivable_key).where(IS_OPEN)).scalars())

    def head(self) -> tuple[int, str] | None:
        """Give sequence and hash of the last entry, for a witness outside; None while the ledger is empty."""
        with self._reading() as connection:
            return read_head(connection)

    def verify(self, head: tuple[int, str] | None = None) -> int | None:
        """Give the first entry that does not hold, in itself or in its pledges; None where all holds."""
        with self._reading() as connection:
            rows = connection.execute(sa.select(ENTRIES).order_by(ENTRIES.c.sequence)).all()
            kept = {tuple(row) for row in connection.execute(sa.select(PLEDGES))}
        entries: list[Entry] = []
        for row in rows:
            entry = read_entry(row)
            if entry is None:
                return ledger.verify(entries) or len(entries) + 1
            entries.append(entry)
        return ledger.verify(entries, head) or first_wrong_pledge(entries, kept)

    def _decide(
        self, kind: EntryKind, proposal_id: str, by: Credentials, at: datetime, payload: Mapping[str, Any]
    ) -> Outcome:
        with self._acting(kind, by) as connection:
            past = read_entries(connection, proposal_id=proposal_id)
            known = [entry for entry in past if entry.kind is kind]
            if known:
                return Outcome(known[0], is_new=False)
            ledger.check_order(kind, proposal_id, past)
            if kind is EntryKind.APPROVED and past[0].actor == by.name:
                raise AccessError(f"{by.name} proposed {proposal_id}", "another person approves it")
            entry = append_act(connection, Act(kind, past[0].deal, proposal_id, by.name, at, payload))
            if kind is EntryKind.BOOKED:
                open_pledges(connection, past[0], entry)
            return Outcome(entry, is_new=True)

    def _end(self, kind: EntryKind, deal: str, by: Credentials, at: datetime, payload: Mapping[str, Any]) -> Outcome:
        with self._acting(kind, by) as connection:
            missing = not_held(connection, deal, payload["receivable_keys"])
            if missing:
                same = read_entries(connection, kind=kind.value, deal=deal, payload=canonical_json(payload))
                if same:
                    return Outcome(same[-1], is_new=False)
                raise LedgerError(f"{deal} does not hold {named(missing)}", "only what the pool holds is ended")
            name = digest([read_head(connection), payload])[:20]
            entry = append_act(connection, Act(kind, deal, name, by.name, at, payload))
            close_pledges(connection, payload["receivable_keys"], entry)
            return Outcome(entry, is_new=True)

    @contextmanager
    def _acting(self, kind: EntryKind, by: Credentials) -> Iterator[sa.Connection]:
        self.admit(kind, by)
        with self._writing() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        with self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(WRITER_LOCK)))
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        with self._engine.connect().execution_options(**READ_ONLY[self._engine.dialect.name]) as connection:
            yield connection
