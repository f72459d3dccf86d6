"""Purchase lists, people and acts for the ledger's tests."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa

from pool.acts import Buyback, Review, Settlement
from pool.chain import Entry, EntryKind
from pool.ledger import Item, PurchaseList
from pool.people import Cost, Credentials
from pool.purchase import Facts
from pool.store import LedgerStore

CHEAP = Cost(rounds=1, memory_kib=8, lanes=1)
AT = datetime(2025, 6, 1, 9, tzinfo=UTC)
DAY = date(2025, 6, 1)
ROOT = Credentials("root", "root-secret")
ANN = Credentials("ann", "ann-secret")
BOB = Credentials("bob", "bob-secret")
INPUTS = {"screenings": "aa", "model_version": "3"}
PRICE = 990


def listed(*keys: str, deal: str = "demo", **changes: Any) -> PurchaseList:
    """Make a purchase list of receivables that cost 9.90 of 10.00."""
    items = tuple(Item(key, f"id-{key}", 1000, PRICE) for key in keys)
    return replace(PurchaseList(deal, "deal-hash", DAY, 100_000, items, INPUTS), **changes)


def reviewed(**changes: Any) -> Review:
    """Review on the day, with nothing changed."""
    return replace(Review(INPUTS, DAY), **changes)


def paid(count: int, **changes: Any) -> Settlement:
    """Pay for so many receivables, on the day, with nothing changed."""
    return replace(Settlement(INPUTS, DAY, PRICE * count), **changes)


def back(*keys: str, **changes: Any) -> Buyback:
    """Give receivables back that were late."""
    return replace(Buyback(keys, 900 * len(keys), "E20", "5.3(a)", "late", 1000 * len(keys)), **changes)


def booked(store: LedgerStore, purchase: PurchaseList) -> str:
    """Take a list all the way into its pool."""
    proposal_id = store.propose(purchase, ANN, AT).entry.proposal_id
    store.approve(proposal_id, BOB, AT, reviewed())
    store.book(proposal_id, ANN, AT, paid(len(purchase.items)))
    return proposal_id


def as_it_stands(proposal: Entry) -> tuple[Review, Settlement]:
    """Review and settle any proposal on its own cut-off day, with nothing changed."""
    said = proposal.payload
    day = date.fromisoformat(said["as_of"])
    return Review(said["inputs"], day, "looked at"), Settlement(said["inputs"], day, said["price_minor"])


def said(store: LedgerStore) -> list[EntryKind]:
    """Give the kinds of the entries on purchases, in order."""
    return [entry.kind for entry in store.history() if entry.kind is not EntryKind.ENROLLED]


def behind_its_back(url: str, *statements: str) -> None:
    """Change the database with its guards taken off."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            names = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all()
            for name in names:
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            connection.exec_driver_sql("SET session_replication_role = replica")
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def facts(**changes: Any) -> Facts:
    """Describe a loan of 300.00 in six instalments, of one borrower at one merchant."""
    loan = Facts("shop/1f", "b1", "m1", "", 0, 30_000, "2025-03-01", "2025-09-01", 6, "0.138000")
    return replace(loan, **changes)


def described(key: str, **changes: Any) -> Item:
    """Put a loan on a list."""
    return Item(key, f"id-{key}", 1000, PRICE, facts(**changes))
