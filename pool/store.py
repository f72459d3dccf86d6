"""Where the ledger is kept: SQLite or PostgreSQL, append-only and single-pledge by the database's own rules."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import sqlalchemy as sa

from pool.acts import Buyback, CleanUpCall, Review, Settlement, check_act
from pool.audit import check_retirement, check_whole_pool
from pool.chain import MAY, Act, Entry, EntryKind, Head, said
from pool.ledger import Pledge, positions
from pool.people import Cost, Credentials, Person, Role, authenticate, enrol
from pool.purchase import PurchaseList
from pool.store_rows import (
    append_act,
    enter,
    first_wrong_place,
    is_known,
    not_held,
    open_keys,
    read_entries,
    read_head,
    read_people,
    refuse_moved,
    refuse_pledged,
    write_person,
)
from pool.store_tables import READ_ONLY, make_tables, open_engine
from schemas.errors import AccessError, LedgerError
from schemas.hashing import canonical_json, digest

WRITER_LOCK = 0x706C6564
"""Number of the PostgreSQL advisory lock that writers take in turn."""


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
            make_tables(connection)

    def __enter__(self) -> Self:
        """Use the ledger for the length of a block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of the database."""
        self.close()

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
                authenticate(people, admin or Credentials("", ""), MAY[EntryKind.ENROLLED], self._cost)
            elif Role.ADMIN not in roles:
                raise AccessError(f"nobody is enrolled, and {credentials.name!r} is no admin", "an admin comes first")
            if is_known(connection, credentials.name):
                raise AccessError(f"{credentials.name!r} is enrolled already", "a name stands for one person")
            person = enrol(credentials, roles, self._cost)
            by = admin.name if admin and people else person.name
            append_act(connection, Act(EntryKind.ENROLLED, "", person.name, by, at, person.enrolment))
            write_person(connection, person)
        return person

    def retire_person(self, name: str, reason: str, at: datetime, admin: Credentials) -> Outcome:
        """End what a person may do; what they did stays, and nobody gets their name. Again it changes nothing.

        Raises:
            AccessError: The administrator is not one, nobody is called so, or nobody could enrol people afterwards.
            LedgerError: There is no reason.
        """
        act = Act(EntryKind.RETIRED, "", name, admin.name, at, {"reason": reason})
        with self._acting(act.kind, admin) as connection:
            known = said(act.kind, read_entries(connection, proposal_id=name))
            if known:
                return Outcome(known, is_new=False)
            check_retirement(name, {one.name: one.roles for one in read_people(connection).values()})
            check_act(act, ())
            return Outcome(append_act(connection, act), is_new=True)

    def authenticated(self, by: Credentials, roles: frozenset[Role]) -> Person:
        """Give the person behind the credentials, who has one of the roles.

        Raises:
            AccessError: Unknown name, wrong secret, or none of the roles.
        """
        with self._reading() as connection:
            people = read_people(connection)
        return authenticate(people, by, roles, self._cost)

    def people(self) -> list[Person]:
        """Give everybody who may act, by name."""
        with self._reading() as connection:
            return [person for _, person in sorted(read_people(connection).items())]

    def admit(self, kind: EntryKind, by: Credentials) -> None:
        """Let a person on to long work that ends in such an entry; the entry itself asks again.

        Raises:
            AccessError: The person may not.
        """
        self.authenticated(by, MAY[kind])

    def propose(self, purchase: PurchaseList, by: Credentials, at: datetime) -> Outcome:
        """Enter a purchase list, if no pool holds any of it; the same list again changes nothing.

        Raises:
            AccessError: The person may not.
            LedgerError: The list is empty, names a receivable twice, or holds what is pledged.
        """
        act = Act(EntryKind.PROPOSED, purchase.deal, purchase.proposal_id, by.name, at, purchase.payload)
        with self._acting(act.kind, by) as connection:
            past = read_entries(connection, proposal_id=act.proposal_id)
            known = said(act.kind, past)
            if known:
                return Outcome(known, is_new=False)
            check_act(act, past)
            refuse_pledged(connection, act)
            return Outcome(append_act(connection, act), is_new=True)

    def approve(self, proposal_id: str, by: Credentials, at: datetime, review: Review) -> Outcome:
        """Approve a proposal that stands: by another person than the one who made it.

        Raises:
            AccessError: The person may not, or made the proposal.
            LedgerError: There is no such open proposal, it has expired, or its near-duplicates are not answered.
        """
        return self._decide(EntryKind.APPROVED, proposal_id, by, at, review.payload, review.moved)

    def reject(self, proposal_id: str, by: Credentials, at: datetime, reason: str) -> Outcome:
        """Reject a proposal that is not booked yet, with the reason."""
        return self._decide(EntryKind.REJECTED, proposal_id, by, at, {"reason": reason})

    def book(self, proposal_id: str, by: Credentials, at: datetime, settlement: Settlement) -> Outcome:
        """Settle an approved proposal: its receivables are pledged to the deal's pool from here on.

        Raises:
            AccessError: The person may not.
            LedgerError: Not approved, expired, cash is not the price, or some of it was pledged in the meantime; then
                nothing is booked.
        """
        return self._decide(EntryKind.BOOKED, proposal_id, by, at, settlement.payload, settlement.moved)

    def substitute(
        self, proposal_id: str, by: Credentials, at: datetime, settlement: Settlement, back: Buyback
    ) -> Outcome:
        """Buy an approved proposal in the place of what the seller takes back, in one act; cash is the difference.

        Raises:
            AccessError: The person may not.
            LedgerError: As for `book`; the replacement is smaller, or the pool does not hold what goes back.
        """
        payload = {**settlement.payload, **back.payload}
        return self._decide(EntryKind.SUBSTITUTED, proposal_id, by, at, payload, settlement.moved)

    def release(self, deal: str, keys: Iterable[str], by: Credentials, at: datetime, reason: str) -> Outcome:
        """End pledges of a pool without money: paid off, written off, given free; the same again changes nothing.

        Raises:
            LedgerError: The pool does not hold all of them.
        """
        return self._end(EntryKind.RELEASED, deal, by, at, {"reason": reason, "receivable_keys": sorted(set(keys))})

    def repurchase(self, deal: str, by: Credentials, at: datetime, back: Buyback) -> Outcome:
        """End pledges of a pool because the seller takes back what breaks a clause; the same again changes nothing.

        Raises:
            LedgerError: The pool does not hold all of them, or clause or reason is missing.
        """
        return self._end(EntryKind.REPURCHASED, deal, by, at, back.payload)

    def clean_up(self, deal: str, by: Credentials, at: datetime, call: CleanUpCall) -> Outcome:
        """End all pledges of a pool that has become small, because the seller buys the rest.

        Raises:
            LedgerError: The pool is not small enough, or holds something else.
        """
        return self._end(EntryKind.CLEANED_UP, deal, by, at, call.payload)

    def history(self, deal: str | None = None) -> list[Entry]:
        """Give the entries in order, of one pool or of all."""
        with self._reading() as connection:
            return read_entries(connection, **({"deal": deal} if deal else {}))

    def words(self, proposal_id: str) -> list[Entry]:
        """Give the entries on a proposal, in order.

        Raises:
            LedgerError: There is no such proposal.
        """
        with self._reading() as connection:
            found = read_entries(connection, proposal_id=proposal_id)
        if not found or found[0].kind is not EntryKind.PROPOSED:
            raise LedgerError(f"no proposal {proposal_id}", "the id of a proposal", "poolwright proposals list")
        return found

    def positions(self, deal: str | None = None) -> list[Pledge]:
        """Give what the pools hold: the fold of the entries."""
        return [each for each in positions(self.history()) if deal in (None, each.deal)]

    def pledged_keys(self) -> frozenset[str]:
        """Give the keys of the receivables that some pool holds."""
        with self._reading() as connection:
            return open_keys(connection)

    def head(self) -> Head | None:
        """Give sequence and hash of the last entry, for a witness outside; None while the ledger is empty."""
        with self._reading() as connection:
            return read_head(connection)

    def verify(self, head: Head | None = None) -> int | None:
        """Give the first entry that does not hold, in itself, in its pledges or in its person; None where all holds."""
        with self._reading() as connection:
            return first_wrong_place(connection, head)

    def _decide(
        self,
        kind: EntryKind,
        proposal_id: str,
        by: Credentials,
        at: datetime,
        payload: Mapping[str, Any],
        moved: int | None = None,
    ) -> Outcome:
        with self._acting(kind, by) as connection:
            past = read_entries(connection, proposal_id=proposal_id)
            known = said(kind, past)
            if known:
                return Outcome(known, is_new=False)
            act = Act(kind, past[0].deal if past else "", proposal_id, by.name, at, payload)
            check_act(act, past)
            refuse_moved(connection, moved)
            if kind is not EntryKind.REJECTED:
                refuse_pledged(connection, past[0])
            return Outcome(enter(connection, act, past[0]), is_new=True)

    def _end(self, kind: EntryKind, deal: str, by: Credentials, at: datetime, payload: Mapping[str, Any]) -> Outcome:
        with self._acting(kind, by) as connection:
            same = read_entries(connection, kind=kind.value, deal=deal, payload=canonical_json(payload))
            if same and not_held(connection, deal, payload["receivable_keys"]):
                return Outcome(same[-1], is_new=False)
            name = digest([read_head(connection), payload])[:20]
            act = Act(kind, deal, name, by.name, at, payload)
            check_act(act, ())
            if kind is EntryKind.CLEANED_UP:
                check_whole_pool(payload["receivable_keys"], open_keys(connection, deal))
            return Outcome(enter(connection, act), is_new=True)

    @contextmanager
    def _acting(self, kind: EntryKind, by: Credentials) -> Iterator[sa.Connection]:
        self.admit(kind, by)
        with self._writing() as connection:
            if by.name not in read_people(connection):
                raise AccessError(f"{by.name} was retired meanwhile", "a person who may act")
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
